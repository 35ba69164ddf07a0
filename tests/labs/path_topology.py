"""Small clusters of network namespaces: two nodes, and pods behind bridges or routes."""

from __future__ import annotations

import ipaddress
import random
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: What an engineer types on a node to show its network.
COMMANDS = (
    "ip -d addr",
    "ip rule",
    "ip route show table all",
    "ip neigh",
    "bridge fdb show",
    "sysctl -a --pattern '(forward|rp_filter|proxy_arp|nf-call|accept_local|route_localnet)'",
    "ip -6 rule",
    "iptables-save",
    "iptables-legacy-save",
    "ip6tables-save",
    "ip6tables-legacy-save",
)
#: 10.6.0.1/24, written fd10:6::1/48 where everything is IPv6; 169.254.1.1, the gateway that no pod's node has.
_ADDRESS = re.compile(r"\b10\.(\d+)\.(\d+)\.(\d+)(?:/(\d+))?|\b169\.254\.1\.1\b")
_LENGTHS = {"32": "128", "24": "48", "16": "32", "8": "16"}
_GATEWAY6 = "fe80::a9fe:101"


def run(*command: str, stdin: str | None = None) -> str:
    done = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    return done.stdout


def within(namespace: str, script: str) -> str:
    return run("ip", "netns", "exec", namespace, "sh", "-c", script)


@dataclass
class Topology:
    """``hosts`` and ``pods`` are names of namespaces; ``addresses`` their main address; ``home`` the host of each."""

    tag: str
    random: random.Random
    family: int = 4
    hosts: list[str] = field(default_factory=list)
    pods: list[str] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    home: dict[str, str] = field(default_factory=dict)
    services: list[tuple[str, int]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    @property
    def places(self) -> list[str]:
        return [*self.hosts, *self.pods]

    def name(self, short: str) -> str:
        return f"{self.tag}{short}"

    def text(self, words: str) -> str:
        """Words with IPv4 addresses, in the topology's own family."""
        return _ADDRESS.sub(_in_ipv6, words) if self.family == 6 else words

    def batch(self, namespace: str, lines: Sequence[str]) -> None:
        lines = [self.text(line) + (" nodad" if line.startswith("addr") and self.family == 6 else "") for line in lines]
        self.log += [f"{namespace}: {line}" for line in lines]
        out = run("ip", f"-{self.family}", "-n", namespace, "-force", "-batch", "-", stdin="\n".join(lines) + "\n")
        if out.strip():
            self.log.append(out)

    def remove(self) -> None:
        for place in self.places:
            subprocess.run(["ip", "netns", "del", place], check=True, capture_output=True)


def _in_ipv6(match: re.Match[str]) -> str:
    if match[1] is None:
        return _GATEWAY6
    address = str(ipaddress.ip_address(f"fd10:{match[1]}:{match[2]}::{match[3]}"))
    return f"{address}/{_LENGTHS[match[4]]}" if match[4] else address


def build(tag: str, seed: int, family: int = 4) -> Topology:
    """Two nodes on one or two wires, two pods each; how pods are attached and how nodes reach each other varies."""
    top = Topology(tag, random.Random(seed), family)
    chance = top.random
    for number in (1, 2):
        host = top.name(f"h{number}")
        top.hosts.append(host)
        for pod in (1, 2):
            top.pods.append(top.name(f"h{number}p{pod}"))
    for place in top.places:
        subprocess.run(["ip", "netns", "add", place], check=True, capture_output=True)
        within(place, "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0")
    one, two = top.hosts
    top.batch(one, [
        "link set lo up",
        f"link add eth0 type veth peer name eth0 netns {two}",
        f"link add eth1 type veth peer name eth1 netns {two}",
    ])  # fmt: skip
    for number, host in enumerate(top.hosts, start=1):
        top.home[host] = host
        top.addresses[host] = top.text(f"10.6.0.{number}")
        top.batch(host, [
            "link set lo up", f"addr add 10.6.0.{number}/24 dev eth0", f"addr add 10.7.0.{number}/24 dev eth1",
            "link set eth0 up", "link set eth1 up",
        ])  # fmt: skip
        _pods(top, host, number, routed=chance.random() < 0.5)
    between = chance.choice(("gateway", "gateway", "vxlan"))
    for number, host in enumerate(top.hosts, start=1):
        _between(top, host, number, between)
    for host in top.hosts:
        _settings(top, host)
    return top


def _pods(top: Topology, host: str, number: int, *, routed: bool) -> None:
    pods = [pod for pod in top.pods if pod.startswith(host)]
    lines = [] if routed else [
        "link add br0 type bridge forward_delay 0", f"addr add 10.{number}.0.254/24 dev br0", "link set br0 up",
    ]  # fmt: skip
    for index, pod in enumerate(pods, start=1):
        top.home[pod] = host
        address = f"10.{number}.0.{index}"
        top.addresses[pod] = top.text(address)
        lines += [f"link add veth{index} type veth peer name eth0 netns {pod}", f"link set veth{index} up"]
        lines += [f"route add {address}/32 dev veth{index}"] if routed else [f"link set veth{index} master br0"]
        top.batch(host, lines)
        lines = []
        inner = ["link set lo up", "link set eth0 up"]
        if routed:
            inner += [f"addr add {address}/32 dev eth0", "route add 169.254.1.1 dev eth0",
                      "route add default via 169.254.1.1 dev eth0"]  # fmt: skip
            if top.family == 6:
                run("ip", "-6", "-n", host, "addr", "add", f"{_GATEWAY6}/64", "dev", f"veth{index}", "nodad")
            within(host, f"sysctl -qw net.ipv4.conf.veth{index}.proxy_arp=1 net.ipv4.neigh.veth{index}.proxy_delay=0")
        else:
            inner += [f"addr add {address}/24 dev eth0", f"route add default via 10.{number}.0.254"]
        top.batch(pod, inner)


def _between(top: Topology, host: str, number: int, how: str) -> None:
    """Routes to the other node's pods: by a wire, or by a vxlan device as flannel sets it up."""
    other = 3 - number
    if top.random.random() < 0.8:  # without, nobody answers for the gateway of routed pods
        top.batch(host, [f"route add default via 10.6.0.{other}"])
    if how == "gateway":
        wire = top.random.choice((6, 6, 7))
        top.batch(host, [f"route add 10.{other}.0.0/24 via 10.{wire}.0.{other}"])
        return
    mac = "02:00:00:00:00:0{}"
    port = top.random.choice((8472, 8472, 4789))
    top.batch(host, [
        f"link add flannel.1 address {mac.format(number)} type vxlan id 1 local 10.6.0.{number} dev eth0"
        f" dstport {8472 if top.random.random() < 0.9 else port} nolearning",
        f"addr add 10.{number}.0.0/32 dev flannel.1", "link set flannel.1 up",
        f"neigh add 10.{other}.0.0 lladdr {mac.format(other)} dev flannel.1 nud permanent",
        f"route add 10.{other}.0.0/24 via 10.{other}.0.0 dev flannel.1 onlink",
    ])  # fmt: skip
    if top.random.random() < 0.9:
        within(host, top.text(f"bridge fdb append {mac.format(other)} dev flannel.1 dst 10.6.0.{other}"))


def _settings(top: Topology, host: str) -> None:
    chance = top.random
    settings = [f"net.ipv4.ip_forward={0 if chance.random() < 0.1 else 1}"]
    settings.append(f"net.ipv4.conf.all.rp_filter={chance.choice((0, 0, 1, 2))}")
    settings += [f"net.ipv4.conf.{dev}.rp_filter={chance.choice((0, 1, 2))}" for dev in ("eth0", "eth1")]
    settings.append(f"net.ipv6.conf.all.forwarding={0 if chance.random() < 0.1 else 1}")
    settings += [f"net.bridge.bridge-nf-call-{name}={chance.choice((0, 1, 1))}" for name in ("iptables", "ip6tables")]
    within(host, "sysctl -qw " + " ".join(settings))
    top.log.append(f"{host}: {settings}")
    if chance.random() < 0.4:
        pods = [pod for pod in top.pods if top.home[pod] == host]
        lines = [f"rule add pref 100 from {top.addresses[chance.choice(pods)]} lookup 100"]
        other = [address for place, address in top.addresses.items() if top.home[place] != host]
        lines += chance.choice((
            ["route add blackhole default table 100"],
            [f"route add unreachable {chance.choice(other)} table 100"],
            [f"route add 10.0.0.0/8 via 10.7.0.{2 if host.endswith('1') else 1} table 100"],
            ["route add throw default table 100"],
        ))  # fmt: skip
        top.batch(host, lines)


SERVICE = "10.96.0.1"


def let_everything_pass(top: Topology) -> None:
    """A packet filter that is there, and lets everything pass."""
    for host in top.hosts:
        program = "iptables-restore" if top.family == 4 else "ip6tables-restore"
        run("ip", "netns", "exec", host, program, stdin="*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n")


def configure(top: Topology) -> None:
    """A Service as kube-proxy writes it, and random rules of an administrator, by both makes of iptables."""
    chance = top.random
    behind = chance.sample(top.pods, 2)
    top.services += [(top.text(SERVICE), 80), (top.text(SERVICE), 81)]
    for host in top.hosts:
        lines = [*_service_rules(top, behind), *_mangle_rules(top), *_filter_rules(top)]
        if top.family == 6:
            lines = [_filter_in_ipv6(top.text(line)) for line in lines]
        ip = "ip" if top.family == 4 else "ip6"
        program = chance.choice((f"{ip}tables-restore", f"{ip}tables-legacy-restore"))
        out = run("ip", "netns", "exec", host, program, stdin="\n".join(lines) + "\n")
        top.log += [f"{host}: {program}", *lines, out]
        if chance.random() < 0.3:
            around = f"route add default via 10.7.0.{2 if host.endswith('1') else 1} table 90"
            way = chance.choice(("route add blackhole default table 90", around))
            top.batch(host, ["rule add pref 90 fwmark 0x1/0x1 lookup 90", way])


def _filter_in_ipv6(line: str) -> str:
    """Translations to an address with a port write it in brackets; ICMP's words are others."""
    line = re.sub(r"--to-destination (fd10[0-9a-f:]*):(\d{4})$", r"--to-destination [\1]:\2", line)
    return line.replace("icmp-port-unreachable", "icmp6-port-unreachable")


def _service_rules(top: Topology, behind: list[str]) -> list[str]:
    """kube-proxy's chains (pkg/proxy/iptables/proxier.go, Kubernetes 1.34)."""
    one, two = (top.addresses[pod] for pod in behind)
    full = 32 if top.family == 4 else 128
    masquerade = top.random.choice(("! -s 10.1.0.0/16 ", "", "-s 10.0.0.0/8 "))
    extra = top.random.choice((
        "-A POSTROUTING -s 10.1.0.0/24 -o eth0 -j MASQUERADE",
        f"-A POSTROUTING -s {one}/{full} ! -d 10.1.0.0/16 -j SNAT --to-source 10.6.0.77",
        "-A PREROUTING -p udp --dport 9090 -j REDIRECT --to-ports 8080",
        f"-A PREROUTING -d 10.6.0.0/24 -p udp --dport 9090 -j DNAT --to-destination {two}:8080",
        "", "",
    ))  # fmt: skip
    return [
        "*nat", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":POSTROUTING ACCEPT [0:0]",
        ":KUBE-SERVICES - [0:0]", ":KUBE-SVC-A - [0:0]", ":KUBE-SEP-1 - [0:0]", ":KUBE-SEP-2 - [0:0]",
        ":KUBE-MARK-MASQ - [0:0]", ":KUBE-POSTROUTING - [0:0]",
        "-A PREROUTING -j KUBE-SERVICES", "-A OUTPUT -j KUBE-SERVICES", "-A POSTROUTING -j KUBE-POSTROUTING", extra,
        f"-A KUBE-SERVICES -d {SERVICE}/32 -p udp -m udp --dport 80 -j KUBE-SVC-A",
        f"-A KUBE-SVC-A {masquerade}-j KUBE-MARK-MASQ",
        "-A KUBE-SVC-A -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-1",
        "-A KUBE-SVC-A -j KUBE-SEP-2",
        f"-A KUBE-SEP-1 -s {one}/{full} -j KUBE-MARK-MASQ", f"-A KUBE-SEP-1 -p udp -j DNAT --to-destination {one}:8080",
        f"-A KUBE-SEP-2 -s {two}/{full} -j KUBE-MARK-MASQ", f"-A KUBE-SEP-2 -p udp -j DNAT --to-destination {two}:8080",
        "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
        "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
        "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0", "-A KUBE-POSTROUTING -j MASQUERADE", "COMMIT",
    ]  # fmt: skip


def _mangle_rules(top: Topology) -> list[str]:
    chance = top.random
    if chance.random() < 0.6:
        return []
    chain, match = chance.choice((
        ("PREROUTING", "-p udp --dport 9090"), ("OUTPUT", "-d 10.0.0.0/8 -p udp"), ("PREROUTING", "-i eth+"),
    ))  # fmt: skip
    return ["*mangle", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]",
            f"-A {chain} {match} -j MARK --set-xmark 0x1/0x1", "COMMIT"]  # fmt: skip


def _filter_rules(top: Topology) -> list[str]:
    chance = top.random
    addresses = list(top.addresses.values())
    rules = ["*filter", *(f":{chain} ACCEPT [0:0]" for chain in ("INPUT", "OUTPUT"))]
    rules.append(f":FORWARD {chance.choice(('ACCEPT', 'ACCEPT', 'DROP'))} [0:0]")
    for _ in range(chance.randrange(0, 7)):
        chain = chance.choice(("INPUT", "FORWARD", "FORWARD", "OUTPUT"))
        words = [f"-A {chain}"]
        if chance.random() < 0.4:
            words.append(f"{chance.choice(('', '! '))}-s {chance.choice((*addresses, '10.1.0.0/24', '10.2.0.0/24'))}")
        if chance.random() < 0.4:
            words.append(f"-d {chance.choice((*addresses, '10.1.0.0/24', '10.6.0.0/24'))}")
        if chance.random() < 0.4:
            words.append(f"-p udp -m udp --dport {chance.choice((8080, 9090, 8472, '8000:8500', 80))}")
        if chain != "OUTPUT" and chance.random() < 0.25:
            words.append(f"-i {chance.choice(('eth0', 'eth1', 'br0', 'veth+', 'flannel.1'))}")
        if chain != "INPUT" and chance.random() < 0.25:
            words.append(f"-o {chance.choice(('eth0', 'eth1', 'br0', 'veth+', 'flannel.1'))}")
        if chance.random() < 0.2:
            words.append(f"-m conntrack --ctstate {chance.choice(('NEW', 'RELATED,ESTABLISHED', 'INVALID'))}")
        words.append(f"-j {chance.choice(('ACCEPT', 'ACCEPT', 'DROP', 'REJECT --reject-with icmp-port-unreachable'))}")
        rules.append(" ".join(words))
    return [*rules, "COMMIT"]


def record(top: Topology, folder: Path) -> None:
    """The state of everything, as an engineer types it on each node."""
    for host in top.hosts:
        text = []
        for place in [host, *(pod for pod in top.pods if top.home[pod] == host)]:
            inside_pod = "" if place == host else f"ip netns exec {place} "
            lines = [f'echo "root@{host}:~# {inside_pod}{each}"; {each} 2>/dev/null' for each in COMMANDS]
            text.append(within(place, "\n".join(lines)))
        (folder / f"{host}.txt").write_text("".join(text))
