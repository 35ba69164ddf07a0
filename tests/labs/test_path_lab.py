"""Our walk of a packet agrees with the kernel's: who gets it, from which address, and whether the answer comes back.

Everything that the walk knows comes from files that ordinary commands wrote, through kwhy's own reading.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.labs import path_topology as lab
from tests.labs.path_sockets import Question, Sent, Sockets

from kwhy.ingest.reading import read
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.path.hops import Leg
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.recorded import world_of
from kwhy.knowledge.path.walking import answer, forward
from kwhy.knowledge.path.world import World
from kwhy.scene.scene import Scene

PROGRAMS = ("ip", "bridge", "sysctl", "iptables-restore", "iptables-legacy-restore", "ip6tables-restore")
ROUNDS = {4: 3, 6: 2}
#: Neighbour discovery asks again after a second where the first question came too early (RETRANS_TIMER, RFC 4861).
FIRST_ROUND = {4: 0.1, 6: 1.2}


def missing() -> str | None:
    """Why such namespaces cannot be made here; None if they can."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    name = f"kwhy-path-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"ip netns add: {tried.stderr.strip()}"
    bridge = lab.run("ip", "-n", name, "link", "add", "br0", "type", "bridge")
    subprocess.run(["ip", "netns", "del", name], check=True)
    return f"no bridges: {bridge.strip()}" if bridge else None


WHY_NOT = missing()
pytestmark = [pytest.mark.lab, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]


Asked: TypeAlias = list[tuple[Question, Sent]]


def asked(top: lab.Topology, folder: Path) -> Asked:
    """Everybody asks everybody, twice: the first round fills the neighbour tables that are then recorded."""
    targets = [(address, 8080) for address in top.addresses.values()]
    targets += [(address, 9090) for address in list(top.addresses.values())[1:3]] + top.services
    ports = iter(range(20000, 30000))
    sockets = Sockets(top)
    rounds = [[Question(place, *target, next(ports)) for place in top.places for target in targets] for _ in range(2)]
    try:
        first, sent = sockets.ask(rounds[0], FIRST_ROUND[top.family]), sockets.ask(rounds[1])
    finally:
        sockets.close()
    assert len(first) == len(sent)
    lab.record(top, folder)
    return list(zip(rounds[1], sent, strict=True))


def packet_of(question: Question) -> Packet:
    return Packet(
        family=6 if ":" in question.address else 4, protocol="udp", source=None, destination=question.address,
        source_port=question.source_port, destination_port=question.port, tcp_flags=frozenset(),
    )  # fmt: skip


def name_of(network: Network | None) -> str | None:
    return None if network is None else network.label.partition(" ")[2] or network.node


def possible(
    world: World, networks: dict[str, Network], question: Question
) -> set[tuple[str | None, str | None, bool]]:
    """What our walk allows: where the datagram arrives, from which address, whether the answer comes back."""
    found: set[tuple[str | None, str | None, bool]] = set()
    for leg in forward(world, networks[question.place], packet_of(question)):
        assert leg.verdict not in ("unknown", "left") and not leg.depends_on, leg
        if leg.verdict != "delivered":
            found.add((None, None, False))
            continue
        for back in answer(world, leg):
            assert back.verdict not in ("unknown", "left") and not back.depends_on, back
            found.add((name_of(leg.network), leg.packet.source, is_answered(back, networks, question)))
    return found


def is_answered(back: Leg, networks: dict[str, Network], question: Question) -> bool:
    ends = back.packet.ends
    return (
        back.verdict == "delivered"
        and back.network is networks[question.place]
        and (ends.source, ends.source_port) == (question.address, question.port)
        and ends.destination_port == question.source_port
    )


@pytest.mark.parametrize("family", [4, 6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("filtered", [False, True], ids=["routes", "routes and iptables"])
def test_packets_take_the_way_that_the_kernel_takes(
    filtered: bool, family: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    for seed in range(ROUNDS[family]):
        folder = tmp_path / str(seed)
        folder.mkdir()
        top = lab.build(f"kwp{os.getpid()}{seed}-", 1000 * filtered + 3 + seed, family)
        try:
            if filtered:
                lab.configure(top)
            else:
                lab.let_everything_pass(top)
            questions = asked(top, folder)
        finally:
            top.remove()
        evidence = read([str(folder)])
        world = world_of(Scene(evidence.documents, evidence.facts))
        networks = {str(name_of(network)): network for network in world.networks}
        assert networks.keys() == set(top.places)
        for question, sent in questions:
            ours = possible(world, networks, question)
            if (sent.place, sent.source, sent.answered) in ours:
                seen["agree"] += 1
                seen["answered" if sent.answered else "delivered" if sent.place else "not delivered"] += 1
            else:
                wrong.append(f"seed {seed}: {question.place} → {question.address}:{question.port}: {sent}, ours {ours}")
    with capsys.disabled():
        print(f"\nIPv{family}: {seen['agree']} packets agree with the kernel, {len(wrong)} differ: {dict(seen)}")
    assert not wrong, "\n".join(wrong[:20])
    assert seen["answered"] > 20 and seen["not delivered"] > (20 if filtered else -1)
