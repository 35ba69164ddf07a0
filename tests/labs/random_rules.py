"""Random rule sets for iptables and nft, over few addresses and ports, so that packets meet them."""

from __future__ import annotations

import random

from tests.labs.packet_wires import HOSTS, NETS, ROUTER, Family

PORTS = (53, 80, 443, 8080)
SETS = ("hosts", "nets", "pairs", "both")
HOOKS = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}


class Random:
    """``backend`` is "legacy" or "nft": what both understand differs a little."""

    def __init__(self, seed: int, family: Family) -> None:
        self.random = random.Random(seed)
        self.family = family
        self.icmp = "icmp" if family == 4 else "ipv6-icmp"

    def host(self) -> str:
        dev = self.random.choice(("a0", "b0"))
        if self.random.random() < 0.15:
            return ROUTER[self.family][dev]
        return NETS[self.family][dev] + str(self.random.choice(list(HOSTS)))

    def other_host(self) -> str:
        return NETS[self.family][self.random.choice(("a0", "b0"))] + str(self.random.choice(list(HOSTS)))

    def network(self) -> str:
        chance = self.random.random()
        dev = self.random.choice(("a0", "b0"))
        if chance < 0.3:
            return self.host()
        if self.family == 4:
            if chance < 0.4:
                return f"0.0.0.{self.random.choice((1, 2, 4))}/0.0.0.{self.random.choice((1, 2, 6))}"
            return NETS[4][dev] + f"0/{self.random.choice((8, 15, 24, 29, 30))}"
        return NETS[6][dev] + f"/{self.random.choice((15, 16, 64, 125, 126))}"

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def negation(self) -> str:
        return "! " if self.maybe(0.25) else ""

    def mark(self) -> str:
        return self.random.choice(("0x1", "0x1/0x1", "0x4000/0x4000", "0x2/0xf", "0x0/0x4001"))

    def ports(self) -> str:
        low = self.random.choice(PORTS)
        return self.random.choice((str(low), f"{low}:{low + 400}", "1:60"))

    # --- nft ------------------------------------------------------------------------------------------------------

    def nft(self) -> str:
        """Commands for `nft -i`: one table of family inet with filter, nat and early chains, sets and maps.

        Some rules ask for what cannot be (two protocols at once): nft refuses them, each by itself.
        """
        kind = "ipv4_addr" if self.family == 4 else "ipv6_addr"
        chains = {
            "pre": "type filter hook prerouting priority mangle",
            "early": "type filter hook prerouting priority raw",
            "forw": "type filter hook forward priority filter",
            "inp": "type filter hook input priority filter - 5",
            "outp": "type filter hook output priority filter",
            "post": "type filter hook postrouting priority mangle",
            "dst": "type nat hook prerouting priority dstnat",
            "dst2": "type nat hook prerouting priority dstnat + 5",
            "odst": "type nat hook output priority -100",
            "src": "type nat hook postrouting priority srcnat",
        }
        own = [f"u{number}" for number in range(4)]
        hosts = ", ".join(dict.fromkeys(self.other_host() for _ in range(4)))
        pairs = dict.fromkeys(f"{self.other_host()} . tcp . {port}" for port in PORTS)
        ends = ("drop", "goto u1", "jump u2", "accept")
        services = ", ".join(f"{pair} : {self.random.choice(ends)}" for pair in pairs)
        service = f"{kind} . inet_proto . inet_service"
        lines = [
            "flush ruleset",
            "add table inet t",
            *(f"add chain inet t {name}" for name in own),
            f"add set inet t hosts {{ type {kind}; elements = {{ {hosts} }}; }}",
            f"add set inet t nets {{ type {kind}; flags interval; elements = {{ {self.interval()} }}; }}",
            f"add map inet t marks {{ type {kind} : mark; elements = {{ {self.other_host()} : 0x1 }}; }}",
            f"add map inet t services {{ type {service} : verdict; elements = {{ {services} }}; }}",
        ]
        for name, hook in chains.items():
            policy = "drop" if name in ("forw", "inp") and self.maybe(0.15) else "accept"
            lines.append(f"add chain inet t {name} {{ {hook}; policy {policy}; }}")
            rules = (self.nft_rule(name, own) for _ in range(self.random.randrange(6)))
            lines += [f"add rule inet t {name} {rule}" for rule in rules]
        for index, name in enumerate(own):
            rules = (self.nft_rule("", own[index + 1 :]) for _ in range(self.random.randrange(5)))
            lines += [f"add rule inet t {name} {rule}" for rule in rules]
        return "\n".join([*lines, ""])

    def interval(self) -> str:
        low, high = sorted(self.random.sample(list(HOSTS), 2))
        net = NETS[self.family]["a0"]
        other = NETS[self.family]["b0"] + ("0/30" if self.family == 4 else "/126")
        return f"{net}{low}-{net}{high}, {other}"

    def nft_rule(self, chain: str, own: list[str]) -> str:
        words = [self.nft_match(chain) for _ in range(self.random.choice((0, 1, 1, 2, 2)))]
        if self.maybe(0.1):
            words.append("counter")
        return " ".join(word for word in [*words, self.nft_action(chain, own)] if word)

    def nft_match(self, chain: str) -> str:
        ip = "ip" if self.family == 4 else "ip6"
        no = "!= " if self.maybe(0.25) else ""
        side = self.random.choice(("saddr", "daddr"))
        low, high = sorted(self.random.sample(list(HOSTS), 2))
        net = NETS[self.family][self.random.choice(("a0", "b0"))]
        icmp = "icmp" if self.family == 4 else "icmpv6"
        wide = net + ("0/30" if self.family == 4 else "/126")
        options = [
            f"{ip} {side} {no}{self.other_host()}",
            f"{ip} {side} {no}{wide}",
            f"{ip} {side} {no}{net}{low}-{net}{high}",
            f"{ip} {side} {no}@hosts",
            f"{ip} {side} {no}@nets",
            f"{ip} {side} {no}{{ {net}{low}, {net}{high}, {wide.replace(net, NETS[self.family]['b0'])} }}"
            if net == NETS[self.family]["a0"] else f"{ip} {side} {no}{{ {net}{low}, {net}{high} }}",
            f"tcp dport {no}{self.random.choice(('80', '{ 53, 80-443 }', '8000-9000', '> 100'))}",
            f"udp dport {no}{self.random.choice(('53', '{ 53, 443 }', '80-500'))}",
            f"meta l4proto {no}{self.random.choice(('tcp', 'udp', '{ tcp, udp }', 'ipv6-icmp'))}",
            "meta l4proto { tcp, udp } th dport { 80, 443 }",
            f"th dport {no}{self.random.choice(PORTS)}",
            f"{icmp} type {no}echo-request",
            f"meta nfproto {no}{self.random.choice(('ipv4', 'ipv6'))}",
            f"meta mark {no}0x1",
            f"meta mark and 0xf {no}0x1",
            f"ct mark {no}0x1",
            f"ct state {self.random.choice(('new', 'established,related', '{ new, untracked }', '!= new'))}",
            f"ct status {self.random.choice(('dnat', 'snat', '! dnat'))}",
            f"ct direction {self.random.choice(('original', 'reply'))}",
            f"ct original {ip} daddr {no}{self.other_host()}",
            f"fib {side} type {no}{self.random.choice(('local', 'unicast', '{ local, broadcast }'))}",
            self.random.choice(("tcp flags syn", "tcp flags & (syn|ack) == syn", "tcp flags ! ack", "tcp flags == ack",
                                "tcp flags & (fin|syn|rst|ack) != syn")),
            f"{ip} daddr . tcp dport {no}{{ {self.other_host()} . 80, {self.other_host()} . 1-500 }}",
            f"{ip} daddr . meta l4proto . th dport {no}{{ {self.other_host()} . udp . 53 }}",
        ]  # fmt: skip
        if chain not in ("outp", "odst", "post", "src"):
            devices = ('"a0"', '"b*"', '{ "a0", "lo" }')
            options.append(f"iifname {no}{self.random.choice(devices)}")
        if chain in ("outp", "odst"):
            options.append(f"meta skuid {no}{self.random.choice(('0', '1000'))}")
        if self.maybe(0.05):
            options = ["limit rate 5/second", "ct count over 5", "numgen random mod 2 == 0"]
        return self.random.choice(options)

    def nft_action(self, chain: str, own: list[str]) -> str:
        chance = self.random.random()
        ip = "ip" if self.family == 4 else "ip6"
        to = self.other_host()
        bracketed = f"[{to}]" if self.family == 6 else to
        if own and chance < 0.3:
            return self.random.choice((f"jump {own[0]}", f"goto {own[-1]}", f"jump {self.random.choice(own)}"))
        if chance < 0.36 and chain not in ("dst", "dst2", "odst", "src"):
            if chain or len(own) >= 3:
                return f"{ip} daddr . meta l4proto . th dport vmap @services" if chain else "return"
            return "ct state vmap { new : drop, established : accept }"
        if chance < 0.45:
            return self.random.choice(("accept", "return", "continue"))
        if chain in ("dst", "dst2", "odst"):
            return self.random.choice(
                (f"dnat {ip} to {to}", f"meta l4proto {{ tcp, udp }} dnat {ip} to {bracketed}:8080",
                 f"tcp dport 80 redirect to :{self.random.choice(PORTS)}", "redirect",
                 f"meta l4proto tcp dnat {ip} addr . port to numgen random mod 2 map "
                 f"{{ 0 : {to} . 80, 1 : {self.other_host()} . 81 }}")
            )  # fmt: skip
        if chain == "src":
            return self.random.choice(("masquerade", f"snat {ip} to {to}", "masquerade fully-random",
                                       f"meta l4proto tcp snat {ip} to {bracketed}:30000-60000"))  # fmt: skip
        if chain == "early":
            return self.random.choice(("notrack", "meta mark set 0x1", "drop" if self.maybe(0.3) else "accept"))
        if chance < 0.55:
            return "drop"
        if chance < 0.63 and chain in ("forw", "inp", "outp"):
            icmp = "icmp" if self.family == 4 else "icmpv6"
            return self.random.choice(("reject", "reject with icmpx admin-prohibited", "reject with tcp reset",
                                       f"reject with {icmp} port-unreachable"))  # fmt: skip
        if chance < 0.65:
            return "numgen random mod 2 vmap { 0 : accept, 1 : continue }"
        return self.random.choice(
            ("meta mark set 0x1", "meta mark set meta mark or 0x4000", "meta mark set meta mark and 0xfffffffe xor 0x2",
             "ct mark set meta mark", "meta mark set ct mark", f"meta mark set {ip} saddr map @marks", "accept",
             f"meta mark set {ip} daddr map {{ {to} : 0x1 }} accept")
        )  # fmt: skip

    # --- iptables -------------------------------------------------------------------------------------------------

    def iptables(self) -> str:
        """Text for iptables-restore: all tables, with chains of their own."""
        return "".join(self.table(name) for name in HOOKS)

    def table(self, name: str) -> str:
        own = [f"U{name[0]}{number}" for number in range(4)]
        lines = [f"*{name}"]
        for chain in HOOKS[name]:
            policy = "DROP" if name == "filter" and self.maybe(0.15) else "ACCEPT"
            lines.append(f":{chain} {policy} [0:0]")
        lines += [f":{chain} - [0:0]" for chain in own]
        for chain in HOOKS[name]:
            lines += [
                self.rule(name, chain, chain, own) for _ in range(self.random.randrange(9 if name == "nat" else 5))
            ]
        for index, chain in enumerate(own):
            count = self.random.choice((0, 2, 3, 5, 16))
            lines += [self.rule(name, chain, "", own[index + 1 :]) for _ in range(count)]
        return "\n".join([*lines, "COMMIT", ""])

    def rule(self, table: str, chain: str, base: str, callable_: list[str]) -> str:
        needs, target = self.target(table, base, callable_)
        words = [f"-A {chain}", *self.matches(base, needs), target]
        return " ".join(word for word in words if word)

    def matches(self, base: str, needs: str) -> list[str]:
        words = []
        protocol = needs or (self.random.choice(("tcp", "udp", self.icmp)) if self.maybe(0.5) else "")
        if self.maybe(0.3):
            words.append(f"{self.negation()}-s {self.network()}")
        if self.maybe(0.45):
            words.append(f"{self.negation()}-d {self.network()}")
        if self.maybe(0.15) and base in ("PREROUTING", "INPUT", "FORWARD"):
            words.append(f"{self.negation()}-i {self.random.choice(('a0', 'b0', 'a+', 'lo'))}")
        if self.maybe(0.15) and base in ("POSTROUTING", "OUTPUT", "FORWARD"):
            words.append(f"{self.negation()}-o {self.random.choice(('a0', 'b0', 'b+', 'lo'))}")
        if protocol:
            negated = "" if needs else "! " if self.maybe(0.1) else ""
            words.append(f"{negated}-p {protocol}")
            if not negated:
                words.append(self.of_protocol(protocol))
        count = self.random.choice((0, 0, 0, 1, 1, 2))
        return [*words, *(self.module(base) for _ in range(count))]

    def of_protocol(self, protocol: str) -> str:
        chance = self.random.random()
        if protocol in ("tcp", "udp"):
            if chance < 0.4:
                return f"-m {protocol} {self.negation()}--dport {self.ports()}"
            if chance < 0.5:
                return f"-m {protocol} {self.negation()}--sport 20000:{20000 + self.random.randrange(400)}"
            if chance < 0.65:
                return f"-m multiport {self.negation()}--dports 80,8000:9000,{self.random.choice(PORTS)}"
            if chance < 0.75 and protocol == "tcp":
                return self.random.choice(("--syn", "! --syn", "--tcp-flags SYN,ACK ACK", "--tcp-flags ALL SYN"))
            return ""
        if chance < 0.4:
            kind = "--icmp-type" if protocol == "icmp" else "--icmpv6-type"
            return f"-m {'icmp' if protocol == 'icmp' else 'icmp6'} {self.negation()}{kind} echo-request"
        return ""

    def module(self, base: str) -> str:
        no = self.negation()
        low, high = sorted(self.random.sample(list(HOSTS), 2))
        net = NETS[self.family][self.random.choice(("a0", "b0"))]
        side = self.random.choice(("src", "dst"))
        options = [
            f"-m mark {no}--mark {self.mark()}",
            f"-m connmark {no}--mark {self.mark()}",
            f"-m conntrack {no}--ctstate {self.random.choice(('NEW', 'NEW,ESTABLISHED', 'RELATED', 'INVALID,DNAT'))}",
            f"-m conntrack {no}--ctstate {self.random.choice(('DNAT', 'SNAT', 'UNTRACKED', 'ESTABLISHED'))}",
            f"-m conntrack {no}--ctorigdst {self.network_plain()}",
            f"-m conntrack --ctdir {self.random.choice(('ORIGINAL', 'REPLY'))}",
            f"-m state --state {self.random.choice(('NEW', 'ESTABLISHED'))}",
            f"-m addrtype {no}--{side}-type LOCAL",
            f"-m iprange {no}--{side}-range {net}{low}-{net}{high}",
            f"-m set {no}--match-set {self.random.choice(SETS[:2])}{self.family} {side}",
            f"-m set {no}--match-set pairs{self.family} {self.random.choice(('dst,dst', 'src,dst'))}",
            f"-m set {no}--match-set both{self.family} {side}",
            f'-m comment --comment "it is {self.random.randrange(99)} -d x"',
        ]
        if base in ("OUTPUT", "POSTROUTING"):
            options.append(f"-m owner {no}--uid-owner {self.random.choice(('0', '1000', '0-5'))}")
        if self.maybe(0.06):
            options = ["-m limit --limit 5/s", "-m recent --rcheck --name x --rsource", "-m statistic --mode random "
                       "--probability 0.5", "-m length --length 1:200"]  # fmt: skip
        return self.random.choice(options)

    def network_plain(self) -> str:
        return self.host() if self.maybe(0.5) else NETS[self.family]["b0"] + ("0/24" if self.family == 4 else "/64")

    def target(self, table: str, base: str, own: list[str]) -> tuple[str, str]:
        """The protocol that the target needs, and its words."""
        chance = self.random.random()
        if own and chance < 0.4:
            return "", f"{'-g' if self.maybe(0.15) else '-j'} {self.random.choice(own)}"
        if chance < 0.48:
            return "", "-j RETURN" if not base else "-j ACCEPT"
        if table == "nat":
            return self.translation(base)
        if table == "filter":
            if chance < 0.6:
                return "", "-j DROP"
            if chance < 0.7:
                with_ = {4: ("icmp-host-prohibited", "icmp-admin-prohibited", "icmp-port-unreachable"),
                         6: ("icmp6-adm-prohibited", "icmp6-port-unreachable", "icmp6-no-route")}  # fmt: skip
                if self.maybe(0.3):
                    return "tcp", "-j REJECT --reject-with tcp-reset"
                return "", f"-j REJECT --reject-with {self.random.choice(with_[self.family])}"
            return "", "-j ACCEPT"
        if table == "raw":
            return "", self.random.choice(("-j CT --notrack", "-j MARK --set-mark 0x1", "-j ACCEPT", "-j DROP"))
        return "", self.random.choice(
            (
                "-j MARK --set-xmark 0x4000/0x4000",
                "-j MARK --set-xmark 0x4000/0x0",
                "-j MARK --or-mark 0x2",
                "-j MARK --set-mark 0x1/0xff",
                "-j CONNMARK --save-mark",
                "-j CONNMARK --restore-mark",
                "-j CONNMARK --set-xmark 0x1/0x1",
                "-j ACCEPT",
                "-j DROP" if self.maybe(0.3) else "-j ACCEPT",
                "",
            )
        )

    def translation(self, base: str) -> tuple[str, str]:
        protocol = self.random.choice(("tcp", "udp"))
        to = self.other_host()
        bracketed = f"[{to}]" if self.family == 6 else to
        sources = (
            ("", "-j MASQUERADE"),
            ("", f"-j SNAT --to-source {to}"),
            (protocol, f"-j SNAT --to-source {bracketed}:30000-60000"),
            (protocol, "-j MASQUERADE --random-fully"),
        )
        destinations = (
            (protocol, f"-j DNAT --to-destination {bracketed}:8080"),
            ("", f"-j DNAT --to-destination {to}"),
            (protocol, f"-j REDIRECT --to-ports {self.random.choice(PORTS)}"),
            ("", "-j REDIRECT"),
        )
        if base == "POSTROUTING":
            return self.random.choice(sources)
        if base in ("PREROUTING", "OUTPUT"):
            return self.random.choice(destinations)
        return "", "-j ACCEPT"
