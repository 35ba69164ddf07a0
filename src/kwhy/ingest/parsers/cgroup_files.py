"""Files of control groups: memory.* and pids.* of version 1 and 2, by `cat`, `head`, `tail -n +1` or `grep .`.

Sources: Linux v6.6 Documentation/admin-guide/cgroup-v1/memory.rst and pids.rst, cgroup-v2.rst; a bare number is told
by the file that the command names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.cgroups import GroupFigure
from kwhy.ingest.host.groups import owner_of_group
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.output import content_lines, head_lines, not_understood, share
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_FILES: Final = (
    r"(?:memory\.(?:max|high|low|min|current|peak|usage_in_bytes|max_usage_in_bytes|limit_in_bytes|failcnt|stat|events"
    r"|events\.local|oom_control|swap\.current|swap\.max|kmem\.usage_in_bytes)|pids\.(?:max|current|peak|events))"
)
#: /sys/fs/cgroup/pids/kubepods/besteffort/pod0e58b311-…/pids.max
_PATH: Final = expression(rf"(?P<group>/\S{{0,500}})/(?P<file>{_FILES})(?![\w.])")
#: ==> /sys/fs/cgroup/memory.stat <==
_HEADING: Final = expression(rf"^==> (?P<path>\S{{0,500}}?/?{_FILES}) <==$")
#: /sys/fs/cgroup/pids.max:60; memory.max:max (grep . memory.*)
_NAMED: Final = expression(rf"^(?P<path>\S{{0,500}}?(?:^|/)?{_FILES}):(?P<rest>.{{1,200}})$")
#: inactive_file 4096; max 0; oom_kill 3; under_oom 0
_COUNTER: Final = expression(r"^(?P<name>[a-z][a-z0-9_]{1,40}) (?P<value>\d{1,20})$")
#: max; 9223372036854771712
_VALUE: Final = expression(r"^(?:max|\d{1,20})$")
#: Counters that stand in memory.stat of either version, beside one another.
_MEMORY_STAT: Final = frozenset({"inactive_file", "active_file", "inactive_anon", "active_anon"})
#: Version 1 prints "no limit" as the largest number of pages in bytes (mm/page_counter.c PAGE_COUNTER_MAX).
_UNLIMITED: Final = 2**62


class _Source(msgspec.Struct, frozen=True):
    path: str
    file: str


def recognise(head: Head) -> float:
    lines = [line.strip() for line in head_lines(head)]
    if not lines:
        return 0.0
    if any(_HEADING.match(line) or _NAMED.match(line) for line in lines[:3]):
        return 0.96 * share(lines, (_fits(line) for line in lines))
    counters = {match["name"] for line in lines if (match := _COUNTER.match(line))}
    if counters >= _MEMORY_STAT:
        return 0.95 if len(counters) * 10 >= len(lines) * 9 else 0.6
    asked = _asked(invocation(head.command), head.command)
    return 0.97 * share(lines, (_fits(line) for line in lines)) if asked else 0.0


def _fits(line: str) -> bool:
    forms = (_VALUE, _COUNTER, _HEADING, _NAMED)
    return any(form.match(line) for form in forms)


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    asked = _asked(ran, document.command)
    pod, namespace = _pod(ran)
    source = asked[0] if asked else None
    bare = iter(asked)
    for number, line in content_lines(document):
        text = line.strip()
        if heading := _HEADING.match(text):
            source = _source(heading["path"])
            bare = iter((source,))
            continue
        named = _NAMED.match(text)
        rest = named["rest"] if named else text
        source = _source(named["path"]) if named else source
        counter = _COUNTER.match(rest)
        if counter:
            file = source.file if source and not _VALUE_FILES.match(source.file) else "memory.stat"
            name, value = f"{file} {counter['name']}", int(counter["value"])
        elif _VALUE.match(rest):
            source = source if named else next(bare, None)
            if source is None:
                yield not_understood(document, number, text, "the value of a known file of a control group")
                continue
            name, value = source.file, -1 if rest == "max" else int(rest)
        else:
            yield not_understood(document, number, text, "a figure of a control group")
            continue
        owner = owner_of_group(source.path if source else "")
        yield GroupFigure(
            group=owner.path if source and source.path else "",
            container=owner.container,
            pod_uid=owner.pod_uid,
            name=name,
            value=None if value < 0 or value >= _UNLIMITED else value,
            at=document.at(number, excerpt=text),
            pod=pod,
            namespace=namespace,
            observed=document.captured,
        )


#: Files that hold one value.
_VALUE_FILES: Final = expression(r".*(?:\.(?:max|high|low|min|current|peak|failcnt)|_in_bytes)$")


def _source(path: str) -> _Source:
    group, _, file = path.rpartition("/")
    return _Source(group, file)


def _asked(ran: Invocation | None, command: str | None) -> tuple[_Source, ...]:
    """The files that the command names, in their order."""
    if ran is None or ran.program not in ("cat", "head", "tail", "grep", "more", "less"):
        return ()
    return tuple(_Source(match["group"], match["file"]) for match in _PATH.finditer(command or ""))


def _pod(ran: Invocation | None) -> tuple[str, str]:
    """The pod and the namespace of `kubectl exec`; "" for what it does not name."""
    if ran is None or ran.netns is None or ran.netns.kind != "pod":
        return "", ""
    return ran.netns.name, ran.netns.namespace or ""


FORMAT: Final = Format("cgroup-files", recognise, parse)
