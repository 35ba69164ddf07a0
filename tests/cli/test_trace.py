"""`kwhy trace`: its grammar, its exit statuses, and its formats."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

import kwhy.reports
from kwhy.cli.main import main
from kwhy.cli.trace import receiver, sender
from kwhy.model.trace import TraceEnd

RECORDED = Path(__file__).parent.parent / "knowledge" / "path" / "recorded"
SCHEMA = json.loads(Path(kwhy.reports.__file__).with_name("trace.schema.json").read_text())
ASK = ["trace", "--from", "pod:shop/cart-6cf9dc644c-b4hjd", "--to", "svc:shop/db:3306"]


def evidence(name: str) -> list[str]:
    return [str(RECORDED / name), str(RECORDED / "objects")]


@pytest.mark.parametrize(
    ("text", "end", "protocol"),
    [
        ("svc:shop/db:3306", TraceEnd("service", "db", "shop", 3306), "tcp"),
        ("svc:shop/db:mysql", TraceEnd("service", "db", "shop", "mysql"), "tcp"),
        ("service:db", TraceEnd("service", "db", "default"), "tcp"),
        ("svc:kube-system/kube-dns:53/udp", TraceEnd("service", "kube-dns", "kube-system", 53), "udp"),
        ("pod:shop/db-0", TraceEnd("pod", "db-0", "shop"), "tcp"),
        ("ip:10.0.0.1:53/UDP", TraceEnd("address", "10.0.0.1", None, 53), "udp"),
        ("ip:[fd00::1]:443", TraceEnd("address", "fd00::1", None, 443), "tcp"),
        ("ip:fd00:0::1", TraceEnd("address", "fd00::1"), "tcp"),
        ("ip:10.0.0.1/icmp", TraceEnd("address", "10.0.0.1"), "icmp"),
        ("host:db.shop.svc:3306", TraceEnd("host", "db.shop.svc", None, 3306), "tcp"),
        ("node:n1:10250", TraceEnd("node", "n1", None, 10250), "tcp"),
    ],
)
def test_ends_are_read(text: str, end: TraceEnd, protocol: str) -> None:
    assert receiver(text) == (end, protocol)


@pytest.mark.parametrize(
    "text", ["db:3306", "svc:", "ip:db", "ip:10.0.0.1:99999", "node:shop/n1", "pod:a/b/c", "svc:shop/db:33 06", "", ":"]
)
def test_what_is_no_end_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        receiver(text)


@pytest.mark.parametrize("text", ["svc:shop/db", "host:db"])
def test_services_and_names_send_nothing(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="a packet is sent by"):
        sender(text)


def test_the_answer_stands_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASK, *evidence("firewall")]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "DROPPED     pod:shop/cart-6cf9dc644c-b4hjd → svc:shop/db:3306/tcp"
    assert "the packet filter of node n2 drops the packet" in rest[0]
    assert any(line.endswith("firewall/n2.txt:180") for line in rest)


def test_no_line_is_wider_than_the_terminal_unless_a_command_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    main([*ASK, *evidence("healthy")])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


@pytest.mark.parametrize("name", ["healthy", "firewall", "reject", "forwarding_off"])
def test_json_follows_the_published_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert main([*ASK, "--format", "json", *evidence(name)]) == 0
    answer = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(answer)
    assert answer["from"] == {"kind": "pod", "namespace": "shop", "name": "cart-6cf9dc644c-b4hjd", "port": None}
    assert sum(way["share"] for way in answer["ways"]) == pytest.approx(1)


def test_the_picture_is_whole_and_shows_what_decided(tmp_path: Path) -> None:
    target = tmp_path / "trace.svg"
    assert main([*ASK, "--format", "svg", "-o", str(target), *evidence("firewall")]) == 0
    words = [
        element.text or "" for element in ElementTree.parse(target).getroot().iter() if element.tag.endswith("text")
    ]
    assert words[0].startswith("DROPPED")
    assert "node n1" in words and "node n2" in words
    assert "input: drops it" in words


def test_unknown_is_an_answer_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASK, str(RECORDED / "objects")]) == 0
    assert capsys.readouterr().out.startswith("NOT KNOWN")


def test_wrong_usage_and_missing_sources_exit_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["trace", "--from", "node:n1", "--to", "db", str(RECORDED / "objects")]) == 2
    assert main([*ASK, str(tmp_path / "nothing")]) == 2
    with pytest.raises(SystemExit) as left:
        main(["trace", "--from", "svc:shop/db", "--to", "node:n1"])
    assert left.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
