"""An account lacks a permission that a program needs."""

from __future__ import annotations

from kwhy.knowledge.access.refusals import IS_KNOWN_AS, Refused, allows, grants_of, refused_to
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.access import CAN_I_LIST
from kwhy.scene.relations import owner_of
from kwhy.scene.views import ObjectView

FORBIDDEN_TO = Condition(
    code="access.forbidden",
    kind="ServiceAccount",
    nature=Nature.ROOT,
    title="{subject} may not {what}",
    summary="Authorisation refuses a request that the program needs.",
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
                    " --resource={full_resource}{in_scope}",
                ),
                Step(
                    "Bind it to the account.",
                    "kubectl create {binding_kind} {name}-{verb}-{resource} --{role_kind}={name}-{verb}-{resource}"
                    " {to_account}{in_scope}",
                ),
            ),
            verify=(
                Step(
                    "The answer is yes.",
                    "kubectl auth can-i {verb} {full_resource} --as={user}{in_scope}",
                ),
            ),
            undo=(
                Step("Take the binding away.", "kubectl delete {binding_kind} {name}-{verb}-{resource}{in_scope}"),
                Step("Take the role away.", "kubectl delete {role_kind} {name}-{verb}-{resource}{in_scope}"),
            ),
        ),
    ),
)  # fmt: skip


@rule(FORBIDDEN_TO, rows=("C12",), leads=(leads_to(APP_ERRORS, via=IS_KNOWN_AS),))
def forbidden(account: ObjectView, refused: list[Refused] = given(refused_to)) -> Verdict:
    """An account may not do what its program asks for.

    What it means: The API server knows who asks (401 would say that it does not) and no binding allows it.
    How it shows: 403 with 'User "…" cannot VERB resource "…"'; roles and bindings, where shown, hold no such rule.
    What looks like it: A wrong or expired token (401 Unauthorized); an admission plugin that refuses (its message names
    the plugin); a permission that was granted meanwhile: then the log does not go on with the refusal.
    Source: k8s.io/apiserver v0.34 pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage); Kubernetes v1.34
    pkg/apis/rbac/v1/evaluation_helpers.go.
    """
    who = account.subject
    if not refused:
        probe = CAN_I_LIST.of(namespace=who.namespace, name=who.name)
        return unsure(f"which request of {who} was refused", probe)
    first = max(refused, key=lambda r: (r.scoped, r.count))
    grants = grants_of(account.scene, who, first.namespace if first.scoped else who.namespace)
    granting = next((g for g in grants.rules if first.scoped and allows(g.rule, first)), None)
    stated = Evidence(first.at, f"{who} cannot {first.what}, {first.count} times")
    if granting is not None:
        what = f"whether {granting.role}, which allows to {first.what}, was bound after the log's last line"
        return Unsure((Gap(what, (CAN_I_LIST.of(namespace=who.namespace, name=who.name),)),), (stated,))
    because = [stated]
    because += [Evidence(g.at, f"{g.role} grants only {g.at.excerpt}") for g in grants.rules[:4] if g.namespace]
    callers = {r.caller for r in refused if r.caller is not None}
    owners = tuple(sorted({owner_of(account.scene, caller) for caller in callers}))
    return Present(tuple(because), _values(first), affected=owners)


def _values(refused: Refused) -> dict[str, object]:
    in_cluster = refused.scoped and refused.namespace is None
    scope = refused.namespace if refused.scoped else refused.who.namespace
    who = refused.who
    service_account = who.kind == "ServiceAccount"
    return {
        "user": f"system:serviceaccount:{who.namespace}:{who.name}" if service_account else who.name,
        "to_account": f"--serviceaccount={who.namespace}:{who.name}" if service_account else f"--user={who.name}",
        "what": refused.what,
        "verb": refused.verb,
        "resource": refused.resource.replace("/", "-"),
        "full_resource": f"{refused.resource}.{refused.group}" if refused.group else refused.resource,
        "role_kind": "clusterrole" if in_cluster else "role",
        "binding_kind": "clusterrolebinding" if in_cluster else "rolebinding",
        "in_scope": "" if in_cluster or not scope else f" -n {scope}",
    }
