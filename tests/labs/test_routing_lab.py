"""Our route decision agrees with the kernel's own, on namespaces with random rules, tables and addresses.

Everything that `decide` knows comes from the texts of `ip rule`, `ip route show table all`, `ip addr`, through the same
parsers as real evidence; the oracle is `ip route get`.
"""

from __future__ import annotations

import ipaddress
import os
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from kwhy.facts.network import Family, NetworkFact, RouteGetAnswer
from kwhy.ingest.parsers import ip_addr, ip_route, ip_route_get, ip_rule
from kwhy.knowledge.net.policy_database import PolicyDatabase, policy_database
from kwhy.knowledge.net.routing import Decision, decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format


def missing() -> str | None:
    """Why network namespaces cannot be made here; None if they can."""
    if shutil.which("ip") is None:
        return "the program ip (iproute2) is not installed"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    name = f"kwhy-try-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"ip netns add: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


def run(*command: str, stdin: str | None = None) -> str:
    """Standard output and error of a command together, as a terminal shows them."""
    done = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    return done.stdout


def within(namespace: str, *command: str, stdin: str | None = None) -> str:
    return run("ip", "netns", "exec", namespace, *command, stdin=stdin)


def batch(namespace: str, lines: Sequence[str], *options: str) -> str:
    """Many `ip` commands in one process; a refused one does not stop the rest."""
    return run("ip", *options, "-n", namespace, "-force", "-batch", "-", stdin="\n".join(lines) + "\n")


@contextmanager
def namespace(name: str) -> Iterator[str]:
    full = f"kwhy-{name}-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", full], check=True, capture_output=True)
    try:
        yield full
    finally:
        subprocess.run(["ip", "netns", "del", full], check=True, capture_output=True)


WHY_NOT = missing()
pytestmark = [pytest.mark.lab, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]

ROUNDS = 24
LOOKUPS = 150
ERRNO = {
    "Network is unreachable": "ENETUNREACH",
    "No route to host": "EHOSTUNREACH",
    "Permission denied": "EACCES",
    "Invalid argument": "EINVAL",
}
DEVICES = ("eth0", "eth1", "eth2", "eth3")
PORT_SELECTORS = ("ipproto tcp dport 3306", "ipproto udp", "dport 50-60", "sport 1000-2000")
TABLES = ("main", "2", "3", "100", "7000")
FOREIGN = {4: "172.20.0.", 6: "fd99::"}


class World:
    """Random settings of one family, as `ip` command lines; few prefixes, so that they meet."""

    def __init__(self, seed: int, family: Family) -> None:
        self.random = random.Random(seed)
        self.family: Family = family
        self.host = "10.{}.0.{}" if family == 4 else "fd00:{}::{}"
        self.full = 32 if family == 4 else 128
        self.own: list[str] = []

    def address(self) -> str:
        return self.host.format(self.random.randrange(4), self.random.randrange(1, 14))

    def prefix(self) -> str:
        lengths = (8, 16, 24, 29, 30, 32) if self.family == 4 else (16, 32, 48, 64, 126, 128)
        length = self.random.choice(lengths)
        return str(ipaddress.ip_network(f"{self.address()}/{length}", strict=False))

    def addresses(self) -> Iterator[str]:
        for index, dev in enumerate(DEVICES):
            for number in range(self.random.randrange(1, 4)):
                text = self.host.format(index, 1 + number * 3)
                self.own.append(text)
                length = self.random.choice((24, 28, self.full)) if self.family == 4 else self.random.choice((64, 128))
                nodad = " nodad" if self.family == 6 else ""
                scope = " scope link" if self.family == 4 and self.random.random() < 0.15 else ""
                yield f"addr add {text}/{length} dev {dev}{scope}{nodad}"

    def hop(self) -> str:
        dev = self.random.choice(DEVICES)
        index = DEVICES.index(dev)
        via = self.host.format(index, self.random.randrange(9, 14))
        return f"via {via} dev {dev} onlink" if self.random.random() < 0.75 else f"dev {dev}"

    def route(self) -> str:
        chance = self.random.random()
        target = "default" if self.random.random() < 0.2 else self.prefix()
        table = self.random.choice(TABLES)
        metric = self.random.choice(("", "", " metric 50", " metric 100", " metric 7"))
        tos = self.random.choice(("", "", "", " tos 0x10", " tos 0x08")) if self.family == 4 else ""
        head = "route append"
        if chance < 0.16:
            kind = self.random.choice(("unreachable", "blackhole", "prohibit", "throw"))
            return f"route add {kind} {target}{tos} table {table}{metric}"
        if chance < 0.3:
            hops = " ".join(f"nexthop {self.hop()} weight {self.random.randrange(1, 4)}" for _ in range(2))
            return f"route add {target}{tos} table {table}{metric} {hops}"
        source = f" src {self.random.choice(self.own)}" if self.random.random() < 0.2 else ""
        head = "route add"
        return f"{head} {target}{tos} {self.hop()} table {table}{metric}{source}"

    def rule(self) -> str:
        words = [f"rule add pref {self.random.randrange(1, 40) * 100}"]
        if self.random.random() < 0.15:
            words.append("not")
        if self.random.random() < 0.5:
            words.append(f"from {self.random.choice([*self.own, self.prefix(), FOREIGN[self.family] + '5'])}")
        if self.random.random() < 0.3:
            words.append(f"to {self.prefix()}")
        if self.random.random() < 0.15:
            words.append(self.random.choice(("iif", "oif")) + " " + self.random.choice((*DEVICES, "lo", "gone0")))
        if self.random.random() < 0.2:
            words.append(self.random.choice(("fwmark 0x1", "fwmark 0x10/0xf0", "fwmark 0x80/0x80")))
        if self.random.random() < 0.1:
            words.append("tos 0x10")
        if self.random.random() < 0.1:
            words.append("uidrange 1000-2000")
        if self.random.random() < 0.15:
            words.append(
                self.random.choice(("ipproto tcp dport 3306", "ipproto udp", "dport 50-60", "sport 1000-2000"))
            )
        return " ".join([*words, self.action()])

    def action(self) -> str:
        chance = self.random.random()
        if chance < 0.08:
            return self.random.choice(("blackhole", "unreachable", "prohibit"))
        if chance < 0.14:
            return f"goto {self.random.choice((3900, 32766, 40000))}"
        suppress = self.random.choice(("", "", "", " suppress_prefixlength 0", " suppress_prefixlength 16"))
        return f"table {self.random.choice((*TABLES, '55', 'default'))}{suppress}"

    def lookup(self) -> tuple[str, Flow]:
        """The words of `ip route get` and the flow that they ask for."""
        values: dict[str, str] = {}
        destination = self.address()
        if self.random.random() < 0.1:
            destination = "8.8.8.8" if self.family == 4 else "2001:db8::8"
        chance = self.random.random()
        if chance < 0.3:
            values["from"] = FOREIGN[self.family] + str(self.random.choice((5, 6)))
            values["iif"] = self.random.choice(DEVICES)
        elif chance < 0.6:
            values["from"] = self.random.choice(self.own)
        elif chance < 0.65:
            values["from"] = FOREIGN[self.family] + "5"
        if "iif" not in values and self.random.random() < 0.15:
            values["oif"] = self.random.choice(DEVICES)
        if self.random.random() < 0.2:
            values["mark"] = self.random.choice(("1", "0x12", "0x80"))
        if self.random.random() < 0.15 and self.family == 4:
            values["tos"] = self.random.choice(("0x10", "0x08"))
        if self.random.random() < 0.15 and "iif" not in values:
            values["uid"] = "1500"
        if self.random.random() < 0.3:
            values |= {"ipproto": "tcp", "dport": self.random.choice(("3306", "55")), "sport": "1500"}
        elif self.family == 6:
            values["ipproto"] = "udp"
        words = " ".join([f"route get {destination}", *(f"{key} {value}" for key, value in values.items())])
        return words, Flow(
            destination=destination,
            source=values.get("from"),
            arrives_on=values.get("iif"),
            bound_to=values.get("oif"),
            mark=int(values.get("mark", "0"), 0),
            tos=int(values.get("tos", "0"), 0),
            protocol=values.get("ipproto", "udp"),
            source_port=int(values.get("sport", "0")),
            destination_port=int(values.get("dport", "0")),
            uid=int(values.get("uid", "0")),
        )


def facts_of(form: Format, command: str, text: str) -> list[NetworkFact]:
    document = Document(command, text.encode(), command=command)
    parsed = list(form.parse(document))
    assert [item for item in parsed if isinstance(item, Unparsed)] == []
    return parsed  # type: ignore[return-value]  # these parsers yield nothing else


def shown(name: str, family: Family) -> PolicyDatabase:
    option = ["-6"] if family == 6 else []
    commands = (
        (ip_rule.FORMAT, ["ip", *option, "rule"]),
        (ip_route.FORMAT, ["ip", "route", "show", "table", "all"]),
        (ip_addr.FORMAT, ["ip", "addr"]),
    )
    found: list[NetworkFact] = []
    for form, command in commands:
        found += facts_of(form, " ".join(command), within(name, *command))
    return policy_database(found)


def answers(name: str, family: Family, questions: list[str]) -> list[RouteGetAnswer]:
    """One answer per question: lines in order, refusals with the number of their line."""
    output = batch(name, questions, "-o", "-6" if family == 6 else "-4")
    refused = {int(line): text for text, line in re.findall(r"(RTNETLINK answers: .*)\nCommand failed -:(\d+)", output)}
    lines = [line for line in output.splitlines() if not line.startswith(("RTNETLINK", "Command failed"))]
    assert len(lines) + len(refused) == len(questions), output[-2000:]
    rest = iter(lines)
    texts = [refused[index] if index in refused else next(rest) for index in range(1, len(questions) + 1)]
    found: list[RouteGetAnswer] = []
    for question, text in zip(questions, texts, strict=True):
        (answer,) = facts_of(ip_route_get.FORMAT, f"ip {question}", text)
        assert isinstance(answer, RouteGetAnswer)
        found.append(answer)
    return found


def agrees(decision: Decision, answer: RouteGetAnswer) -> bool:
    result = decision.result
    if answer.error is not None:
        return result.error == ERRNO[answer.error]
    hops = {(hop.dev, hop.via) for hop in result.nexthops}
    if result.kind != answer.type or (answer.dev, answer.via) not in hops:
        return False
    chosen_here = decision.flow.source is None and decision.flow.arrives_on is None
    return not chosen_here or len(hops) > 1 or result.source == answer.prefsrc


def _short(decision: Decision) -> str:
    result = decision.result
    hops = [(hop.dev, hop.via) for hop in result.nexthops]
    return f"{result.kind} {result.error} {hops} source {result.source} table {result.table}"


def build(name: str, far: str, world: World) -> None:
    lines = ["link set lo up"]
    for dev in DEVICES:
        lines += [f"link add {dev} type veth peer name {dev} netns {far}", f"link set {dev} up"]
    batch(name, lines)
    up = DEVICES[:-1] if world.random.random() < 0.5 else DEVICES
    batch(far, [f"link set {dev} up" for dev in up])
    settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0"]
    settings += [f"net.ipv4.conf.{dev}.rp_filter=0" for dev in DEVICES]
    if world.random.random() < 0.3:
        settings += [
            "net.ipv4.conf.eth3.ignore_routes_with_linkdown=1",
            "net.ipv6.conf.eth3.ignore_routes_with_linkdown=1",
        ]
    within(name, "sysctl", "-qw", *settings)
    lines = [*world.addresses(), *(world.route() for _ in range(30)), *(world.rule() for _ in range(14))]
    batch(name, lines, "-6" if world.family == 6 else "-4")


@pytest.mark.parametrize("family", [4, 6])
def test_decisions_agree_with_the_kernel(family: Family, capsys: pytest.CaptureFixture[str]) -> None:
    agreeing = 0
    seen: Counter[str] = Counter()
    undecided: list[str] = []
    wrong: list[str] = []
    for seed in range(ROUNDS):
        world = World(seed * 10 + family, family)
        with namespace(f"route{family}") as name, namespace(f"far{family}") as far:
            build(name, far, world)
            database = shown(name, family)
            questions = [world.lookup() for _ in range(LOOKUPS)]
            for (words, flow), answer in zip(
                questions, answers(name, family, [words for words, _ in questions]), strict=True
            ):
                decision = decide(database, flow)
                if not decision.known:
                    undecided.append(f"seed {seed}: {words}: {decision.depends_on}")
                elif agrees(decision, answer):
                    agreeing += 1
                    seen[decision.result.error or decision.result.kind] += 1
                    seen[f"table {decision.result.table}"] += 1
                else:
                    wrong.append(f"seed {seed}: {words}\n  kernel: {answer.at.excerpt}\n  ours: {_short(decision)}\n"
                                 + "".join(f"    {step.says}\n" for step in decision.steps))  # fmt: skip
    with capsys.disabled():
        print(
            f"\nIPv{family}: {agreeing} look-ups agree with the kernel, {len(undecided)} undecided, {len(wrong)} differ"
        )
        print("  " + ", ".join(f"{kind} {count}" for kind, count in seen.most_common()))
    assert not wrong, "\n".join([f"{len(wrong)} differ", *wrong[:20]])
    assert {
        "unicast",
        "local",
        "ENETUNREACH",
        "EHOSTUNREACH",
        "EACCES",
        "EINVAL",
        "table 2",
        "table main",
    } <= seen.keys()
    assert len(undecided) <= (agreeing + len(undecided)) // 50
