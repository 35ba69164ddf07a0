"""The containers of a pod as its status shows them, and what the kubelet said about them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import Container, ContainerState, ContainerStatus, Observation, Pod, StateTerminated
from kwhy.model.document import Locator
from kwhy.model.probe import ProbeCall
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.verdict import Evidence
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.events import MergedEvent
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: Words that the kubelet gives as reason of a container that it could not even start: the runtime's error is its
#: message (Kubernetes v1.34 kuberuntime_container.go, container/sync_result.go; containerd v1.6 container_start.go
#: "StartError"; docker's shim in v1.18 docker_container.go "ContainerCannotRun").
NOT_STARTED = frozenset({"StartError", "ContainerCannotRun", "RunContainerError"})


class ContainerRun(msgspec.Struct, frozen=True):
    """One container: its state now, its last state, and what was asked for (None where that was not shown)."""

    name: str
    init: bool
    status: ContainerStatus
    spec: Container | None
    observation: Observation
    index: int

    @property
    def waiting(self) -> str:
        """Why the container waits; "" where it does not."""
        waiting = self._state.waiting
        return waiting.reason if waiting is not None else ""

    @property
    def message(self) -> str:
        """What the waiting state says; "" where nothing is shown."""
        waiting = self._state.waiting
        return (waiting.message or "") if waiting is not None else ""

    @property
    def running(self) -> bool:
        return self._state.running is not None

    @property
    def ended(self) -> StateTerminated | None:
        """The newest end of the container that is shown: of this run, else of the run before."""
        return self._state.terminated or self._last.terminated

    @property
    def restarts(self) -> int:
        return self.status.restart_count if isinstance(self.status.restart_count, int) else 0

    @property
    def _state(self) -> ContainerState:
        return self.status.state if isinstance(self.status.state, ContainerState) else ContainerState()

    @property
    def _last(self) -> ContainerState:
        return self.status.last_state if isinstance(self.status.last_state, ContainerState) else ContainerState()

    def state_at(self, excerpt: str) -> Locator:
        return self._at("state", excerpt)

    def ended_at(self, excerpt: str) -> Locator:
        """Where the newest end stands."""
        return self._at("state" if self._state.terminated else "lastState", excerpt)

    def spec_at(self, field: str, excerpt: str) -> Locator:
        """Where a field of the container's specification stands; the container's own place where it is not shown."""
        kind = "initContainers" if self.init else "containers"
        position = next((i for i, c in enumerate(_specs(self.observation, self.init)) if c.name == self.name), 0)
        return quoted(self.observation.field_at(f"spec.{kind}[{position}].{field}"), excerpt)

    def _at(self, field: str, excerpt: str) -> Locator:
        kind = "initContainerStatuses" if self.init else "containerStatuses"
        return quoted(self.observation.field_at(f"status.{kind}[{self.index}].{field}"), excerpt)


def quoted(place: Locator, excerpt: str = "") -> Locator:
    """A place in a structured document with what it says; a line of text is quoted as it stands."""
    if place.line is None:
        return place.document.at(path=place.path, excerpt=excerpt)
    return place.document.at(line=place.line, excerpt=place.document.line(place.line).strip())


def runs_of(scene: Scene, pod: Subject) -> tuple[ContainerRun, ...]:
    """The pod's containers with their states, init containers first"""
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod):
            continue
        found: list[ContainerRun] = []
        for init, statuses in (
            (True, struct.status.init_container_statuses),
            (False, struct.status.container_statuses),
        ):
            specs = {c.name: c for c in _specs(observation, init)}
            for index, status in enumerate(statuses if isinstance(statuses, list) else ()):
                found.append(ContainerRun(status.name, init, status, specs.get(status.name), observation, index))
        if found:
            return tuple(_with_messages(scene, pod, found))
    return ()


def _with_messages(scene: Scene, pod: Subject, runs: list[ContainerRun]) -> Iterable[ContainerRun]:
    """A describe does not print why a container waits; another view of the same wait may."""
    others = [o for o in scene.observations(pod) if o is not runs[0].observation and isinstance(o.object, Pod)]
    for run in runs:
        yield next((other for o in others for other in _same_wait(o, run)), run) if not run.message else run


def _same_wait(observation: Observation, run: ContainerRun) -> Iterable[ContainerRun]:
    status = observation.object.status  # type: ignore[union-attr]  # only pods are looked at
    statuses = status.init_container_statuses if run.init else status.container_statuses  # type: ignore[union-attr]
    for index, candidate in enumerate(statuses if isinstance(statuses, list) else ()):
        other = ContainerRun(run.name, run.init, candidate, run.spec, observation, index)
        if candidate.name == run.name and other.waiting == run.waiting and other.message:
            yield other


def _specs(observation: Observation, init: bool) -> list[Container]:
    struct = observation.object
    if not isinstance(struct, Pod):
        return []
    containers = struct.spec.init_containers if init else struct.spec.containers
    return containers if isinstance(containers, list) else []


def printed_status(pod: PodView) -> tuple[str, Locator] | None:
    """The word in column STATUS of kubectl get pods without "Init:", and where it stands; None where none was shown."""
    printed = pod.printed("STATUS")
    return (printed.value.removeprefix("Init:"), printed.place) if printed.observed else None


def printed_well(pod: PodView) -> tuple[str, Locator] | None:
    """The place of a row that shows the pod running with all containers ready, or done."""
    printed, ready = pod.printed("STATUS"), pod.printed("READY")
    if not printed.observed:
        return None
    have, _, want = ready.value.partition("/") if ready.observed else ("", "", "?")
    if printed.value in ("Completed", "Succeeded") or (printed.value == "Running" and have == want):
        return printed.value, printed.place
    return None


def ask(pod: PodView) -> ProbeCall:
    """The command that shows states, probes and events of the pod at once."""
    return DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace)


class Statement(msgspec.Struct, frozen=True):
    """A sentence of the kubelet or the runtime about a container of the pod. ``container`` is None where not told."""

    text: str
    at: Locator
    container: str | None = None
    since: Moment = UNKNOWN_MOMENT

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.at, self.text)


def state_messages(runs: Iterable[ContainerRun]) -> list[Statement]:
    """What the states of containers that are not up say: why one waits, why it could not be started."""
    found = []
    for run in runs:
        if run.message:
            found.append(Statement(run.message, run.state_at(run.message), run.name))
        ended = run.ended
        if ended is not None and ended.message and not run.running:
            found.append(Statement(ended.message, run.ended_at(ended.message), run.name))
    return found


def event_messages(scene: Scene, pod: Subject, *reasons: str) -> list[Statement]:
    """Messages of the pod's events with one of these reasons, newest first"""
    return [statement_of(event) for event in scene.events_about(pod) if event.reason in reasons]


def statement_of(event: MergedEvent) -> Statement:
    return Statement(event.message.strip(), event.at, since=Moment(None, event.first.latest))
