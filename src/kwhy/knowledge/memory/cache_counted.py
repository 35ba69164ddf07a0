"""The memory of a container looks used up because its page cache is counted; nothing is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from kwhy.facts.cgroups import GroupFigure
from kwhy.facts.usage import MemoryStats
from kwhy.knowledge.container.processes import figures_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.quantity import in_words
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

CACHE_COUNTED = Condition(
    code="memory.cache-counted",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} uses {usage}{limit}, of which {cache} is page cache that the kernel drops when it needs room: "
    "{working} counts",
    summary="usage counts files that were read or written; working set, which eviction looks at, leaves them out.",
    remedies=(
        Remedy(
            id="show-the-working-set",
            title="Let the panel show the working set; nothing is to be done about the pod",
            when="now",
            risk="none",
            steps=(
                Step(
                    "Use container_memory_working_set_bytes (usage minus inactive_file), not "
                    "container_memory_usage_bytes; kubectl top shows the working set.",
                    "kubectl top pod {name} -n {namespace} --containers",
                ),
                Step("A leak shows in anonymous memory (rss, anon) that grows from hour to hour, whatever usage says."),
            ),
            verify=(Step("The panel and kubectl top agree.", "kubectl top pods -n {namespace}"),),
            undo=(Step("Show the former figure again."),),
        ),
    ),
)

FIGURES = Probe(
    "kubectl exec -n {namespace} {name} -- sh -c 'grep . /sys/fs/cgroup/memory.current /sys/fs/cgroup/memory.max "
    "/sys/fs/cgroup/memory.stat /sys/fs/cgroup/memory/memory.usage_in_bytes /sys/fs/cgroup/memory/memory.stat'",
    unlocks="how much of the container's memory is page cache",
)

#: Usage above this part of the limit looks nearly full.
NEARLY = 0.8
#: Where there is no limit: usage that is so many times the working set is mostly cache.
MOSTLY = 2.0


class Measured(msgspec.Struct, frozen=True):
    """The memory of one control group or container, in bytes. ``limit`` is None where there is none or none was shown.

    ``anonymous`` is what no file stands behind: what a leak makes grow.
    """

    usage: int
    working: int
    anonymous: int | None
    limit: int | None
    evidence: tuple[Evidence, ...]

    @property
    def looks_full(self) -> bool:
        return self.usage >= NEARLY * self.limit if self.limit else self.usage >= MOSTLY * self.working

    @property
    def is_full(self) -> bool:
        return bool(self.limit) and self.working >= NEARLY * (self.limit or 0)


def measured_of(scene: Scene, pod: Subject) -> list[Measured]:
    """Usage, cache and limit of the pod's containers (memory.stat of their control groups, the kubelet's summary)"""
    groups: dict[str, dict[str, GroupFigure]] = defaultdict(dict)
    for figure in figures_of(scene, pod):
        if figure.name.startswith("memory."):
            groups[figure.group][figure.name] = figure
    found = [measured for figures in groups.values() if (measured := _of_group(figures)) is not None]
    for stats in scene.derive_once(_stats_by_pod).get(pod, ()):
        if stats.container and stats.usage is not None and stats.working_set is not None:
            says = f"container {stats.container}: usage {_words(stats.usage)}, working set {_words(stats.working_set)}"
            found.append(Measured(stats.usage, stats.working_set, stats.rss, None, (Evidence(stats.at, says),)))
    return sorted(found, key=lambda measured: -measured.usage)


def _of_group(figures: dict[str, GroupFigure]) -> Measured | None:
    """Version 2 and version 1 name the same figures differently; v1's "total_" ones count the groups below too."""
    usage = figures.get("memory.current") or figures.get("memory.usage_in_bytes")
    inactive = figures.get("memory.stat total_inactive_file") or figures.get("memory.stat inactive_file")
    anonymous = (
        figures.get("memory.stat anon") or figures.get("memory.stat total_rss") or figures.get("memory.stat rss")
    )
    limit = figures.get("memory.max") or figures.get("memory.limit_in_bytes")
    if usage is None or inactive is None or usage.value is None or inactive.value is None:
        return None
    because = [
        Evidence(usage.at, f"usage is {_words(usage.value)}"),
        Evidence(inactive.at, f"{_words(inactive.value)} of it are inactive page cache"),
    ]
    if anonymous is not None and anonymous.value is not None:
        because.append(Evidence(anonymous.at, f"{_words(anonymous.value)} are anonymous memory"))
    if limit is not None and limit.value is not None:
        because.append(Evidence(limit.at, f"the limit is {_words(limit.value)}"))
    return Measured(
        usage=usage.value,
        working=max(0, usage.value - inactive.value),
        anonymous=anonymous.value if anonymous is not None else None,
        limit=limit.value if limit is not None else None,
        evidence=tuple(because),
    )


def _stats_by_pod(scene: Scene) -> dict[Subject, list[MemoryStats]]:
    index: dict[Subject, list[MemoryStats]] = defaultdict(list)
    for stats in scene.facts(MemoryStats):
        if stats.about.kind == "Pod":
            index[stats.about].append(stats)
    return index


def _words(amount: int) -> str:
    return in_words("memory", Decimal(amount))


def _candidates(scene: Scene) -> Iterable[Subject]:
    """Pods of which something measured the memory."""
    figures = [figure for figure in scene.facts(GroupFigure) if figure.name.startswith("memory.")]
    found = dict.fromkeys(Subject("Pod", f.pod, f.namespace or None) for f in figures if f.pod)
    groups = {figure.pod_uid for figure in figures if figure.pod_uid} | {f.container for f in figures if f.container}
    if groups:
        for pod, struct in scene.lone_structs("Pod"):
            shown = [struct] if struct is not None else [view.object for view in scene.observations(pod)]
            if any(str(one.metadata.uid) in groups for one in shown):
                found[pod] = None
    found.update(dict.fromkeys(scene.derive_once(_stats_by_pod)))
    return [pod for pod in found if any(measured.looks_full for measured in scene.derive(measured_of, pod))]


@rule(CACHE_COUNTED, rows=("N15",), among=_candidates, answers=("memory",))
def cache_counted(pod: PodView, figures: list[Measured] = given(measured_of)) -> Verdict:
    """Page cache is counted as use.

    What it means: The kernel keeps what was read and written as long as nobody else wants the room, up to the limit of
    the control group. It drops it before it kills anybody, and the kubelet's working set leaves it out.
    How it shows: usage is above 80 % of the limit, usage minus inactive_file is not.
    What looks like it: A leak: anonymous memory grows until the container is killed. Shared memory and tmpfs count as
    cache and cannot be dropped, nor can pages that are locked or dirty.
    Source: Linux v6.6 Documentation/admin-guide/cgroup-v1/memory.rst (5.2, 5.5), cgroup-v2.rst (memory.stat); cAdvisor
    container/libcontainer/handler.go (setMemoryStats: working set).
    """
    if not figures:
        return unsure(
            f"how much of the memory of {pod.subject} is cache", FIGURES.of(name=pod.name, namespace=pod.namespace)
        )
    full = next((measured for measured in figures if measured.is_full), None)
    if full is not None:
        return Absent(full.evidence)
    seeming = next((measured for measured in figures if measured.looks_full), None)
    if seeming is None:
        return Absent(figures[0].evidence)
    values = {
        "usage": _words(seeming.usage),
        "limit": f" of {_words(seeming.limit)}" if seeming.limit else "",
        "cache": _words(seeming.usage - seeming.working),
        "working": _words(seeming.working),
    }
    return Present(seeming.evidence, values, basis=Basis.RECOMPUTED)
