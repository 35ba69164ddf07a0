"""No binding gives an account the permission that its program needs."""

from __future__ import annotations

from kwhy.knowledge.access.forbidden import FORBIDDEN_TO
from kwhy.knowledge.access.grants import grants_of
from kwhy.knowledge.access.refusals import Refused, allows, newest_scoped, refused_to, words_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.access import CAN_I_LIST
from kwhy.probes.kubectl import LIST, LIST_ALL
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

NOT_GRANTED = Condition(
    code="access.not-granted",
    kind="ServiceAccount",
    nature=Nature.ROOT,
    title="No binding allows {subject} to {what}",
    summary="All roles that are bound to the account together do not hold the permission that its program needs.",
    remedies=(
        Remedy(
            id="grant-the-permission",
            title="Grant exactly what is missing, if the program should have it",
            when="now",
            risk="medium",
            steps=(
                Step("Ask whether the program should be allowed to {what}; secrets deserve a second thought."),
                Step(
                    "Make a role of just that.",
                    "kubectl create {role_kind} {name}-{verb}-{resource} --verb={verb}"
                    " --resource={full_resource} -n {scope}",
                ),
                Step(
                    "Bind it to the account.",
                    "kubectl create {binding_kind} {name}-{verb}-{resource} --{role_kind}={name}-{verb}-{resource}"
                    " --{account_kind}={account_name} -n {scope}",
                ),
            ),
            verify=(
                Step(
                    "The answer is yes.",
                    "kubectl auth can-i {verb} {full_resource} --as={user} -n {scope}",
                ),
            ),
            undo=(
                Step("Take the binding away.", "kubectl delete {binding_kind} {name}-{verb}-{resource} -n {scope}"),
                Step("Take the role away.", "kubectl delete {role_kind} {name}-{verb}-{resource} -n {scope}"),
            ),
        ),
    ),
)


@rule(NOT_GRANTED, rows=("C12",), leads=(leads_to(FORBIDDEN_TO, via=ITSELF),))
def not_granted(account: ObjectView, refused: list[Refused] = given(refused_to)) -> Verdict:
    """No binding grants the refused request.

    What it means: RBAC only adds up: what no role of any binding of the account allows is refused.
    How it shows: Every binding that could concern the account was listed with its roles, and none of their rules allows
    the request.
    What looks like it: A binding whose role does not exist, that names another account, or whose role lacks a verb:
    these are the objects to fix, and have rules of their own. Another authorizer (Node, Webhook) may grant more.
    Source: Kubernetes v1.34 pkg/registry/rbac/validation/rule.go (VisitRulesFor), pkg/apis/rbac/v1/
    evaluation_helpers.go.
    """
    who = account.subject
    if not refused:
        return unsure(f"which request of {who} was refused", CAN_I_LIST.of(namespace=who.namespace, name=who.name))
    first = newest_scoped(refused)
    stated = Evidence(first.at, f"{who} cannot {first.what}, {first.count} times")
    grants = grants_of(account.scene, who, first.namespace if first.scoped else who.namespace)
    granting = next((g for g in grants.rules if first.scoped and allows(g.rule, first)), None)
    if granting is not None:
        what = f"whether {granting.role}, which allows to {first.what}, was bound after the log's last line"
        return Unsure((Gap(what, (CAN_I_LIST.of(namespace=who.namespace, name=who.name),)),), (stated,))
    if not grants.complete:
        probes = (
            LIST.of(kind="roles,rolebindings", namespace=first.namespace or who.namespace),
            LIST_ALL.of(kind="clusterroles,clusterrolebindings"),
        )
        return Unsure((Gap(f"which roles are bound to {who}", probes),), (stated,))
    because = [stated]
    because += [Evidence(g.at, f"{g.role} grants only {g.at.excerpt}") for g in grants.rules[:4] if g.namespace]
    return Present(tuple(because), words_of(first), basis=Basis.RECOMPUTED)
