"""`kubectl drain`: evictions that the API server refused.

Source: k8s.io/kubectl v0.34.4 pkg/drain/drain.go evictPods; "pod" instead of "pods/" before v1.22.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kwhy.facts.kubectl import EvictionRefused
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject

#: error when evicting pods/"zk-0" -n "quorum" (will retry after 5s): Cannot evict pod as it would violate the pod's
#: disruption budget.                                                        (kubectl 1.22 to 1.34)
#: error when evicting pod "zk-0" (will retry after 5s): Cannot evict pod …   (kubectl before 1.22)
_REFUSED = expression(
    r'error when evicting pods?(?:/| )"(?P<name>[^"\s]{1,300})"(?: -n "(?P<namespace>[^"\s]{1,300})")?'
    r"(?: \(will retry after \d+s\))?: (?P<reason>\S.*)"
)
#: Lines that `kubectl drain` prints besides.
_PROGRESS = expression(
    r"node/\S+ (?:already )?(?:cordoned|uncordoned|drained|evicted)|evicting pod .*|pod/\S+(?: evicted| deleted)?"
    r"|pod \S+ evicted|error: unable to drain node .*|There are pending (?:nodes to be drained:|pods in node .*)"
    r"|(?:WARNING|Warning): .*|node \S+ (?:already )?(?:cordoned|drained)| \S+"
)


_LONGEST_LINE = 20_000


def is_drain_line(line: str) -> bool:
    return len(line) <= _LONGEST_LINE and (
        line.startswith("error when evicting pod") or _PROGRESS.fullmatch(line) is not None
    )


def begins_drain(line: str) -> bool:
    """Whether ``line`` alone tells that this is the output of a drain."""
    return line.startswith(("error when evicting pod", "evicting pod ", "error: unable to drain node"))


def read_drain(lines: Iterable[tuple[int, str]], document: Document) -> Iterator[EvictionRefused]:
    """The refusals, each with its first line: drain repeats them every 5 s."""
    refused: dict[tuple[Subject, str], EvictionRefused] = {}
    for number, line in lines:
        matched = _REFUSED.fullmatch(line.strip()) if len(line) <= _LONGEST_LINE else None
        if matched is None:
            continue
        pod = Subject("Pod", matched["name"], matched["namespace"])
        seen = refused.get((pod, matched["reason"]))
        at = seen.at if seen is not None else document.at(number, excerpt=line.strip())
        refused[pod, matched["reason"]] = EvictionRefused(pod, matched["reason"], at, seen.count + 1 if seen else 1)
    yield from refused.values()
