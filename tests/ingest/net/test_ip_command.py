"""Command lines that read with `ip`, in all their wrappings and abbreviations."""

from __future__ import annotations

import pytest

from kwhy.facts.network import NetworkNamespace
from kwhy.ingest.net.ip_command import ip_command


@pytest.mark.parametrize(
    ("command", "what", "arguments"),
    [
        ("ip r s t 2", "route", ("t", "2")),
        ("/sbin/ip -4 route list table main", "route", ("table", "main")),
        ("LANG=C ip ru", "rule", ()),
        ("ip rule list 2>&1", "rule", ()),
        ("cd /tmp && ip n", "neighbour", ()),
        ("timeout 5 sudo -u root ip -br a", "address", ()),
        ("kubectl exec web -- sh -c 'ip route show table 2'", "route", ("table", "2")),
    ],
)
def test_abbreviations_and_wrappers(command: str, what: str, arguments: tuple[str, ...]) -> None:
    asked = ip_command(command)
    assert asked is not None
    assert (asked.object, asked.arguments) == (what, arguments)


@pytest.mark.parametrize(
    "command",
    [
        "ip route add default via 10.0.0.1",
        "ip addr del 10.0.0.1/24 dev eth0",
        "ip netns list",
        "iptables -L",
        "ip rule; ip route",
        "",
    ],
)
def test_commands_that_change_or_do_something_else_are_not_read(command: str) -> None:
    assert ip_command(command) is None


@pytest.mark.parametrize(
    ("command", "netns"),
    [
        ("ip netns exec blue ip route", NetworkNamespace("name", "blue")),
        ("ip -n blue route", NetworkNamespace("name", "blue")),
        ("nsenter -t 4711 -n ip route", NetworkNamespace("pid", "4711")),
        ("nsenter --target 4711 --net ip route", NetworkNamespace("pid", "4711")),
        ("nsenter -t 4711 -m ip route", None),
        ("kubectl exec -it web-1 -n shop -c app -- ip route", NetworkNamespace("pod", "web-1", "shop")),
        ("kubectl -n shop exec web-1 ip route", NetworkNamespace("pod", "web-1", "shop")),
        ("docker exec -it 3f2a ip route", NetworkNamespace("container", "3f2a")),
        ("ip route", None),
    ],
)
def test_the_namespace_is_the_one_that_the_command_names(command: str, netns: NetworkNamespace | None) -> None:
    asked = ip_command(command)
    assert asked is not None
    assert asked.ran.netns == netns


def test_a_pipe_may_drop_lines() -> None:
    commands = (("ip route | grep eth1", True), ("ip route | tee out.txt", False), ("ip route | head", True))
    for command, filtered in commands:
        asked = ip_command(command)
        assert asked is not None
        assert asked.ran.filtered is filtered, command
