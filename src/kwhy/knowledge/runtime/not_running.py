"""The container runtime of a node does not run."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.dockerd import NOT_REACHABLE
from kwhy.facts.log_patterns.kubelet import PLEG_RELIST_FAILED, RUNTIME_SANITY_FAILED
from kwhy.facts.log_patterns.transport import DIAL_FAILED
from kwhy.facts.objects import Node
from kwhy.facts.runtime import RuntimeAnswer
from kwhy.facts.systemd import UnitState
from kwhy.knowledge.kubelet.relist_fails import RELIST_FAILS
from kwhy.knowledge.kubelet.relist_not_returning import RELIST_NOT_RETURNING
from kwhy.knowledge.kubelet.words import complaint_state, kubelet_hits
from kwhy.knowledge.node.detector_complains import DETECTOR_COMPLAINS, RUNTIME_REPORTED
from kwhy.knowledge.node.not_ready import NODE_NOT_READY
from kwhy.knowledge.node.programs import Life, life_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import RUNTIME_STATUS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

RUNTIME_NOT_RUNNING = Condition(
    code="runtime.not-running",
    kind="Node",
    nature=Nature.ROOT,
    title="The container runtime of {subject} does not run{how}",
    summary="Nobody listens on the runtime's socket, so the kubelet can neither start nor see containers.",
    remedies=(
        Remedy(
            id="start-the-runtime",
            title="Start the container runtime of {name}, after reading why it ended",
            when="now",
            risk="low",
            steps=(
                Step("See on {name} how it ended.", "journalctl -u containerd -u docker -u crio -n 100 --no-pager"),
                Step(
                    "Start it. With containerd and CRI-O, containers that run go on running.", "systemctl start {unit}"
                ),
            ),
            verify=(
                Step("It answers.", "crictl info"),
                Step("The node becomes Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Stop it again.", "systemctl stop {unit}"),),
        ),
    ),
)

#: nodeInfo.containerRuntimeVersion and socket paths → program and unit.
_KINDS = {
    "containerd": ("containerd", "containerd.service"),
    "docker": ("dockerd", "docker.service"),
    "cri-o": ("crio", "crio.service"),
    "crio": ("crio", "crio.service"),
}
#: cAdvisor tries the sockets of all runtimes at start and logs each that is not there: they say nothing about which
#: one the kubelet uses (cadvisor v0.52 container/factory.go, "Registration of the crio container factory failed").
_FACTORY = "container factory"
_REFUSED = "connection refused"
#: A socket that is gone was there when the kubelet started: it exits where it cannot reach the runtime at its start
#: (k8s.io/cri-client v0.34 pkg/remote_runtime.go, validateServiceConnection; kubelet v1.20 and later).
_NOBODY = (_REFUSED, "no such file or directory", "Is the docker daemon running")


def _runtime_may_be_down(scene: Scene, node: Subject) -> list[Subject]:
    """The node itself, unless its Ready condition gives a reason that is neither the runtime nor PLEG."""
    ready = NodeView(scene, node).condition("Ready")
    if ready.observed and ready.value is not None:
        message = ready.value.message or ""
        if ready.value.status == "Unknown" or (message and "PLEG" not in message and "untime" not in message):
            return []
        if "NetworkReady=false" in message and "runtime is down" not in message:
            return []
    return [node]


RUNTIME_MAY_BE_DOWN = Relation("is not ready for want of a runtime", _runtime_may_be_down)


def runtime_kind(scene: Scene, node: Subject) -> str | None:
    """Which runtime the node uses, as its Node object or the sockets in its kubelet's log say."""
    for observation in scene.observations(node):
        info = observation.object.status.node_info if isinstance(observation.object, Node) else None
        version = getattr(info, "container_runtime_version", None)
        if isinstance(version, str) and "://" in version:
            return version.partition("://")[0]
    dialled = [
        hit.key.get("address", "")
        for hit in kubelet_hits(scene, node, DIAL_FAILED)
        if hit.key.get("network") == "unix" and _FACTORY not in hit.first.excerpt
    ]
    kinds = {kind for address in dialled for kind in _KINDS if kind in address}
    return kinds.pop() if len(kinds) == 1 else None


def runtime_life(scene: Scene, node: Subject) -> Life:
    """The runtime's unit or the node's process list"""
    kind = runtime_kind(scene, node)
    if kind in _KINDS:
        program, unit = _KINDS[kind]
        return life_of(scene, node, (program,), (unit,))
    programs = ("containerd", "dockerd", "crio")
    life = life_of(scene, node, programs, tuple(unit for _, unit in _KINDS.values()))
    failed = [s for s in scene.facts_on(node, UnitState) if s.active == "failed" or s.sub == "auto-restart"]
    places = {id(state.at) for state in failed}
    known = tuple(e for e in life.stopped if id(e.at) in places or "systemd says" not in e.says)
    return Life(life.runs, known, life.restarting, life.certain)


def nobody_listens(scene: Scene, node: Subject) -> tuple[Evidence, ...]:
    """Refused connections to the runtime's socket, in the kubelet's log or by crictl and docker"""
    found = [
        Evidence(answer.at, f"{answer.program} {answer.call}: {answer.text}")
        for answer in scene.facts_on(node, RuntimeAnswer)
        if answer.unreachable and (_REFUSED in answer.text or answer.program == "docker")
    ]
    state = complaint_state(scene, node, RUNTIME_SANITY_FAILED, PLEG_RELIST_FAILED, NOT_REACHABLE)
    if state.holds is not None:
        said = state.holds.sample.excerpt
        if any(sign in said for sign in _NOBODY):
            found.append(state.holds.evidence("the kubelet's calls find nobody on the runtime's socket"))
    return tuple(found)


def _failed_units(scene: Scene) -> Iterable[Subject]:
    """Hosts of which a runtime's unit has failed."""
    units = {unit for _, unit in _KINDS.values()}
    for node in scene.hosts.all:
        if any(s.name in units and s.active == "failed" for s in scene.facts_on(node, UnitState)):
            yield node


@rule(
    RUNTIME_NOT_RUNNING,
    rows=("N22",),
    leads=(
        leads_to(NODE_NOT_READY, via=RUNTIME_MAY_BE_DOWN),
        leads_to(RELIST_FAILS, via=ITSELF),
        leads_to(RELIST_NOT_RETURNING, via=ITSELF),
        leads_to(DETECTOR_COMPLAINS, via=RUNTIME_REPORTED),
    ),
    among=_failed_units,
    symptom=True,
)
def runtime_not_running(
    node: NodeView, life: Life = given(runtime_life), refused: tuple[Evidence, ...] = given(nobody_listens)
) -> Verdict:
    """The container runtime does not run.

    What it means: The kubelet reports "container runtime is down"; nothing starts or stops on this node. Containers
    that run go on where the runtime leaves them alone (containerd, CRI-O).
    How it shows: Its unit is inactive or failed; the host's process list lacks it; connections to its socket are
    refused.
    What looks like it: A runtime that runs and hangs: calls run into their deadline instead of being refused. A wrong
    socket path keeps a kubelet from starting at all.
    Source: Kubernetes v1.34 pkg/kubelet/kubelet.go (updateRuntimeUp), pkg/kubelet/runtime.go (runtimeErrors);
    connect(2).
    """
    kind = runtime_kind(node.scene, node.subject)
    unit = _KINDS[kind][1] if kind in _KINDS else "containerd"
    if life.runs and not refused:
        return Absent(life.runs)
    if life.stopped and not life.runs:
        basis = Basis.STATED if refused else life.basis
        how = ": systemd starts it again and again" if life.restarting else ""
        return Present((*life.stopped, *refused), {"how": how, "unit": unit.removesuffix(".service")}, basis=basis)
    if refused:
        return Present(refused, {"how": ": nobody listens on its socket", "unit": unit.removesuffix(".service")})
    return unsure(f"whether the container runtime of {node.name} runs", RUNTIME_STATUS.of(node=node.name))
