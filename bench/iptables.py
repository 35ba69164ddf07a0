"""iptables-save of 10 000 Services, shaped as kube-proxy writes it: reading, look-ups, and whole traces.

    python bench/iptables.py [--services N]

Printed are the time to read and index the rules beside splitting every line into words (both without garbage
collection), Service look-ups per second, and traces per second: a packet from a pod to a Service through PREROUTING,
FORWARD and POSTROUTING, with every endpoint followed (three on average). Times are those of the processor.
"""

from __future__ import annotations

import argparse
import base64
import gc
import hashlib
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from kwhy.facts.netfilter import IptablesTable
from kwhy.ingest.parsers.iptables_save import FORMAT
from kwhy.knowledge.netfilter.evaluating import evaluate
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.ruleset import RuleSet, rule_set
from kwhy.knowledge.netfilter.services import ServiceRules, iptables_services
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.model.document import Document

#: Issue 5: reading within this many times of splitting; look-ups and traces per second at least.
READING, LOOKUPS, TRACES = 3.0, 100_000.0, 5_000.0
ROUNDS = 5
#: What surrounds the Services, as recorded from kube-proxy 1.34.4 (tests/ingest/parsers/data/iptables).
_FILTER = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""  # noqa: E501 - lines as kube-proxy writes them
_NAT_HEAD = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
"""
_NAT_RULES = """-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
"""


def _chain(kind: str, name: str) -> str:
    """kube-proxy's names: the first 16 characters of a base32 hash (proxier.go portProtoHash)."""
    return f"KUBE-{kind}-" + base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()[:16]


def services(count: int, seed: int = 20251121) -> list[tuple[str, str, int, list[str]]]:
    """Name, cluster IP, port and endpoints of each Service: mostly three pods, seldom one or ten."""
    rng = random.Random(seed)
    found = []
    for number in range(count):
        name = f"team-{number % 97}/service-{number}:http"
        address = f"10.{96 + number // 60000}.{number // 250 % 250}.{number % 250 + 2}"
        many = rng.choice((1, 2, 3, 3, 3, 3, 4, 5))
        pods = [f"10.{128 + rng.randrange(60)}.{rng.randrange(256)}.{rng.randrange(2, 255)}" for _ in range(many)]
        found.append((name, address, rng.choice((80, 443, 8080, 9090)), pods))
    return found


def generate(made: list[tuple[str, str, int, list[str]]]) -> str:
    chains, endpoints, portals, balancing = [], [], [], []
    for name, address, port, pods in made:
        service = _chain("SVC", name)
        chains.append(f":{service} - [0:0]")
        portals.append(f'-A KUBE-SERVICES -d {address}/32 -p tcp -m comment --comment "{name} cluster IP" '
                       f"-m tcp --dport {port} -j {service}")  # fmt: skip
        balancing.append(f'-A {service} ! -s 10.128.0.0/9 -d {address}/32 -p tcp -m comment --comment '
                         f'"{name} cluster IP" -m tcp --dport {port} -j KUBE-MARK-MASQ')  # fmt: skip
        for index, pod in enumerate(pods):
            endpoint = _chain("SEP", f"{name}{pod}{index}")
            chains.append(f":{endpoint} - [0:0]")
            share = 1 / (len(pods) - index)
            random_part = f" -m statistic --mode random --probability {share:.11f}" if share < 1 else ""
            balancing.append(f'-A {service} -m comment --comment "{name} -> {pod}:8080"{random_part} -j {endpoint}')
            endpoints.append(f'-A {endpoint} -s {pod}/32 -m comment --comment "{name}" -j KUBE-MARK-MASQ')
            endpoints.append(f'-A {endpoint} -p tcp -m comment --comment "{name}" -m tcp -j DNAT '
                             f"--to-destination {pod}:8080")  # fmt: skip
    portals.append('-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last '
                   'rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS')  # fmt: skip
    rules = "\n".join((*sorted(chains), _NAT_RULES.rstrip(), *endpoints, *portals, *balancing))
    return f"# Generated by iptables-save v1.8.9 on Sat Nov 21 21:50:09 2026\n{_FILTER}{_NAT_HEAD}{rules}\nCOMMIT\n"


def seconds(work: Callable[[], object]) -> float:
    """The median of some runs, garbage collection off."""
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        gc.disable()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
        gc.enable()
    return statistics.median(times)


def read(data: bytes, address: str, port: int) -> tuple[RuleSet, ServiceRules]:
    """Parsed, and indexed for packets and for Services."""
    tables = [fact for fact in FORMAT.parse(Document("iptables-save.txt", data)) if isinstance(fact, IptablesTable)]
    rules = rule_set(tables)
    known = iptables_services(tables)[0]
    known.look_up(address, "tcp", port)
    nat = rules.iptables("nat")
    assert nat is not None
    nat.chains["KUBE-SERVICES"].rules_for(_packet(address, port))
    return rules, known


def _packet(address: str, port: int) -> Packet:
    return Packet(protocol="tcp", source="10.129.3.4", destination=address, source_port=40000, destination_port=port,
                  iif="cali1")  # fmt: skip


def trace(rules: RuleSet, address: str, port: int, host: Surroundings) -> int:
    """A packet through the node, to each endpoint; how many ways there are."""
    ways = 0
    for translated in evaluate(rules, "prerouting", _packet(address, port), host):
        for passed in evaluate(rules, "forward", translated.packet.replace(oif="eth0"), host):
            ways += len(evaluate(rules, "postrouting", passed.packet, host))
    return ways


def per_second(work: Callable[[], object], count: int) -> float:
    gc.collect()
    start = time.process_time()
    work()
    return count / (time.process_time() - start)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--services", type=int, default=10_000)
    made = services(arguments.parse_args().services)
    text = generate(made)
    data = text.encode()
    name, address, port, pods = made[len(made) // 2]
    floor = seconds(lambda: [line.split() for line in text.splitlines()])
    reading = seconds(lambda: read(data, address, port))
    rules, known = read(data, address, port)
    portal = known.look_up(address, "tcp", port)
    assert portal is not None and portal.service == name.partition(":")[0]
    assert sorted(backend.address for backend in known.backends(portal)) == sorted(pods)
    host = Surroundings(address_type=lambda asked, _: "UNICAST")
    assert trace(rules, address, port, host) == len(pods)
    sample = random.Random(1).sample(made, min(3000, len(made)))
    for _, each, number, _ in sample:  # chains are understood when the first packet comes by
        trace(rules, each, number, host)
    lookups = per_second(lambda: _lookups(known, sample), len(sample) * 20)
    traces = per_second(lambda: _traces(rules, sample, host), len(sample))
    ratio = reading / floor
    print(f"{len(made)} Services, {text.count(chr(10) + '-A')} rules, {len(data) / 1e6:.1f} MB")
    print(f"read and indexed {reading:.3f} s, {ratio:.2f} × splitting the lines ({floor:.3f} s), bar {READING}")
    print(f"Service look-ups {lookups:,.0f}/s, bar {LOOKUPS:,.0f}/s")
    print(f"whole traces {traces:,.0f}/s, bar {TRACES:,.0f}/s")
    return int(ratio > READING or lookups < LOOKUPS or traces < TRACES)


def _lookups(known: ServiceRules, sample: list[tuple[str, str, int, list[str]]]) -> Iterator[object]:
    for _ in range(20):
        for _, address, port, _ in sample:
            known.look_up(address, "tcp", port)
    return iter(())


def _traces(rules: RuleSet, sample: list[tuple[str, str, int, list[str]]], host: Surroundings) -> int:
    return sum(trace(rules, address, port, host) for _, address, port, _ in sample)


if __name__ == "__main__":
    sys.exit(main())
