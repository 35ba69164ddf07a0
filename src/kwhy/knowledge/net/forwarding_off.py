"""A node does not forward packets between its network devices."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from kwhy.facts.network import ConnectAttempt, Sysctl
from kwhy.knowledge.net.losing import FORWARDED_BY, explains_losses, from_pods, lost_evidence
from kwhy.knowledge.net.sysctls import asked_last, in_force
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.scene import Scene

FORWARDING_OFF = Condition(
    code="net.forwarding-off",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} does not forward packets{where}: {key} is 0{by_file}",
    summary="Packets that pods send to other nodes, to Services or outside end on their own node.",
    remedies=(
        Remedy(
            id="switch-forwarding-on",
            title="Switch forwarding on",
            when="now",
            risk="low",
            steps=(Step("On {node}, let the kernel forward again.", "sysctl -w {key}=1"),),
            verify=(
                Step("The value is 1.", "sysctl {key}"),
                Step("A pod of {node} reaches a pod of another node."),
            ),
            undo=(Step("Switch it off again.", "sysctl -w {key}=0"),),
        ),
        Remedy(
            id="keep-forwarding-on",
            title="Keep it on over reboots, and find what switched it off",
            when="lasting",
            risk="low",
            steps=(
                Step("See which files set it; the last one by name wins.", "grep -rs forward /etc/sysctl.conf "
                     "/etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d"),
                Step("Take the line out of {file}, and set it in a file of its own that sorts last.",
                     "echo '{key} = 1' > /etc/sysctl.d/99-zz-kubernetes-forwarding.conf"),
                Step("Look for hardening tools and agents that write it (CIS roles, tuned, a container runtime)."),
            ),
            verify=(Step("It stays 1 when all files are applied.", "sysctl --system | grep forward; sysctl {key}"),),
            undo=(Step("Remove the file.", "rm /etc/sysctl.d/99-zz-kubernetes-forwarding.conf"),),
        ),
    ),
)  # fmt: skip

#: Devices by which pods' packets come in: bridges and host ends of veth pairs, by the names that plugins give them.
_POD_DEVICES = (
    "cni",
    "cbr",
    "veth",
    "cali",
    "lxc",
    "eni",
    "kube-bridge",
    "docker",
    "weave",
    "antrea-gw",
    "azure",
    "gke",
)
_FORWARD = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}


def attempts_of_pods(scene: Scene, node: Subject) -> list[ConnectAttempt]:
    """Attempts to connect from pods of the node"""
    return from_pods(scene, node)


def asked_by_file(scene: Scene, node: Subject) -> Sysctl | None:
    """Which file of /etc/sysctl.d sets forwarding last"""
    return asked_last(scene, node, "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")


def _families(attempts: list[ConnectAttempt]) -> set[int]:
    """The address families of what is called in vain; IPv4 where only names are called."""
    found: set[int] = set()
    for attempt in attempts:
        try:
            found.add(ip_address(attempt.address or attempt.host or "").version)
        except ValueError:
            continue
    return found or {4}


def _switched_off(values: dict[str, Sysctl], family: int) -> Iterator[Sysctl]:
    """The parameters that are 0 and keep pods' packets from being forwarded.

    Of a packet, the device it comes in by decides (net/ipv4/route.c ip_route_input_slow, IN_DEV_FORWARD);
    net.ipv4.ip_forward is net.ipv4.conf.all.forwarding and sets all devices when it is written (devinet.c
    inet_forward_change). A device may be set alone afterwards.
    """
    alias = values.get(f"net.ipv{family}.conf.all.forwarding")
    whole = values.get(_FORWARD[family]) or alias
    if whole is not None and whole.value == "0":
        yield whole
        return
    prefix, suffix = f"net.ipv{family}.conf.", ".forwarding"
    for key, fact in sorted(values.items()):
        if fact.value == "0" and key.startswith(prefix) and key.endswith(suffix):
            device = key.removeprefix(prefix).removesuffix(suffix)
            if family == 4 and device.startswith(_POD_DEVICES):
                yield fact


@rule(FORWARDING_OFF, rows=("R3",), leads=explains_losses(FORWARDED_BY))
def forwarding_off(
    node: Subject,
    values: dict[str, Sysctl] = given(in_force),
    attempts: list[ConnectAttempt] = given(attempts_of_pods),
    asked: Sysctl | None = given(asked_by_file),
) -> Verdict:
    """The node does not forward packets.

    What it means: The kernel drops what is not for the node itself, so pods reach their own node and, over a bridge,
    their neighbours, and nothing else: no other node, no Service elsewhere, no address outside.
    How it shows: net.ipv4.ip_forward is 0 in the node's own network namespace, or forwarding is 0 for the device by
    which pods' packets come in.
    What looks like it: The FORWARD chain with policy DROP (docker sets it): forwarding is then on, and the packet
    filter drops. Pods on the host's network are not forwarded and work. The value inside a pod says nothing.
    Source: Linux v6.18 net/ipv4/route.c (ip_route_input_slow, ip_error), net/ipv4/devinet.c (devinet_sysctl_forward);
    kubernetes.io/docs/setup/production-environment/container-runtimes (net.ipv4.ip_forward = 1).
    """
    for family in sorted(_families(attempts)):
        off = next(_switched_off(values, family), None)
        if off is not None:
            return _present(off, attempts, asked)
        whole = values.get(_FORWARD[family])
        if whole is not None:
            return Absent((Evidence(whole.at, "the kernel forwards"),))
    return unsure(f"whether {node.name} forwards packets", NETWORK_STATE.of(node=node.name))


def _present(off: Sysctl, attempts: list[ConnectAttempt], asked: Sysctl | None) -> Present:
    device = off.key.split(".")[3] if ".conf." in off.key else "all"
    because = [Evidence(off.at, "forwarding is off"), *lost_evidence(attempts)[:2]]
    by_file, file = "", "the file that sets it"
    if asked is not None and device == "all":
        file = asked.file or file
        if asked.value == "0":
            by_file = f", as {file} asks"
            because.append(Evidence(asked.at, f"{file} is applied last of those that set it"))
        else:
            by_file = f", although {file} asks for {asked.value}"
            because.append(Evidence(asked.at, f"{file} asks for {asked.value}: it was switched off since"))
    where = "" if device == "all" else f" that come in by {device.replace('/', '.')}"
    return Present(tuple(because), {"key": off.key, "where": where, "by_file": by_file, "file": file})
