"""A program has more files and sockets open than it may."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_container import OPEN_FILES
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Present, Verdict, unsure
from kwhy.probes.kubectl import PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

OPEN_FILES_EXHAUSTED = Condition(
    code="container.open-files-exhausted",
    kind="Pod",
    nature=Nature.ROOT,
    title="The program of {subject} has as many files and sockets open as it may (too many open files)",
    summary="The limit of open files of the process (ulimit -n) is reached: by a leak, or because it is too low.",
    remedies=(
        Remedy(
            id="close-files-or-raise-the-limit",
            title="Find out whether files leak; raise the limit if the program needs that many",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Compare the limit with what is open, and see what it is.",
                    "kubectl exec {kind}/{name} -n {namespace} -- sh -c "
                    "'grep files /proc/1/limits; ls /proc/1/fd | wc -l; ls -l /proc/1/fd | tail -20'",
                ),
                Step("A number that grows for ever is a leak: connections or files that the program never closes."),
                Step("See whether the command or entrypoint lowers the limit itself (ulimit -n)."),
                Step("Else raise LimitNOFILE of the container runtime's unit on the nodes, and restart it."),
            ),
            verify=(Step("The log complains no more.", "kubectl logs {kind}/{name} -n {namespace} --since=5m"),),
            undo=(Step("Set the former limit."),),
        ),
    ),
)

LIMITS = Probe(
    "sysctl fs.file-nr fs.file-max fs.inotify.max_user_instances fs.inotify.max_user_watches",
    unlocks="whether the whole node, or inotify, is at its limit",
    where="node {node}",
)

# failed to create fsnotify watcher: too many open files; inotify_init: Too many open files (inotify_init(2), EMFILE)
INOTIFY = expression(r"(?i)inotify|fsnotify|\bwatch")


def words_about_files(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that too many files are open, newest first"""
    return last_words(scene, pod, OPEN_FILES)


@rule(
    OPEN_FILES_EXHAUSTED,
    rows=("N20", "P2"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(OPEN_FILES))),
)
def open_files_exhausted(pod: PodView, words: list[OwnWord] = given(words_about_files)) -> Verdict:
    """The process is at its limit of open files.

    What it means: Each process has a limit of its own (RLIMIT_NOFILE); sockets count as files.
    How it shows: "too many open files" (EMFILE) among the last lines of the log.
    What looks like it: "too many open files in system" (ENFILE): the node's table is full. inotify: the user's number
    of watchers on the node (fs.inotify.max_user_instances) is used up, which gives the same words.
    Source: Linux open(2), accept(2) (EMFILE, ENFILE), inotify_init(2), getrlimit(2).
    """
    if not words:
        return unsure(f"the log of {pod.subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    own = [w for w in words if not INOTIFY.search(w.text)]
    table = [w for w in own if w.hit.last.fields.get("system") or w.hit.last.fields.get("table")]
    if table:
        return Absent((table[0].evidence,))
    if not own:
        nodes = node_of_pod(pod.scene, pod.subject)
        return unsure(f"the limits of the node of {pod.subject}", LIMITS.of(node=nodes[0].name if nodes else None))
    return Present((own[0].evidence,), basis=Basis.STATED, since=own[0].hit.first.when)
