"""An application's log complains, and nothing in it says that the trouble is over."""

from __future__ import annotations

from collections.abc import Sequence

from kwhy.facts.logs import AppErrors
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

APP_ERRORS = Condition(
    code="app.errors",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} logs errors: {complaint}{target}",
    summary="The newest lines of the application's log complain, and no later line shows the same call succeed.",
)

#: A log that went on this long without the complaint has got over it (seconds).
QUIET_AFTER = 60.0
#: So many errors have a rate; they are over, at the earliest after a quarter of that time, when this many in a row
#: are missed while the log went on by so many lines.
FREQUENT, MISSED, LINES_AFTER, LATEST = 10, 20.0, 3, 5


def _subject(errors: AppErrors) -> Subject:
    if errors.pod is not None:
        return errors.pod.subject
    return Subject("Document", errors.at.source)


def _by_subject(scene: Scene) -> dict[Subject, list[AppErrors]]:
    index: dict[Subject, list[AppErrors]] = {}
    for errors in scene.facts(AppErrors):
        index.setdefault(_subject(errors), []).append(errors)
    return index


def _candidates(scene: Scene) -> list[Subject]:
    return [s for s, found in scene.derive_once(_by_subject).items() if any(lasting(e) for e in found)]


def logging_pods(scene: Scene) -> list[Subject]:
    """The pods whose logs hold errors that may last."""
    return [s for s in scene.derive_once(_candidates) if s.kind == "Pod"]


def lasting(errors: AppErrors) -> bool:
    """Whether nothing in the log says that the trouble is over. What a server refuses is its clients' trouble."""
    if errors.served or errors.succeeded is not None or (errors.pod is not None and errors.pod.previous):
        return False
    return errors.silent_after is None or errors.silent_after < _quiet_after(errors)


def _quiet_after(errors: AppErrors) -> float:
    """Errors that came every second and stopped are over sooner than errors that come once a minute."""
    earlier, last = errors.samples[-min(len(errors.samples), LATEST)], errors.last
    between = last.nth - earlier.nth
    if earlier.clock is None or last.clock is None or errors.count < FREQUENT or errors.lines_after < LINES_AFTER:
        return QUIET_AFTER
    rate = (last.clock - earlier.clock) / between if between else QUIET_AFTER
    return min(QUIET_AFTER, max(QUIET_AFTER / 4, MISSED * rate))


def errors_of(scene: Scene, subject: Subject) -> Sequence[AppErrors]:
    """Error lines of the application's log."""
    return scene.derive_once(_by_subject).get(subject, ())


def ended_well(scene: Scene, subject: Subject) -> Evidence | None:
    """That the pod ended with success, whatever it logged"""
    if subject.kind != "Pod":
        return None
    phase = PodView(scene, subject).phase
    if phase.observed:
        return Evidence(phase.place, "the pod ended with success") if phase.value == "Succeeded" else None
    printed = PodView(scene, subject).printed("STATUS")
    if printed.observed and printed.value == "Completed":
        return Evidence(printed.place, "kubectl prints Completed")
    return None


@rule(APP_ERRORS, rows=("E8",), among=_candidates, symptom=True)
def app_errors(
    pod: Subject, errors: Sequence[AppErrors] = given(errors_of), ended: Evidence | None = given(ended_well)
) -> Verdict:
    """The application logs errors that last.

    What it means: A call or a step of the application fails now.
    How it shows: The log's last error has no later success of the same call, and the log did not go on without it.
    What looks like it: Errors during start-up that a later success ends are over; so is what an old run logged, and
    what a pod logged that ended with success.
    Source: The lines themselves; classes of complaints as in the texts of libc, Go's net package and HTTP status words.
    """
    if ended is not None:
        return Absent((ended,))
    now = [e for e in errors if lasting(e)]
    if now:
        worst = max(now, key=lambda e: e.count)
        because = tuple(Evidence(e.locate(e.last), f"{e.complaint}, {e.count} times") for e in now[:3])
        target = f" ({worst.target})" if worst.target else ""
        return Present(because, {"complaint": worst.complaint, "target": target}, since=by(worst.samples[0].when))
    if errors:
        return Absent((Evidence(errors[0].at, "the call succeeded later, or the log went on without the error"),))
    return unsure(f"the log of {pod}", LOGS.of(name=pod.name, namespace=pod.namespace))
