"""Record the evidence of a lost policy table and of its healthy twin, in network namespaces with real tools.

A node has two devices. A pod owns an address of the second one; rule 1536 sends its packets to table 2, whose default
leaves by eth1 (rules and priorities as in aws/amazon-vpc-cni-k8s#705). Setting eth1 down and up deletes the routes of
table 2 and leaves the rule: the pod's packets then leave by eth0. The fabric answers its pings, whichever way they
come, and drops TCP whose source does not belong to the port that it arrives on.

    python tests/labs/policy_table.py tests/cases/net/policy_table_empty

needs root, iproute2, iptables, tcpdump, iputils ping, OpenBSD nc.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NODE, FABRIC, DB = "kwhy-node", "kwhy-fabric", "kwhy-db"
POD = "cni-5f1d0c3a-77a2-4b9e-9f0e-2f3d3c1b9a10"
POD_ADDRESS, DB_ADDRESS = "10.176.44.23", "10.176.46.4"
PROMPT = "[root@ip-10-176-40-10 ~]# "

TOPOLOGY = f"""
link add eth0 netns {NODE} type veth peer name f0 netns {FABRIC}
link add eth1 netns {NODE} type veth peer name f1 netns {FABRIC}
link add eni6f2c1a9b3d0 netns {NODE} type veth peer name eth0 netns {POD}
link add db0 netns {FABRIC} type veth peer name eth0 netns {DB}
"""
NODE_SETUP = f"""
link set lo up
link set eth0 up
link set eth1 up
link set eni6f2c1a9b3d0 up
addr add 10.176.40.10/24 dev eth0
addr add 10.176.44.10/24 dev eth1
route add default via 10.176.40.1 dev eth0
route add {POD_ADDRESS}/32 dev eni6f2c1a9b3d0 scope link
rule add pref 512 to {POD_ADDRESS} lookup main
rule add pref 1024 fwmark 0x80/0x80 lookup main
rule add pref 1536 from {POD_ADDRESS} lookup 2
"""
TABLE_2 = """
route add 10.176.44.1 dev eth1 scope link table 2
route add default via 10.176.44.1 dev eth1 table 2
"""
POD_SETUP = f"""
link set lo up
link set eth0 up
addr add {POD_ADDRESS}/32 dev eth0
route add 169.254.1.1 dev eth0 scope link
route add default via 169.254.1.1 dev eth0
"""
FABRIC_SETUP = """
link set lo up
link set f0 up
link set f1 up
link set db0 up
addr add 10.176.40.1/24 dev f0
addr add 10.176.44.1/24 dev f1
addr add 10.176.46.1/24 dev db0
"""
DB_SETUP = f"""
link set lo up
link set eth0 up
addr add {DB_ADDRESS}/24 dev eth0
route add default via 10.176.46.1
"""
SERVER = f"""
import socket
listener = socket.create_server(("{DB_ADDRESS}", 3306), backlog=16)
while True:
    peer, _ = listener.accept()
    peer.sendall(b"J\\x00\\x00\\x00\\n5.7.44\\x00")
    peer.close()
"""
NODE_COMMANDS = {
    "ip-rule.txt": "ip rule",
    "ip-route-all.txt": "ip route show table all",
    "ip-route-table-2.txt": "ip route show table 2",
    "ip-addr.txt": "ip addr",
    "ip-link.txt": "ip -d link",
    "sysctl-rp-filter.txt": "sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.conf.eth0.rp_filter "
    "net.ipv4.conf.eth1.rp_filter",
}
RECORDED = """
Recorded by tests/labs/policy_table.py in network namespaces: Linux 6.18, iproute2 6.1.0, tcpdump 4.99.3,
iputils 20221126, OpenBSD nc 1.219. eth0 and eth1 are veth devices towards a namespace that plays the fabric.
"""
ORIGINS = {
    "healthy_twin": """The same node as in table_lost with its table 2 filled, {form}.

True: no fault. Rule 1536 sends packets of the pod 10.176.44.23 to table 2, whose default leaves by eth1 via
10.176.44.1; ping and connect to the database 10.176.46.4:3306 succeed; the connection is in eth1.pcap, and eth0.pcap
holds no packet.
""",
    "table_lost": """A node whose policy table 2 lost its routes, {form}.

True: rule 1536 sends packets of the pod 10.176.44.23 to table 2; the table is empty since eth1 went down and up, so
main's default sends them out by eth0 via 10.176.40.1 instead of eth1. The fabric answers the pings and drops TCP that
does not carry an address of the port it comes from: the SYNs to the database 10.176.46.4:3306 are in eth0.pcap,
unanswered, and eth1.pcap holds no packet. Root: table 2 lost its routes (the agent that owns it must write them again).
The database is well. Not at fault: rp_filter (loose), ip_forward (on), links and addresses (as on the healthy twin).
""",
}
POD_COMMANDS = {"ping.txt": f"ping -c 3 -i 0.3 {DB_ADDRESS}", "nc.txt": f"nc -vz -w3 {DB_ADDRESS} 3306"}


def inside(namespace: str, *command: str) -> str:
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


def configure(namespace: str | None, lines: str) -> None:
    command = ["ip", *(["-n", namespace] if namespace else []), "-batch", "-"]
    subprocess.run(command, input=lines, text=True, check=True)


@contextmanager
def network() -> Iterator[None]:
    names = (NODE, POD, FABRIC, DB)
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        configure(None, TOPOLOGY)
        for name, setup in ((NODE, NODE_SETUP + TABLE_2), (POD, POD_SETUP), (FABRIC, FABRIC_SETUP), (DB, DB_SETUP)):
            inside(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
            configure(name, setup)
        for name in (NODE, FABRIC):
            inside(name, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0")
        inside(NODE, "sysctl", "-qw", "net.ipv4.conf.eth0.rp_filter=2", "net.ipv4.conf.eth1.rp_filter=2")
        inside(NODE, "sysctl", "-qw", "net.ipv4.conf.eni6f2c1a9b3d0.proxy_arp=1")
        inside(FABRIC, "sysctl", "-qw", "net.ipv4.conf.f0.rp_filter=0", "net.ipv4.conf.f1.rp_filter=0")
        # The fabric lets only a port's own addresses send TCP through it.
        drop = "iptables -A FORWARD -i f0 ! -s 10.176.40.0/24 -p tcp -j DROP"
        inside(FABRIC, *drop.split())
        # The pod's address is on eth1's network for the fabric: its answers come in there.
        inside(NODE, "ip", "neigh", "add", "proxy", POD_ADDRESS, "dev", "eth1")
        inside(NODE, "sysctl", "-qw", "net.ipv4.conf.eth1.proxy_arp=1")
        for dev in ("eth1", "eni6f2c1a9b3d0"):
            inside(NODE, "sysctl", "-qw", f"net.ipv4.neigh.{dev}.proxy_delay=0")
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


@contextmanager
def running(namespace: str, *command: str) -> Iterator[int]:
    process = subprocess.Popen(["ip", "netns", "exec", namespace, *command], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=10)


def record(target: Path) -> None:
    """One folder of outputs with two captures, and the same as a pasted session beside it."""
    folder, pasted = target / "evidence", target.with_name(target.name + "_pasted") / "evidence"
    for directory in (folder, pasted):
        directory.mkdir(parents=True, exist_ok=True)
    session: list[str] = []
    for directory, form in ((folder, "as a folder of outputs"), (pasted, "as one session pasted from a terminal")):
        (directory.parent / "ORIGIN.txt").write_text(ORIGINS[target.name].format(form=form) + RECORDED)

    def run(name: str, namespace: str, shown: str, command: str) -> None:
        output = inside(namespace, *command.split())
        (folder / name).write_text(output)
        session.append(f"{PROMPT}{shown}\n{output}")

    only = f"tcp and host {DB_ADDRESS}".split()
    with running(DB, sys.executable, "-c", SERVER), running(POD, "sleep", "300") as pid:
        inside(POD, *POD_COMMANDS["ping.txt"].split())  # neighbours are known on a node that is at work
        for name, command in NODE_COMMANDS.items():
            run(name, NODE, command, command)
        run("ping.txt", POD, f"nsenter -t {pid} -n {POD_COMMANDS['ping.txt']}", POD_COMMANDS["ping.txt"])
        captures = [
            ("tcpdump", "-n", "-U", "-i", dev, "-Z", "root", "-w", str(folder / f"{dev}.pcap"), *only)
            for dev in ("eth0", "eth1")
        ]
        with running(NODE, *captures[0]), running(NODE, *captures[1]):
            run("nc.txt", POD, f"nsenter -t {pid} -n {POD_COMMANDS['nc.txt']}", POD_COMMANDS["nc.txt"])
            time.sleep(1)
    (pasted / "session.txt").write_text("".join(session) + PROMPT + "\n")
    for dev in ("eth0", "eth1"):
        (pasted / f"{dev}.pcap").write_bytes((folder / f"{dev}.pcap").read_bytes())


def lose_table() -> None:
    """What a flapping device does: its routes are gone from every table, addresses and rules stay."""
    configure(NODE, "link set eth1 down\nlink set eth1 up\n")
    time.sleep(1)


def main(directory: Path) -> None:
    cases: dict[str, Callable[[], None]] = {"healthy_twin": lambda: None, "table_lost": lose_table}
    with network():
        for name, prepare in cases.items():
            prepare()
            record(directory / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
