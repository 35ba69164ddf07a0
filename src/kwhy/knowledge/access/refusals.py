"""What the API server refused to whom, as logs quote it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.kubectl import KubectlError
from kwhy.facts.log_patterns.transport import FORBIDDEN
from kwhy.facts.logs import LogHit
from kwhy.facts.objects import PolicyRule
from kwhy.knowledge.app.errors import errors_of, lasting
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.logs import writer_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

_FORBIDDEN = expression(FORBIDDEN.regex)
SERVICE_ACCOUNT = "system:serviceaccount:"


class Refused(msgspec.Struct, frozen=True):
    """A request that authorisation refused. ``namespace`` is None for requests at the cluster scope.

    ``scoped``: the message was quoted far enough to tell the scope.
    """

    who: Subject
    verb: str
    resource: str
    group: str
    namespace: str | None
    scoped: bool
    caller: Subject | None
    count: int
    at: Locator

    @property
    def what(self) -> str:
        named = f"{self.resource}.{self.group}" if self.group else self.resource
        if not self.scoped:
            return f"{self.verb} {named}"
        return f"{self.verb} {named} {'in namespace ' + self.namespace if self.namespace else 'in the whole cluster'}"


def subject_of(user: str) -> Subject:
    """The object that a user name of the API server stands for."""
    if user.startswith(SERVICE_ACCOUNT) and user.count(":") >= 3:
        _, _, namespace, name = user.split(":", 3)
        return Subject("ServiceAccount", name, namespace)
    return Subject("User", user)


def words_of(refused: Refused) -> dict[str, object]:
    """What remedies say of a refused request."""
    in_cluster = refused.scoped and refused.namespace is None
    scope = refused.namespace if refused.scoped else refused.who.namespace
    who = refused.who
    service_account = who.kind == "ServiceAccount"
    return {
        "user": f"system:serviceaccount:{who.namespace}:{who.name}" if service_account else who.name,
        "account_kind": "serviceaccount" if service_account else "user",
        "account_name": f"{who.namespace}:{who.name}" if service_account else who.name,
        "what": refused.what,
        "verb": refused.verb,
        "resource": refused.resource.replace("/", "-"),
        "full_resource": f"{refused.resource}.{refused.group}" if refused.group else refused.resource,
        "role_kind": "clusterrole" if in_cluster else "role",
        "binding_kind": "clusterrolebinding" if in_cluster else "rolebinding",
        # kubectl ignores the namespace of objects and requests that have none.
        "scope": scope or refused.who.namespace or "default",
    }


def _refused(scene: Scene) -> list[Refused]:
    found = []
    for hit in scene.facts(LogHit):
        fields = hit.last.fields
        if hit.pattern != FORBIDDEN or not fields.get("user"):
            continue
        scoped = "namespace" in fields or "cluster" in fields
        writer = writer_of(scene, hit.document)
        found.append(
            Refused(
                subject_of(fields["user"]),
                fields.get("verb", ""),
                fields.get("what", ""),
                fields.get("group", ""),
                fields.get("namespace"),
                scoped,
                writer.subject if writer is not None else None,
                hit.count,
                hit.locate(hit.last),
            )
        )
    return found + _refused_to_kubectl(scene)


def _refused_to_kubectl(scene: Scene) -> list[Refused]:
    """What kubectl itself was refused: as whom it asks stands in the answer."""
    found = []
    for error in scene.facts(KubectlError):
        fields = _FORBIDDEN.search(error.message) if error.reason == "Forbidden" else None
        if fields is not None:
            scoped = fields["namespace"] is not None or fields["cluster"] is not None
            who, group = subject_of(fields["user"]), fields["group"] or ""
            refused = Refused(
                who, fields["verb"], fields["what"], group, fields["namespace"], scoped, None, 1, error.at
            )
            found.append(refused)
    return found


def refusals_by_account(scene: Scene) -> dict[Subject, list[Refused]]:
    """Every account that was refused something, with its requests."""
    index: dict[Subject, list[Refused]] = {}
    for refused in scene.derive_once(_refused):
        index.setdefault(refused.who, []).append(refused)
    return index


def refused_to(scene: Scene, who: Subject) -> list[Refused]:
    """Refused requests of an account, as logs quote them"""
    return scene.derive_once(refusals_by_account).get(who, [])


def newest_scoped(refused: list[Refused]) -> Refused:
    """The refusal that tells most: one that names its scope, repeated most often."""
    return max(refused, key=lambda r: (r.scoped, r.count))


def _accounts(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """Who the application is for the API server, where its log complains of denials."""
    if not any(e.complaint == "denied" and lasting(e) for e in errors_of(scene, caller)):
        return
    named = dict.fromkeys(r.who for r in scene.derive_once(_refused) if r.caller == caller)
    if named:
        yield from named
    elif any(_calls_the_api(e.target) for e in errors_of(scene, caller) if e.complaint == "denied"):
        account = PodView(scene, caller).seen(
            "spec.serviceAccountName", lambda p: p.spec.service_account_name, "default"
        )
        if account.observed and account.value:
            yield Subject("ServiceAccount", account.value, caller.namespace)


def _calls_the_api(target: str | None) -> bool:
    """Paths of the Kubernetes API: /api/v1/…, /apis/apps/v1/…, whatever stands before them."""
    return target is not None and ("/api/v1/" in target or "/apis/" in target)


IS_KNOWN_AS = Relation("is known to the API server as", _accounts)


def allows(rule: PolicyRule, refused: Refused) -> bool:
    """RBAC's own decision (Kubernetes v1.34 pkg/apis/rbac/v1/evaluation_helpers.go); named objects do not count."""
    sub = refused.resource.partition("/")[2]
    wanted = {"*", refused.resource} | ({f"*/{sub}"} if sub else set())
    return (
        bool({"*", refused.verb} & set(rule.verbs or ()))
        and bool({"*", refused.group} & set(rule.api_groups or ()))
        and bool(wanted & set(rule.resources or ()))
        and not rule.resource_names
    )
