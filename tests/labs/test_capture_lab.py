"""Captures recorded now, by tcpdump and dumpcap, of traffic whose outcome is known, in a namespace pair of our own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kwhy.facts.packets import Capture, EchoExchange, Flow, IcmpError
from kwhy.ingest.parsers.capture import parse, parse_printed
from kwhy.model.document import Document
from kwhy.model.parsing import Parsed

CLIENT, SERVER = (f"kwhy-{side}-{os.getpid()}" for side in ("c", "s"))
NEEDED = ("ip", "tcpdump", "iptables", "ping", "curl")

SERVE = (
    "import http.server as h; h.ThreadingHTTPServer(('10.79.0.2', 8080), h.SimpleHTTPRequestHandler).serve_forever()"
)
CONNECT = (
    "import socket, sys; s = socket.socket(); s.settimeout(1.6);\n"
    "try: s.connect(('10.79.0.2', int(sys.argv[1])))\n"
    "except OSError as e: print(e)"
)


def missing() -> str | None:
    """Why no traffic can be captured here; None if it can."""
    absent = [program for program in NEEDED if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    tried = subprocess.run(["ip", "netns", "add", CLIENT], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"ip netns add: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", CLIENT], check=True)
    return None


REASON = missing()
pytestmark = [pytest.mark.lab, pytest.mark.skipif(REASON is not None, reason=str(REASON))]


def run(*command: str) -> None:
    subprocess.run(command, check=False, capture_output=True, timeout=30)


def at_client(*command: str) -> None:
    run("ip", "netns", "exec", CLIENT, *command)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with eth0.pcap, any.pcap, printed.txt and, where dumpcap is installed, both.pcapng."""
    directory = tmp_path_factory.mktemp("captures")
    begun: list[subprocess.Popen[bytes]] = []
    try:
        _connect()
        begun.append(subprocess.Popen(["ip", "netns", "exec", SERVER, sys.executable, "-c", SERVE], cwd=directory))
        captures = _captures(directory)
        begun += captures
        time.sleep(1.5)
        _talk()
        time.sleep(1.5)
        for capture in captures:
            capture.send_signal(signal.SIGINT)
            capture.wait(10)
        yield directory
    finally:
        for process in begun:
            process.kill()
            process.wait(10)
        for name in (CLIENT, SERVER):
            run("ip", "netns", "del", name)


def _connect() -> None:
    for name in (CLIENT, SERVER):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    run("ip", "link", "add", "eth0", "netns", CLIENT, "type", "veth", "peer", "name", "eth0", "netns", SERVER)
    for name, address in ((CLIENT, "10.79.0.1/24"), (SERVER, "10.79.0.2/24")):
        run("ip", "-n", name, "addr", "add", address, "dev", "eth0")
        run("ip", "-n", name, "link", "set", "eth0", "up")
    for port, target in (("3306", ["DROP"]), ("9001", ["REJECT", "--reject-with", "icmp-host-prohibited"])):
        rule = ["-A", "INPUT", "-p", "tcp", "--dport", port, "-j", *target]
        run("ip", "netns", "exec", SERVER, "iptables", *rule)


def _captures(directory: Path) -> list[subprocess.Popen[bytes]]:
    tcpdump = ["tcpdump", "-U", "--immediate-mode", "-Z", "root"]
    commands = [
        [*tcpdump, "-i", "eth0", "-w", str(directory / "eth0.pcap")],
        [*tcpdump, "-i", "any", "-w", str(directory / "any.pcap")],
        ["tcpdump", "-l", "--immediate-mode", "-nn", "-tttt", "-i", "any"],
    ]
    if shutil.which("dumpcap"):
        commands.append(["dumpcap", "-q", "-i", "eth0", "-i", "lo", "-w", str(directory / "both.pcapng")])
    with (directory / "printed.txt").open("wb") as printed:
        return [
            subprocess.Popen(["ip", "netns", "exec", CLIENT, *command], stdout=printed, stderr=subprocess.STDOUT)
            for command in commands
        ]


def _talk() -> None:
    at_client("curl", "-s", "-o", "/dev/null", "http://10.79.0.2:8080/")
    for port in ("3306", "81", "9001"):
        at_client(sys.executable, "-c", CONNECT, port)
    at_client("ping", "-c", "2", "-i", "0.2", "10.79.0.2")
    at_client(
        sys.executable, "-c", "import socket\ntry: socket.create_connection(('127.0.0.1', 7))\nexcept OSError: pass"
    )


def facts_of(path: Path) -> list[Parsed]:
    document = Document(path.name, path.read_bytes())
    return list(parse_printed(document) if path.suffix == ".txt" else parse(document))


@pytest.mark.parametrize("name", ["eth0.pcap", "any.pcap", "printed.txt", "both.pcapng"])
def test_each_outcome_is_what_was_arranged(recorded: Path, name: str) -> None:
    if not (recorded / name).exists():
        pytest.skip("dumpcap is not installed")
    facts = facts_of(recorded / name)
    tcp = [fact for fact in facts if isinstance(fact, Flow) and fact.protocol == "tcp"]
    outcomes = {flow.b_port: flow.outcome for flow in tcp if flow.b == "10.79.0.2"}
    # A printed error names no ports: with several flows to that host it stays apart from them.
    prohibited = "unanswered" if name == "printed.txt" else "rejected"
    assert outcomes == {8080: "closed", 3306: "unanswered", 81: "refused", 9001: prohibited}
    assert any(isinstance(fact, IcmpError) and fact.reason == "host prohibited" for fact in facts)
    (ping,) = [fact for fact in facts if isinstance(fact, EchoExchange)]
    assert (ping.requests, ping.unanswered) == (2, 0)
    (healthy,) = [flow for flow in tcp if flow.b_port == 8080]
    assert healthy.handshake_rtt is not None and healthy.handshake_rtt < 1
    (silent,) = [flow for flow in tcp if flow.b_port == 3306]
    assert silent.ab.syn >= 2


@pytest.mark.parametrize("name", ["any.pcap", "printed.txt", "both.pcapng"])
def test_interfaces_are_told_apart(recorded: Path, name: str) -> None:
    if not (recorded / name).exists():
        pytest.skip("dumpcap is not installed")
    facts = facts_of(recorded / name)
    (on_loopback,) = [fact for fact in facts if isinstance(fact, Flow) and fact.b == "127.0.0.1"]
    (on_wire,) = [fact for fact in facts if isinstance(fact, Flow) and fact.b_port == 8080]
    if name == "any.pcap":
        assert on_loopback.interface_index == 1 and on_wire.interface_index not in (None, 1)
    else:
        assert (on_loopback.interface, on_wire.interface) == ("lo", "eth0")
    (capture,) = [fact for fact in facts if isinstance(fact, Capture)]
    assert len(capture.interfaces) == 2
