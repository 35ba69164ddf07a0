"""``kwhy trace``."""

from __future__ import annotations

import ipaddress
import re
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter, _SubParsersAction
from typing import Any, Final

from kwhy.cli.output import coloured, complain, progress, width, write_report
from kwhy.model.trace import EndKind, TraceEnd, TraceQuestion

ENDS = """An END is pod:NAMESPACE/NAME, node:NAME, svc:NAMESPACE/NAME, ip:ADDRESS or host:NAME (as programs dial it).
--to takes :PORT and /PROTO (tcp, udp, sctp, icmp; default tcp): svc:shop/db:3306, ip:[fd00::1]:53/udp.

The answer is "delivered", "dropped", "refused", "leaves" (everything that the evidence shows) or "not known", with what
it needs. Objects alone already decide much; of the nodes on the way, these show the rest, each named by its prompt,
folder or file name:
  ip -d addr; ip neigh; bridge fdb show; ip rule; ip route show table all; sysctl -a --pattern '^net'; iptables-save

exit status:
  0  the question was answered, "not known" included
  2  wrong usage, or no source could be read
  3  a parser failed inside kwhy; the answer is still printed and says so"""

_KINDS: Final[dict[str, EndKind]] = {
    "pod": "pod", "po": "pod", "node": "node", "no": "node", "svc": "service", "service": "service", "ip": "address",
    "host": "host",
}  # fmt: skip
_PROTOCOLS: Final = ("tcp", "udp", "sctp", "icmp")
#: shop/db:3306 · db.shop.svc:mysql · [fd00::1]:53 · 10.0.0.1
_END: Final = re.compile(r"(?:(?P<namespace>[\w.-]+)/)?(?P<name>\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+)(?::(?P<port>[\w-]+))?")


def add_to(commands: _SubParsersAction[Any]) -> None:
    """The grammar of the command."""
    trace = commands.add_parser(
        "trace",
        help="follow a packet, both ways",
        description="Follow the first packet of a connection and its answer through Services, policies, routes, packet"
        " filters, bridges and tunnels, and name what decides at each hop.",
        epilog=ENDS,
        formatter_class=RawDescriptionHelpFormatter,
    )
    trace.add_argument("--from", dest="source", required=True, type=sender, metavar="END", help="who sends")
    trace.add_argument("--to", dest="target", required=True, metavar="END[:PORT][/PROTO]", help="who is called")
    trace.add_argument("sources", nargs="*", metavar="SOURCE", help="evidence to read; default: the live cluster")
    trace.add_argument("--format", choices=("text", "json", "svg"), default="text")
    trace.add_argument("-o", "--output", metavar="FILE", help="write the answer to FILE")
    trace.add_argument("-q", "--quiet", action="store_true", help="nothing on standard error but errors")


def run(options: Namespace) -> int:
    from kwhy.ingest.reading import NothingReadable
    from kwhy.pipeline import trace

    try:
        target, protocol = receiver(options.target)
    except ArgumentTypeError as wrong:
        complain(f"--to: {wrong}")
        return 2
    show = progress(options.quiet)
    question = TraceQuestion(options.source, target, protocol)  # type: ignore[arg-type]  # one of _PROTOCOLS
    try:
        answer, failed = trace(options.sources or ["cluster"], question, progress=show)
    except NothingReadable as nothing:
        complain(str(nothing))
        return 2
    finally:
        if show:
            show("")
    for failure in failed:
        complain(failure)
    if options.format == "json":
        from kwhy.reports import trace_json

        text = trace_json.render(answer)
    elif options.format == "svg":
        from kwhy.reports import trace_picture

        text = trace_picture.render(answer)
    else:
        import sys

        from kwhy.reports import trace as trace_text

        text = trace_text.render(answer, width=width(), colour=options.output is None and coloured(sys.stdout))
    try:
        write_report(text, options.output)
    except OSError as error:
        complain(f"the answer could not be written to {options.output}: {error.strerror}")
        return 2
    return 3 if failed else 0


def sender(text: str) -> TraceEnd:
    """`--from`: an end without a port."""
    end = _end(text)
    if end.kind in ("service", "host"):
        raise ArgumentTypeError(f"{text!r}: a packet is sent by pod:NAMESPACE/NAME, node:NAME or ip:ADDRESS")
    return end


def receiver(text: str) -> tuple[TraceEnd, str]:
    """`--to`: an end, and the protocol."""
    body, slash, protocol = text.rpartition("/")
    if slash and protocol.lower() in _PROTOCOLS and ":" in body:
        return _end(body), protocol.lower()
    return _end(text), "tcp"


def _end(text: str) -> TraceEnd:
    kind, colon, rest = text.partition(":")
    known = _KINDS.get(kind.lower())
    if known is None or not colon:
        raise ArgumentTypeError(f"{text!r} does not begin with pod:, node:, svc:, ip: or host:")
    if known == "address" and _is_address(rest):
        return TraceEnd(known, str(ipaddress.ip_address(rest)))
    match = _END.fullmatch(rest)
    if match is None:
        raise ArgumentTypeError(
            f"{text!r} is not {kind}:{'NAMESPACE/' if known in ('pod', 'service') else ''}NAME[:PORT]"
        )
    name, namespace = match["name"].strip("[]"), match["namespace"]
    if known == "address":
        if not _is_address(name):
            raise ArgumentTypeError(f"{name!r} is not an address; names are written host:{name}")
        name = str(ipaddress.ip_address(name))
    if namespace is not None and known not in ("pod", "service"):
        raise ArgumentTypeError(f"{text!r}: a {kind} has no namespace")
    if known in ("pod", "service") and namespace is None:
        namespace = "default"
    return TraceEnd(known, name, namespace, _port(match["port"], text))


def _port(text: str | None, whole: str) -> int | str | None:
    if text is None or not text.isascii() or not text.isdigit():
        return text
    if not 0 < int(text) < 1 << 16:
        raise ArgumentTypeError(f"{whole!r}: {text} is not a port")
    return int(text)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
