"""The line with which a program's log explains its end."""

from __future__ import annotations

from collections.abc import Sequence

from kwhy.facts.logs import LogPattern
from kwhy.knowledge.container.ends import Ending, errors_of_container
from kwhy.knowledge.container.own_words import OwnWord, last_words
from kwhy.knowledge.container.runs import NOT_STARTED
from kwhy.model.verdict import Absent, Evidence, Verdict, unsure
from kwhy.probes.kubectl import PREVIOUS_LOGS
from kwhy.scene.views import PodView

#: Complaints about somebody else: a program that names one of them before it ends did not end for its own sake.
_ABOUT_OTHERS = frozenset(
    {
        *("connection refused", "no route", "connection reset", "timeout", "name resolution", "tls", "denied"),
        *("access refused", "unknown database", "too many connections", "pool exhausted", "unavailable", "disk"),
        *("read-only", "server error"),
    }
)


def explained_end(pod: PodView, pattern: LogPattern, endings: Sequence[Ending]) -> OwnWord | Verdict:
    """The newest line of the pattern near the end of the log of a container that ended with an error.

    A verdict where there is none: refuted by an end without error, else undetermined for want of the log.
    """
    words = last_words(pod.scene, pod.subject, pattern)
    if not words:
        return unsure(f"the log of {pod.subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    failed = {ending.container for ending in endings if ending.code and ending.reason not in NOT_STARTED}
    if endings and not failed:
        return Absent((endings[0].evidence,))
    word = next((w for w in words if w.container is None or not failed or w.container in failed), None)
    if word is None:
        return Absent((Evidence(endings[0].at, "another container ended"),))
    return word


def about_others(pod: PodView, word: OwnWord) -> Evidence | None:
    """A complaint of the same log about somebody else, which may be why the program came to this."""
    for errors in errors_of_container(pod.scene, pod.subject, word.container or ""):
        same = errors.document is word.hit.document
        if same and errors.complaint in _ABOUT_OTHERS and errors.last.line <= word.hit.last.line:
            return Evidence(errors.locate(errors.last), f"it complained of something else before: {errors.complaint}")
    return None
