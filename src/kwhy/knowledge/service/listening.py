"""On which ports the pods behind a Service listen: by what they log, by their probes, by what they declare."""

from __future__ import annotations

from typing import Literal

import msgspec

from kwhy.facts.log_patterns.application import LISTENING
from kwhy.facts.logs import LogHit
from kwhy.facts.objects import Probe
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.logs import writer_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: What a port is known by. "declared" is informational only: a program need not heed containerPort.
By = Literal["logged", "probed", "declared"]
_LOOPBACK = ("127.", "localhost", "[::1]")


class ListeningPort(msgspec.Struct, frozen=True):
    """A port of a pod. ``loopback``: only programs in the same pod reach it. ``name`` is the declared name, "" if none.

    ``name`` is None where it was not shown (describe before kubectl 1.33).
    ``lone``: the pod is ready and has one container, so what that declares is all that the pod declares.
    """

    pod: Subject
    port: int
    by: By
    at: Locator
    name: str | None = ""
    loopback: bool = False
    lone: bool = False


def _logged(scene: Scene) -> dict[Subject, list[ListeningPort]]:
    index: dict[Subject, list[ListeningPort]] = {}
    for hit in scene.facts(LogHit):
        if hit.pattern != LISTENING:
            continue
        writer = writer_of(scene, hit.document)
        if writer is not None and not writer.previous and hit.last.fields.get("port", "").isdecimal():
            address = hit.last.fields.get("address", "")
            loopback = address.startswith(_LOOPBACK)
            pod = writer.subject
            port = ListeningPort(pod, int(hit.last.fields["port"]), "logged", hit.locate(hit.last), loopback=loopback)
            index.setdefault(pod, []).append(port)
    return index


def ports_of(scene: Scene, pod: Subject) -> list[ListeningPort]:
    """Every port of which something says that the pod listens there, what it logs first."""
    found = list(scene.derive_once(_logged).get(pod, ()))
    view = PodView(scene, pod)
    if not view.containers.observed:
        return found
    place = view.containers.place
    ready = view.condition("Ready")
    is_ready = ready.observed and ready.value is not None and ready.value.status == "True"
    for index, container in enumerate(view.containers.value):
        declared = container.ports if isinstance(container.ports, list) else []
        where = f"{place.path}[{index}].ports" if place.path else None
        names = {port.name: port.container_port for port in declared if port.name}
        for port in declared:
            says = f"containerPort: {port.container_port}"
            at = place.document.at(place.line, where, says)
            lone = is_ready and len(view.containers.value) == 1
            found.append(ListeningPort(pod, port.container_port, "declared", at, port.name, lone=lone))
        for probe in (container.readiness_probe, container.liveness_probe) if is_ready else ():
            number = _probed(probe, names)
            if number is not None:
                at = place.document.at(place.line, place.path, f"the pod is ready, its probe asks port {number}")
                found.append(ListeningPort(pod, number, "probed", at))
    return found


def declared_ports_known(scene: Scene, pod: Subject) -> Locator | None:
    """Where the pod's containers were shown with all ports that they declare, be it none; None where they were not."""
    containers = PodView(scene, pod).containers
    if not containers.observed or not containers.value:
        return None
    whole = any(o.whole for o in scene.observations(pod) if o.document is containers.place.document)
    shown = all(isinstance(container.ports, list) for container in containers.value)
    return containers.place if whole or shown else None


def _probed(probe: object, names: dict[str, int]) -> int | None:
    if not isinstance(probe, Probe):
        return None
    action = probe.http_get or probe.tcp_socket
    if action is None:
        return None
    return action.port if isinstance(action.port, int) else names.get(action.port)
