"""Lines of `iptables-save` made into rules.

An option that is not known here makes a match whose answer is "not known"; nothing is guessed. Sources: iptables 1.8.9
iptables/nft-shared.c, iptables/iptables.c (print_rule), libxtables/xtables.c (xtables_save_string).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Final

from kwhy.facts.netfilter import IptablesTable
from kwhy.knowledge.netfilter import conntrack_matches as of_connection
from kwhy.knowledge.netfilter import iptables_matches as on
from kwhy.knowledge.netfilter.chain import Chain
from kwhy.knowledge.netfilter.iptables_targets import target
from kwhy.knowledge.netfilter.packet import WITH_PORTS, Packet, number_of, protocol_name
from kwhy.knowledge.netfilter.rule import Action, Key, Match, Rule
from kwhy.knowledge.netfilter.sets import AddressSets
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.model.expressions import expression

#: -m comment --comment "shop/web cluster IP"   (a quote within is printed as \")
_WORD: Final = expression(r'"(?:[^"\\]|\\.)*"|[^\s"]\S*')
#: -A KUBE-SERVICES -d 10.96.0.1/32 …   ·   -A KUBE-NODEPORTS -p tcp …
_FIRST: Final = expression(r"^\s*(?:\[\d+:\d+\] )?-A \S{1,64} -(?P<option>[sdiop]) (?P<value>\S{1,64})")
#: [12:720] -A CHAIN …
_COUNTED: Final = expression(r"^\[(?P<packets>\d+):(?P<bytes>\d+)\] ")

#: Options that stand before any module (iptables/iptables.c).
_CORE: Final[dict[str, tuple[int, on.Builder]]] = {
    "-s": (1, on.source),
    "-d": (1, on.destination),
    "-i": (1, on.in_device),
    "-o": (1, on.out_device),
    "-p": (1, on.protocol),
    "-f": (0, on.fragment),
}
_PORTS: Final[dict[str, tuple[int, on.Builder]]] = {
    "--sport": (1, on.source_port),
    "--dport": (1, on.destination_port),
    "--source-port": (1, on.source_port),
    "--destination-port": (1, on.destination_port),
}
#: Options by module, with the number of their values.
_OPTIONS: Final[dict[str, dict[str, tuple[int, on.Builder]]]] = {
    "tcp": {**_PORTS, "--tcp-flags": (2, on.tcp_flags), "--syn": (0, on.syn)},
    "udp": _PORTS,
    "udplite": _PORTS,
    "sctp": _PORTS,
    "dccp": _PORTS,
    "icmp": {"--icmp-type": (1, on.icmp)},
    "icmp6": {"--icmpv6-type": (1, on.icmp6)},
    "multiport": {
        "--dports": (1, on.destination_port),
        "--sports": (1, on.source_port),
        "--ports": (1, on.either_port),
    },
    "conntrack": {
        "--ctstate": (1, of_connection.state),
        "--ctproto": (1, of_connection.ct_protocol),
        "--ctorigsrc": (1, of_connection.FIRST_SOURCE),
        "--ctorigdst": (1, of_connection.FIRST_DESTINATION),
        "--ctreplsrc": (1, of_connection.ANSWER_SOURCE),
        "--ctrepldst": (1, of_connection.ANSWER_DESTINATION),
        "--ctorigsrcport": (1, of_connection.FIRST_SOURCE_PORT),
        "--ctorigdstport": (1, of_connection.FIRST_DESTINATION_PORT),
        "--ctreplsrcport": (1, of_connection.ANSWER_SOURCE_PORT),
        "--ctrepldstport": (1, of_connection.ANSWER_DESTINATION_PORT),
        "--ctstatus": (1, of_connection.ct_status),
        "--ctdir": (1, of_connection.ct_direction),
    },
    "state": {"--state": (1, of_connection.state)},
    "mark": {"--mark": (1, of_connection.mark)},
    "connmark": {"--mark": (1, of_connection.connmark)},
    "addrtype": {
        "--src-type": (1, on.address_type("source")),
        "--dst-type": (1, on.address_type("destination")),
    },
    "physdev": {
        "--physdev-in": (1, on.bridge_in),
        "--physdev-out": (1, on.bridge_out),
        "--physdev-is-in": (0, on.came_by_bridge),
        "--physdev-is-out": (0, on.leaves_by_bridge),
        "--physdev-is-bridged": (0, on.bridged),
    },
    "tcpmss": {"--mss": (1, on.tcp_mss)},
    "owner": {"--uid-owner": (1, on.owner("uid")), "--gid-owner": (1, on.owner("gid"))},
    "iprange": {"--src-range": (1, on.address_range("source")), "--dst-range": (1, on.address_range("destination"))},
    "length": {"--length": (1, on.length)},
    "ttl": {
        "--ttl-eq": (1, on.hops(operator.eq)),
        "--ttl-lt": (1, on.hops(operator.lt)),
        "--ttl-gt": (1, on.hops(operator.gt)),
    },
    "hl": {
        "--hl-eq": (1, on.hops(operator.eq)),
        "--hl-lt": (1, on.hops(operator.lt)),
        "--hl-gt": (1, on.hops(operator.gt)),
    },
    "mac": {"--mac-source": (1, on.source_mac)},
    "pkttype": {"--pkt-type": (1, on.packet_type)},
    "dscp": {"--dscp": (1, on.dscp)},
    "tos": {"--tos": (1, on.service_type)},
    # nfnetlink_acct counts and matches; only with a quota it may not (net/netfilter/xt_nfacct.c nfacct_mt)
    "nfacct": {"--nfacct-name": (1, lambda values, negated: lambda p, s: not negated)},
}
_CORE_NAMES: Final = {
    "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d", "--in-interface": "-i",
    "--out-interface": "-o", "--protocol": "-p", "--proto": "-p", "--fragment": "-f", "--jump": "-j", "--goto": "-g",
    "--match": "-m",
}  # fmt: skip


def iptables_chain(table: IptablesTable, name: str, sets: AddressSets) -> Chain:
    shown = table.chains[name]

    def compiled(position: int) -> Rule:
        return _rule(table, shown.lines[position], sets)

    return Chain(
        name,
        len(shown.lines),
        compiled,
        lambda position: index_key(table.text(shown.lines[position])),
        whole=shown.whole,
    )


def index_key(text: str) -> Key | None:
    """What the rule begins with, where that names one address, device, or port (iptables prints -s -d -i -o -p first).

    None: the rule may match any packet.
    """
    found = _FIRST.match(text)
    if found is None:
        return None
    option, value = found["option"], found["value"]
    if option in ("s", "d"):
        address, slash, length = value.partition("/")
        if slash and length != ("128" if ":" in address else "32"):
            return None
        return ("source" if option == "s" else "destination"), _canonical(address)
    if option in ("i", "o"):
        return None if value.endswith("+") else (("iif" if option == "i" else "oif"), value)
    port = text.rfind(" --dport ")
    protocol = protocol_name(value)
    # Only after the comment is it certain to be an option, and after "!" it is no port to be found by.
    if port <= text.rfind('"') or text[port - 2 : port] == " !" or protocol not in WITH_PORTS:
        return None
    number = text[port + 9 :].partition(" ")[0]
    return ("port", (protocol, int(number))) if number.isdigit() else None


def packets_counted(text: str) -> int | None:
    """How many packets a rule of `iptables-save -c` has met; None without counters."""
    found = _COUNTED.match(text)
    return int(found["packets"]) if found else None


def words_of(text: str) -> list[str]:
    """The words of a rule; quoted ones keep their quotes, so that they are no options."""
    return text.split() if '"' not in text else _WORD.findall(text)


def comment_of(words: Sequence[str]) -> str:
    """The comment of a rule, without its quotes; "" without one."""
    if "--comment" not in words:
        return ""
    at = words.index("--comment") + 1
    return plain(words[at]) if at < len(words) else ""


def plain(word: str) -> str:
    """A word without the quotes that iptables-save puts around blanks."""
    if len(word) >= 2 and word[0] == word[-1] == '"':
        return word[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return word


def _rule(table: IptablesTable, line: int, sets: AddressSets) -> Rule:
    text = table.text(line).strip()
    reading = _Reading(table, words_of(text), sets)
    matches, actions, share = reading.read()
    return Rule(lambda: table.place(line), text, matches, actions, share=share)


class _Reading:
    """One pass over the words of a rule."""

    def __init__(self, table: IptablesTable, words: list[str], sets: AddressSets) -> None:
        self.table = table
        self.words = words
        self.sets = sets
        self.at = words.index("-A") + 2
        self.matches: list[Match] = []
        self.share: float | None = None
        self.protocol = ""

    def read(self) -> tuple[tuple[Match, ...], tuple[Action, ...], float | None]:
        actions: tuple[Action, ...] = ()
        module, words = "", self.words
        count = len(words)
        while self.at < count:
            word = words[self.at]
            negated = word == "!"
            if negated:
                self.at += 1
                word = words[self.at] if self.at < count else ""
            word = _CORE_NAMES.get(word, word)
            if word in ("-j", "-g"):
                actions = target(self.table, word == "-g", [plain(each) for each in words[self.at + 1 :]])
                break
            if word == "-m":
                module = words[self.at + 1] if self.at + 1 < count else ""
                self.at += 2
                self._module(module)
            elif word in _CORE:
                self._option(word, *_CORE[word], negated)
                if word == "-p":
                    module = self.protocol
            else:
                self._of_module(module, word, negated)
        return tuple(self.matches), actions, self.share

    def _module(self, module: str) -> None:
        if module == "comment":
            if self.at < len(self.words) and self.words[self.at] == "--comment":
                self.at += 2
        elif module == "rpfilter":
            self._reverse_path()
        elif module == "statistic":
            self._statistic()
        elif module == "set":
            return
        elif module not in _OPTIONS:
            self._unknown(f"-m {module}")

    def _of_module(self, module: str, word: str, negated: bool) -> None:
        if module == "set" and word == "--match-set":
            self._option(word, 2, on.match_set(self.sets), negated)
            return
        known = _OPTIONS.get(module, {}).get(word)
        if known is None and not module:
            known = _PORTS.get(word)
        if known is None:
            self._unknown(f"-m {module}" if module else "")
        else:
            self._option(word, *known, negated, module)

    def _option(self, word: str, count: int, builder: on.Builder, negated: bool, module: str = "") -> None:
        values = [plain(each) for each in self.words[self.at + 1 : self.at + 1 + count]]
        self.at += 1 + count
        text = " ".join([*(["-m", module] if module else []), *(["!"] if negated else []), word, *values])
        test = builder(values, negated) if len(values) == count else None
        self.matches.append(Match(test or on.unknown, text))
        if word == "-p" and values:
            self.protocol = _MODULE_OF.get(values[0], values[0])

    def _statistic(self) -> None:
        """`--mode random [!] --probability P`, `--mode nth [!] --every N --packet K`: a share of the packets."""
        start, negated, share = self.at, False, None
        for index, word in enumerate(self.words[start:], start):
            if word == "--probability":
                share = _fraction(self.words[index + 1 : index + 2])
                negated = self.words[index - 1] == "!"
            elif word == "--every":
                every = self.words[index + 1 : index + 2]
                share = 1 / int(every[0]) if every and every[0].isdigit() and int(every[0]) > 0 else None
                negated = self.words[index - 1] == "!"
            elif word in ("-m", "-j", "-g"):
                break
            self.at = index + 1
        if share is None:
            self.matches.append(Match(on.unknown, "-m statistic " + " ".join(self.words[start : self.at])))
            return
        share = 1 - share if negated else share
        self.share = share if self.share is None else self.share * share

    def _reverse_path(self) -> None:
        """`--loose --validmark --accept-local --invert` (net/ipv4/netfilter/ipt_rpfilter.c rpfilter_mt)."""
        options = []
        while self.at < len(self.words) and self.words[self.at].startswith("--"):
            options.append(self.words[self.at])
            self.at += 1
        loose, inverted = "--loose" in options, "--invert" in options

        def test(p: Packet, s: Surroundings) -> bool | None:
            leads_back = True if p.iif == "lo" else s.reverse_path(p, loose)
            return leads_back != inverted if leads_back is not None else None

        self.matches.append(Match(test, " ".join(["-m rpfilter", *options])))

    def _unknown(self, module: str) -> None:
        """All options up to the next module or target: they are one match whose answer is not known."""
        start = self.at
        while self.at < len(self.words):
            word = self.words[self.at]
            follows = self.words[self.at + 1] if word == "!" and self.at + 1 < len(self.words) else word
            if self.at > start and follows in _ENDS_OPTIONS:
                break
            if self.at == start and follows in _ENDS_OPTIONS and module:
                break
            self.at += 1
        text = " ".join([*([module] if module else []), *self.words[start : self.at]])
        self.matches.append(Match(on.unknown, text))


_ENDS_OPTIONS: Final = frozenset(("-m", "-j", "-g", "-s", "-d", "-i", "-o", "-p", "-f"))
#: Which module the options after `-p NAME` belong to.
_MODULE_OF: Final = {"ipv6-icmp": "icmp6", "icmpv6": "icmp6", "58": "icmp6", "1": "icmp", "6": "tcp", "17": "udp"}


def _fraction(words: Sequence[str]) -> float | None:
    try:
        return min(1.0, max(0.0, float(words[0])))
    except (ValueError, IndexError):
        return None


def _canonical(address: str) -> str:
    if ":" not in address:
        return address
    import ipaddress

    return str(ipaddress.IPv6Address(number_of(address)))
