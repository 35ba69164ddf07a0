"""Which bindings and roles were meant to give an account what it was refused."""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

from kwhy.facts.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Observation,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    RoleSubject,
)
from kwhy.knowledge.access.refusals import Refused, allows, refused_to
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

#: How alike two names must be for one to be the other misspelt (the ratio of difflib; "wacher" and "watcher": 0.92).
MISSPELT = 0.85


class Bound(msgspec.Struct, frozen=True):
    """A binding with what it says, and the role that it refers to."""

    binding: Subject
    role: Subject
    accounts: tuple[RoleSubject, ...]
    observation: Observation

    def role_at(self) -> Locator:
        return self.observation.field_at("roleRef", f"roleRef: {self.role.kind} {self.role.name}")

    def account_at(self, index: int) -> Locator:
        account = self.accounts[index]
        named = f"{account.kind} {account.namespace}/{account.name}"
        return self.observation.field_at(f"subjects[{index}]", named)


def bound_by(scene: Scene, binding: Subject) -> Bound | None:
    """What a binding says; None where it was not shown whole"""
    for observation in scene.observations(binding):
        struct = observation.object
        if not isinstance(struct, RoleBinding | ClusterRoleBinding) or not isinstance(struct.role_ref, RoleRef):
            continue
        accounts = struct.subjects if isinstance(struct.subjects, list) else []
        if accounts or observation.whole:  # a row of kubectl shows the role alone
            namespace = binding.namespace if struct.role_ref.kind == "Role" else None
            role = Subject(struct.role_ref.kind, struct.role_ref.name, namespace)
            return Bound(binding, role, tuple(accounts), observation)
    return None


def bindings_for(scene: Scene, who: Subject) -> list[Bound]:
    """Bindings that could have given the account what it was refused: of the namespaces it asked for, and global"""
    namespaces = {refused.namespace for refused in refused_to(scene, who) if refused.scoped}
    found = [
        bound
        for namespace in sorted(name for name in namespaces if name)
        for binding in scene.subjects_in("RoleBinding", namespace)
        if (bound := scene.derive(bound_by, binding)) is not None
    ]
    everywhere = (scene.derive(bound_by, binding) for binding in scene.subjects("ClusterRoleBinding"))
    return found + [bound for bound in everywhere if bound is not None]


def names(account: RoleSubject, who: Subject) -> bool:
    return account.kind == who.kind == "ServiceAccount" and (account.name, account.namespace) == (
        who.name,
        who.namespace,
    )


def nearly_names(account: RoleSubject, who: Subject) -> bool:
    """Whether a binding's subject is the account but for its namespace, or for a slip in its name."""
    if account.kind != "ServiceAccount" or who.kind != "ServiceAccount" or names(account, who):
        return False
    if account.name == who.name and account.name != "default":
        return True
    return account.namespace == who.namespace and bool(get_close_matches(account.name, [who.name], 1, MISSPELT))


def rules_of(scene: Scene, role: Subject) -> list[tuple[PolicyRule, Locator]] | None:
    """The rules of a role, each with its place; None where they were not shown."""
    for observation in scene.observations(role):
        struct = observation.object
        if isinstance(struct, Role | ClusterRole) and (isinstance(struct.rules, list) or observation.whole):
            rules = struct.rules if isinstance(struct.rules, list) else []
            return [(rule, observation.field_at(f"rules[{i}]", _written(rule))) for i, rule in enumerate(rules)]
    return None


def _written(rule: PolicyRule) -> str:
    return f"verbs {', '.join(rule.verbs or ())} on {', '.join(rule.resources or ())}"


def would_allow(scene: Scene, role: Subject, refused: Refused) -> bool:
    return any(allows(rule, refused) for rule, _ in rules_of(scene, role) or ())
