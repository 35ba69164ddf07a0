"""How a pod's probes fail, as the kubelet's events say, and what was asked of them.

Sources: Kubernetes v1.34 pkg/kubelet/prober/prober.go ("%s probe failed: %s", "%s probe errored and resulted in …"),
pkg/probe/http/http.go ("HTTP probe failed with statuscode: %d"), pkg/kubelet/kuberuntime/kuberuntime_manager.go
("Container %s failed liveness probe, will be restarted"); Go net, net/http for the texts of failed calls.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Literal

import msgspec

from kwhy.facts.objects import Container, Probe
from kwhy.knowledge.container.runs import ContainerRun, Statement, event_messages, runs_of
from kwhy.knowledge.container.start_errors import read_start_error
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

Kind = Literal["Liveness", "Readiness", "Startup"]


class Failing(Enum):
    """What the kubelet met when it asked."""

    REFUSED = "connection refused"
    SCHEME = "the other side speaks another scheme"
    STATUS = "an HTTP status that is a failure"
    TIMEOUT = "no answer in time"
    COMMAND = "the probe's own command cannot be started"
    OTHER = "something else"


# 'Liveness probe failed: Get "http://10.244.0.35:8081/healthz": dial tcp 10.244.0.35:8081: connect: connection refused'
# 'Startup probe errored and resulted in unknown state: …' (v1.34); 'Readiness probe errored: …' (v1.18)
_PROBE = expression(
    r"^(?P<kind>Liveness|Readiness|Startup) probe (?:failed|errored)[^:]{0,60}: ?(?P<output>.{0,4000})", re.DOTALL
)
# Get "https://10.244.1.10:8088/readyz": … (Go 1.14 and later quote the URL, earlier ones do not)
_URL = expression(
    r"\b(?P<scheme>https?)://(?:\[[0-9a-fA-F:.]{2,45}\]|[\w.-]{1,253})(?::(?P<port>\d{1,5}))?(?P<path>/[^\s\"]{0,500})?"
)
# dial tcp 10.244.0.35:8081: connect: connection refused; dial tcp [fd00::1]:80: getsockopt: connection refused (Go 1.9)
_REFUSED = expression(
    r"dial tcp (?:\[[0-9a-fA-F:.]{2,45}\]|[\d.]{7,15}):(?P<port>\d{1,5}): (?:connect|getsockopt): connection refused"
)
# http: server gave HTTP response to HTTPS client; malformed HTTP response "\x15\x03\x01\x00\x02\x02"
_SCHEME = expression(r"server gave HTTP response to HTTPS client|malformed HTTP response \\{0,3}\"\\{1,3}x15\\{1,3}x03")
# HTTP probe failed with statuscode: 404
_STATUS = expression(r"HTTP probe failed with statuscode: (?P<status>\d{3})")
_TIMEOUT = expression(r"context deadline exceeded|Client\.Timeout exceeded|i/o timeout|timed out|TLS handshake timeout")
# Container gallery failed liveness probe, will be restarted; Init container x failed startup probe (v1.34, v1.18)
_KILLED = expression(r"[Cc]ontainer (?P<container>\S{1,63}) failed (?P<kind>liveness|startup) probe")


class ProbeFailure(msgspec.Struct, frozen=True):
    """One way in which a probe fails. ``port`` is the one that was dialled, ``status`` the HTTP status, if any."""

    kind: Kind
    failing: Failing
    port: int | None
    status: int | None
    scheme: str | None
    said: Statement


class ProbeKill(msgspec.Struct, frozen=True):
    """The kubelet stopped a container because of a probe."""

    kind: Kind
    container: str
    said: Statement


def failures_of(scene: Scene, pod: Subject) -> list[ProbeFailure]:
    """How the pod's probes fail, newest first"""
    found = []
    for said in event_messages(scene, pod, "Unhealthy", "ProbeWarning"):
        failure = read_failure(said)
        if failure is not None:
            found.append(failure)
    return found


def read_failure(said: Statement) -> ProbeFailure | None:
    """A failed probe in an event's message; None where it speaks of something else."""
    match = _PROBE.match(said.text)
    if match is None:
        return None
    kind: Kind = (
        "Liveness" if match["kind"] == "Liveness" else "Readiness" if match["kind"] == "Readiness" else "Startup"
    )
    output = match["output"]
    url, refused, status = _URL.search(output), _REFUSED.search(output), _STATUS.search(output)
    scheme = url["scheme"].upper() if url else None
    if read_start_error(Statement(output, said.at)) is not None:
        return ProbeFailure(kind, Failing.COMMAND, None, None, None, said)
    if _SCHEME.search(output):
        port = int(url["port"]) if url and url["port"] else None
        return ProbeFailure(kind, Failing.SCHEME, port, None, scheme, said)
    if refused:
        return ProbeFailure(kind, Failing.REFUSED, int(refused["port"]), None, scheme, said)
    if status:
        return ProbeFailure(kind, Failing.STATUS, None, int(status["status"]), scheme, said)
    failing = Failing.TIMEOUT if _TIMEOUT.search(output) else Failing.OTHER
    return ProbeFailure(kind, failing, None, None, scheme, said)


def kills_of(scene: Scene, pod: Subject) -> list[ProbeKill]:
    """Containers that the kubelet stopped because of a probe, newest first"""
    found: list[ProbeKill] = []
    for said in event_messages(scene, pod, "Killing"):
        match = _KILLED.search(said.text)
        if match:
            found.append(ProbeKill("Liveness" if match["kind"] == "liveness" else "Startup", match["container"], said))
    return found


def probe_of(spec: Container | None, kind: Kind) -> Probe | None:
    """The container's probe of this kind; None where it has none or was not shown."""
    if spec is None:
        return None
    found = {"Liveness": spec.liveness_probe, "Readiness": spec.readiness_probe, "Startup": spec.startup_probe}[kind]
    return found if isinstance(found, Probe) else None


def port_of(spec: Container, probe: Probe) -> int | None:
    """The number of the port that a probe asks; names are looked up among the container's ports."""
    asked = probe.http_get or probe.tcp_socket
    port = asked.port if asked is not None else (probe.grpc or {}).get("port")
    if isinstance(port, int):
        return port
    ports = spec.ports if isinstance(spec.ports, list) else []
    return next((p.container_port for p in ports if p.name and p.name == port), None)


def probed(scene: Scene, pod: Subject, failure: ProbeFailure) -> ContainerRun | None:
    """The container whose probe fails: the only one with a probe of this kind that fits the dialled port."""
    found = []
    for run in runs_of(scene, pod):
        probe = probe_of(run.spec, failure.kind)
        if probe is None or run.spec is None:
            continue
        if failure.port is None or port_of(run.spec, probe) in (failure.port, None):
            found.append(run)
    return found[0] if len(found) == 1 else None
