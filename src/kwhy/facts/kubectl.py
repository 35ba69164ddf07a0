"""Facts that only kubectl's text shows: printed ages, allocation tables, ready endpoints, refused evictions, errors.

Sources: k8s.io/kubectl v0.34.4 pkg/describe/describe.go and pkg/drain/drain.go, k8s.io/apimachinery v0.34.4
pkg/util/duration/duration.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from kwhy.facts.objects import Observation
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class Age(NamedTuple):
    """Seconds before the document was written: at least ``low``, less than ``high``."""

    low: float
    high: float


_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "y": 31536000.0}

#: "8m29s", "3h", "47d", "2y100d" (duration.HumanDuration, kubectl 1.12 and later; ShortHumanDuration before).
_AGE = expression(r"(?:(\d{1,9})([yd]))?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?")


def printed_age(text: str) -> Age | None:
    """The age that kubectl printed; None for "<unknown>", "<invalid>" and everything else.

    The width is that of the smallest unit printed: kubectl before 1.12 rounds "5m" down to minutes, later versions
    print "5m" for a whole number of minutes, and the text does not tell which of the two it is.
    """
    matched = _AGE.fullmatch(text)
    if matched is None or not text:
        return None
    first, unit, days, hours, minutes, seconds = matched.groups()
    parts = [(first, unit), (days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    shown = [(float(number), _UNIT_SECONDS[name]) for number, name in parts if number is not None and name is not None]
    low = sum(number * size for number, size in shown)
    return Age(low, low + shown[-1][1])


def moment_before(captured: Moment, age: Age) -> Moment:
    """When something ``age`` before ``captured`` happened; unknown where the document's own time is unknown."""
    if not captured.known:
        return UNKNOWN_MOMENT
    earliest = None if captured.earliest is None else captured.earliest - age.high
    latest = None if captured.latest is None else captured.latest - age.low
    return Moment(earliest, latest)


def created(observation: Observation) -> Moment:
    """When the object of a table row was created, as far as its AGE column and the document's time tell."""
    age = printed_age((observation.printed or {}).get("AGE", ""))
    return UNKNOWN_MOMENT if age is None else moment_before(observation.document.captured, age)


class Share(msgspec.Struct, frozen=True, gc=False):
    """An amount of a resource as printed ("20m", "32Mi") and its percentage of the node's allocatable, if printed."""

    amount: str
    percent: int | None = None


class PodOnNode(msgspec.Struct, frozen=True, gc=False):
    """A row of "Non-terminated Pods": what one pod requests. Only cpu and memory are printed."""

    namespace: str
    name: str
    requests: Mapping[str, Share]
    limits: Mapping[str, Share]
    line: int


class NodeAllocation(msgspec.Struct, frozen=True, gc=False):
    """What is already requested on a node (``kubectl describe node``: Allocated resources, Non-terminated Pods).

    ``pods`` are all pods on the node that are neither Succeeded nor Failed; None where that table was not shown.
    ``total`` is the number of them that kubectl states.
    """

    node: str
    requests: Mapping[str, Share]
    limits: Mapping[str, Share]
    pods: tuple[PodOnNode, ...] | None
    total: int | None
    at: Locator


class ReadyEndpoints(msgspec.Struct, frozen=True, gc=False):
    """The ready addresses behind one port of a Service, as ``describe service`` or ``get endpoints`` prints them.

    ``port`` is the port's name, or its number where it has no name, or "" where the table does not tell ports apart.
    kubectl prints three addresses and says how many ``more`` there are. Not-ready addresses are never printed.
    """

    service: Subject
    port: str
    addresses: tuple[str, ...]
    more: int
    at: Locator


class IngressBackendShown(msgspec.Struct, frozen=True, gc=False):
    """What ``describe ingress`` says about one backend: its ready endpoints, "", or "<error: services … not found>".

    ``port`` is the number or the name by which the Ingress asks for the Service's port.
    """

    ingress: Subject
    service: Subject
    port: str
    says: str
    at: Locator


class EventsShown(msgspec.Struct, frozen=True, gc=False):
    """A describe ends with all events about ``about`` that the API server still kept (``none``: there were none)."""

    about: Subject
    none: bool
    at: Locator


class EvictionRefused(msgspec.Struct, frozen=True, gc=False):
    """``kubectl drain`` could not evict a pod. ``reason`` is what the API server answered, ``count`` times."""

    pod: Subject
    reason: str
    at: Locator
    count: int = 1


class NotFound(msgspec.Struct, frozen=True, gc=False):
    """The API server answered that it has no object of this kind and name."""

    about: Subject
    at: Locator


class ServerVersion(msgspec.Struct, frozen=True, gc=False):
    """The version of the API server, as ``kubectl version`` prints it ("v1.34.4")."""

    version: str
    at: Locator


class Permission(msgspec.Struct, frozen=True, gc=False):
    """The answer of ``kubectl auth can-i``.

    ``who`` is that of --as, None for the user of the kubeconfig; ``namespace`` that of -n, None where not said;
    ``name`` "" for all objects of the resource; ``reason`` what the authoriser gave, if anything.
    """

    allowed: bool
    who: str | None
    verb: str
    resource: str
    name: str
    namespace: str | None
    reason: str
    at: Locator


class KubectlError(msgspec.Struct, frozen=True, gc=False):
    """kubectl said that it failed. ``reason`` is the status reason in "Error from server (NotFound)", else ""."""

    reason: str
    message: str
    command: str | None
    at: Locator


#: Why a request that the API server hands on to a kubelet (logs, exec, attach, port-forward) came to nothing.
StreamFailure: TypeAlias = Literal[
    "unreachable",
    "refused",
    "name",
    "agent",
    "no-serving-certificate",
    "certificate",
    "forbidden",
    "container-gone",
    "no-program",
    "not-executable",
    "runtime",
]


class StreamFailed(msgspec.Struct, frozen=True, gc=False):
    """kubectl logs, exec, attach or port-forward did not get through to a container.

    ``host`` and ``port`` are the kubelet's, as the API server calls it. ``detail`` is what it got, or the program that
    the container does not have. ``pod`` and ``container`` are None where neither message nor command tells.
    """

    kind: StreamFailure
    detail: str
    at: Locator
    verb: str | None = None
    pod: Subject | None = None
    container: str | None = None
    host: str | None = None
    port: int | None = None
