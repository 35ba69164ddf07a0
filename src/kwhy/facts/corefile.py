"""The Corefile of CoreDNS: its grammar, and the first thing in it that CoreDNS refuses.

Source: coredns/caddy v1.1.2 caddyfile/lexer.go (next), parse.go (parseAll … directive), dispenser.go (Err, EOFErr);
CoreDNS v1.12.0 core/dnsserver/zdirectives.go (Directives), address.go, plugin/normalize.go.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.model.expressions import expression


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: What CoreDNS v1.12 is built with (core/dnsserver/zdirectives.go); other builds may know more or less.
DIRECTIVES: Final = _words(
    """root metadata geoip cancel tls timeouts multisocket reload nsid bufsize bind debug trace ready health pprof
    prometheus errors log dnstap local dns64 acl any chaos loadbalance tsig cache rewrite header dnssec autopath minimal
    template transfer hosts route53 azure clouddns k8s_external kubernetes file auto secondary etcd loop forward grpc
    erratic whoami on sign view"""
)
#: Directives that later releases took out, each with the release (CoreDNS release notes 1.5.0, 1.7.0, 1.9.4 … ).
REMOVED: Final = {"proxy": "1.5.0", "federation": "1.7.0"}
#: Longer texts are not read (characters): the API server takes at most 1 MiB per ConfigMap.
LONGEST: Final = 1 << 20
#: A snippet that imports snippets may grow without end; real Corefiles hold some hundred words.
MOST_TOKENS: Final = 200_000
# "dns://.:53", "tls://example.org", "example.org:1053", "10.0.0.0/24:53"
_KEY: Final = expression(
    r"^(?:(?P<scheme>dns|tls|quic|grpc|https|https3)://)?(?P<zone>[^\s]*?)(?::(?P<port>\d{1,5}))?$"
)


class Token(msgspec.Struct, frozen=True, gc=False):
    """A word, and its 1-based line in the text. ``breaks``: no other word of its line stands before it."""

    text: str
    line: int
    spans: int = 0


class Option(msgspec.Struct, frozen=True):
    """A line inside the braces of a directive."""

    words: tuple[str, ...]
    line: int

    @property
    def name(self) -> str:
        return self.words[0]


class Directive(msgspec.Struct, frozen=True):
    """A plugin with its arguments and the lines of its block."""

    name: str
    arguments: tuple[str, ...]
    line: int
    options: tuple[Option, ...] = ()

    def option(self, name: str) -> Option | None:
        return next((option for option in self.options if option.name == name), None)


class ServerBlock(msgspec.Struct, frozen=True):
    """The plugins of one or several zones. ``keys`` as written: ".:53", "example.org"."""

    keys: tuple[str, ...]
    line: int
    directives: tuple[Directive, ...]

    @property
    def zones(self) -> tuple[tuple[str, int], ...]:
        """Each zone, lower case with its final dot, and the port."""
        return tuple(zone_of(key) for key in self.keys)

    def all(self, name: str) -> list[Directive]:
        return [directive for directive in self.directives if directive.name == name]


class Refused(msgspec.Struct, frozen=True):
    """Why CoreDNS does not take the text, in its own words where the grammar is at fault."""

    line: int
    what: str
    directive: str = ""


class Corefile(msgspec.Struct, frozen=True):
    """A Corefile as far as it could be read. ``imports`` are files whose text is not shown here, by pattern."""

    blocks: tuple[ServerBlock, ...]
    refused: Refused | None = None
    imports: tuple[str, ...] = ()


def zone_of(key: str) -> tuple[str, int]:
    """The zone and port of a server block's key; a network becomes its reverse zone."""
    match = _KEY.match(key)
    if match is None:
        return absolute(key), 53
    port = {"tls": 853, "quic": 853, "grpc": 443, "https": 443, "https3": 443}.get(match["scheme"] or "", 53)
    zone = match["zone"]
    if "/" in zone:
        zone = _reverse_zone(zone) or zone
    return absolute(zone), int(match["port"]) if match["port"] else port


def absolute(name: str) -> str:
    """A name in lower case with its final dot."""
    return name.lower().rstrip(".") + "."


def _reverse_zone(network: str) -> str | None:
    """ "10.0.0.0/8" is "10.in-addr.arpa"; None for what is no network that ends at a label."""
    try:
        parsed = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return None
    per_label = 8 if parsed.version == 4 else 4
    keep = parsed.prefixlen // per_label
    labels = parsed.network_address.reverse_pointer.split(".")
    return ".".join(labels[len(labels) - 2 - keep :])


def within(name: str, zone: str) -> bool:
    """Whether an absolute name lies in an absolute zone."""
    return zone == "." or name == zone or name.endswith("." + zone)


def parse_corefile(text: str) -> Corefile:
    """The server blocks of a Corefile, up to the first thing that CoreDNS refuses."""
    if len(text) > LONGEST:
        return Corefile((), Refused(1, f"the text is longer than {LONGEST} characters"))
    return _Parser(list(_tokens(text))).parse()


def _tokens(text: str) -> Iterator[Token]:
    """Words between blanks; "#" begins a comment, also inside a word; quotes hold blanks and line ends."""
    word: list[str] = []
    line = begun = 1
    comment = quoted = escaped = False
    for char in text:
        if quoted:
            if not escaped and char == "\\":
                escaped = True
            elif not escaped and char == '"':
                quoted = False
                yield Token("".join(word), begun, word.count("\n"))
                word = []
            else:
                line += char == "\n"
                word += ["\\", char] if escaped and char != '"' else [char]
                escaped = False
        elif char.isspace():
            if word:
                yield Token("".join(word), begun)
                word = []
            if char == "\n":
                line += 1
                comment = False
        elif comment or char == "#":
            comment = True
        elif not word and char == '"':
            begun, quoted = line, True
        else:
            begun = begun if word else line
            word.append(char)
    if word:
        yield Token("".join(word), begun)


class _Error(Exception):
    def __init__(self, line: int, what: str, directive: str = "") -> None:
        super().__init__(what)
        self.refused = Refused(line, what, directive)


def _refused_by_server(blocks: list[ServerBlock]) -> Refused | None:
    """What the grammar takes and CoreDNS refuses when it sets up its servers."""
    served: set[tuple[str, int]] = set()
    if not blocks:
        return Refused(1, "it holds no server block")
    for block in blocks:
        for key, zone in zip(block.keys, block.zones, strict=True):
            if "{" in key and not key.startswith("{$"):
                return Refused(block.line, f"zone is not a valid domain name: {key}")
            if zone in served and not any(d.name in ("view", "bind") for d in block.directives):
                return Refused(block.line, f"cannot serve dns://{zone[0]}:{zone[1]} - it is already defined")
            served.add(zone)
        refused = next((r for d in block.directives if (r := _refused_by_plugin(block, d)) is not None), None)
        if refused is not None:
            return refused
    return None


def _refused_by_plugin(block: ServerBlock, directive: Directive) -> Refused | None:
    if directive.name == "kubernetes" and len(block.all("kubernetes")) > 1:
        what = "plugin/kubernetes: this plugin can only be used once per Server Block"
        return Refused(block.all("kubernetes")[1].line, what, directive.name)
    if directive.name == "forward":
        last = directive.arguments[-1] if directive.arguments else "forward"
        if len(directive.arguments) < 2:
            what = f"plugin/forward: Wrong argument count or unexpected line ending after '{last}'"
            return Refused(directive.line, what, directive.name)
        for target in directive.arguments[1:]:
            if not is_place(target):
                what = f'plugin/forward: not an IP address or file: "{target}"'
                return Refused(directive.line, what, directive.name)
    return None


def is_place(target: str) -> bool:
    """Whether `forward` takes the word: an address, with scheme and port if need be, or a file."""
    if target.startswith(("/", "{$", "{%")) or target.partition("://")[0] in ("https", "unix"):
        return True
    return address_of(target) is not None


# 10.0.0.10:53 · [2001:db8::1]:53 · tls://9.9.9.9 · fe80::1%eth0
_PLACE: Final = expression(
    r"^(?:(?:dns|tls|grpc)://)?(?:\[(?P<bracketed>[0-9A-Fa-f:.]+)(?:%\w+)?\]|(?P<plain>[0-9A-Fa-f:.]+?))(?:%[\w.-]+)?"
    r"(?::(?P<port>\d{1,5}))?$"
)


def address_of(target: str) -> tuple[str, int] | None:
    """Address and port of a word behind `forward`; None where it is none."""
    match = _PLACE.match(target)
    if match is None:
        return None
    plain, port = match["plain"], match["port"]
    written = match["bracketed"] or plain
    if (plain and plain.count(":") > 1) or (plain and port and ":" in plain):
        written, port = f"{plain}:{port}" if port else plain, None  # an IPv6 address without brackets
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return None
    return str(address), int(port) if port else (853 if target.startswith("tls://") else 53)


class _Parser:
    """Walks over the words as caddyfile's parser does, so that it stops where that one stops."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.cursor = 0
        self.snippets: dict[str, list[Token]] = {}
        self.imports: list[str] = []

    def parse(self) -> Corefile:
        blocks: list[ServerBlock] = []
        try:
            while self.cursor < len(self.tokens):
                block = self._block()
                if block is not None:
                    blocks.append(block)
        except _Error as error:
            return Corefile(tuple(blocks), error.refused, tuple(self.imports))
        return Corefile(tuple(blocks), _refused_by_server(blocks), tuple(self.imports))

    # --- words ----------------------------------------------------------------------------------------------------

    def _peek(self) -> Token | None:
        return self.tokens[self.cursor] if self.cursor < len(self.tokens) else None

    def _begins_line(self, index: int) -> bool:
        if index == 0:
            return True
        before, token = self.tokens[index - 1], self.tokens[index]
        return before.line + before.spans < token.line or before.line > token.line

    def _fail(self, what: str, directive: str = "") -> _Error:
        last = self.tokens[min(self.cursor, len(self.tokens) - 1)]
        return _Error(last.line, what, directive)

    def _take_import(self) -> None:
        """Replaces `import NAME` by the words of the snippet; files are not at hand and leave nothing."""
        index = self.cursor
        if index + 1 >= len(self.tokens) or self._begins_line(index + 1):
            raise self._fail("Wrong argument count or unexpected line ending after 'import'", "import")
        name = self.tokens[index + 1].text
        if index + 2 < len(self.tokens) and not self._begins_line(index + 2):
            self.cursor += 2
            raise self._fail("Import takes only one argument (glob pattern or file)", "import")
        found = self.snippets.get(name)
        if found is None:
            self.imports.append(name)
        self.tokens[index : index + 2] = found or []
        if len(self.tokens) > MOST_TOKENS:
            raise self._fail("snippets that import one another without end", "import")

    # --- grammar --------------------------------------------------------------------------------------------------

    def _block(self) -> ServerBlock | None:
        first = self.tokens[self.cursor]
        keys = self._addresses()
        if len(keys) == 1 and keys[0].startswith("(") and keys[0].endswith(")"):
            self._snippet(keys[0][1:-1])
            return None
        braced = (token := self._peek()) is not None and token.text == "{"
        self.cursor += braced
        directives = self._directives(braced)
        return ServerBlock(keys, first.line, directives) if keys else None

    def _addresses(self) -> tuple[str, ...]:
        keys: list[str] = []
        another = False
        while (token := self._peek()) is not None:
            if token.text == "import" and self._begins_line(self.cursor):
                self._take_import()
                continue
            if token.text == "{":
                if another:
                    what = f"Expected another address but had '{token.text}' - check for extra comma"
                    raise self._fail(what)
                break
            another = token.text.endswith(",")
            if token.text:
                keys.append(token.text.removesuffix(",") if another else token.text)
            self.cursor += 1
            if not another and self.cursor < len(self.tokens) and self._begins_line(self.cursor):
                break
        if another and self._peek() is None:
            raise self._fail("Unexpected EOF")
        return tuple(keys)

    def _snippet(self, name: str) -> None:
        if name in self.snippets:
            raise self._fail(f"redeclaration of previously declared snippet {name}")
        token = self._peek()
        if token is None or token.text != "{":
            raise self._fail(f"Unexpected token '{token.text if token else name}', expecting '{{'")
        depth, begin = 1, self.cursor + 1
        for index in range(begin, len(self.tokens)):
            depth += {"{": 1, "}": -1}.get(self.tokens[index].text, 0)
            if depth == 0:
                self.snippets[name] = self.tokens[begin:index]
                self.cursor = index + 1
                return
        self.cursor = len(self.tokens) - 1
        raise self._fail(f"Unexpected token '{self.tokens[-1].text}', expecting '}}'")

    def _directives(self, braced: bool) -> tuple[Directive, ...]:
        found: list[Directive] = []
        while (token := self._peek()) is not None:
            if token.text == "}":
                self.cursor += 1
                return tuple(found)
            if token.text == "import":
                self._take_import()
                continue
            found.append(self._directive(token))
        last = self.tokens[-1].text
        if braced and last != "}":  # a brace that closed a plugin passes for the missing one
            raise self._fail(f"Unexpected token '{last}', expecting '}}'")
        return tuple(found)

    def _directive(self, head: Token) -> Directive:
        if head.text not in DIRECTIVES:
            raise self._fail(f"Unknown directive '{head.text}'", head.text)
        arguments: list[str] = []
        options: list[list[Token]] = []
        nesting = 0
        self.cursor += 1
        while (token := self._peek()) is not None:
            new_line = self._begins_line(self.cursor)
            if token.text == "{":
                nesting += 1
                if nesting > 1 and options:
                    options[-1].append(token)
            elif new_line and nesting == 0:
                break
            elif token.text == "}":
                if nesting == 0:
                    raise self._fail("Unexpected '}' because no matching opening brace", head.text)
                nesting -= 1
            elif token.text == "import" and new_line:
                self._take_import()
                continue
            elif nesting == 0:
                arguments.append(token.text)
            elif new_line or not options:
                options.append([token])
            else:
                options[-1].append(token)
            self.cursor += 1
        if nesting > 0:
            raise self._fail("Unexpected EOF", head.text)
        lines = tuple(Option(tuple(t.text for t in words), words[0].line) for words in options)
        return Directive(head.text, tuple(arguments), head.line, lines)
