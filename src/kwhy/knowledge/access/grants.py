"""What roles and bindings allow an account to do."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.objects import PolicyRule
from kwhy.knowledge.access.bindings import Bound, bound_by, rules_of
from kwhy.knowledge.access.refusals import SERVICE_ACCOUNT
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene


class Grant(msgspec.Struct, frozen=True):
    """A rule that a binding gives to an account. ``namespace`` is None where it holds in the whole cluster."""

    role: Subject
    namespace: str | None
    rule: PolicyRule
    at: Locator


class Grants(msgspec.Struct, frozen=True):
    """What an account may do. ``complete``: every binding that could concern it, and its roles, were shown."""

    rules: tuple[Grant, ...]
    roles: tuple[Subject, ...]
    complete: bool


def grants_of(scene: Scene, who: Subject, namespace: str | None) -> Grants:
    """Rules that bindings give to ``who``, for requests in ``namespace``."""
    complete = scene.listing("ClusterRoleBinding", None) is not None
    complete = complete and (namespace is None or scene.listing("RoleBinding", namespace) is not None)
    rules: list[Grant] = []
    roles: list[Subject] = []
    for bound in _bindings(scene, who, namespace):
        scope = bound.binding.namespace if bound.binding.kind == "RoleBinding" else None
        roles.append(bound.role)
        shown = rules_of(scene, bound.role)
        rules += [Grant(bound.role, scope, rule, at) for rule, at in shown or ()]
        complete = complete and shown is not None
    return Grants(tuple(rules), tuple(dict.fromkeys(roles)), complete)


def _bindings(scene: Scene, who: Subject, namespace: str | None) -> Iterator[Bound]:
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        for binding in scene.subjects_in(kind, namespace if kind == "RoleBinding" else None):
            bound = scene.derive(bound_by, binding)
            if bound is not None and any(_means(s.kind, s.name, s.namespace, who) for s in bound.accounts):
                yield bound


def _means(kind: str, name: str, namespace: str, who: Subject) -> bool:
    """Whether a binding's subject is the account, or a group that it is in."""
    if who.kind == "ServiceAccount":
        groups = {"system:serviceaccounts", f"system:serviceaccounts:{who.namespace}", "system:authenticated"}
        if kind == "ServiceAccount":
            return (name, namespace) == (who.name, who.namespace)
        return (kind == "Group" and name in groups) or (
            kind == "User" and name == f"{SERVICE_ACCOUNT}{who.namespace}:{who.name}"
        )
    return (kind == "User" and name == who.name) or (kind == "Group" and name == "system:authenticated")
