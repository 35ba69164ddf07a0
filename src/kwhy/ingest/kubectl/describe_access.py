"""`kubectl describe` of roles and role bindings.

A Role and a ClusterRole, a RoleBinding and a ClusterRoleBinding are described alike, without their namespaces: only the
command tells them apart, or a binding's reference to a Role, which no ClusterRoleBinding has.

Source: RoleDescriber, ClusterRoleDescriber, RoleBindingDescriber, CombineResourceGroup (k8s.io/kubectl v0.34.4
pkg/describe/describe.go); the same since v1.8.
"""

from __future__ import annotations

from kwhy.facts import objects as api
from kwhy.facts.objects import Maybe, ObjectMeta
from kwhy.ingest.kubectl.tree import Entries, TableRow, read_entries, read_rows
from kwhy.ingest.kubectl.words import EMPTY

Marks = dict[str, int]
Printed = dict[str, str]

_RULE_TITLES = ("Resources", "Non-Resource URLs", "Resource Names", "Verbs")
_SUBJECT_TITLES = ("Kind", "Name", "Namespace")


def binding_kind(entries: Entries) -> str | None:
    """The kind of a binding where its own reference tells it."""
    role = entries.get("Role")
    if role is None or "Subjects" not in entries:
        return None
    return "RoleBinding" if read_entries(role.below).value("Kind") == "Role" else None


def read_role(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.Role:
    return api.Role(metadata, _rules(entries, lines))


def read_cluster_role(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.ClusterRole:
    return api.ClusterRole(metadata, _rules(entries, lines))


def _rules(entries: Entries, lines: Marks) -> Maybe[list[api.PolicyRule]]:
    table = entries.get("PolicyRule")
    if table is None:
        return None
    lines["rules"] = table.line
    rules: list[api.PolicyRule] = []
    for row in read_rows(table.below, _RULE_TITLES):
        lines[f"rules[{len(rules)}]"] = row.line
        rules.append(_rule(row))
    return rules


def _rule(row: TableRow) -> api.PolicyRule:
    resource, group = _resource(row.get("Resources"))
    return api.PolicyRule(
        verbs=_words(row.get("Verbs")),
        api_groups=None if resource is None else [group],
        resources=None if resource is None else [resource],
        resource_names=_words(row.get("Resource Names")) or None,
        non_resource_urls=_words(row.get("Non-Resource URLs")) or None,
    )


def _resource(text: str) -> tuple[str | None, str]:
    """ "deployments.apps/scale" → deployments/scale of group apps; "*.*" → everything."""
    if not text:
        return None, ""
    combined, slash, subresource = text.partition("/")
    resource, _, group = combined.partition(".")
    return resource + slash + subresource, group


def _words(text: str) -> list[str]:
    """ "[get list]": how Go prints a list of strings."""
    return text.strip("[]").split()


def read_role_binding(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.RoleBinding:
    return api.RoleBinding(metadata, _role(entries, lines), _subjects(entries, lines))


def read_cluster_role_binding(
    metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed
) -> api.ClusterRoleBinding:
    return api.ClusterRoleBinding(metadata, _role(entries, lines), _subjects(entries, lines))


def _role(entries: Entries, lines: Marks) -> Maybe[api.RoleRef]:
    entry = entries.get("Role")
    if entry is None:
        return None
    lines["roleRef"] = entry.line
    fields = read_entries(entry.below)
    return api.RoleRef(fields.value("Kind") or "", fields.value("Name") or "")


def _subjects(entries: Entries, lines: Marks) -> Maybe[list[api.RoleSubject]]:
    entry = entries.get("Subjects")
    if entry is None:
        return None
    lines["subjects"] = entry.line
    found: list[api.RoleSubject] = []
    for row in read_rows(entry.below, _SUBJECT_TITLES):
        lines[f"subjects[{len(found)}]"] = row.line
        namespace = row.get("Namespace")
        found.append(api.RoleSubject(row.get("Kind"), row.get("Name"), "" if namespace in EMPTY else namespace))
    return found
