"""The memory of a node returns wrong data."""

from __future__ import annotations

from kwhy.knowledge.kernel.oops import OOPS
from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.trouble import Said, from_log, of, said_by_kernel
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF

MEMORY_ERRORS = Condition(
    code="kernel.memory-errors",
    kind="Node",
    nature=Nature.ROOT,
    title="The hardware of {subject} reports errors that it could not correct",
    summary="A memory module or processor returned data that error correction could not mend.",
    remedies=(
        Remedy(
            id="replace-the-module",
            title="Take the node out of service and replace the part",
            when="now",
            risk="medium",
            steps=(
                Step("Move the pods away.", "kubectl drain {name} --ignore-daemonsets"),
                Step("See which module: counters per DIMM.", "grep . /sys/devices/system/edac/mc/mc*/*e_count"),
                Step("See what the firmware recorded, and replace that part.", "ipmitool sel list | tail -20"),
            ),
            verify=(
                Step("The counter of uncorrected errors stays 0.", "cat /sys/devices/system/edac/mc/mc*/ue_count"),
            ),
            undo=(Step("Let pods in again.", "kubectl uncordon {name}"),),
        ),
    ),
)


@rule(MEMORY_ERRORS, rows=("N28",), leads=(leads_to(REPORTS_TROUBLE, via=ITSELF), leads_to(OOPS, via=ITSELF)))
def memory_errors(node: Subject, said: list[Said] = given(said_by_kernel)) -> Verdict:
    """The hardware reports uncorrected errors.

    What it means: Data was lost; the kernel kills who used it, or stops the machine.
    How it shows: "EDAC MC0: 1 UE memory read error", "{1}[Hardware Error]: event severity: recoverable" or "fatal".
    What looks like it: Corrected errors ("CE memory read error"): nothing was lost, yet many of them announce the
    others. "Machine check events logged" alone says neither.
    Source: Linux v6.6 drivers/edac/edac_mc.c, drivers/acpi/apei/ghes.c, mm/memory-failure.c; andikleen/mcelog#74.
    """
    if found := of(said, "uncorrected hardware error"):
        return Present(tuple(one.evidence for one in found[:3]), since=found[0].first)
    corrected = [one for one in of(said, "hardware error") if one.about in ("CE", "corrected")]
    if corrected:
        return Absent((Evidence(corrected[0].at, "the errors were corrected"),))
    if log := [one for one in from_log(said) if one.trouble != "hardware error"]:
        return Absent((log[0].evidence,))
    return unsure(f"what the kernel log of {node.name} says of hardware errors", KERNEL_LOG.of(node=node.name))
