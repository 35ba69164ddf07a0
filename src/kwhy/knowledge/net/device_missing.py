"""A network device that the host should have does not exist."""

from __future__ import annotations

import msgspec

from kwhy.facts.log_patterns.kernel import DEVICE_RENAMED
from kwhy.facts.logs import LogHit
from kwhy.facts.network import Link, LinkListing, MissingDevice
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connections import missing_devices
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
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


class Devices(msgspec.Struct, frozen=True):
    """What shows of devices that somebody asked for: ``there`` again, under another name, or not at all."""

    missing: tuple[MissingDevice, ...]
    there: tuple[Evidence, ...]
    renamed: tuple[Evidence, ...]
    listing: LinkListing | None


def devices_asked_for(scene: Scene, node: Subject) -> Devices:
    """What ip says about devices that do not exist, the devices of the node, and renamings in the kernel log"""
    links = [link for link in scene.facts_on(node, Link) if link.netns is None]
    hits = {hit.key["former"]: hit for hit in scene.facts_on(node, LogHit) if hit.pattern == DEVICE_RENAMED}
    names = {link.name for link in links}
    missing, there, renamed = [], [], []
    for fact in scene.derive(missing_devices, node):
        again = next((link for link in links if link.name == fact.device and _after(link.at, fact.at)), None)
        hit = hits.get(fact.device)
        if again is not None:
            there.append(Evidence(again.at, f"{fact.device} is there, further down"))
        elif hit is not None and hit.key["device"] in names:
            renamed.append(Evidence(hit.locate(hit.last), f"{fact.device} is called {hit.key['device']} now"))
        else:
            missing.append(fact)
    listing = next((each for each in scene.facts_on(node, LinkListing) if each.netns is None), None)
    return Devices(tuple(missing), tuple(there), tuple(renamed), listing)


def _after(one: Locator, other: Locator) -> bool:
    """Whether a place stands below another of the same file."""
    return one.source == other.source and (one.line or 0) > (other.line or 0)


def _hosts(scene: Scene) -> list[Subject]:
    return [node for node in scene.hosts.all if scene.derive(missing_devices, node)]


@rule(
    DEVICE_MISSING,
    rows=("N29",),
    leads=(leads_to(CONNECTION_FAILS, via=ON_NODE),),
    among=_hosts,
    symptom=True,
)
def device_missing(node: Subject, devices: Devices = given(devices_asked_for)) -> Verdict:
    """A network device is missing.

    What it means: Addresses, routes and tables of the device are missing with it.
    How it shows: ip says "Cannot find device eth1" or 'Device "eth1" does not exist.'
    What looks like it: A renamed device: the kernel logs "ens6: renamed from eth1", and ens6 is there. A device that
    comes back further down in the same session. One in another network namespace; a missing driver.
    Source: iproute2 v6.1 lib/utils.c (nodev); Linux drivers/pci/probe.c (pci_rescan_bus).
    """
    if devices.missing:
        because = tuple(Evidence(fact.at, f"{fact.device} does not exist") for fact in devices.missing)
        return Present(because, {"device": devices.missing[0].device})
    if devices.there or devices.renamed:
        return Absent((*devices.there, *devices.renamed))
    if devices.listing is not None:
        says = f"{devices.listing.count} devices are listed, and nobody misses one"
        return Absent((Evidence(devices.listing.at, says),))
    return unsure(f"the network devices of {node.name}", LINKS.of(node=node.name))
