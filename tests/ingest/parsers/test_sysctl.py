"""Kernel parameters: values in force, values that files ask for, and parameters that do not exist."""

from __future__ import annotations

from pathlib import Path

from kwhy.facts.network import MissingSysctl, Sysctl
from kwhy.ingest.parsers.sysctl import FORMAT
from kwhy.model.document import Document
from kwhy.model.parsing import Head, Parsed

RECORDED = (Path(__file__).parent / "network" / "sysctl.txt").read_text()


def parsed(text: str, command: str | None = None, source: str = "out.txt") -> list[Parsed]:
    return list(FORMAT.parse(Document(source, text.encode(), command=command)))


def values(items: list[Parsed]) -> list[tuple[str, str, str | None]]:
    return [(item.key, item.value, item.file) for item in items if isinstance(item, Sysctl)]


def test_printed_parameters_are_in_force() -> None:
    assert FORMAT.recognise(Head(RECORDED, len(RECORDED), None)) > 0.9
    assert values(parsed(RECORDED))[:2] == [
        ("net.ipv4.ip_forward", "0", None),
        ("net.ipv4.conf.lo.rp_filter", "0", None),
    ]


def test_a_dot_in_a_device_name_stays_apart() -> None:
    assert values(parsed("net.ipv4.conf.eth0/100.rp_filter = 1\nnet/ipv4/conf/eth0.100/rp_filter = 2\n")) == [
        ("net.ipv4.conf.eth0/100.rp_filter", "1", None),
        ("net.ipv4.conf.eth0/100.rp_filter", "2", None),
    ]


def test_each_file_of_sysctl_system_is_named() -> None:
    text = (
        "* Applying /etc/sysctl.d/99-k8s.conf ...\nnet.ipv4.ip_forward = 1\n"
        "* Applying /etc/sysctl.conf ...\nnet.ipv4.ip_forward = 0\n"
    )
    assert values(parsed(text)) == [
        ("net.ipv4.ip_forward", "1", "/etc/sysctl.d/99-k8s.conf"),
        ("net.ipv4.ip_forward", "0", "/etc/sysctl.conf"),
    ]


def test_a_configuration_file_only_asks() -> None:
    assert values(parsed("# forwarding\n-net.ipv4.ip_forward=0\n", source="etc/sysctl.d/10-x.conf")) == [
        ("net.ipv4.ip_forward", "0", "etc/sysctl.d/10-x.conf")
    ]


def test_a_bare_value_belongs_to_the_key_of_the_command() -> None:
    assert values(parsed("1\n", "cat /proc/sys/net/ipv4/ip_forward")) == [("net.ipv4.ip_forward", "1", None)]
    asked = "sysctl -n net.ipv4.conf.all.rp_filter"
    assert values(parsed("2\n", asked)) == [("net.ipv4.conf.all.rp_filter", "2", None)]


def test_a_parameter_that_does_not_exist() -> None:
    text = "sysctl: cannot stat /proc/sys/net/bridge/bridge-nf-call-iptables: No such file or directory\n"
    (item,) = parsed(text, "sysctl net.bridge.bridge-nf-call-iptables")
    assert isinstance(item, MissingSysctl)
    assert item.key == "net.bridge.bridge-nf-call-iptables"


def test_keys_to_something_are_not_shown() -> None:
    (item,) = parsed("net.ipv4.tcp_fastopen_key = 00000000-11111111-22222222-33333333\n")
    assert isinstance(item, Sysctl)
    assert "1111" not in item.value + item.at.excerpt
