"""A server has no connection left for its clients."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.knowledge.app.errors import APP_ERRORS, errors_of, lasting
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.dependency.server_words import Told, told
from kwhy.knowledge.dependency.servers import complaining, refusals, server_of, service_named, users_of
from kwhy.knowledge.dependency.settings import Setting, addresses_of, settings_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.relations import owner_of, pods_of, pods_selected
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

CONNECTIONS_EXHAUSTED = Condition(
    code="dependency.connections-exhausted",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} has no connection left for its clients{limit}",
    summary="The server answers that all its connections are taken.",
)

# --max-connections=12 · max_connections = 200 (MariaDB, MySQL, PostgreSQL) · --maxclients 10 (Redis)
_LIMIT = expression(r"(?i)(?:--|\b)(?:max[-_]connections|maxclients)(?:\s{0,3}=\s{0,3}|\s{1,3})(?P<value>\d{1,7})\b")
# superuser_reserved_connections=3: PostgreSQL keeps them for administrators; 3 is its default (guc_tables.c, 15)
_RESERVED = expression(r"(?i)superuser_reserved_connections\s{0,3}=\s{0,3}(?P<value>\d{1,5})\b")
_POSTGRES_RESERVED = 3
# DB_POOL_SIZE · SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE · MAX_CONNECTIONS · HOLD · REDIS_MAX_ACTIVE
_POOL_NAME = expression(
    r"(?i)pool|connections|max_?conn|max_?active|max_?open|hold|concurrency|workers|threads|sessions"
)
#: Complaints of a client whose server closes new connections before it says why.
_TURNED_AWAY = frozenset({"too many connections", "pool exhausted", "connection reset", "timeout"})


class Holder(msgspec.Struct, frozen=True):
    """A workload that may hold as many connections: what its setting says, times its pods."""

    owner: Subject
    each: int
    pods: int
    setting: Setting

    @property
    def total(self) -> int:
        return self.each * self.pods


class Exhausted(msgspec.Struct, frozen=True):
    """A Service that turns clients away. ``usable`` is how many connections clients may have, None where not seen."""

    service: Subject
    errors: tuple[AppErrors, ...]
    limit: Told | None
    usable: int | None
    holders: tuple[Holder, ...]


def _full(scene: Scene) -> dict[Subject, list[AppErrors]]:
    """The Services that turn clients away, by what the clients log."""
    index: dict[Subject, list[AppErrors]] = {}
    for pod in complaining(scene, "too many connections"):
        for errors in refusals(scene, pod, "too many connections")[-1:]:
            place = server_of(scene, pod, errors) or _only_server(scene, pod)
            if place is not None:
                index.setdefault(place[0], []).append(errors)
    return index


def _only_server(scene: Scene, pod: Subject) -> tuple[Subject, None] | None:
    """The Service, where the settings of the pod name one alone."""
    named = {service_named(scene, pod, address.host) for address in scene.derive(addresses_of, pod)} - {None}
    only = named.pop() if len(named) == 1 else None
    return (only, None) if only is not None else None


def _behind(scene: Scene) -> dict[Subject, Subject]:
    return {pod: service for service in scene.derive_once(_full) for pod in pods_selected(scene, service)}


def exhausted_of(scene: Scene, server: Subject) -> Exhausted | None:
    """The clients that the server turns away, its limit, and how many connections each client may hold"""
    service = scene.derive_once(_behind).get(server)
    if service is None:
        return None
    limit = told(scene, service, _LIMIT)
    usable = int(limit.value) if limit is not None and limit.value else None
    errors = tuple(scene.derive_once(_full)[service])
    if usable is not None and any(e.call is not None and e.call.protocol == "postgresql" for e in errors):
        reserved = told(scene, service, _RESERVED)
        usable -= int(reserved.value) if reserved is not None and reserved.value else _POSTGRES_RESERVED
    return Exhausted(service, errors, limit, usable, tuple(_holders(scene, service)))


def _holders(scene: Scene, service: Subject) -> Iterable[Holder]:
    seen: set[Subject] = set()
    for pod in users_of(scene, service):
        owner = owner_of(scene, pod)
        if owner in seen:
            continue
        seen.add(owner)
        numbers = [
            setting
            for setting in scene.derive(settings_of, pod)
            if not setting.file and _POOL_NAME.search(setting.name) and (setting.value or "").isdigit()
        ]
        if numbers:
            largest = max(numbers, key=lambda setting: int(setting.value or 0))
            yield Holder(owner, int(largest.value or 0), len(pods_of(scene, owner)) or 1, largest)


def _turned_away(scene: Scene, client: Subject) -> Iterable[Subject]:
    """The pods of the full server that the client uses."""
    full = scene.derive_once(_full)
    complaints = {e.complaint for e in errors_of(scene, client) if lasting(e)}
    if not full or not complaints or not complaints <= _TURNED_AWAY | {"other"} or not complaints & _TURNED_AWAY:
        return
    for service in {service_named(scene, client, a.host) for a in scene.derive(addresses_of, client)}:
        if service in full and service is not None:
            yield from pods_selected(scene, service)


IS_TURNED_AWAY_BY = Relation("is turned away by", _turned_away)


@rule(
    CONNECTIONS_EXHAUSTED,
    rows=("E5",),
    leads=(leads_to(APP_ERRORS, via=IS_TURNED_AWAY_BY), leads_to(EXITS_WITH_ERROR, via=IS_TURNED_AWAY_BY)),
)
def connections_exhausted(server: PodView, exhausted: Exhausted | None = given(exhausted_of)) -> Verdict:
    """A server has no connection left for its clients.

    What it means: All connections that the server allows are taken. Who holds them is the question: a client with a
    large pool, many replicas, or slow queries that keep connections busy.
    How it shows: Clients log "Too many connections", "too many clients already", "remaining connection slots are
    reserved" or "max number of clients reached".
    What looks like it: A pool in the client that is too small is exhausted without the server saying anything.
    Source: MariaDB 10.11 errmsg (1040, 1203, 1226); PostgreSQL 15 storage/lmgr/proc.c, utils/init/postinit.c; Redis 7.0
    networking.c.
    """
    if exhausted is None:
        return unsure(
            f"whether {server.subject} turns clients away", LOGS.of(name=server.name, namespace=server.namespace)
        )
    because = [Evidence(e.locate(e.last), f"too many connections, {e.count} times") for e in exhausted.errors[:3]]
    limit = ""
    if exhausted.limit is not None:
        because.append(Evidence(exhausted.limit.at, f"{exhausted.limit.source} sets {exhausted.limit.words}"))
        limit = f" ({exhausted.limit.words})"
    return Present(tuple(because), {"limit": limit})
