"""The grammar of the command line; also the source of shell completion and of docs/cli.md."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import NoReturn

from kwhy import __version__
from kwhy.cli import trace
from kwhy.model.subject import Subject

FORMATS = ("text", "json", "html", "markdown", "sarif")
SHELLS = ("bash", "zsh", "fish", "tcsh")

EXIT_STATUS = """exit status:
  0  the diagnosis was made, whatever it says
  1  the diagnosis was made and --fail-on is met
  2  wrong usage, or no source could be read
  3  a rule or a parser failed inside kwhy; the diagnosis is still printed and says so"""

SOURCES = """A SOURCE is a directory, a file, an archive (.tar .tar.gz .tgz .tar.xz .tar.zst .zip), - for standard
input, or cluster or cluster:CONTEXT for the live cluster of a kubeconfig, which is only read. Without a SOURCE,
diagnose reads cluster. Formats are recognised by content, whatever the names."""

#: Kinds that live on a node: the middle part of --about names it.
_ON_NODES = frozenset({"Process", "Interface", "Kernel", "Mount", "Unit"})
#: What kubectl calls the kinds (`kubectl api-resources`, v1.34); others are taken as written.
_KINDS = {
    "Node": "nodes no",
    "Pod": "pods po",
    "Service": "services svc",
    "Endpoints": "endpoints ep",
    "EndpointSlice": "endpointslices",
    "Deployment": "deployments deploy",
    "ReplicaSet": "replicasets rs",
    "StatefulSet": "statefulsets sts",
    "DaemonSet": "daemonsets ds",
    "Job": "jobs",
    "CronJob": "cronjobs cj",
    "Namespace": "namespaces ns",
    "PersistentVolumeClaim": "persistentvolumeclaims pvc",
    "PersistentVolume": "persistentvolumes pv",
    "StorageClass": "storageclasses sc",
    "ResourceQuota": "resourcequotas quota",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers hpa",
    "PodDisruptionBudget": "poddisruptionbudgets pdb",
    "Ingress": "ingresses ing",
    "Process": "processes",
    "Interface": "interfaces",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in (kind.lower(), *names.split())}


class _Parser(ArgumentParser):
    """One plain sentence for a wrong command line, and where to read on."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def program(invoked_as: str) -> str:
    """As kubectl runs its plugin ``kubectl-why``, people type ``kubectl why``."""
    return "kubectl why" if PurePath(invoked_as).stem in ("kubectl-why", "kubectl_why") else "kwhy"


def parser(invoked_as: str = "kwhy") -> ArgumentParser:
    """The whole grammar."""
    name = program(invoked_as)
    top = _Parser(
        prog=name,
        description="Names the root cause of a Kubernetes fault from whatever evidence there is, and proves it.",
        epilog=f"{SOURCES}\n\n{EXIT_STATUS}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    top.add_argument("-V", "--version", action="version", version=f"kwhy {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    diagnose = commands.add_parser(
        "diagnose",
        help="find the root cause",
        description="Read all sources together and report the root cause with its proof.",
        epilog=f"{SOURCES}\n\n{EXIT_STATUS}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    diagnose.add_argument("sources", nargs="*", metavar="SOURCE", help="evidence to read (see below)")
    diagnose.add_argument(
        "--symptom",
        metavar="TEXT",
        help="what was noticed, in plain words (English or Chinese): ranks first what fits, and leaves nothing out",
    )
    diagnose.add_argument(
        "--about", type=subject, metavar="KIND[/NAMESPACE]/NAME", help="the object that the question is about"
    )
    diagnose.add_argument(
        "--expect", metavar="FILE", help="where names and peers should live, such as: db.example: 10.0.0.0/8"
    )
    _add_live_options(diagnose)
    _add_report_options(diagnose)

    collect = commands.add_parser(
        "collect",
        help="save what a diagnosis of the live cluster would read",
        description="Read the live cluster as diagnose does and save the evidence, secrets masked, as a bundle that"
        " diagnose reads to the same verdict. Nothing in the cluster is changed.",
    )
    collect.add_argument("-o", "--output", metavar="FILE.tgz", help="default: kwhy-TIME.tgz here; - for stdout")
    collect.add_argument("--context", metavar="NAME", help="of the kubeconfig; default: the current one")
    _add_live_options(collect)
    collect.add_argument("-q", "--quiet", action="store_true", help="nothing on standard error but errors")

    explain = commands.add_parser(
        "explain",
        help="what a condition means, how it is proven, what mends it",
        description="Explain one condition, or list all conditions that kwhy knows.",
    )
    explain.add_argument("code", nargs="?", metavar="CODE", help="a condition as reports name it")
    explain.add_argument("--list", action="store_true", help="list all conditions")
    explain.add_argument("--format", choices=("text", "json"), default="text", help="format of --list")

    inspect = commands.add_parser(
        "inspect",
        help="what kwhy reads from documents",
        description="Show what kwhy reads from documents before it judges anything: goroutine groups, lock queues and"
        " who waits for whom; flows of captures; policy rules and routing tables; what logs hold; which objects were"
        " shown; the commands of a session; and what is not understood.",
    )
    inspect.add_argument("files", nargs="+", metavar="FILE", help="a document, a folder, an archive, or - for stdin")
    inspect.add_argument("--format", choices=("text", "json"), default="text")
    inspect.add_argument("--all", action="store_true", help="list everything, not only the first of each kind")
    inspect.add_argument("--route-to", metavar="ADDRESS", help="where packets to ADDRESS go, step by step")
    inspect.add_argument(
        "--from", dest="route_from", metavar="ADDRESS", help="their source; default: the kernel's choice"
    )
    inspect.add_argument("--iif", metavar="DEV", help="the device they arrive on; default: made by the host itself")
    inspect.add_argument("--mark", type=_mark, metavar="N", help="their firewall mark, as 0x80 or 128")

    trace.add_to(commands)

    demo = commands.add_parser(
        "demo", help="the report on an embedded real incident", description="Diagnose a recorded incident."
    )
    demo.add_argument("name", nargs="?", default="node-notready", metavar="NAME", help="default: node-notready")
    demo.add_argument("--list", action="store_true", help="list the incidents")
    _add_report_options(demo)

    completion = commands.add_parser(
        "completion", help="shell completion", description="Print the completion script of a shell."
    )
    completion.add_argument("shell", choices=SHELLS)
    return top


def _add_live_options(command: ArgumentParser) -> None:
    command.add_argument(
        "-n",
        "--namespace",
        action="append",
        default=[],
        metavar="NAME",
        help="of the live cluster read only this namespace; may be repeated",
    )
    command.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS", help="for all reading of the live cluster; default: 300"
    )


def _add_report_options(command: ArgumentParser) -> None:
    command.add_argument("--format", choices=FORMATS, default="text")
    command.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE")
    command.add_argument("--top", type=_count, metavar="N", help="report at most N causes; 0: all")
    command.add_argument("--why-not", action="store_true", help="show the proof for what was ruled out")
    command.add_argument(
        "--as-of", type=moment, metavar="TIME", help="judge as of this time (RFC 3339; UTC if no zone)"
    )
    command.add_argument(
        "--fail-on",
        choices=("never", "likely", "any"),
        default="never",
        help="exit with 1 where a cause is more likely than not, or where anything fails",
    )
    command.add_argument("-q", "--quiet", action="store_true", help="nothing on standard error but errors")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"{text!r} is not a number of causes")
    return int(text)


def _seconds(text: str) -> float:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return float(text)


def _mark(text: str) -> int:
    try:
        mark = int(text, 0)
    except ValueError:
        mark = -1
    if not 0 <= mark < 1 << 32:
        raise ArgumentTypeError(f"{text!r} is not a firewall mark, a number of 32 bits")
    return mark


def moment(text: str) -> float:
    """An instant, in epoch seconds."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time such as 2019-07-29T17:11:43Z") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def subject(text: str) -> Subject:
    """``pod/shop/web-1``, ``node/n1``, ``process/n1/terwayd``."""
    kind, *rest = text.split("/")
    if not kind or len(rest) not in (1, 2) or not all(rest):
        raise ArgumentTypeError(f"{text!r} is not KIND/NAME or KIND/NAMESPACE/NAME, such as pod/shop/web-1")
    known = _KIND_OF.get(kind.lower(), kind)
    scope = rest[0] if len(rest) == 2 else None
    if known in _ON_NODES:
        return Subject(known, rest[-1], node=scope)
    return Subject(known, rest[-1], namespace=scope)


def commands_of(top: ArgumentParser) -> Sequence[tuple[str, ArgumentParser]]:
    """The commands with their own parsers, in the order of the help."""
    for action in top._actions:
        if action.dest == "command" and isinstance(action.choices, dict):
            return tuple(action.choices.items())
    raise AssertionError("the parser has commands")
