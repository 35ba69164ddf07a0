"""Which server block and which plugin of a Corefile answers a name, and what is known of the answer.

Source: CoreDNS v1.12.0 core/dnsserver/server.go (ServeDNS: the longest zone wins), core/dnsserver/zdirectives.go (the
order of the plugins, whatever their order in the file), plugin/{rewrite,template,hosts,kubernetes,forward} READMEs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from kwhy.facts.corefile import Corefile, Directive, ServerBlock, absolute, address_of, within
from kwhy.model.expressions import expression

#: Plugins that may answer, in the order in which CoreDNS asks them.
_ORDER: Final = (
    "rewrite", "template", "hosts", "route53", "azure", "clouddns", "k8s_external", "kubernetes", "file", "auto",
    "secondary", "etcd", "forward", "grpc", "erratic", "whoami",
)  # fmt: skip
# Expressions that may take long, and those that other engines read differently, are not tried.
_UNTRIED: Final = expression(r"[)\]][*+{]|\\[pPQEzC]|\(\?")
_LONGEST_EXPRESSION: Final = 200

#: Who answers. "refused": no server block serves the name. "unanswered": no plugin of the block takes it.
#: "unknown": a plugin whose data are not in the Corefile.
Answerer = Literal["refused", "unanswered", "template", "hosts", "kubernetes", "forward", "unknown"]


class Step(msgspec.Struct, frozen=True):
    """What a line of the Corefile does with the name."""

    line: int
    says: str


class Answered(msgspec.Struct, frozen=True):
    """How a Corefile answers a name.

    ``name`` is what is asked in the end, after rewrites. ``addresses``, ``rcode``: what `hosts` and `template` answer,
    "" and () where the data are not in the Corefile. ``upstreams`` are the words behind `forward`.
    """

    by: Answerer
    name: str
    steps: tuple[Step, ...]
    directive: Directive | None = None
    block: ServerBlock | None = None
    addresses: tuple[str, ...] = ()
    rcode: str = ""
    rewritten_by: Directive | None = None

    @property
    def upstreams(self) -> tuple[str, ...]:
        return self.directive.arguments[1:] if self.directive is not None and self.by == "forward" else ()

    @property
    def line(self) -> int:
        """The line that decides."""
        decides = self.directive or self.rewritten_by
        if self.by == "hosts" and self.addresses and self.directive is not None:
            return next((o.line for o in self.directive.options if o.name in self.addresses), self.directive.line)
        return decides.line if decides is not None else self.block.line if self.block is not None else 1


def answered(corefile: Corefile, name: str, port: int = 53) -> Answered:
    """How the Corefile answers an address query for a name."""
    asked = absolute(name)
    block = block_for(corefile, asked, port)
    if block is None:
        return Answered("refused", asked, (Step(1, f"no server block serves {asked}"),))
    steps = [Step(block.line, f"{' '.join(block.keys)} serves {asked}")]
    rewritten: Directive | None = None
    for directive in _in_order(block):
        if directive.name == "rewrite":
            turned = _rewritten(directive, asked)
            if turned is not None and turned != asked:
                steps.append(Step(directive.line, f"rewrite turns {asked} into {turned}"))
                asked, rewritten = turned, directive
            continue
        found = _asked(directive, asked, block)
        if found is None:
            continue
        by, says, addresses, rcode = found
        steps.append(Step(directive.line, says))
        return Answered(by, asked, tuple(steps), directive, block, addresses, rcode, rewritten)
    steps.append(Step(block.line, f"no plugin of {' '.join(block.keys)} answers {asked}"))
    return Answered("unanswered", asked, tuple(steps), None, block, rewritten_by=rewritten)


def block_for(corefile: Corefile, name: str, port: int = 53) -> ServerBlock | None:
    """The server block with the longest zone that holds the name."""
    best: tuple[int, ServerBlock] | None = None
    for block in corefile.blocks:
        for zone, served in block.zones:
            if served == port and within(name, zone) and (best is None or len(zone) > best[0]):
                best = len(zone), block
    return best[1] if best is not None else None


def _in_order(block: ServerBlock) -> Iterator[Directive]:
    for name in _ORDER:
        yield from block.all(name)


def _asked(directive: Directive, name: str, block: ServerBlock) -> tuple[Answerer, str, tuple[str, ...], str] | None:
    """What a plugin answers: who, in words, addresses and code; None where it hands the name on."""
    match directive.name:
        case "template":
            return _template(directive, name, block)
        case "hosts":
            return _hosts(directive, name, block)
        case "kubernetes":
            zone = _zone(directive.arguments, name, block)
            if zone is None or _falls_through(directive, name):
                return None
            return "kubernetes", f"kubernetes answers from the cluster's Services, for zone {zone}", (), ""
        case "forward":
            return _forward(directive, name)
        case "whoami" | "erratic":
            return "unknown", f"{directive.name} answers everything", (), ""
        case _:
            zone = _zone([a for a in directive.arguments if "/" not in a], name, block)
            if zone is None or directive.option("fallthrough") is not None:
                return None
            return "unknown", f"{directive.name} answers for zone {zone}", (), ""


def _zone(zones: tuple[str, ...] | list[str], name: str, block: ServerBlock) -> str | None:
    """The longest of a plugin's zones (those of the block where it names none) that holds the name."""
    own = [absolute(zone) for zone in zones] or [zone for zone, _ in block.zones]
    return max((zone for zone in own if within(name, zone)), key=len, default=None)


def _falls_through(directive: Directive, name: str) -> bool:
    """Whether a name that the plugin does not know goes on: then what it answers depends on its data.

    For kubernetes this is taken for its zones of addresses only: of Services its answer decides.
    """
    option = directive.option("fallthrough")
    if option is None:
        return False
    zones = [absolute(zone) for zone in option.words[1:]]
    return any(within(name, zone) for zone in zones) if zones else False


def _template(directive: Directive, name: str, block: ServerBlock) -> tuple[Answerer, str, tuple[str, ...], str] | None:
    if len(directive.arguments) < 2 or directive.arguments[1] not in ("A", "ANY"):
        return None
    zone = _zone(directive.arguments[2:], name, block)
    if zone is None:
        return None
    patterns = [word for option in directive.options if option.name == "match" for word in option.words[1:]]
    if patterns:
        tried = [_search(pattern, name) for pattern in patterns]
        if True not in tried:
            return None if None not in tried else ("unknown", "a template may match", (), "")
    rcode = directive.option("rcode")
    answers = [word for option in directive.options if option.name == "answer" for word in option.words[1:]]
    addresses = tuple(address for answer in answers if (address := answer.split()[-1:][0] if answer.split() else ""))
    code = rcode.words[1] if rcode is not None and len(rcode.words) > 1 else "" if answers else "NOERROR"
    return "template", f"template answers {code or ', '.join(addresses)} for zone {zone}", addresses, code


def _hosts(directive: Directive, name: str, block: ServerBlock) -> tuple[Answerer, str, tuple[str, ...], str] | None:
    arguments = list(directive.arguments)
    reads_file = bool(arguments) and "/" in arguments[0]
    zone = _zone(arguments[1:] if reads_file else arguments, name, block)
    if zone is None:
        return None
    entries = [o for o in directive.options if address_of(o.name) is not None]
    addresses = tuple(o.name for o in entries if name in (absolute(host) for host in o.words[1:]))
    if addresses:
        return "hosts", f"hosts answers {', '.join(addresses)}", addresses, ""
    if directive.option("fallthrough") is not None:
        return None
    if reads_file or not arguments:
        return ("hosts", "hosts knows no such name, and does not fall through", (), "NXDOMAIN") if entries else None
    return "hosts", "hosts knows no such name, and does not fall through", (), "NXDOMAIN"


def _forward(directive: Directive, name: str) -> tuple[Answerer, str, tuple[str, ...], str] | None:
    if len(directive.arguments) < 2 or not within(name, absolute(directive.arguments[0])):
        return None
    excepted = [absolute(zone) for option in directive.options if option.name == "except" for zone in option.words[1:]]
    if any(within(name, zone) for zone in excepted):
        return None
    return "forward", f"forward asks {', '.join(directive.arguments[1:])}", (), ""


def _rewritten(directive: Directive, name: str) -> str | None:
    """The name after a rule `rewrite [continue|stop] name [how] FROM TO`; None where it does not apply."""
    words = list(directive.arguments)
    if words[:1] in (["continue"], ["stop"]):
        words = words[1:]
    if words[:1] != ["name"]:
        return None
    words = words[1:]
    how = words.pop(0) if words[:1] and words[0] in ("exact", "prefix", "suffix", "substring", "regex") else "exact"
    if len(words) < 2:
        return None
    old, new = words[0].lower(), words[1].lower()
    match how:
        case "exact":
            return absolute(new) if name == absolute(old) else None
        case "prefix":
            return new + name.removeprefix(old) if name.startswith(old) else None
        case "suffix":
            end = old if old.endswith(".") else f"{old}."
            return name.removesuffix(end) + (new if new.endswith(".") else f"{new}.") if name.endswith(end) else None
        case "substring":
            return name.replace(old, new) if old in name else None
        case _:
            return _by_expression(old, new, name)


def _by_expression(old: str, new: str, name: str) -> str | None:
    if _search(old, name) is not True:
        return None
    found = re.search(old, name)
    if found is None:
        return None
    result = new
    for index, group in enumerate(found.groups(), start=1):
        result = result.replace(f"{{{index}}}", group or "")
    return absolute(result)


def _search(pattern: str, name: str) -> bool | None:
    """Whether an expression finds the name; None where that cannot be tried here."""
    if len(pattern) > _LONGEST_EXPRESSION or _UNTRIED.search(pattern.replace("(?P<", "(").replace("(?i)", "")):
        return None
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return None
