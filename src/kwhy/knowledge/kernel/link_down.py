"""A network device of a node lost its link."""

from __future__ import annotations

from kwhy.facts.log_patterns import kernel
from kwhy.facts.logs import LogHit
from kwhy.facts.network import Route
from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.trouble import FLAPS, Said, from_log, of, said_by_kernel, things
from kwhy.knowledge.kubelet.not_posting import NOT_POSTING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG, LINKS, ROUTES
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

LINK_DOWN = Condition(
    code="kernel.link-down",
    kind="Node",
    nature=Nature.ROOT,
    title="Network device {devices} of {subject} {how}",
    summary="The driver reports no carrier or a queue that sends nothing: cable, switch port, transceiver or card.",
    remedies=(
        Remedy(
            id="mend-the-link",
            title="Find the end of the cable that fails",
            when="now",
            risk="low",
            steps=(
                Step("See carrier, speed and error counters.", "ethtool {device}; ip -s link show {device}"),
                Step("See the module.", "ethtool -m {device}"),
                Step("Look at the port of the switch: shut down, err-disabled, other speed. Swap cable and module."),
                Step("A queue that timed out: take newer firmware and driver of the card; a reset helps for a while."),
            ),
            verify=(Step("The link is up and stays up.", "dmesg -T | grep -i link | tail -3"),),
            undo=(Step("None: nothing was changed on the node."),),
        ),
    ),
)


class Lost(Said, frozen=True):
    """A link that was lost, and whether the log says later that it is back."""

    back: bool = False


def lost_links(scene: Scene, node: Subject) -> list[Lost]:
    """The kernel log of the node, with what it says of links afterwards"""
    ups = [hit for hit in scene.facts_on(node, LogHit) if hit.pattern == kernel.LINK_UP]
    found = []
    for said in of(scene.derive(said_by_kernel, node), "link down", "transmit timeout"):
        device = said.about
        back = any(
            up.document is said.at.document and up.last.line > (said.at.line or 0)
            for up in ups
            if up.key.get("device") == device
        )
        fields = (said.trouble, device, said.pattern, said.key, said.count, said.first, said.at, said.passed_on)
        found.append(Lost(*fields, back=back))
    return found


def _unwell(one: Lost) -> bool:
    """Whether the device fails whatever it is used for."""
    return one.count >= FLAPS if one.trouble == "link down" else not one.back


def default_routes(scene: Scene, node: Subject) -> list[Route]:
    """The node's default routes"""
    return [route for route in scene.facts_on(node, Route) if route.destination in ("default", "0.0.0.0/0", "::/0")]


def _with_unwell(scene: Scene, node: Subject) -> list[Subject]:
    return [node] if any(_unwell(one) for one in scene.derive(lost_links, node)) else []


UNWELL_DEVICE_OF = Relation("has a network device that fails of", _with_unwell)


@rule(
    LINK_DOWN, rows=("N28",), leads=(leads_to(REPORTS_TROUBLE, via=UNWELL_DEVICE_OF), leads_to(NOT_POSTING, via=ITSELF))
)
def link_down(
    node: Subject,
    lost: list[Lost] = given(lost_links),
    defaults: list[Route] = given(default_routes),
    said: list[Said] = given(said_by_kernel),
) -> Verdict:
    """A link is down, or comes and goes.

    What it means: Nothing goes through the device. Where it is the node's only way, the node falls silent.
    How it shows: "NIC Link is Down", "Link is down" and nothing after; or again and again; "NETDEV WATCHDOG: … transmit
    queue 0 timed out".
    What looks like it: A link that is up again later: the loss is over. A device that is not used, or
    one of a bond: a lost link that stays lost counts only where the default route leads through that very device.
    Source: Linux v6.6 drivers/net/ethernet/intel/ixgbe/ixgbe_main.c, drivers/net/phy/phy.c (phy_print_status),
    net/sched/sch_generic.c (dev_watchdog).
    """
    stuck = [one for one in lost if _unwell(one)]
    down = [one for one in lost if one not in stuck and not one.back]
    if stuck:
        how = "loses its link again and again" if stuck[0].trouble == "link down" else "sends nothing"
        return _present(stuck, how, ())
    if down:
        ways = {hop.dev: route for route in defaults for hop in route.nexthops if hop.dev}
        only = [one for one in down if one.about in ways]
        if only:
            way = Evidence(ways[only[0].about].at, f"the node's default route leads through {only[0].about}")
            return _present(only, "has no link", (way,))
        if ways:
            device, route = next(iter(ways.items()))
            return Absent((Evidence(route.at, f"the node's default route leads through {device}"),))
        return unsure(f"whether {node.name} needs {things(down)}", ROUTES.of(node=node.name))
    if lost:
        return Absent((Evidence(lost[0].at, f"the link of {lost[0].about} is up again later"),))
    if log := from_log(said):
        return Absent((log[0].evidence,))
    return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name), LINKS.of(node=node.name))


def _present(shown: list[Lost], how: str, more: tuple[Evidence, ...]) -> Present:
    values = {"devices": things(shown), "device": shown[0].about, "how": how}
    return Present((*(one.evidence for one in shown[:3]), *more), values, since=shown[0].first)
