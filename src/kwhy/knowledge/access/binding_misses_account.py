"""A binding that grants what is needed names another account."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.access.bindings import Bound, bindings_for, bound_by, nearly_names, would_allow
from kwhy.knowledge.access.forbidden import FORBIDDEN_TO
from kwhy.knowledge.access.not_granted import NOT_GRANTED
from kwhy.knowledge.access.refusals import Refused, refusals_by_account, refused_to, words_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

BINDING_MISSES_ACCOUNT = Condition(
    code="access.binding-misses-account",
    kind="RoleBinding",
    nature=Nature.ROOT,
    title="{subject} names {named}{absent}; the program runs as {account}",
    summary="The binding and its role are right, and the account that they are for is written wrongly.",
    remedies=(
        Remedy(
            id="name-the-account",
            title="Name the account as which the program runs",
            when="now",
            risk="low",
            steps=(
                Step("Keep the binding as it is.", "kubectl get {kind} {name} -n {namespace} -o yaml"),
                Step("Correct name and namespace of its subject.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(
                Step(
                    "The answer is yes.",
                    "kubectl auth can-i {verb} {full_resource} --as={user} -n {scope}",
                ),
            ),
            undo=(Step("Set the former subject again.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)


def _bindings(scene: Scene, account: Subject) -> Iterable[Subject]:
    """Bindings that nearly name the account."""
    for bound in bindings_for(scene, account):
        if any(nearly_names(subject, account) for subject in bound.accounts):
            yield bound.binding


NEARLY_BOUND_BY = Relation("is nearly bound by", _bindings)


@rule(
    BINDING_MISSES_ACCOUNT,
    rows=("C12",),
    leads=(leads_to(FORBIDDEN_TO, via=NEARLY_BOUND_BY), leads_to(NOT_GRANTED, via=NEARLY_BOUND_BY)),
)
def binding_misses_account(binding: ObjectView, bound: Bound | None = given(bound_by)) -> Verdict:
    """A binding names an account that does not exist instead of the one that is refused.

    What it means: The role would allow the request, and it is bound to a name that nobody has: another namespace (a
    binding copied from an example names "default"), or a slip of the pen.
    How it shows: The binding's subject is the refused account but for its namespace or a letter; the role allows what
    was refused; no such account is listed. Without that list an equal name in another namespace is an inference.
    What looks like it: An account of that name exists: then the binding may well be meant for it.
    Source: Kubernetes v1.34 pkg/registry/rbac/validation/rule.go (appliesTo: names and namespaces compare as they are).
    """
    scene = binding.scene
    if bound is None:
        return unsure(f"what {binding.subject} says", *binding.probes())
    for index, subject in enumerate(bound.accounts):
        named = Subject("ServiceAccount", subject.name, subject.namespace)
        for account, refused in _refused_nearby(scene, bound, index):
            if not would_allow(scene, bound.role, refused):
                return Absent((Evidence(bound.role_at(), f"{bound.role} does not allow to {refused.what}"),))
            if scene.exists(named):
                return Absent((Evidence(scene.observations(named)[0].at, f"{named} exists"),))
            listing = scene.listing("ServiceAccount", subject.namespace)
            if listing is None and subject.name != account.name:
                probe = LIST.of(kind="serviceaccounts", namespace=subject.namespace)
                return unsure(f"whether {named} exists", probe)
            because = [Evidence(bound.account_at(index), f"it names {named}")]
            because += [Evidence(listing.at, f"no {named} is listed")] if listing is not None else []
            because.append(Evidence(refused.at, f"{account} cannot {refused.what}"))
            values = words_of(refused) | {
                "named": named,
                "absent": ", which does not exist" if listing is not None else "",
                "account": account,
                "kind": binding.subject.kind.lower(),
            }
            basis = Basis.RECOMPUTED if listing is not None else Basis.INFERRED
            return Present(tuple(because), values, basis=basis)
    return Absent((Evidence(bound.role_at(), "no refused account is nearly named by it"),))


def _refused_nearby(scene: Scene, bound: Bound, index: int) -> Iterable[tuple[Subject, Refused]]:
    """Refused accounts that the binding's subject nearly names, each with a request that tells its scope."""
    for account in scene.derive_once(refusals_by_account):
        if nearly_names(bound.accounts[index], account):
            yield from ((account, refused) for refused in refused_to(scene, account) if refused.scoped)
