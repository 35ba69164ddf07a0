"""The kernel's table of neighbours is full."""

from __future__ import annotations

import msgspec

from kwhy.facts.log_patterns.kernel import NEIGHBOUR_OVERFLOW
from kwhy.facts.logs import LogHit
from kwhy.facts.network import Neighbour, Sysctl
from kwhy.knowledge.net.kernel_words import quoted, said_of_late
from kwhy.knowledge.net.losing import REACHED_THROUGH, explains_losses
from kwhy.knowledge.net.sysctls import in_force
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.scene import Scene

NEIGHBOUR_TABLE_FULL = Condition(
    code="net.neighbour-table-full",
    kind="Node",
    nature=Nature.ROOT,
    title="The neighbour table of {subject} is full{limit_text}: addresses that it does not know yet are not reached",
    summary="No entry can be made for one more address on the link, so packets to it are not sent.",
    remedies=(
        Remedy(
            id="raise-gc-thresholds",
            title="Raise the limits of the table",
            when="now",
            risk="low",
            steps=(
                Step("See how many entries there are; all network namespaces of the node share the table.",
                     "ip -4 neigh show nud all | wc -l; sysctl net.ipv4.neigh.default.gc_thresh3"),
                Step("Raise them on {node}; an entry takes less than 1 KiB.",
                     "sysctl -w net.ipv4.neigh.default.gc_thresh1=8192 net.ipv4.neigh.default.gc_thresh2=32768 "
                     "net.ipv4.neigh.default.gc_thresh3=65536"),
            ),
            verify=(
                Step("The kernel stops saying so.", "dmesg -T | grep -c 'table overflow'"),
                Step("A new pod is reached from {node}."),
            ),
            undo=(Step("Set them as they were (kernel defaults).",
                       "sysctl -w net.ipv4.neigh.default.gc_thresh1=128 net.ipv4.neigh.default.gc_thresh2=512 "
                       "net.ipv4.neigh.default.gc_thresh3=1024"),),
        ),
        Remedy(
            id="keep-gc-thresholds",
            title="Set the limits for nodes of this size for good",
            when="lasting",
            risk="low",
            steps=(
                Step("Put the three lines into a file of /etc/sysctl.d on every node: pods and nodes of one link need "
                     "an entry each."),
                Step("A flat network of thousands of pods: smaller links (routes instead of bridges) need fewer."),
            ),
            verify=(Step("The values hold after a reboot.", "sysctl net.ipv4.neigh.default.gc_thresh3"),),
            undo=(Step("Remove the file."),),
        ),
    ),
)  # fmt: skip

_LIMIT = {4: "net.ipv4.neigh.default.gc_thresh3", 6: "net.ipv6.neigh.default.gc_thresh3"}


class Filling(msgspec.Struct, frozen=True):
    """What the kernel said of its neighbour tables, and how many entries the evidence shows of each family."""

    words: tuple[LogHit, ...]
    entries: dict[int, int]


def filling_of(scene: Scene, node: Subject) -> Filling:
    """The kernel log and the neighbour tables (dmesg, ip neigh)"""
    entries = {4: 0, 6: 0}
    for entry in scene.facts_on(node, Neighbour):
        if entry.state not in ("PERMANENT", "NOARP"):  # these do not count (net/core/neighbour.c neigh_update_gc_list)
            entries[6 if ":" in entry.address else 4] += 1
    return Filling(tuple(said_of_late(scene, node, NEIGHBOUR_OVERFLOW)), entries)


@rule(NEIGHBOUR_TABLE_FULL, rows=("R12",), leads=explains_losses(REACHED_THROUGH))
def neighbour_table_full(
    node: Subject, filling: Filling = given(filling_of), values: dict[str, Sysctl] = given(in_force)
) -> Verdict:
    """The neighbour table is full.

    What it means: Each address on a link needs an entry. Beyond gc_thresh3 the kernel makes none: packets to new
    addresses are dropped, connections time out or get "No buffer space available", and known addresses go on working.
    The limit is one for all network namespaces of the node.
    How it shows: The kernel logs "neighbour: arp_cache: neighbor table overflow!", or `ip neigh` shows as many entries
    as gc_thresh3 allows.
    What looks like it: A neighbour that is FAILED has an entry: the table has room, and the neighbour is silent.
    Source: Linux v6.18 net/core/neighbour.c (neigh_alloc), net/ipv4/arp.c (arp_tbl: 128, 512, 1024).
    """
    for family, key in _LIMIT.items():
        limit = values.get(key)
        if limit is not None and limit.value.isdigit() and 0 < int(limit.value) <= filling.entries[family]:
            says = f"{filling.entries[family]} entries, and {key} is {limit.value}"
            because = (Evidence(limit.at, says), *(quoted(hit, "the kernel says so") for hit in filling.words[:1]))
            return Present(because, {"limit_text": f" ({filling.entries[family]} of {limit.value})"})
    if filling.words:
        because = tuple(quoted(hit, f"the kernel says so {hit.count} times") for hit in filling.words[:1])
        return Present(because, {"limit_text": ""})
    limit = values.get(_LIMIT[4])
    if limit is not None and limit.value.isdigit() and filling.entries[4]:
        says = f"{filling.entries[4]} entries are shown, and {limit.value} are allowed"
        return Absent((Evidence(limit.at, says),))
    return unsure(f"how full the neighbour table of {node.name} is", NETWORK_STATE.of(node=node.name))
