"""Whether a component of the control plane runs: by its process, its lease, or what the API server hears of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import Lease, Node
from kwhy.facts.processes import ProcessListing, ProcessSeen, same_program
from kwhy.model.probe import ProbeCall
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.controlplane import COMPONENT_PODS, LEASES
from kwhy.probes.node import PROCESSES
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.scene import Scene

API_SERVER = "kube-apiserver"
#: Leases of components that run are renewed every 2 s (client-go leaderelection, RetryPeriod of kube-scheduler and
#: kube-controller-manager) and may be taken over after 15 s; beyond this nobody holds it (seconds).
LEASE_IS_DEAD = 60.0
_CONTROL_PLANE_LABELS = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


class LeaseState(msgspec.Struct, frozen=True):
    """A component's leader lease; ``behind``: seconds that it was renewed before the document's newest lease."""

    behind: float
    evidence: Evidence


def control_plane_nodes(scene: Scene) -> list[Subject]:
    """Nodes that are labelled as control plane, or whose processes include an API server."""
    found: dict[Subject, None] = {}
    for struct in scene.structs("Node"):
        labels = struct.metadata.labels if isinstance(struct, Node) else None
        if isinstance(labels, dict) and any(label in labels for label in _CONTROL_PLANE_LABELS):
            found[Subject("Node", struct.metadata.name)] = None
    for process in scene.facts(ProcessSeen):
        if same_program(process.program, API_SERVER):
            found[scene.host_of(process.at.document)] = None
    return list(found)


def processes_of(scene: Scene, program: str) -> Iterable[Subject]:
    """The component on every control-plane node; on an unknown one where none is known."""
    nodes = control_plane_nodes(scene)
    return [Subject("Process", program, node=n.name) for n in nodes] or [Subject("Process", program)]


def lease_of(scene: Scene, program: str) -> LeaseState | None:
    """The component's leader lease, beside the other leases of the same document."""
    for observation in scene.observations(Subject("Lease", program, "kube-system")):
        struct = observation.object
        spec = struct.spec if isinstance(struct, Lease) else None
        renewed = parse_timestamp(spec.renew_time) if spec is not None else None
        if spec is None or renewed is None:
            continue
        others = [
            moment
            for other in scene.subjects("Lease")
            for seen in scene.observations(other)
            if seen.document is observation.document and isinstance(seen.object, Lease)
            if (moment := parse_timestamp(seen.object.spec.renew_time)) is not None
        ]
        behind = max(others, default=renewed) - renewed
        says = f"renewTime: {spec.renew_time}"
        evidence = Evidence(observation.field_at("spec.renewTime", says), f"lease {program}, {says}")
        return LeaseState(behind, evidence)
    return None


#: What `kubectl get componentstatuses` calls them.
_STATUS_NAMES = {"kube-scheduler": "scheduler", "kube-controller-manager": "controller-manager"}
_REFUSED = "connection refused"


def stated_status(scene: Scene, program: str) -> tuple[str, Evidence] | None:
    """What the API server found when it asked the component for its health: Healthy, or that nothing listens there.

    Where it asks at a place at which the component never listens (managed control planes, --port=0 before v1.22) it
    finds nothing either: it counts only beside work that is not done, which is what asks for the component.
    """
    for observation in scene.observations(Subject("ComponentStatus", _STATUS_NAMES.get(program, program))):
        printed = observation.printed or {}
        word, message = printed.get("STATUS", ""), printed.get("MESSAGE", "") + printed.get("ERROR", "")
        if word == "Healthy" or (word == "Unhealthy" and _REFUSED in message):
            return word, Evidence(observation.at, f"{observation.subject.name}: {word}, {message.strip()}")
    return None


def judge_component(scene: Scene, component: Subject) -> Verdict:
    """Down where the process is missing from a whole list, or where its lease alone is no longer renewed."""
    program = component.name
    running = [p for p in scene.facts(ProcessSeen) if same_program(p.program, program) and not p.zombie]
    if running:
        return Absent((Evidence(running[0].at, f"{program} runs as pid {running[0].pid}"),))
    lease = lease_of(scene, program)
    node = Subject("Node", component.node) if component.node else None
    listing = next(iter(scene.facts_on(node, ProcessListing)), None) if node else None
    has_server = node is not None and any(
        same_program(p.program, API_SERVER) for p in scene.facts_on(node, ProcessSeen)
    )
    missing = (
        Evidence(listing.at, f"{listing.count} processes are listed, an API server among them, and no {program}")
        if listing is not None and has_server
        else None
    )
    stated = stated_status(scene, program)
    if stated is not None and stated[0] == "Healthy":
        return Absent((stated[1],))
    if stated is not None and (lease is None or lease.behind > LEASE_IS_DEAD):
        because = (stated[1], *(e for e in (missing, lease.evidence if lease else None) if e is not None))
        return Present(because, {"since": ""}, basis=Basis.INFERRED)
    if lease is not None and lease.behind > LEASE_IS_DEAD:
        because = tuple(e for e in (missing, lease.evidence) if e is not None)
        values = {"since": f"; its lease was last renewed {lease.behind:.0f} s before others"}
        return Present(because, values, basis=Basis.RECOMPUTED)
    if lease is not None and missing is None and _others_renewed(scene, program):
        return Absent((lease.evidence,))
    if missing is not None and lease is None and len(control_plane_nodes(scene)) == 1:
        return Present((missing,), {"since": ""})
    return Unsure((Gap(f"whether {program} runs", _probes(component)),))


def _others_renewed(scene: Scene, program: str) -> bool:
    """Whether there are leases to compare with."""
    return any(lease.name != program for lease in scene.subjects("Lease"))


def _probes(component: Subject) -> tuple[ProbeCall, ...]:
    calls = [LEASES.of(), COMPONENT_PODS.of(name=component.name)]
    if component.node:
        calls.append(PROCESSES.of(node=component.node))
    return tuple(calls)
