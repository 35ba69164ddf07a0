"""The kernel of a node reports trouble. The symptom of kernel logs."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.kernel.trouble import FLAPS, Said, Trouble, nodes_in_trouble, said_by_kernel
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.scene import Scene

REPORTS_TROUBLE = Condition(
    code="kernel.reports-trouble",
    kind="Node",
    nature=Nature.EFFECT,
    title="The kernel of {subject} reports {troubles}",
    summary="Messages of the classes that node-problem-detector watches for, since the last boot.",
)

#: A link that was lost once, or an error that was corrected, harms nobody.
_MILD: frozenset[Trouble] = frozenset({"hardware error", "link down"})


def _flaps(one: Said) -> bool:
    return one.trouble == "link down" and one.count >= FLAPS


def _candidates(scene: Scene) -> Iterable[Subject]:
    for node in nodes_in_trouble(scene):
        if any(one.trouble not in _MILD or _flaps(one) for one in scene.derive(said_by_kernel, node)):
            yield node


@rule(REPORTS_TROUBLE, rows=("N28",), among=_candidates, symptom=True)
def reports_trouble(node: Subject, said: list[Said] = given(said_by_kernel)) -> Verdict:
    """The kernel reports trouble.

    What it means: Something below all programs of the node fails: a disk, a network device, a processor, the kernel.
    How it shows: Lines of the kernel log of the known classes, since the last boot and not older than a day; events and
    conditions of node-problem-detector (KernelDeadlock, ReadonlyFilesystem, TaskHung …) that pass such lines on.
    What looks like it: Messages from before the last boot, or of days ago. Conditions of node-problem-detector whose
    status is False; one that it never took back after a repair reads True until it is restarted. Processes that the
    kernel ended for a fault of their own (segfault), or for memory: those are the programs' matter.
    Source: kubernetes/node-problem-detector v0.8.20 config/kernel-monitor.json and kernel-monitor-counter.json; Linux
    v6.6.
    """
    if not said:
        return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name))
    # Some moment up to the last of them: each cause began before its own messages, in whatever order they stand.
    known = [one.first.latest for one in said if one.first.latest is not None]
    troubles = ", ".join(dict.fromkeys(one.trouble for one in said))
    return Present(
        tuple(one.evidence for one in said[:4]), {"troubles": troubles}, since=Moment(None, max(known, default=None))
    )
