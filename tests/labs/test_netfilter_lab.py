"""Our evaluation agrees with the kernel: random rules are loaded, real packets sent, and what became of them compared.

Everything that `evaluate` knows comes from the texts of iptables-save, `nft list ruleset` and `ipset save`, through
the same parsers as real evidence.
"""

from __future__ import annotations

import ipaddress
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest
from tests.labs.packet_wires import HOSTS, NETS, ROUTER, Arrived, Family, Noted, Sent, Wires, wires
from tests.labs.random_rules import PORTS, Random
from tests.labs.test_routing_lab import missing

from kwhy.ingest.parsers import ipset_list, iptables_save, nft_ruleset
from kwhy.knowledge.netfilter.evaluating import Outcome, evaluate
from kwhy.knowledge.netfilter.packet import Packet, reverse, through_loopback
from kwhy.knowledge.netfilter.ruleset import RuleSet, rule_set
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.model.document import Document, Unparsed
from kwhy.model.fact import Fact

PROGRAMS = ("iptables-legacy-restore", "iptables-nft-restore", "nft", "ipset", "conntrack")
GONE = [program for program in PROGRAMS if shutil.which(program) is None]
WHY_NOT = missing() or (f"not installed: {', '.join(GONE)}" if GONE else None)
pytestmark = [pytest.mark.lab, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]

#: More with KWHY_LAB_ROUNDS, for a longer search.
ROUNDS = int(os.environ.get("KWHY_LAB_ROUNDS", "3"))
FIRST = int(os.environ.get("KWHY_LAB_FIRST", "0"))
PACKETS = 60


class Expected(msgspec.Struct, frozen=True):
    """One way for a packet to end: where it comes out (None: nowhere), and whether a reject is sent.

    ``packet`` is what comes out. ``known``: the evidence alone decides.
    """

    where: str | None
    packet: Packet
    refused: bool = False
    known: bool = True
    outcomes: tuple[Outcome, ...] = ()


def surroundings(family: Family) -> Surroundings:
    own = ROUTER[family]

    def kind(address: str, device: str | None) -> str:
        loopback = ipaddress.ip_address(address).is_loopback
        return "LOCAL" if address in own.values() or loopback else "UNICAST"

    def source_for(packet: Packet) -> str | None:
        if packet.oif == "lo":
            # net/ipv4/devinet.c inet_select_addr(): lo's own address has scope host; IPv6 takes the one nearest
            return own["a0"] if family == 4 else packet.destination
        return own.get(packet.oif or "")

    return Surroundings(
        address_type=kind,
        source_for=source_for,
        device_address=lambda device, _: own.get(device),
    )


def _way_out(family: Family, destination: str | None) -> str | None:
    """What the router's routing says: a wire, "local", or None for an address that is not known."""
    if destination is None:
        return None
    if destination in ROUTER[family].values() or ipaddress.ip_address(destination).is_loopback:
        return "local"
    return next((dev for dev, net in NETS[family].items() if destination.startswith(net)), "none")


def arriving(rules: RuleSet, packet: Packet, host: Surroundings) -> Iterator[Expected]:
    """What becomes of a packet that arrives at the router."""
    for after, trail in _through(rules, "prerouting", packet, host, ()):
        if isinstance(after, Expected):
            yield after
            continue
        out = _way_out(packet.family, after.destination)
        if out is None or out == "none":
            yield Expected(None, after, known=False, outcomes=trail)
        elif out == "local":
            for one, trail2 in _through(rules, "input", after, host, trail):
                yield one if isinstance(one, Expected) else Expected("local", one, outcomes=trail2)
        elif ipaddress.ip_address(after.source or "::1").is_loopback:
            yield Expected(None, after, outcomes=trail)
        else:
            for one, trail2 in _through(rules, "forward", after.replace(oif=out), host, trail):
                if isinstance(one, Expected):
                    yield one
                    continue
                for two, trail3 in _through(rules, "postrouting", one, host, trail2):
                    yield two if isinstance(two, Expected) else Expected(out, two, outcomes=trail3)


def leaving(rules: RuleSet, packet: Packet, host: Surroundings) -> Iterator[Expected]:
    """What becomes of a packet that the router makes."""
    for after, trail in _through(rules, "output", packet, host, ()):
        if isinstance(after, Expected):
            yield after
            continue
        out = _way_out(packet.family, after.destination)
        if out is None or out == "none":
            yield Expected(None, after, known=False, outcomes=trail)
            continue
        dev = "lo" if out == "local" else out
        for one, trail2 in _through(rules, "postrouting", after.replace(oif=dev), host, trail):
            if isinstance(one, Expected):
                yield one
            elif out != "local":
                yield Expected(out, one, outcomes=trail2)
            else:
                yield from arriving(rules, through_loopback(one), host)


def _through(
    rules: RuleSet, hook: str, packet: Packet, host: Surroundings, trail: tuple[Outcome, ...]
) -> Iterator[tuple[Packet | Expected, tuple[Outcome, ...]]]:
    for outcome in evaluate(rules, hook, packet, host):  # type: ignore[arg-type]  # one of the hooks
        so_far = (*trail, outcome)
        known = not any(each.depends_on for each in so_far)
        if outcome.verdict == "accept" and known:
            yield outcome.packet, so_far
        else:
            decided = known and outcome.verdict in ("drop", "reject")
            ended = Expected(None, outcome.packet, outcome.verdict == "reject", decided, so_far)
            yield ended, so_far


def facts(wired: Wires, *, native: bool) -> list[Fact]:
    """The rule set as recorded by the ordinary commands. ``native``: by nft's own, also what iptables wrote."""
    texts = [(ipset_list.FORMAT, ["ipset", "save"])]
    if native:
        texts.append((nft_ruleset.FORMAT, ["nft", "list", "ruleset"]))
    else:
        texts += [(iptables_save.FORMAT, [name]) for name in ("iptables-nft-save", "ip6tables-nft-save")]
    texts += [(iptables_save.FORMAT, [name]) for name in ("iptables-legacy-save", "ip6tables-legacy-save")]
    found: list[Fact] = []
    for form, command in texts:
        text = "\n".join(line for line in wired.run(*command).splitlines() if not line.startswith("# Warning"))
        document = Document(command[0], (text + "\n").encode(), command=" ".join(command))
        for fact in form.parse(document):
            assert not isinstance(fact, (Unparsed, Document)), f"{fact.why if isinstance(fact, Unparsed) else fact}"
            found.append(fact)
    return found


def make_sets(wired: Wires, seed: int) -> None:
    """Address sets of both families, with new members."""
    rng = random.Random(seed)
    lines = []
    for family, word in ((4, "inet"), (6, "inet6")):
        nets = NETS[family]
        for name, kind in (("hosts", "hash:ip"), ("nets", "hash:net"), ("pairs", "hash:ip,port")):
            lines += [f"create {name}{family} {kind} family {word} -exist", f"flush {name}{family}"]
        lines += [f"create both{family} list:set -exist", f"flush both{family}"]
        both = [nets[dev] + str(number) for dev in nets for number in HOSTS]
        lines += [f"add hosts{family} {address} -exist" for address in rng.sample(both, 4)]
        long, short = (30, 24) if family == 4 else (126, 64)
        lines.append(f"add nets{family} {nets['a0']}{'0' if family == 4 else ''}/{short} -exist")
        lines.append(f"add nets{family} {rng.choice(both)}/{long} nomatch -exist")
        lines.append(f"add nets{family} {rng.choice(both)} -exist")
        lines += [f"add pairs{family} {rng.choice(both)},{rng.choice(('tcp', 'udp'))}:{rng.choice(PORTS)} -exist"
                  for _ in range(6)]  # fmt: skip
        lines += [f"add both{family} hosts{family}", f"add both{family} nets{family}"]
    wired.run("ipset", "restore", stdin="\n".join(lines) + "\n")


def sendable(world: Random, tokens: Iterator[int]) -> dict[int, tuple[str, Sent]]:
    found = {}
    for token in tokens:
        dev = world.random.choice(("a0", "b0"))
        source = NETS[world.family][dev] + str(world.random.choice(list(HOSTS)))
        found[token] = (dev, _packet(world, token, source))
    return found


def _packet(world: Random, token: int, source: str) -> Sent:
    icmp = "icmp" if world.family == 4 else "icmpv6"
    return Sent(
        token,
        world.family,
        world.random.choice(("tcp", "tcp", "udp", "udp", icmp)),
        source,
        world.host(),
        20000 + token % 40000,
        world.random.choice((*PORTS, 90)),
        world.random.choice((frozenset({"SYN"}), frozenset({"SYN"}), frozenset({"ACK"}))),
        8 if world.family == 4 else 128,
    )


def as_packet(sent: Sent, **more: object) -> Packet:
    icmp = sent.protocol.startswith("icmp")
    length = len(b"kw000000hy") + {"tcp": 20, "udp": 8}.get(sent.protocol, 8) + (20 if sent.family == 4 else 0)
    return Packet(
        protocol=sent.protocol,
        source=sent.source,
        destination=sent.destination,
        source_port=None if icmp else sent.source_port,
        destination_port=None if icmp else sent.destination_port,
        family=4 if sent.family == 4 else 6,
        icmp_type=sent.kind if icmp else None,
        tcp_flags=sent.flags if sent.protocol == "tcp" else None,
        length=length + (40 if sent.family == 6 else 0),
    ).replace(**more)


def agrees(expected: Expected, noted: Noted) -> bool:
    if expected.where is None:
        return not noted.arrived and (expected.refused or not noted.refused)
    return any(_same(expected, arrived) for arrived in noted.arrived)


def _same(expected: Expected, arrived: Arrived) -> bool:
    packet = expected.packet
    pairs = [(packet.source, arrived.source)]
    if not (expected.where == "local" and packet.family == 6 and arrived.destination == "::"):
        pairs.append((packet.destination, arrived.destination))
    if packet.protocol in ("tcp", "udp"):
        pairs += [(packet.source_port, arrived.source_port), (packet.destination_port, arrived.destination_port)]  # type: ignore[list-item]  # both are compared only
    return expected.where == arrived.where and all(mine is None or mine == theirs for mine, theirs in pairs)


class Tally:
    def __init__(self) -> None:
        self.agreeing = 0
        self.undecided = 0
        self.wrong: list[str] = []
        self.seen: Counter[str] = Counter()

    def compare(self, label: str, sent: Sent, possible: list[Expected], noted: Noted) -> Expected | None:
        """Notes whether the kernel did what was expected; the way that it took."""
        if not all(each.known for each in possible):
            self.undecided += 1
            return None
        took = next((each for each in possible if agrees(each, noted)), None)
        if took is not None:
            self.agreeing += 1
            self.seen[_word(took, sent)] += 1
            return took
        ways = "".join(f"\n  ours: {_told(each)}" for each in possible)
        self.wrong.append(f"{label}: {sent}\n  kernel: {noted}{ways}")
        return None


def _word(took: Expected, sent: Sent) -> str:
    if took.where is None:
        return "rejected" if took.refused else "dropped"
    moved = (took.packet.source, took.packet.destination) != (sent.source, sent.destination)
    return f"{'delivered' if took.where == 'local' else 'forwarded'}{' translated' if moved else ''}"


def _told(expected: Expected) -> str:
    steps = [f"{step.at.line if step.at else ''} {step.text} → {step.says}"
             for outcome in expected.outcomes for step in outcome.steps]  # fmt: skip
    return f"{expected.where} {expected.packet} refused={expected.refused}" + "".join(f"\n      {s}" for s in steps)


def exercise(wired: Wires, world: Random, rules: RuleSet, label: str, tally: Tally, start: int) -> None:
    """Sends packets in and out, and answers to what came through; compares all."""
    host = surroundings(world.family)
    wired.forget()
    coming = sendable(world, iter(range(start, start + PACKETS)))
    seen = wired.send_in(coming)
    answers: dict[int, tuple[str, Sent]] = {}
    expected_back: dict[int, list[Expected]] = {}
    for token, (dev, sent) in coming.items():
        took = tally.compare(label, sent, list(arriving(rules, as_packet(sent, iif=dev), host)), seen[token])
        if took is not None and took.where in ("a0", "b0"):
            _answer(token + PACKETS, took, seen[token].arrived, rules, host, answers, expected_back)
    back = wired.send_in(answers)
    for token, (_, sent) in answers.items():
        tally.compare(f"{label} answer", sent, expected_back[token], back[token])
    made = {token: _packet(world, token, ROUTER[world.family][world.random.choice(("a0", "b0"))])
            for token in range(start + 2 * PACKETS, start + 2 * PACKETS + PACKETS // 2)}  # fmt: skip
    made = {token: sent for token, sent in made.items() if sent.destination not in ROUTER[world.family].values()}
    gone = wired.send_out(made)
    for token, sent in made.items():
        out = _way_out(world.family, sent.destination)
        packet = as_packet(sent, oif=out, uid=0, gid=0)
        tally.compare(f"{label} output", sent, list(leaving(rules, packet, host)), gone[token])


def _answer(
    token: int, took: Expected, arrived: tuple[Arrived, ...], rules: RuleSet, host: Surroundings,
    answers: dict[int, tuple[str, Sent]], expected: dict[int, list[Expected]],
) -> None:  # fmt: skip
    """The receiver's answer to a packet that came out."""
    packet = reverse(took.packet).replace(iif=took.where)
    if packet.ct_state == "UNTRACKED" or "UNTRACKED" in (took.packet.ct_state,):
        return
    seen = next(each for each in arrived if _same(took, each))
    icmp = packet.protocol.startswith("icmp")
    kind = packet.icmp_type if packet.icmp_type is not None else 0
    if took.packet.tcp_flags == frozenset({"ACK"}):
        packet = packet.replace(tcp_flags=frozenset({"ACK"}))
    sent = Sent(token, packet.family, packet.protocol, packet.source or "", packet.destination or "",
                seen.source_port if icmp else seen.destination_port, seen.source_port,
                packet.tcp_flags or frozenset(), kind)  # fmt: skip
    if packet.destination_port is None and not icmp:
        packet = packet.replace(destination_port=seen.source_port)
    answers[token] = (took.where or "", sent)
    expected[token] = list(arriving(rules, packet, host))


def report(tally: Tally, title: str, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{title}: {tally.agreeing} packets agree with the kernel, {tally.undecided} undecided, "
              f"{len(tally.wrong)} differ")  # fmt: skip
        print("  " + ", ".join(f"{kind} {count}" for kind, count in tally.seen.most_common()))
    assert not tally.wrong, "\n".join([f"{len(tally.wrong)} differ", *tally.wrong[:6]])


@pytest.mark.parametrize("backend", ["legacy", "nft"])
def test_rules_of_iptables_do_what_the_kernel_does(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    with wires(backend) as wired:
        wired.run("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_be_liberal=1")
        for seed in range(FIRST, FIRST + ROUNDS):
            for family in (4, 6):
                world = Random(seed * 10 + family, family)
                program = "iptables" if family == 4 else "ip6tables"
                make_sets(wired, seed)
                wired.run(f"{program}-{backend}-restore", stdin=world.iptables())
                rules = rule_set(facts(wired, native=False))
                exercise(wired, world, rules, f"{backend} seed {seed} IPv{family}", tally, start=seed * 1000)
    report(tally, f"iptables-{backend}", capsys)
    assert {"rejected", "dropped", "forwarded", "forwarded translated", "delivered"} <= tally.seen.keys()


def test_rules_of_iptables_read_from_nft_do_what_the_kernel_does(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    with wires("compat") as wired:
        wired.run("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_be_liberal=1")
        for seed in range(FIRST, FIRST + ROUNDS):
            for family in (4, 6):
                world = Random(seed * 10 + family, family)
                program = "iptables" if family == 4 else "ip6tables"
                make_sets(wired, seed)
                wired.run(f"{program}-nft-restore", stdin=world.iptables())
                rules = rule_set(facts(wired, native=True))
                exercise(wired, world, rules, f"compat seed {seed} IPv{family}", tally, start=seed * 1000)
    report(tally, "iptables-nft as nft shows it", capsys)
    assert tally.agreeing > 100


def test_rules_of_nft_do_what_the_kernel_does(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    with wires("native") as wired:
        wired.run("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_be_liberal=1")
        for seed in range(FIRST, FIRST + ROUNDS):
            for family in (4, 6):
                world = Random(seed * 10 + family + 5, family)
                wired.run("nft", "-i", stdin=world.nft())
                rules = rule_set(facts(wired, native=True))
                exercise(wired, world, rules, f"nft seed {seed} IPv{family}", tally, start=seed * 1000)
    report(tally, "nft", capsys)
    assert {"rejected", "dropped", "forwarded", "forwarded translated"} <= tally.seen.keys()
