"""One client may take all connections of a server."""

from __future__ import annotations

from kwhy.knowledge.dependency.connections_exhausted import CONNECTIONS_EXHAUSTED, Exhausted, exhausted_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe, ProbeCall
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

HOLDS_CONNECTIONS = Condition(
    code="dependency.holds-connections",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} may hold {total} connections ({setting}), and {server} has {usable} for all its clients",
    summary="The pool of one client, times its pods, is as large as all that the server allows.",
    remedies=(
        Remedy(
            id="smaller-pool",
            title="Make the pool smaller, or the server's limit larger",
            when="now",
            risk="medium",
            steps=(
                Step("Set {setting} so that the pools of all clients together stay below {usable}.", "{edit}"),
                Step("Or raise the server's limit, if its memory allows: each connection costs some."),
            ),
            verify=(Step("The clients are let in again.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Restore the former value.", "{edit}"),),
        ),
    ),
)

_HOLDERS = "who holds the server's connections, and for how long"
#: By protocol, the command that lists the connections.
LISTINGS = {
    "mysql": Probe("kubectl exec {name} -n {namespace} -- mariadb -e 'SHOW FULL PROCESSLIST'", unlocks=_HOLDERS),
    "postgresql": Probe(
        "kubectl exec {name} -n {namespace} -- psql -c "
        "'SELECT usename, client_addr, state, query_start FROM pg_stat_activity'",
        unlocks=_HOLDERS,
    ),
    "redis": Probe("kubectl exec {name} -n {namespace} -- redis-cli CLIENT LIST", unlocks=_HOLDERS),
}


@rule(HOLDS_CONNECTIONS, rows=("E5",), leads=(leads_to(CONNECTIONS_EXHAUSTED, via=ITSELF),))
def holds_connections(server: PodView, exhausted: Exhausted | None = given(exhausted_of)) -> Verdict:
    """One client may take all connections of a server.

    What it means: Pool size times pods of one workload is at least what the server has for all: when it takes what it
    may, everybody else is turned away.
    How it shows: The server's limit stands in its command or configuration; a variable of exactly one client names a
    number of connections, pool size or workers that, times its pods, reaches it.
    What looks like it: Slow queries that keep the connections of ordinary pools busy; many clients with pools that only
    together are too large: then the server's list of connections tells.
    Source: MariaDB 10.11 max_connections (default 151); PostgreSQL 15 max_connections (100) and
    superuser_reserved_connections (3), guc_tables.c; Redis 7.0 maxclients (10000), config.c.
    """
    if exhausted is None:
        return unsure(
            f"whether {server.subject} turns clients away", LOGS.of(name=server.name, namespace=server.namespace)
        )
    held_by = _held_by(server, exhausted)
    if exhausted.usable is None or exhausted.limit is None:
        return unsure(f"how many connections {server.subject} allows, and who holds them", held_by)
    usable = exhausted.usable
    large = [holder for holder in exhausted.holders if holder.total >= usable]
    if len(large) != 1:
        sums = ", ".join(f"{holder.owner.name} {holder.total}" for holder in exhausted.holders) or "no pool is seen"
        return Unsure((Gap(f"who holds the {usable} connections of {exhausted.service} ({sums})", (held_by,)),))
    holder = large[0]
    blamed = holder.setting.source if holder.setting.source.kind == "ConfigMap" else holder.owner
    because = (
        *(Evidence(e.locate(e.last), f"too many connections, {e.count} times") for e in exhausted.errors[:2]),
        Evidence(holder.setting.at, f"{holder.owner}: {holder.setting.where} is {holder.each}, in {holder.pods} pods"),
        Evidence(exhausted.limit.at, f"{exhausted.limit.source} sets {exhausted.limit.words}"),
    )
    values = {
        "total": holder.total,
        "setting": holder.setting.name,
        "server": f"Service {exhausted.service.name}",
        "usable": usable,
        "edit": f"kubectl edit {blamed.kind.lower()} {blamed.name} -n {blamed.namespace}",
    }
    return Present(because, values, basis=Basis.INFERRED, blames=blamed, affected=(exhausted.service,))


def _held_by(server: PodView, exhausted: Exhausted) -> ProbeCall:
    """The command that lists the server's connections, in words that a shell takes literally."""
    protocols = [e.call.protocol for e in exhausted.errors if e.call is not None and e.call.protocol]
    probe = LISTINGS.get(protocols[0] if protocols else "", LISTINGS["mysql"])
    return probe.of(name=server.name, namespace=server.namespace)
