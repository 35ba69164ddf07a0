"""The role that an account has names the resource, and not what is to be done with it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import PolicyRule
from kwhy.knowledge.access.bindings import bindings_for, names, rules_of
from kwhy.knowledge.access.forbidden import FORBIDDEN_TO
from kwhy.knowledge.access.not_granted import NOT_GRANTED
from kwhy.knowledge.access.refusals import Refused, allows, refusals_by_account, words_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.access import CAN_I_LIST
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

ROLE_LACKS_RULE = Condition(
    code="access.role-lacks-rule",
    kind="Role",
    nature=Nature.ROOT,
    title="{subject} allows {allowed} on {resource}, and {account} needs {lacking}",
    summary="The role is bound to the account and concerns the resource, but lacks the verb or the API group.",
    remedies=(
        Remedy(
            id="add-to-the-role",
            title="Add what is missing to the role, if the program should have it",
            when="now",
            risk="medium",
            steps=(
                Step("See who else has the role: they all get what is added.", "kubectl get rolebindings -A -o wide"),
                Step("Add {lacking} to the rule on {resource}.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(
                Step("The answer is yes.", "kubectl auth can-i {verb} {full_resource} --as={user} -n {scope}"),
            ),
            undo=(Step("Take it out of the rule again.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip


class Near(msgspec.Struct, frozen=True):
    """A rule of the role that a refused request fails by one field. ``lacking`` says which."""

    account: Subject
    refused: Refused
    rule: PolicyRule
    at: Locator
    lacking: str


def _roles(scene: Scene, account: Subject) -> Iterable[Subject]:
    """Roles bound to the account by its own name, of which a rule nearly allows what was refused."""
    for bound in bindings_for(scene, account):
        if any(names(subject, account) for subject in bound.accounts) and scene.derive(near_rules, bound.role):
            yield bound.role


HAS_ROLE = Relation("has the role", _roles)


def near_rules(scene: Scene, role: Subject) -> list[Near]:
    """Rules of the role that nearly allow a refused request"""
    written = rules_of(scene, role) or []
    found = []
    for account, requests in scene.derive_once(refusals_by_account).items():
        for refused in requests:
            if not refused.scoped or any(allows(each, refused) for each, _ in written):
                continue
            for each, at in written:
                lacking = _lacking(each, refused)
                if lacking:
                    found.append(Near(account, refused, each, at, lacking))
    return found


def _lacking(written: PolicyRule, refused: Refused) -> str:
    """What the rule would need to allow the request; "" where it concerns something else."""
    groups, resources = written.api_groups or [], written.resources or []
    in_group = "*" in groups or refused.group in groups
    if in_group and refused.resource in resources and refused.verb not in (written.verbs or []):
        return f"verb {refused.verb}"
    if not in_group and refused.resource in resources:
        return f'API group "{refused.group}"'
    return ""


@rule(ROLE_LACKS_RULE, rows=("C12",), leads=(leads_to(FORBIDDEN_TO, via=HAS_ROLE), leads_to(NOT_GRANTED, via=HAS_ROLE)))
def role_lacks_rule(role: ObjectView, near: list[Near] = given(near_rules)) -> Verdict:
    """The role concerns the resource and lacks the verb or the API group.

    What it means: Whoever wrote the role meant the program to use the resource; list and watch are easily forgotten
    beside get, and resources other than the core ones have an API group.
    How it shows: A rule of a role bound to the refused account names the resource; with the missing verb or group it
    would allow the request.
    What looks like it: No rule concerns the resource at all: then nothing says that the program should have it.
    Source: Kubernetes v1.34 pkg/apis/rbac/v1/evaluation_helpers.go (VerbMatches, APIGroupMatches, ResourceMatches).
    """
    written = rules_of(role.scene, role.subject)
    if not written:
        return unsure(f"the rules of {role.subject}", *role.probes())
    if not near:
        return Absent((Evidence(written[0][1], "no rule nearly allows what was refused"),))
    first = near[0]
    refused, account = first.refused, first.account
    if account.namespace is None:
        return unsure(f"which groups {account} is in", CAN_I_LIST.of(name=account.name))
    values = words_of(refused) | {
        "allowed": ", ".join(first.rule.verbs or ()),
        "resource": refused.resource,
        "account": account,
        "lacking": first.lacking,
        "kind": role.subject.kind.lower(),
    }
    because = (
        Evidence(first.at, f"it allows {values['allowed']} on {refused.resource}"),
        Evidence(refused.at, f"{account} cannot {refused.what}"),
    )
    return Present(because, values, basis=Basis.RECOMPUTED)
