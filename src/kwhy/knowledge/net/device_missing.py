"""A network device that the host should have does not exist."""

from __future__ import annotations

from kwhy.facts.network import MissingDevice
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connections import missing_devices
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.node import LINKS
from kwhy.scene.relations import ON_NODE
from kwhy.scene.scene import Scene

DEVICE_MISSING = Condition(
    code="net.device-missing",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} has no network device {device}",
    summary="The kernel does not know the device: not enumerated, renamed, or in another namespace.",
    remedies=(
        Remedy(
            id="rescan-pci",
            title="Let the kernel enumerate the device",
            when="now",
            risk="low",
            steps=(
                Step("See whether the platform has attached it.", "lspci | grep -i -E 'ethernet|network'"),
                Step("Scan the PCI bus again.", "echo 1 > /sys/bus/pci/rescan"),
                Step("Set it up as the node's configuration says, or restart the agent that does."),
            ),
            verify=(
                Step("The device is there and has its address.", "ip addr show dev {device}"),
                Step("Its routes are back.", "ip route show table all dev {device}"),
            ),
            undo=(Step("Nothing to undo: a rescan only adds devices."),),
        ),
    ),
)


def _hosts(scene: Scene) -> list[Subject]:
    return [node for node in scene.hosts.all if scene.derive(missing_devices, node)]


@rule(
    DEVICE_MISSING,
    rows=("N29",),
    leads=(leads_to(CONNECTION_FAILS, via=ON_NODE),),
    among=_hosts,
    symptom=True,
)
def device_missing(node: Subject, missing: list[MissingDevice] = given(missing_devices)) -> Verdict:
    """A network device is missing.

    What it means: Addresses, routes and tables of the device are missing with it.
    How it shows: ip says "Cannot find device eth1" or 'Device "eth1" does not exist.'
    What looks like it: A renamed device, one in another network namespace, a missing driver.
    Source: iproute2 v6.1 lib/utils.c (nodev); Linux drivers/pci/probe.c (pci_rescan_bus).
    """
    if missing:
        because = tuple(Evidence(fact.at, f"{fact.device} does not exist") for fact in missing)
        return Present(because, {"device": missing[0].device})
    return unsure(f"the network devices of {node.name}", LINKS.of(node=node.name))
