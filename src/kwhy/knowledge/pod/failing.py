"""A pod is not doing what it was asked to do. The generic symptom of pods: it knows no causes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kwhy.facts.kubectl import printed_age
from kwhy.facts.objects import ApiObject, ContainerStatus, Observation, Pod
from kwhy.knowledge.autoscaling.not_scaling import NOT_SCALING
from kwhy.knowledge.autoscaling.unready_pods import MEASURES
from kwhy.knowledge.pod.restarts import outlived
from kwhy.knowledge.service.no_ready_endpoints import NO_READY_ENDPOINTS
from kwhy.knowledge.workload.rollout_stuck import ROLLOUT_STUCK
from kwhy.knowledge.workload.short_of_pods import SHORT_OF_PODS
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.rule import leads_to, rule
from kwhy.model.seen import Seen
from kwhy.model.subject import Subject
from kwhy.model.time import Moment, by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.recency import known_by_events, newer, unanswered
from kwhy.scene.relations import OWNS, SELECTS
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

POD_FAILING = Condition(
    code="pod.failing",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Pods of {subject} do not run as asked: {state}",
    summary="The pod is not ready, keeps restarting, failed, or does not end although it was deleted.",
)

#: A container that ran this long has its restart back-off reset (Kubernetes v1.34 pkg/kubelet/kubelet.go,
#: MaxContainerBackOff 300 s; client-go util/flowcontrol/backoff.go forgets an entry after twice that).
RESTART_MEMORY = 600.0
#: A deletion is overdue this long after the grace period, which deletionTimestamp already includes.
DELETION_SLACK = 30.0
#: A pod that is younger than this has not had the time to start (seconds): sandbox, image and volumes take some, and
#: evidence is collected over as long.
NEW = 30.0
#: Words of a container that waits for its turn (Kubernetes v1.34 pkg/kubelet/kubelet_pods.go).
_STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
#: Words of the column STATUS that say all is well (printPod, pkg/printers/internalversion/printers.go).
_WELL = frozenset({"Running", "Completed", "Succeeded"})


def _quiet(struct: ApiObject) -> bool:
    """Whether a served pod needs no look: ready, or done; not deleted, never restarted."""
    if not isinstance(struct, Pod):
        return True
    status = struct.status
    if isinstance(struct.metadata.deletion_timestamp, str):
        return False
    if status.phase == "Succeeded":
        return True
    if status.phase != "Running":
        return False
    statuses = status.container_statuses
    return isinstance(statuses, list) and all(s.ready is True and not s.restart_count for s in statuses)


def _quiet_row(observation: Observation) -> bool:
    """Whether a printed row shows a pod that is well: all containers ready."""
    printed = observation.printed or {}
    if "Status" in printed:  # describe prints it apart only while the pod is terminating
        return False
    if "STATUS" not in printed:
        phase = observation.object.status.phase if isinstance(observation.object, Pod) else None
        return not isinstance(phase, str) or _quiet(observation.object)
    ready = printed.get("READY", "")
    have, _, want = ready.partition("/")
    if printed.get("STATUS") in ("Completed", "Succeeded"):
        return True
    restarted = printed.get("RESTARTS", "0").split(" ", 1)[0] != "0"
    return printed.get("STATUS") == "Running" and have == want and not restarted


def _suspicious(scene: Scene) -> list[Subject]:
    return scene.suspicious("Pod", _quiet, _quiet_row)


def failing_candidates(scene: Scene) -> Iterable[Subject]:
    """Pods of which some observation is not quiet."""
    return scene.derive_once(_suspicious)


@rule(
    POD_FAILING,
    rows=("P2", "P4"),
    leads=(
        leads_to(SHORT_OF_PODS, via=OWNS),
        leads_to(ROLLOUT_STUCK, via=OWNS),
        leads_to(NO_READY_ENDPOINTS, via=SELECTS),
        leads_to(NOT_SCALING, via=MEASURES),
    ),
    among=failing_candidates,
    symptom=True,
)
def failing(pod: PodView) -> Verdict:
    """The pod does not run as asked.

    What it means: Someone wants this pod to run (or to end), and it does not.
    How it shows: Phase Pending or Failed, a container that waits or is not ready, restarts within the last ten
    minutes, or a deletion that is overdue.
    What looks like it: A completed job's pod is done, not failing. A pod that restarted long ago and runs is
    well; so is one that is ready and has run ten times as long as before.
    Source: Kubernetes v1.34 pkg/printers/internalversion/printers.go (printPod) for the words of the column STATUS.
    """
    return judge_states(pod) if pod.phase.observed else _judge_described_deletion(pod) or _judge_printed(pod)


_RUNS = ("Pulled", "Started")
#: Events that a pod which runs as asked does not end with, and those that end them (Kubernetes v1.34
#: pkg/kubelet/events/event.go, pkg/scheduler/schedule_one.go, pkg/controller/volume/attachdetach).
FAILURES = {
    "FailedScheduling": ("Scheduled",),
    "FailedAttachVolume": ("SuccessfulAttachVolume", *_RUNS),
    "FailedMount": _RUNS,
    "FailedCreatePodSandBox": _RUNS,
    "Failed": _RUNS,
    "BackOff": _RUNS,
    "Evicted": (),
    "Unhealthy": ("Started",),
}
# MountVolume.SetUp failed for volume "kube-api-access-rsd5c" : object "shop"/"kube-root-ca.crt" not registered
#: Kubernetes v1.34 pkg/kubelet/util/manager/cache_based_manager.go (Get): the kubelet has not taken the pod over yet,
#: or has let it go; it says nothing about the object or the volume.
NOT_REGISTERED = expression(r"object \"[^\"]{1,63}\"/\"[^\"]{1,253}\" not registered")
#: One failed probe means nothing; so many in a row do (k8s.io/api v0.34 core/v1 Probe.failureThreshold).
FAILED_PROBES = 3


# "Deleted pod: web-6f5c6d7f64-2nx8q" (Kubernetes v1.34 pkg/controller/controller_utils.go DeletePod);
# "delete Pod db-0 in StatefulSet db successful" (pkg/controller/statefulset/stateful_pod_control.go recordPodEvent)
_GONE = expression(
    r"(?:Deleted pod: (?P<pod>[a-z0-9.-]{1,253})"
    r"|delete Pod (?P<ordinal>[a-z0-9.-]{1,253}) in StatefulSet \S{1,253} successful)"
)


def _removed(scene: Scene) -> dict[Subject, MergedEvent]:
    """Pods of which their controllers say that they deleted them."""
    found: dict[Subject, MergedEvent] = {}
    for controller in scene.events.with_reason("SuccessfulDelete"):
        for event in scene.events_about(controller):
            gone = _GONE.fullmatch(event.message) if event.reason == "SuccessfulDelete" else None
            if gone is not None:
                found.setdefault(Subject("Pod", gone["pod"] or gone["ordinal"], controller.namespace), event)
    return found


def _known_by_events(scene: Scene) -> Iterable[Subject]:
    return known_by_events(scene, "Pod")


@rule(POD_FAILING, rows=("P1", "P2"), among=_known_by_events, symptom=True)
def failing_by_events(pod: PodView) -> Verdict:
    """The pod does not run as asked, as its events say.

    What it means: Only events were shown; the newest of them says that the pod fails.
    How it shows: FailedScheduling, Failed, BackOff, FailedMount, Evicted and their like within the last ten minutes,
    and no later event that ends them; three or more Unhealthy.
    What looks like it: Events outlive their pod by an hour: older ones say nothing about now.
    Source: Kubernetes v1.34 pkg/kubelet/events/event.go.
    """
    if pod.observations:
        return unsure(f"the state of {pod.subject}", *pod.probes())
    failure = unanswered(pod.scene, pod.subject, FAILURES)
    removed = pod.scene.derive_once(_removed).get(pod.subject)
    if failure is not None and removed is not None and not newer(failure, removed):
        return Absent((Evidence(removed.at, removed.message),))
    if failure is None or _means_nothing(failure):
        return unsure(
            f"whether {pod.subject} runs", DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace)
        )
    state = f"{failure.reason}: {failure.message}"
    return Present((Evidence(failure.at, failure.message),), {"state": state}, since=by(failure.first))


def _means_nothing(failure: MergedEvent) -> bool:
    few = failure.reason == "Unhealthy" and failure.count < FAILED_PROBES
    return few or NOT_REGISTERED.search(failure.message) is not None


def judge_states(pod: PodView) -> Verdict:
    """From API fields."""
    phase = pod.phase.value
    deleted = pod.deletion_timestamp
    if deleted.observed and deleted.value:
        return _judge_deletion(pod, deleted)
    if phase == "Succeeded":
        return Absent((Evidence(pod.phase.place, "the pod ended as it should"),))
    if phase == "Failed":
        return _judge_failed(pod)
    new = _just_made(pod)
    if phase == "Pending":
        return new or _present(pod, pod.phase, _waiting(pod) or "Pending", _since(pod, "PodScheduled"))
    statuses = pod.container_statuses
    if not statuses.observed:
        return _judge_printed(pod)
    if new is not None:
        return new
    for status in statuses.value:
        if status.ready is not True:
            word = _state_word(status)
            return _present(pod, statuses, f"container {status.name} is {word}", _since(pod, "Ready"))
    restarting = _recent_restart(pod, statuses.value)
    if restarting is not None:
        return _present(pod, statuses, restarting, Moment())
    return Absent((Evidence(statuses.place, "all its containers are ready"),))


def _just_made(pod: PodView) -> Absent | None:
    """That the pod was made this very moment and nothing has gone wrong yet; None where it has had time."""
    created, now = pod.creation_timestamp, pod.scene.as_of
    born = parse_timestamp(created.value) if created.observed else None
    scheduled = pod.condition("PodScheduled")
    refused = scheduled.observed and scheduled.value is not None and scheduled.value.status != "True"
    if born is None or now is None or now - born > NEW or refused:
        return None
    complaint = unanswered(pod.scene, pod.subject, FAILURES)
    if complaint is not None and not _means_nothing(complaint):
        return None
    for statuses in (pod.init_container_statuses, pod.container_statuses):
        for status in statuses.value if statuses.observed else []:
            waiting, last = getattr(status.state, "waiting", None), getattr(status.last_state, "terminated", None)
            ended = getattr(status.state, "terminated", None)
            if last or (waiting and waiting.reason not in _STARTING) or (ended and ended.exit_code):
                return None
    return Absent((Evidence(created.place, f"it was made {max(0, int(now - born))} s ago"),))


def _judge_printed(pod: PodView) -> Verdict:
    """From a row of kubectl get pods, where that is all there is."""
    printed = pod.printed("STATUS")
    word = printed.value
    if word in ("Completed", "Succeeded"):
        return Absent((Evidence(printed.place, f"kubectl prints {word}"),))
    ready = pod.printed("READY")
    have, _, want = ready.value.partition("/") if ready.observed else ("", "", "")
    if word == "Terminating":
        return unsure(
            f"since when {pod.subject} is Terminating",
            DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace),
        )
    if word not in _WELL or have != want:
        new = _just_printed(pod, word)
        if new is not None:
            return new
        said = word if word not in _WELL else f"{ready.value} ready"
        return Present((Evidence(printed.place, f"kubectl prints {said}"),), {"state": said})
    return Absent((Evidence(printed.place, f"kubectl prints {word} with {ready.value} containers ready"),))


def _just_printed(pod: PodView, word: str) -> Absent | None:
    """The same as :func:`_just_made`, of a row that shows nothing but a start: its AGE says how young the pod is."""
    shown = pod.printed("AGE")
    age = printed_age(shown.value) if shown.observed else None
    if age is None or age.low > NEW or word not in _STARTING:
        return None
    complaint = unanswered(pod.scene, pod.subject, FAILURES)
    if complaint is not None and not _means_nothing(complaint):
        return None
    return Absent((Evidence(shown.place, f"it was made {shown.value} ago"),))


# "Terminating (lasts 2m14s)": Status of kubectl describe pod: how long ago deletionTimestamp was, which includes the
# grace period; before it there is no age to print (k8s.io/kubectl v0.34 pkg/describe/describe.go, describePod;
# apimachinery v0.34 pkg/util/duration).
_OVERDUE = re.compile(r"Terminating \(lasts (?P<age>(?:\d{1,6}[ydhms]){1,3})\)")
_UNITS = {"y": 31536000, "d": 86400, "h": 3600, "m": 60, "s": 1}


def _judge_described_deletion(pod: PodView) -> Verdict | None:
    """From the words of describe; None where they do not say how long the deletion is overdue."""
    printed = pod.printed("Status")
    match = _OVERDUE.fullmatch(printed.value) if printed.observed else None
    if match is None:
        return None
    overdue = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([ydhms])", match["age"]))
    if overdue <= DELETION_SLACK:
        return Absent((Evidence(printed.place, "the pod is being deleted, hardly longer than its grace period"),))
    state = f"deleted, but not gone {match['age']} after its grace period"
    return Present((Evidence(printed.place, state),), {"state": state})


def _judge_deletion(pod: PodView, deleted: Seen[str]) -> Verdict:
    due = parse_timestamp(deleted.value)
    now = pod.scene.as_of
    if due is None or now is None:
        return unsure(f"whether the deletion of {pod.subject} is overdue", *pod.probes())
    if now <= due + DELETION_SLACK:
        return Absent((Evidence(deleted.place, "the pod is being deleted within its grace period"),))
    state = f"deleted, but not gone {int(now - due)} s after its grace period"
    return Present((Evidence(deleted.place, state),), {"state": state}, since=Moment(due, due))


def _judge_failed(pod: PodView) -> Verdict:
    """A failed pod counts while it is fresh; an old one is history (its owner tells whether anything is missing)."""
    ended = [t for status in _ended(pod) if (t := parse_timestamp(status)) is not None]
    now = pod.scene.as_of
    reason = pod.reason.value if pod.reason.observed and pod.reason.value else "Failed"
    if ended and now is not None and now - max(ended) > RESTART_MEMORY:
        return Absent((Evidence(pod.phase.place, "the pod failed more than ten minutes ago"),))
    message = pod.message.value if pod.message.observed else ""
    state = f"{reason}: {message}" if message else reason
    return _present(pod, pod.phase, state, Moment())


def _ended(pod: PodView) -> list[object]:
    times: list[object] = []
    for observation in pod.observations:
        if isinstance(observation.object, Pod):
            conditions = observation.object.status.conditions
            times += [c.last_transition_time for c in conditions] if isinstance(conditions, list) else []
    return times


def _present(pod: PodView, seen: Seen[str] | Seen[list[ContainerStatus]], state: str, since: Moment) -> Present:
    place = seen.place
    return Present((Evidence(_with_excerpt(place, state), f"{pod.name}: {state}"),), {"state": state}, since=since)


def _with_excerpt(place: Locator, text: str) -> Locator:
    return place if place.excerpt else place.quoting(text)


def _waiting(pod: PodView) -> str | None:
    """The word that kubectl would print for a pending pod, from its containers' states."""
    for statuses in (pod.init_container_statuses, pod.container_statuses):
        for status in statuses.value if statuses.observed else []:
            if status.ready is not True and (word := _state_word(status)) != "not ready":
                return f"container {status.name} is {word}"
    return None


def _state_word(status: ContainerStatus) -> str:
    state = status.state
    waiting, terminated = getattr(state, "waiting", None), getattr(state, "terminated", None)
    if waiting is not None and waiting.reason:
        return f"waiting ({waiting.reason})"
    if terminated is not None:
        return f"terminated ({terminated.reason or 'exit code'} {terminated.exit_code})"
    return "not ready"


def _since(pod: PodView, kind: str) -> Moment:
    condition = pod.condition(kind)
    if not condition.observed or condition.value is None:
        return Moment()
    began = parse_timestamp(condition.value.last_transition_time)
    return Moment(began, began)


def _recent_restart(pod: PodView, statuses: list[ContainerStatus]) -> str | None:
    """Two or more restarts, the last within the back-off's memory: the container does not stay up."""
    for status in statuses:
        last = getattr(status.last_state, "terminated", None)
        if not isinstance(status.restart_count, int) or status.restart_count < 2 or last is None:
            continue
        finished, now = parse_timestamp(last.finished_at), pod.scene.as_of
        if finished is not None and now is not None and now - finished <= RESTART_MEMORY and not outlived(status, now):
            return f"container {status.name} restarted {status.restart_count} times, last {int(now - finished)} s ago"
    return None
