"""Two nodes with a bridge of pods each and VXLAN between them, made of network namespaces with real tools.

node-a holds the pods 10.244.1.5 and 10.244.1.6, node-b the pods 10.244.2.7 (the cluster's DNS) and 10.244.2.8; the
nodes are 192.168.50.11 and 192.168.50.12 on eth0. Addresses, device names and the VXLAN port are flannel's
(flannel-io/flannel pkg/backend/vxlan: flannel.1, port 8472, nolearning; entries for the peer written by its daemon),
the rules of Service kube-system/kube-dns are what kube-proxy writes (pkg/proxy/iptables/proxier.go, v1.34).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import msgspec

NODES = {"node-a": ("192.168.50.11", 1, "0a:f4:01:00:00:01"), "node-b": ("192.168.50.12", 2, "0a:f4:02:00:00:01")}
PODS = {"10.244.1.5": "node-a", "10.244.1.6": "node-a", "10.244.2.7": "node-b", "10.244.2.8": "node-b"}
DNS_POD, DNS_SERVICE, WEB_POD = "10.244.2.7", "10.96.0.10", "10.244.2.8"
#: A Service whose only endpoint is the second pod of node-a.
LOCAL_SERVICE, LOCAL_POD = "10.96.44.80", "10.244.1.6"
NEEDED = ("ip", "iptables", "iptables-save", "nft", "bridge", "sysctl", "nc", "ss")

SERVICES = f"""*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-6E7XQMQ4RAYOWTTM - [0:0]
:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
:KUBE-SEP-ZP3FB6NMPNCO4VBJ - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-IT2ZTR26TO4XFPTO - [0:0]
:KUBE-POSTROUTING - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-SERVICES -d {DNS_SERVICE}/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d {DNS_SERVICE}/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -d {LOCAL_SERVICE}/32 -p tcp -m comment --comment "shop/stock:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> {DNS_POD}:53" -j KUBE-SEP-6E7XQMQ4RAYOWTTM
-A KUBE-SEP-6E7XQMQ4RAYOWTTM -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination {DNS_POD}:53
-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment "kube-system/kube-dns:dns-tcp -> {DNS_POD}:53" -j KUBE-SEP-ZP3FB6NMPNCO4VBJ
-A KUBE-SEP-ZP3FB6NMPNCO4VBJ -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp" -m tcp -j DNAT --to-destination {DNS_POD}:53
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "shop/stock:http -> {LOCAL_POD}:8080" -j KUBE-SEP-IT2ZTR26TO4XFPTO
-A KUBE-SEP-IT2ZTR26TO4XFPTO -p tcp -m comment --comment "shop/stock:http" -m tcp -j DNAT --to-destination {LOCAL_POD}:8080
COMMIT
"""  # noqa: E501 - rules as iptables-save prints them
ANSWERS = """
import socket, sys, threading
address = sys.argv[1]
def udp():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    while True:
        asked, peer = server.recvfrom(2048)
        server.sendto(asked[:2] + bytes([0x81, 0x83]) + asked[4:], peer)
def tcp(port):
    server = socket.create_server((address, port), backlog=16)
    while True:
        server.accept()[0].close()
threading.Thread(target=udp, daemon=True).start()
threading.Thread(target=tcp, args=(53,), daemon=True).start()
print("ready", flush=True)
tcp(8080)
"""


def missing() -> str | None:
    """Why this cannot be made here; None if it can."""
    absent = [program for program in NEEDED if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    name = f"khn-try-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"ip netns add: {tried.stderr.strip()}"
    vxlan = [
        "ip",
        "-n",
        name,
        "link",
        "add",
        "try0",
        "type",
        "vxlan",
        "id",
        "1",
        "dstport",
        "8472",
        "local",
        "127.0.0.1",
    ]
    made = subprocess.run(vxlan, capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None if made.returncode == 0 else f"ip link add type vxlan: {made.stderr.strip()}"


class Lab(msgspec.Struct, frozen=True):
    """The namespaces by what they stand for: a node's name or a pod's address."""

    spaces: dict[str, str]
    servers: dict[str, int]

    def run(self, where: str, *command: str, stdin: str | None = None) -> str:
        """Output and errors of a command, as a terminal shows them."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.spaces[where], *command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=60,
        )
        return done.stdout

    def shell(self, where: str, script: str) -> str:
        return self.run(where, "sh", "-c", script)

    def session(self, node: str, *commands: str) -> str:
        """Commands on a node as pasted from its terminal. ``pod:ADDRESS …`` runs in a pod, by nsenter as shown."""
        said = []
        for command in commands:
            pod, _, rest = command.partition(" ")
            if pod.startswith("pod:"):
                address = pod.removeprefix("pod:")
                shown = f"nsenter -t {self.servers[address]} -n {rest}"
                output = self.shell(address, rest)
            else:
                shown, output = command, self.shell(node, command)
            said.append(f"[root@{node} ~]# {shown}\n{output}")
        return "".join(said) + f"[root@{node} ~]# \n"


@contextlib.contextmanager
def two_nodes() -> Iterator[Lab]:
    """The nodes, their pods and a server in each pod (ports 53 and 8080), removed at the end."""
    suffix = os.getpid()
    names = {name: f"khn-{name}-{suffix}" for name in NODES}
    names |= {pod: f"khn-{pod.replace('.', '-')}-{suffix}" for pod in PODS}
    servers: dict[str, subprocess.Popen[str]] = {}
    try:
        for name in names.values():
            _ip("netns", "add", name)
        lab = Lab(names, {})
        _wire(lab)
        for pod in PODS:
            servers[pod] = subprocess.Popen(
                ["ip", "netns", "exec", names[pod], sys.executable, "-c", ANSWERS, pod],
                stdout=subprocess.PIPE,
                text=True,
            )
        for pod, server in servers.items():
            assert server.stdout is not None  # asked for above
            assert server.stdout.readline() == "ready\n"
            lab.servers[pod] = server.pid
        yield lab
    finally:
        for server in servers.values():
            server.kill()
            server.wait(timeout=10)
        for name in names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _batch(namespace: str, lines: str) -> None:
    subprocess.run(["ip", "-n", namespace, "-batch", "-"], input=lines, text=True, check=True)


def _wire(lab: Lab) -> None:
    a, b = lab.spaces["node-a"], lab.spaces["node-b"]
    for name in lab.spaces.values():
        off = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        subprocess.run(["ip", "netns", "exec", name, "sysctl", "-qw", *off], check=True)
    _ip("link", "add", "eth0", "netns", a, "type", "veth", "peer", "name", "eth0", "netns", b)
    for name, (address, number, mac) in NODES.items():
        _batch(lab.spaces[name], _node(address, number, mac))
    for pod, node in PODS.items():
        subnet, last = pod.split(".")[2:]
        veth = f"veth{subnet}{last}"
        _ip("link", "add", veth, "netns", lab.spaces[node], "type", "veth", "peer", "eth0", "netns", lab.spaces[pod])
        _batch(lab.spaces[node], f"link set {veth} master cni0 up\n")
        _batch(
            lab.spaces[pod],
            f"link set lo up\nlink set eth0 mtu 1450 up\naddr add {pod}/24 dev eth0\n"
            f"route add default via 10.244.{subnet}.1\n",
        )
    for name in NODES:
        peer_address, peer, peer_mac = next(values for other, values in NODES.items() if other != name)
        _batch(
            lab.spaces[name],
            "route add default via 192.168.50.1 dev eth0\n"
            f"route add 10.244.{peer}.0/24 via 10.244.{peer}.0 dev flannel.1 onlink\n"
            f"neigh add 10.244.{peer}.0 lladdr {peer_mac} dev flannel.1 nud permanent\n",
        )
        lab.run(name, "bridge", "fdb", "add", peer_mac, "dev", "flannel.1", "dst", peer_address)
        forwarding = ("net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
        lab.run(name, "sysctl", "-qw", *forwarding)
        lab.run(name, "iptables-restore", stdin=SERVICES)


def _node(address: str, number: int, mac: str) -> str:
    return f"""link set lo up
link set eth0 up
addr add {address}/24 dev eth0
link add cni0 mtu 1450 type bridge
addr add 10.244.{number}.1/24 dev cni0
link set cni0 up
link add flannel.1 address {mac} mtu 1450 type vxlan id 1 local {address} dev eth0 dstport 8472 nolearning
addr add 10.244.{number}.0/32 dev flannel.1
link set flannel.1 up
"""
