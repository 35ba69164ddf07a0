"""A database or cache does not let a program in."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.dependency.credentials import Refusal, refusal_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

ACCESS_REFUSED = Condition(
    code="dependency.access-refused",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{server} refuses {user} of {subject}",
    summary="The server answers, and does not accept the account with which the program introduces itself.",
)


def _refused(scene: Scene, pod: Subject) -> Iterable[Subject]:
    if scene.derive(refusal_of, pod) is not None:
        yield pod


IS_REFUSED = Relation("is refused", _refused)


@rule(
    ACCESS_REFUSED,
    rows=("E4",),
    leads=(
        leads_to(APP_ERRORS, via=IS_REFUSED),
        leads_to(EXITS_WITH_ERROR, via=IS_REFUSED),
        leads_to(INIT_FAILS, via=IS_REFUSED),
    ),
)
def access_refused(pod: PodView, refusal: Refusal | None = given(refusal_of)) -> Verdict:
    """A database or cache does not let a program in.

    What it means: The network and the server work: the server itself answered. User, password or rights are wrong.
    How it shows: The program's log repeats the server's answer: "Access denied for user", "password authentication
    failed", NOAUTH, WRONGPASS, "Login failed".
    What looks like it: A refused connection never reaches the server's accounts. A refusal by the API server (RBAC).
    Source: MariaDB 10.11 errmsg (1044, 1045, 1698); PostgreSQL 15 libpq/auth.c; Redis 7.0 acl.c; MongoDB 7 (code 18).
    """
    if refusal is None:
        return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))
    errors = refusal.errors
    server = f"{refusal.server.kind} {refusal.server.name}" if refusal.server is not None else "The server"
    user = f"user {refusal.account.user}" if refusal.account.user else "the account"
    says = Evidence(errors.locate(errors.last), f"access refused, {errors.count} times")
    return Present((says,), {"server": server, "user": user}, since=by(errors.samples[0].when))
