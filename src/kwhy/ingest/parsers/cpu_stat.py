"""`cat …/cpu.stat` of control groups, version 1 and 2, one or several (`head`, `tail -n +1` print "==> file <==").

Sources: Linux v6.6 kernel/sched/core.c (cpu_cfs_stat_show: nr_periods, nr_throttled, throttled_time in nanoseconds;
cpu_extra_stat_show: throttled_usec), Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.cgroups import CpuThrottling
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

# nr_throttled 57
_COUNTER = expression(r"(?P<name>[a-z_.]{2,40}) (?P<value>-?\d{1,20})")
# ==> /sys/fs/cgroup/cpu/kubepods/burstable/pod7264dc21-…/cpu.stat <==
_HEADING = expression(r"==> (?P<file>\S{1,500}cpu\.stat) <==")
# /sys/fs/cgroup/cpu/…/cpu.stat in a command
_FILE = expression(r"(?P<file>/\S{0,500}cpu\.stat)")
# 1a85cbee7f487afcc349f8ca1882ea3babe249d5cac4b4bc53b08812582725fb; cri-containerd-1a85….scope
_CONTAINER = expression(r"(?:^|[-/])(?P<id>[0-9a-f]{64})(?:\.scope)?/cpu\.stat$")
# pod7264dc21-f6da-4a96-b21d-c5306cffdf5a; kubepods-burstable-pod7264dc21_f6da_4a96_b21d_c5306cffdf5a.slice
_POD = expression(r"pod(?P<uid>[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")
_KNOWN = frozenset(
    {"nr_periods", "nr_throttled", "throttled_time", "throttled_usec", "nr_bursts", "burst_time", "burst_usec"}
    | {"usage_usec", "user_usec", "system_usec", "nice_usec", "core_sched.force_idle_usec"}
)


class _Group(msgspec.Struct):
    file: str
    line: int
    counters: dict[str, int]


def recognise(head: Head) -> float:
    lines = [line.strip() for line in head.whole_lines]
    counters = [match["name"] for line in lines if (match := _COUNTER.fullmatch(line))]
    if "nr_throttled" not in counters or "nr_periods" not in counters:
        return 0.0
    headings = sum(1 for line in lines if _HEADING.fullmatch(line))
    return 0.95 if len(counters) + headings == len(lines) else 0.6


def parse(document: Document) -> Iterator[Parsed]:
    named = _FILE.search(document.command or "")
    group = _Group(named["file"] if named else "", document.first_line, {})
    for number, line in document.lines():
        text = line.strip()
        heading, counter = _HEADING.fullmatch(text), _COUNTER.fullmatch(text)
        if heading:
            yield from _fact(document, group)
            group = _Group(heading["file"], number, {})
        elif counter and counter["name"] in _KNOWN:
            if counter["name"] in group.counters:
                yield from _fact(document, group)
                group = _Group("", number, {})
            if counter["name"] == "nr_throttled":
                group.line = number
            group.counters[counter["name"]] = int(counter["value"])
        elif text:
            yield Unparsed(document.at(number, excerpt=text), "cpu.stat: a counter and its value expected")
    yield from _fact(document, group)


def _fact(document: Document, group: _Group) -> Iterator[CpuThrottling]:
    periods, throttled = group.counters.get("nr_periods"), group.counters.get("nr_throttled")
    if periods is None or throttled is None or periods < 0 or throttled < 0:
        return
    container, pod = _CONTAINER.search(group.file), _POD.search(group.file)
    waited = group.counters.get("throttled_time", 0) / 1e9 or group.counters.get("throttled_usec", 0) / 1e6
    name, namespace = _executed_in(document.command)
    yield CpuThrottling(
        group=group.file.rpartition("/")[0],
        container=container["id"] if container else "",
        pod_uid=pod["uid"].replace("_", "-") if pod else "",
        periods=periods,
        throttled=throttled,
        waited=waited,
        at=document.at(group.line, excerpt=document.line(group.line).strip()),
        pod=name,
        namespace=namespace,
        observed=document.captured,
    )


def _executed_in(command: str | None) -> tuple[str, str]:
    """The pod and the namespace of `kubectl exec`; "" for what it does not name."""
    before, separator, _ = (command or "").partition(" -- ")
    words = before.split()
    if not separator or "exec" not in words:
        return "", ""
    namespace = ""
    operands = []
    asked = iter(words)
    for word in asked:
        if word in ("-n", "--namespace", "-c", "--container"):
            value = next(asked, "")
            namespace = value if word in ("-n", "--namespace") else namespace
        elif word.startswith("--namespace="):
            namespace = word.partition("=")[2]
        elif not word.startswith("-"):
            operands.append(word)
    pod = operands[operands.index("exec") + 1 :][:1]
    return (pod[0].removeprefix("pod/").removeprefix("po/") if pod else ""), namespace


FORMAT = Format("cpu-stat", recognise, parse)
