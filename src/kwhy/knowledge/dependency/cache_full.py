"""A cache takes no writes because its memory is full."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.dependency.server_words import Told, told
from kwhy.knowledge.dependency.servers import refusals, server_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.probe import Probe
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

CACHE_FULL = Condition(
    code="dependency.cache-full",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} has no memory left for writes: {limit}, and nothing is evicted",
    summary="Redis has reached its maxmemory, and its policy evicts no key.",
    remedies=(
        Remedy(
            id="more-memory-or-eviction",
            title="Give the cache more memory, or let it evict",
            when="now",
            risk="medium",
            steps=(
                Step("See what takes the memory.", "kubectl exec {server} -n {namespace} -- redis-cli --bigkeys"),
                Step("Raise maxmemory below the container's limit, or set maxmemory-policy allkeys-lru.", "{edit}"),
            ),
            verify=(Step("Writes succeed.", "kubectl logs {pod} -n {namespace} --tail=50"),),
            undo=(Step("Restore the former value.", "{edit}"),),
        ),
    ),
)

# --maxmemory 1mb · maxmemory 100mb (redis.conf)
_MAXMEMORY = expression(r"(?:--|\b)maxmemory {1,3}(?P<value>\d{1,15}[kmg]?b?)\b")
# --maxmemory-policy allkeys-lru: something is evicted; noeviction is the default
_EVICTS = expression(r"maxmemory-policy {1,3}(?P<value>(?:allkeys|volatile)-[a-z]{2,8})\b")
MEMORY_OF_SERVER = Probe(
    "kubectl exec {name} -n {namespace} -- redis-cli info memory", unlocks="used_memory, maxmemory and the policy"
)


class Full(msgspec.Struct, frozen=True):
    """A cache that answers OOM, and what it is told about its memory."""

    errors: AppErrors
    server: Subject
    limit: Told | None
    evicts: Told | None


def full_of(scene: Scene, pod: Subject) -> Full | None:
    """The cache that takes no more writes of the pod, and its limit"""
    for errors in reversed(refusals(scene, pod, "out of memory")):
        place = server_of(scene, pod, errors) if errors.call is not None and errors.call.protocol == "redis" else None
        if place is not None:
            server = place[0]
            return Full(errors, server, told(scene, server, _MAXMEMORY), told(scene, server, _EVICTS))
    return None


def _writes(scene: Scene, pod: Subject) -> Iterable[Subject]:
    if scene.derive(full_of, pod) is not None:
        yield pod


WRITES_TO_FULL = Relation("writes to a full cache", _writes)


@rule(
    CACHE_FULL,
    rows=("E6",),
    leads=(leads_to(APP_ERRORS, via=WRITES_TO_FULL), leads_to(EXITS_WITH_ERROR, via=WRITES_TO_FULL)),
)
def cache_full(pod: PodView, full: Full | None = given(full_of)) -> Verdict:
    """A cache takes no writes because its memory is full.

    What it means: Redis has reached maxmemory and may evict nothing, so that every command that needs memory fails.
    How it shows: Clients log "OOM command not allowed when used memory > 'maxmemory'"; the server's command or
    configuration sets maxmemory and no policy that evicts.
    What looks like it: The container's own memory limit, which ends the program. A read-only replica.
    Source: Redis 7.0 src/server.c (processCommand, shared.oomerr), config.c (maxmemory-policy, default noeviction).
    """
    if full is None:
        return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))
    errors = full.errors
    if full.limit is None or full.evicts is not None:
        probe = MEMORY_OF_SERVER.of(name=f"service/{full.server.name}", namespace=full.server.namespace)
        return unsure(f"how much memory {full.server} may take, and what it evicts", probe)
    because = (
        Evidence(errors.locate(errors.last), f"out of memory, {errors.count} times"),
        Evidence(full.limit.at, f"{full.limit.source} sets {full.limit.words}"),
    )
    blamed = full.limit.source
    values = {
        "limit": full.limit.words,
        "server": f"service/{full.server.name}",
        "pod": pod.name,
        "edit": f"kubectl edit {blamed.kind.lower()} {blamed.name} -n {blamed.namespace}",
    }
    return Present(because, values, basis=Basis.RECOMPUTED, blames=blamed, affected=(owner_of(pod.scene, pod.subject),))
