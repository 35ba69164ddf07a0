"""All programs of a node together have as many files open as its kernel allows."""

from __future__ import annotations

from kwhy.facts.log_patterns.kernel import FILE_MAX
from kwhy.facts.log_patterns.own_container import OPEN_FILES
from kwhy.facts.logs import LogHit
from kwhy.facts.network import Sysctl
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.open_files import LIMITS, words_about_files
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

FILE_TABLE_FULL = Condition(
    code="node.file-table-full",
    kind="Pod",
    nature=Nature.ROOT,
    title="The kernel of {subject} has no room for another open file (fs.file-max)",
    summary="The system-wide table of open files is full: every program of the node fails to open more.",
    remedies=(
        Remedy(
            id="raise-file-max",
            title="Find who holds so many files; raise fs.file-max",
            when="now",
            risk="low",
            steps=(
                Step("See how many are open and how many may be.", "sysctl fs.file-nr fs.file-max"),
                Step(
                    "See which program holds most.",
                    "for p in /proc/[0-9]*; do echo $(ls $p/fd | wc -l) $p $(cat $p/comm); done | sort -n | tail",
                ),
                Step("Restart the program that leaks; or raise the limit.", "sysctl -w fs.file-max=2097152"),
            ),
            verify=(Step("The first figure stays well below the third.", "sysctl fs.file-nr"),),
            undo=(Step("Set the former limit."),),
        ),
    ),
)  # fmt: skip


def words_about_the_table(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that the system has too many files open (ENFILE), newest first"""
    found = words_about_files(scene, pod)
    return [word for word in found if word.hit.last.fields.get("system") or word.hit.last.fields.get("table")]


def table_of(scene: Scene, pod: Subject) -> list[Evidence]:
    """What the node says of its table of open files: fs.file-nr, and the kernel's log"""
    found = []
    for node in node_of_pod(scene, pod):
        for setting in scene.facts_on(node, Sysctl):
            figures = setting.value.split()
            if setting.key == "fs.file-nr" and len(figures) == 3 and all(figure.isdecimal() for figure in figures):
                found.append(Evidence(setting.at, f"{figures[0]} files are open of {figures[2]} that may be"))
        hits = [hit for hit in scene.facts(LogHit) if hit.pattern == FILE_MAX and scene.host_of(hit.document) == node]
        found += [Evidence(hit.at, f"the kernel says: {hit.last.excerpt}") for hit in hits]
    return found


@rule(
    FILE_TABLE_FULL,
    rows=("N20",),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(OPEN_FILES))),
)
def file_table_full(
    pod: PodView, words: list[OwnWord] = given(words_about_the_table), table: list[Evidence] = given(table_of)
) -> Verdict:
    """The node's table of open files is full.

    What it means: fs.file-max bounds what all programs of the node have open together. Whoever opens next fails; who
    holds most is to be found on the node.
    How it shows: "Too many open files in system" (ENFILE) in a program's log: that error means this limit and no other.
    What looks like it: "Too many open files" (EMFILE) is the program's own limit, or that of its inotify instances.
    Source: Linux open(2), proc(5) (file-max, file-nr), fs/file_table.c (alloc_empty_file).
    """
    nodes = node_of_pod(pod.scene, pod.subject)
    if words:
        blamed = nodes[0] if nodes else None
        return Present((words[0].evidence, *table), blames=blamed, since=words[0].hit.first.when)
    others = words_about_files(pod.scene, pod.subject)
    if others:
        return Absent((others[0].evidence,))
    return unsure(f"the limits of the node of {pod.subject}", LIMITS.of(node=nodes[0].name if nodes else None))
