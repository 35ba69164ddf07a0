"""Whole traces per second through the rule sets of 10 000 Services: to one endpoint and back, on one core.

    python -m bench.trace [--services N] [--seconds S]

Two recorded nodes (tests/knowledge/path/recorded/healthy) get kube-proxy's rules for N Services of one endpoint each on
the other node, in the words of kube-proxy 1.34. A trace is the walk of a connection's first packet from a pod through
its node's rules, flannel's tunnel and the other node to the endpoint, and of the answer back: 22 steps over six hooks
twice. Each Service is traced a first time, in which its rules are understood, and a second time; the second counts.
Seconds are those of the processor: other programs on the machine do not change them much.
"""

from __future__ import annotations

import argparse
import gc
import re
import sys
import tempfile
import time
from pathlib import Path

from kwhy.ingest.reading import read
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.path.recorded import world_of
from kwhy.knowledge.path.walking import answer, arriving
from kwhy.knowledge.path.world import World
from kwhy.scene.scene import Scene

RECORDED = Path(__file__).resolve().parent.parent / "tests" / "knowledge" / "path" / "recorded"
#: Issue 5: at least so many whole traces per second on one core, in processor time.
BAR = 5_000
POD = "10.244.1.10"


def services(number: int) -> list[str]:
    """kube-proxy's rules of the nat table for Services of one endpoint (pkg/proxy/iptables/proxier.go, v1.34)."""
    chains, jumps, rules = [], [], []
    for index in range(number):
        name = f"shop/s{index}"
        service, endpoint = f"KUBE-SVC-{index:016X}", f"KUBE-SEP-{index:016X}"
        address, pod = address_of(index), f"10.244.2.{11 + index % 2}"
        chains += [f":{service} - [0:0]", f":{endpoint} - [0:0]"]
        about = f'-m comment --comment "{name} cluster IP" -m tcp --dport 80'
        jumps.append(f"-A KUBE-SERVICES -d {address}/32 -p tcp {about} -j {service}")
        rules += [
            f"-A {service} ! -s 10.244.0.0/16 -d {address}/32 -p tcp {about} -j KUBE-MARK-MASQ",
            f'-A {service} -m comment --comment "{name} -> {pod}:3306" -j {endpoint}',
            f'-A {endpoint} -s {pod}/32 -m comment --comment "{name}" -j KUBE-MARK-MASQ',
            f'-A {endpoint} -p tcp -m comment --comment "{name}" -m tcp -j DNAT --to-destination {pod}:3306',
        ]
    return [*chains, *jumps, *rules]


def recorded(number: int) -> dict[str, str]:
    """The texts of both nodes with the rules put in where kube-proxy writes them."""
    rules = services(number)
    chains = "\n".join(line for line in rules if line.startswith(":"))
    appended = "\n".join(f"[0:0] {line}" for line in rules if line.startswith("-A"))
    texts = {}
    for name in ("n1", "n2"):
        text = (RECORDED / "healthy" / f"{name}.txt").read_text()
        text = re.sub(r"(?m)^:KUBE-SERVICES .*$", lambda m: f"{m[0]}\n{chains}", text, count=1)
        head, nat, tail = text.partition("*nat\n")
        body, commit, rest = tail.partition("COMMIT\n")
        texts[name] = f"{head}{nat}{body}{appended}\n{commit}{rest}"
    return texts


def address_of(index: int) -> str:
    return f"10.{97 + index // 65_000}.{index // 250 % 250}.{index % 250 + 1}"


def whole(world: World, index: int) -> bool:
    """From the pod on n1 to a Service, and the answer back to it."""
    address = address_of(index)
    packet = Packet(protocol="tcp", source=POD, destination=address, source_port=32768, destination_port=80)
    (leg,) = arriving(world, world.hosts["n1"], "cni0", packet)
    (back,) = answer(world, leg)
    return (leg.verdict, back.verdict, back.packet.source, back.pod_reached) == ("delivered", "delivered", address, POD)


def rate(world: World, options: argparse.Namespace) -> tuple[float, int, int]:
    """Traces per second, how many were made, and how many of them were delivered and answered."""
    done = delivered = 0
    begun = time.process_time()
    while (passed := time.process_time() - begun) < options.seconds and done < options.services:
        delivered += whole(world, done)
        done += 1
    return done / passed, done, delivered


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in recorded(options.services).items():
            Path(folder, f"{name}.txt").write_text(text)
        begun = time.perf_counter()
        gc.disable()
        evidence = read([folder, str(RECORDED / "objects")])
    world = world_of(Scene(evidence.documents, evidence.facts))
    ready = time.perf_counter() - begun
    first, count, delivered = rate(world, options)
    again, _, _ = rate(world, options)
    print(f"{options.services} Services on each of two nodes: read in {ready:.2f} s")
    print(f"{count} whole traces, {delivered} delivered and answered: {first:,.0f} per second the first time")
    print(f"{again:,.0f} per second the second time (bar {BAR:,})")
    return int(again < BAR or delivered != count)


if __name__ == "__main__":
    sys.exit(main())
