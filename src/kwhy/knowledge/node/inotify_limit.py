"""The programs of a node's user may watch no further files."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_container import OPEN_FILES
from kwhy.facts.log_patterns.own_limits import WATCHES_USED_UP
from kwhy.facts.network import Sysctl
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.open_files import INOTIFY, LIMITS, words_about_files
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

INOTIFY_LIMIT = Condition(
    code="node.inotify-limit-reached",
    kind="Pod",
    nature=Nature.ROOT,
    title="Programs on {subject} may watch no further files: {limit} is used up",
    summary="inotify's limits hold per user of the node, and most containers run as the same user.",
    remedies=(
        Remedy(
            id="raise-inotify-limits",
            title="Raise the limit on the node",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See who uses instances.",
                    "find /proc/*/fd -lname anon_inode:inotify | cut -d/ -f3 | sort | uniq -c | sort -n | tail",
                ),
                Step("Raise it.", "sysctl -w fs.inotify.max_user_instances=8192 fs.inotify.max_user_watches=1048576"),
                Step("Keep it in /etc/sysctl.d, on all nodes."),
            ),
            verify=(Step("The program starts and complains no more.", "sysctl fs.inotify"),),
            undo=(Step("Set the former limits."),),
        ),
    ),
)  # fmt: skip

#: The kernel's default of fs.inotify.max_user_instances; nodes made for many containers have thousands.
DEFAULT_INSTANCES = 128


def words_about_watching(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that no file can be watched, newest first"""
    instances = [w for w in words_about_files(scene, pod) if INOTIFY.search(w.text)]
    return [*last_words(scene, pod, WATCHES_USED_UP), *instances]


def instances_allowed(scene: Scene, pod: Subject) -> tuple[int, Evidence] | None:
    """fs.inotify.max_user_instances of the pod's node"""
    for node in node_of_pod(scene, pod):
        for setting in scene.facts_on(node, Sysctl):
            if setting.key == "fs.inotify.max_user_instances" and setting.file is None and setting.value.isdecimal():
                return int(setting.value), Evidence(setting.at, f"{setting.key} is {setting.value}")
    return None


@rule(
    INOTIFY_LIMIT,
    rows=("N20",),
    leads=(
        leads_to(EXITS_WITH_ERROR, via=ITSELF),
        leads_to(APP_ERRORS, via=complains_only_of(OPEN_FILES, WATCHES_USED_UP)),
    ),
)
def inotify_limit(
    pod: PodView,
    words: list[OwnWord] = given(words_about_watching),
    allowed: tuple[int, Evidence] | None = given(instances_allowed),
) -> Verdict:
    """A limit of inotify is reached.

    What it means: Every program that watches files (log shippers, kubelets, controllers that reload) needs an instance,
    and a watch per file or directory. The limits count all containers of a user of the node together.
    How it shows: ENOSPC when a watch is added; "too many open files" when an instance is made (fsnotify, inotify_init),
    where fs.inotify.max_user_instances is no more than the kernel's default of 128.
    What looks like it: "no space left on device" of a full disk. "too many open files" of a program at its own limit,
    which fails with ordinary files and connections too.
    Source: Linux inotify_init(2) (EMFILE), inotify_add_watch(2) (ENOSPC), fs/notify/inotify/inotify_user.c.
    """
    nodes = node_of_pod(pod.scene, pod.subject)
    ask = LIMITS.of(node=nodes[0].name if nodes else None)
    if not words:
        others = words_about_files(pod.scene, pod.subject)
        return Absent((others[0].evidence,)) if others else unsure(f"the log of {pod.subject}", ask)
    blamed = nodes[0] if nodes else None
    since = words[0].hit.first.when
    if words[0].hit.pattern == WATCHES_USED_UP:
        return Present((words[0].evidence,), {"limit": "fs.inotify.max_user_watches"}, blames=blamed, since=since)
    if allowed is None:
        return unsure(f"the limits of the node of {pod.subject}", ask)
    if allowed[0] > DEFAULT_INSTANCES:
        return Absent((allowed[1],))
    values = {"limit": f"fs.inotify.max_user_instances ({allowed[0]})"}
    because = (words[0].evidence, allowed[1])
    return Present(because, values, basis=Basis.INFERRED, blames=blamed, since=since)
