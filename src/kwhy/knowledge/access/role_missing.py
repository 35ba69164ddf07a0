"""A binding gives an account a role that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from kwhy.knowledge.access.bindings import Bound, bindings_for, bound_by, names, would_allow
from kwhy.knowledge.access.forbidden import FORBIDDEN_TO
from kwhy.knowledge.access.not_granted import NOT_GRANTED
from kwhy.knowledge.access.refusals import refused_to, words_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST, LIST_ALL
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

ROLE_MISSING = Condition(
    code="access.role-missing",
    kind="RoleBinding",
    nature=Nature.ROOT,
    title="{subject} gives {account} {role}, which does not exist{instead}",
    summary="A binding refers to a role that is not there: the API server accepts it, and it grants nothing.",
    remedies=(
        Remedy(
            id="bind-the-role-that-exists",
            title="Bind the role that exists, or create the one that is named",
            when="now",
            risk="medium",
            steps=(
                Step("See which roles there are.", "kubectl get roles,clusterroles -n {namespace}"),
                Step(
                    "roleRef cannot be changed: keep the binding's manifest, delete the binding, correct roleRef, and "
                    "create it again. Or create the role under the name that is asked for.",
                    "kubectl get {kind} {name} -n {namespace} -o yaml",
                ),
            ),
            verify=(
                Step(
                    "The refused request is allowed.",
                    "kubectl auth can-i {verb} {full_resource} --as={user} -n {scope}",
                ),
            ),
            undo=(Step("Create the binding again from the manifest that was kept."),),
        ),
    ),
)


def _bindings(scene: Scene, account: Subject) -> Iterable[Subject]:
    """Bindings that name the account."""
    for bound in bindings_for(scene, account):
        if any(names(subject, account) for subject in bound.accounts):
            yield bound.binding


BOUND_BY = Relation("is bound by", _bindings)


@rule(ROLE_MISSING, rows=("C12",), leads=(leads_to(FORBIDDEN_TO, via=BOUND_BY), leads_to(NOT_GRANTED, via=BOUND_BY)))
def role_missing(binding: ObjectView, bound: Bound | None = given(bound_by)) -> Verdict:
    """A binding names a role that does not exist.

    What it means: RBAC ignores a binding whose role it cannot find; nobody is told. The object to fix is the binding,
    or the role is still to be created.
    How it shows: roleRef names a role, and all roles were listed without it. Where a role of a similar name, or one
    that would allow the refused request, is there, it is named.
    What looks like it: The role exists and lacks the rule. A ClusterRole is meant, and the kind says Role.
    Source: Kubernetes v1.34 pkg/registry/rbac/validation/rule.go (VisitRulesFor: a role that is not found yields an
    error and no rules).
    """
    scene = binding.scene
    if bound is None:
        return unsure(f"what {binding.subject} says", *binding.probes())
    if scene.exists(bound.role):
        return Absent((Evidence(scene.observations(bound.role)[0].at, f"{bound.role} exists"),))
    listing = scene.listing(bound.role.kind, bound.role.namespace)
    if listing is None:
        kind = "roles" if bound.role.kind == "Role" else "clusterroles"
        probe = LIST.of(kind=kind, namespace=bound.role.namespace) if bound.role.namespace else LIST_ALL.of(kind=kind)
        return unsure(f"whether {bound.role} exists", probe)
    account = next((s for s in bound.accounts if s.kind == "ServiceAccount"), None)
    who = f"ServiceAccount {account.namespace}/{account.name}" if account is not None else "its subjects"
    instead = _instead(scene, bound)
    values: dict[str, object] = {
        "account": who,
        "role": f"{bound.role.kind} {bound.role.name}",
        "instead": f"; {instead} does" if instead else "",
        "kind": binding.subject.kind.lower(),
    }
    refused = next((r for one in _accounts(bound) for r in refused_to(scene, one)), None)
    values |= words_of(refused) if refused is not None else {}
    because = (
        Evidence(bound.role_at(), f"it refers to {bound.role}"),
        Evidence(listing.at, f"no {bound.role.kind} {bound.role.name} is listed"),
    )
    return Present(because, values, basis=Basis.RECOMPUTED)


def _accounts(bound: Bound) -> list[Subject]:
    return [Subject("ServiceAccount", s.name, s.namespace) for s in bound.accounts if s.kind == "ServiceAccount"]


def _instead(scene: Scene, bound: Bound) -> Subject | None:
    """The role that was meant: one that would allow what was refused, else one of a similar name."""
    there = scene.subjects_in(bound.role.kind, bound.role.namespace)
    refused = [r for account in _accounts(bound) for r in refused_to(scene, account) if r.scoped]
    if refused and bound.role.namespace is not None:
        fitting = [role for role in there if all(would_allow(scene, role, r) for r in refused)]
        if len(fitting) == 1:
            return fitting[0]
    alike = get_close_matches(bound.role.name, [role.name for role in there], n=1)
    return next((role for role in there if role.name in alike), None)
