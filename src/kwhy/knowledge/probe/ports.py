"""On which ports a program listens, as its log, its declared ports and its command say."""

from __future__ import annotations

import msgspec

from kwhy.facts.log_patterns.application import LISTENING
from kwhy.facts.logs import LogFile, LogHit, LogSample, PodHint
from kwhy.facts.objects import Container
from kwhy.knowledge.container.runs import ContainerRun
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: Words of a command after which a bare number is the port to listen on (python -m http.server 8000; app serve 8080).
_LISTENERS = frozenset({"serve", "server", "listen", "http.server", "-p", "--port", "-port", "--http-port", "--listen"})
# --port=8080, --listen-address=0.0.0.0:8080, --addr=:8080, -Dserver.port=8080
_ASSIGNED = expression(
    r"(?:^-{1,2}[\w.-]{0,40}(?:port|listen|bind|addr|address)[\w.-]{0,20}=|server\.port=)"
    r"(?:https?://)?(?:0\.0\.0\.0|\[::\]|\*|localhost|127\.0\.0\.1)?:?(?P<port>\d{2,5})$"
)
# :8080, 0.0.0.0:8080
_OWN_ADDRESS = expression(r"^(?:0\.0\.0\.0|\[::\]|\*)?:(?P<port>\d{2,5})$")
_NUMBER = expression(r"^\d{2,5}$")
_LOOPBACK = ("127.", "localhost", "[::1]")


class Listens(msgspec.Struct, frozen=True):
    """A line of the container's log that says that the program listens. ``previous``: of the run before."""

    port: int
    loopback: bool
    previous: bool
    sample: LogSample
    evidence: Evidence


def listens(scene: Scene, pod: Subject, container: str) -> list[Listens]:
    """Where the container's logs say that the program listens."""
    found = []
    for hit, hint in scene.derive_once(_by_pod).get((pod.namespace or "", pod.name), ()):
        if hint.container not in (None, container):
            continue
        port, address = int(hit.key["port"]), hit.key.get("address") or ""
        says = Evidence(hit.locate(hit.last), f"its log says: {hit.last.excerpt}")
        found.append(Listens(port, address.startswith(_LOOPBACK), hint.previous, hit.last, says))
    return found


def _by_pod(scene: Scene) -> dict[tuple[str, str], list[tuple[LogHit, PodHint]]]:
    hints = {id(log.document): log.pod for log in scene.facts(LogFile) if log.pod is not None}
    index: dict[tuple[str, str], list[tuple[LogHit, PodHint]]] = {}
    for hit in scene.facts(LogHit):
        hint = hints.get(id(hit.document))
        if hit.pattern == LISTENING and hint is not None:
            index.setdefault((hint.namespace or "", hint.pod), []).append((hit, hint))
    return index


def declared(run: ContainerRun) -> dict[int, Evidence]:
    """The container's declared ports."""
    ports = run.spec.ports if run.spec is not None else None
    found = {}
    for port in ports if isinstance(ports, list) else ():
        place = run.spec_at("ports", f"containerPort: {port.container_port}")
        found[port.container_port] = Evidence(place, f"it declares port {port.container_port}")
    return found


def commanded(run: ContainerRun) -> dict[int, Evidence]:
    """Ports that the command tells the program to listen on."""
    found: dict[int, Evidence] = {}
    for field, port in _named_ports(run.spec) if run.spec is not None else ():
        found[port] = Evidence(run.spec_at(field, f"{field}: … {port}"), f"its command names port {port}")
    return found


def _named_ports(spec: Container) -> list[tuple[str, int]]:
    found = []
    previous = ""
    for field, words in (("command", spec.command), ("args", spec.args)):
        for word in words if isinstance(words, list) else ():
            match = _ASSIGNED.match(word) or _OWN_ADDRESS.match(word)
            if match:
                found.append((field, int(match["port"])))
            elif previous in _LISTENERS and _NUMBER.match(word):
                found.append((field, int(word)))
            previous = word
    return found
