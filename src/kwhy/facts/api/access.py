"""Roles and their bindings."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from kwhy.facts.api.meta import ApiStruct, Maybe, ObjectMeta


class PolicyRule(ApiStruct, frozen=True):
    """rbac.authorization.k8s.io/v1 PolicyRule."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    non_resource_urls: list[str] | None = msgspec.field(default=None, name="nonResourceURLs")


class RoleRef(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""


class RoleSubject(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class Role(ApiStruct, frozen=True, tag_field="kind", tag="Role"):
    metadata: ObjectMeta
    rules: Maybe[list[PolicyRule]] = UNSET


class ClusterRole(ApiStruct, frozen=True, tag_field="kind", tag="ClusterRole"):
    metadata: ObjectMeta
    rules: Maybe[list[PolicyRule]] = UNSET


class RoleBinding(ApiStruct, frozen=True, tag_field="kind", tag="RoleBinding"):
    metadata: ObjectMeta
    role_ref: Maybe[RoleRef] = UNSET
    subjects: Maybe[list[RoleSubject]] = UNSET


class ClusterRoleBinding(ApiStruct, frozen=True, tag_field="kind", tag="ClusterRoleBinding"):
    metadata: ObjectMeta
    role_ref: Maybe[RoleRef] = UNSET
    subjects: Maybe[list[RoleSubject]] = UNSET
