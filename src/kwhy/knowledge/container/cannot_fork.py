"""A program cannot start a process or a thread."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_limits import CANNOT_FORK as FORK_WORDS
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of
from kwhy.knowledge.container.processes import words_about_forks
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS, PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

CANNOT_FORK = Condition(
    code="container.cannot-fork",
    kind="Pod",
    nature=Nature.EFFECT,
    title="The program of {subject} cannot start a process or thread",
    summary="fork or clone fails with EAGAIN: some limit of processes is reached, of the pod, the node or the user.",
)


@rule(
    CANNOT_FORK,
    rows=("N20", "P2"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(FORK_WORDS))),
)
def cannot_fork(pod: PodView, words: list[OwnWord] = given(words_about_forks)) -> Verdict:
    """The kernel refuses the program a process.

    What it means: Threads count as processes. One of three limits is reached: of the pod's group (podPidsLimit), of the
    node (kernel.pid_max, kernel.threads-max), of the user (ulimit -u).
    How it shows: "Resource temporarily unavailable" of fork, "unable to create native thread" among the last lines.
    What looks like it: The same words of a socket or a lock (EAGAIN means try again). ENOMEM, "Cannot allocate memory",
    is about memory. "too many open files" is about files.
    Source: Linux fork(2), clone(2), pthread_create(3) (EAGAIN).
    """
    if words:
        return Present((words[0].evidence,), since=words[0].hit.first.when)
    logs = (probe.of(name=pod.name, namespace=pod.namespace) for probe in (PREVIOUS_LOGS, LOGS))
    return unsure(f"the log of {pod.subject}", *logs)
