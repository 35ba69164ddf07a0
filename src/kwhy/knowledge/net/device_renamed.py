"""A network device that is asked for has another name."""

from __future__ import annotations

from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connections import missing_devices
from kwhy.knowledge.net.device_missing import Devices, devices_asked_for
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.relations import ON_NODE
from kwhy.scene.scene import Scene

DEVICE_RENAMED = Condition(
    code="net.device-renamed",
    kind="Node",
    nature=Nature.ROOT,
    title="A network device of {subject} has another name: {names}",
    summary="What is configured for the former name (addresses, routes, a plugin's interface) is not applied.",
    remedies=(
        Remedy(
            id="use-the-name-it-has",
            title="Use the name that it has, or give it the former one by its hardware address",
            when="now",
            risk="medium",
            steps=(
                Step("See which device it is.", "ip -d link"),
                Step("Correct the name where it is written (network configuration, the plugin's interface setting, "
                     "firewall rules); or pin the former name with a .link file that matches the hardware address.",
                     "udevadm info /sys/class/net/NAME"),
            ),
            verify=(Step("The device has its addresses and routes.", "ip addr; ip route show table all"),),
            undo=(Step("Remove the .link file."),),
        ),
    ),
)  # fmt: skip


def _hosts(scene: Scene) -> list[Subject]:
    return [node for node in scene.hosts.all if scene.derive(missing_devices, node)]


@rule(
    DEVICE_RENAMED,
    rows=("N29",),
    leads=(leads_to(CONNECTION_FAILS, via=ON_NODE),),
    among=_hosts,
    symptom=True,
)
def device_renamed(node: Subject, devices: Devices = given(devices_asked_for)) -> Verdict:
    """A device has another name.

    What it means: The device works; who asks for it by its former name does not find it.
    How it shows: ip does not know the name, the kernel logged "ens6: renamed from eth1", and ens6 is listed.
    What looks like it: A device that is not there under any name: missing, or in another network namespace. Virtual
    devices of pods are renamed when they are made; nobody asks for their former names.
    Source: Linux v6.18 net/core/dev.c (dev_change_name); systemd.link(5) (NamePolicy).
    """
    if devices.renamed:
        return Present(devices.renamed, {"names": "; ".join(evidence.says for evidence in devices.renamed)})
    if devices.missing:
        missing = devices.missing[0]
        return Absent((Evidence(missing.at, f"nothing shows that {missing.device} has another name"),))
    return unsure(f"whether devices of {node.name} were renamed", NETWORK_STATE.of(node=node.name))
