"""Configuration texts that no program can read, the programs' words about them, and what looks like it."""
# ruff: noqa: E501 - real lines are quoted whole

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.changed import change, diagnosed, objects_and_logs, recorded, roots

from kwhy.knowledge.config.texts import defects

YAML_TAB = "config/text_invalid/yaml_tab"
INVALID = [("config.text-invalid", "ConfigMap/catalog/catalog-config")]

#: Name of the key, text, what is told, line, column.
TEXTS = [
    ("a.yaml", "server:\n  port: 8080\n\tname: x\n", "a tab indents the line, which YAML forbids", 3, 1),
    ("a.yaml", "server:\n  port: 8080\n   host: 0.0.0.0\n", "not YAML: mapping values are not allowed in this context", 3, 8),
    ("a.yml", "a: 1\n---\nb: [1, 2\n", "not YAML: did not find expected ',' or ']'", 4, 1),
    ("a.json", '{\n  "port": 8080,\n}\n', "a comma follows the last element", 2, 15),
    ("a.json", "{'port': 8080}", "not JSON: expecting property name enclosed in double quotes", 1, 2),
    ("a.json", '\ufeff{"port": 8080}', "a byte order mark stands before the text", 1, 1),
    ("a.toml", "port = 8080\nname = x\n", "not TOML: Invalid value", 2, 8),
    ("a.properties", "port=${PORT}\nname={{ .Values.name }}\n", "template text in {{ }} was never filled in", 2, 6),
    ("app.env", "NAME=x\r\nPORT=8080\r\n", "its lines end as on Windows, with a carriage return", 1, 7),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "what", "line", "column"), TEXTS)
def test_a_defect_is_told_with_its_place(key: str, text: str, what: str, line: int, column: int) -> None:
    found = defects(key, text)
    assert [(d.what, d.line, d.column) for d in found] == [(what, line, column)]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a.yaml", "a: &x 1\nb: *x\n---\n- 39471248e902\n"),
        ("a.yaml", 'text: "{{ $labels.pod }} is down"\n# {{ not ours }}\n'),
        ("a.json", '{"port": 8080}'),
        ("notes.txt", "{{ .anything }}\n\tgoes,\n"),
        ("nginx.conf", "server {\n\tlisten 80;\n}\n"),
    ],
)
def test_a_text_that_programs_read_has_no_defect(key: str, text: str) -> None:
    assert not defects(key, text)


@given(
    st.sampled_from(["a.yaml", "a.json", "a.toml", "a.env"]),
    st.text(max_size=200),
    st.sampled_from([t[1] for t in TEXTS]),
    st.integers(0, 60),
)
def test_any_text_is_judged_to_an_end(key: str, noise: str, text: str, cut: int) -> None:
    lines = text.count("\n") + noise.count("\n") + 2
    for defect in defects(key, text[:cut] + noise + text[cut:]):
        assert 1 <= defect.line <= lines * 2 + 200
        assert defect.column >= 1


#: What other parsers print: origin, line.
WORDS = [
    ("PyYAML 6.0", "yaml.scanner.ScannerError: while scanning for the next token"),
    ("snakeyaml", "Caused by: org.yaml.snakeyaml.scanner.ScannerException: while scanning for the next token"),
    ("js-yaml", "YAMLException: tab characters must not be used in indentation (5:1)"),
    ("yaml.v3", "FATA[0000] yaml: line 4: found a tab character that violates indentation"),
]


def says(line: str) -> dict[str, bytes]:
    files = objects_and_logs(recorded(YAML_TAB))
    for name in files:
        if name.startswith("logs/"):
            files[name] = f"2026-11-22T02:32:32.111741989Z {line}\n".encode()
    return files


def with_text(files: dict[str, bytes], data: dict[str, str] | None) -> dict[str, bytes]:
    def edit(items: list[Any]) -> None:
        for item in items:
            if item["metadata"]["name"] == "catalog-config":
                item["data"] = data
                if data is None:
                    del item["data"]

    change(files, "objects/configmaps.json", edit)
    return files


@pytest.mark.parametrize("line", [line for _, line in WORDS], ids=[origin for origin, _ in WORDS])
def test_a_parser_that_names_no_file_means_the_one_that_is_broken(line: str, tmp_path: Path) -> None:
    assert roots(diagnosed(says(line), tmp_path)) == INVALID


def test_with_two_broken_files_nobody_knows_which_one_is_meant(tmp_path: Path) -> None:
    broken = {"application.yaml": "a:\n\tb: 1\n", "other.yaml": "a: b: c\n"}
    assert not roots(diagnosed(with_text(says(WORDS[0][1]), broken), tmp_path))


def test_a_text_that_reads_well_is_not_to_blame(tmp_path: Path) -> None:
    files = with_text(objects_and_logs(recorded(YAML_TAB)), {"application.yaml": "server:\n  port: 8080\n"})
    assert not roots(diagnosed(files, tmp_path))


def test_without_its_text_the_configmap_is_asked_for(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(YAML_TAB))
    del files["objects/configmaps.json"]
    diagnosis = diagnosed(files, tmp_path)
    assert not roots(diagnosis)
    asked = [probe.command for u in diagnosis.undetermined for gap in u.gaps for probe in gap.probes]
    assert "kubectl get configmap catalog-config -n catalog -o yaml" in asked


def test_the_report_quotes_nothing_of_the_text(tmp_path: Path) -> None:
    secret = "hunter2hunter2"
    broken = {"application.yaml": f"database:\n  password: {secret}\n\tport: 5432\n"}
    diagnosis = diagnosed(with_text(objects_and_logs(recorded(YAML_TAB)), broken), tmp_path)
    assert roots(diagnosis) == INVALID
    texts = [diagnosis.root_causes[0].finding.title]
    texts += [e.says + e.at.excerpt for e in diagnosis.root_causes[0].finding.evidence]
    assert secret not in json.dumps(texts)


def test_nginx_says_itself_where_its_file_is_broken(tmp_path: Path) -> None:
    files = with_text(says('nginx: [emerg] unexpected "}" in /etc/shop/default.conf:12'), {"default.conf": "}\n"})
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == INVALID
    assert "key default.conf, line 12" in diagnosis.root_causes[0].finding.title
