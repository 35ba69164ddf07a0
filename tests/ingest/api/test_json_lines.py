"""A place inside a JSON document has the line on which a reader finds it."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.ingest.api import json_lines
from kwhy.ingest.api.json_lines import line_of_path
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document

DATA = Path(__file__).parents[1] / "kubectl" / "data" / "recorded.tar.xz"


@cache
def recorded() -> dict[str, Any]:
    """The objects of a recorded fault, as the API server gave them."""
    with tarfile.open(DATA) as members:
        file = members.extractfile("crashloop-bad-command/objects.json")
        assert file is not None
        found: dict[str, Any] = json.load(file)
    return found


def paths(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            if key and not set(key) & set("[]"):
                yield from paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, f"{path}[{index}]")


def written(value: Any) -> str:
    """How json.dumps begins a value on its line."""
    return "{" if isinstance(value, dict) and value else "[" if isinstance(value, list) and value else json.dumps(value)


@pytest.mark.parametrize("long", [False, True], ids=["walked", "as a long list"])
def test_every_field_of_every_object_is_found_on_its_line(long: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if long:
        monkeypatch.setattr(json_lines, "_WALKED", 0)
    text = json.dumps(recorded(), indent=4)
    document = Document("objects.json", text.encode(), first_line=11)
    lines = text.split("\n")
    for path, value in list(paths(recorded()["items"], "items"))[1::29]:
        line = line_of_path(document, path)
        assert line is not None, path
        shown = lines[line - 11].strip()
        name = path.rpartition(".")[2]
        assert shown.startswith((f'"{name.partition("[")[0]}', written(value)[:40])) or f'{name}": ' in shown, path


def test_a_field_that_is_not_there_has_the_line_of_what_is() -> None:
    document = Document("pod.json", b'{\n "kind": "Pod",\n "status": {\n  "phase": "Failed"\n }\n}\n')
    assert line_of_path(document, "status.reason") == 3
    assert line_of_path(document, "spec.nodeName") == 1


def test_names_that_hold_dots_are_found_whole() -> None:
    document = Document("quota.json", b'{\n "hard": {\n  "requests": "1",\n  "requests.cpu": "2"\n }\n}\n')
    assert line_of_path(document, "hard.requests.cpu") == 4


def test_the_second_of_two_objects_is_found() -> None:
    document = Document("two.json", b'{\n "kind": "Pod"\n}\n{\n "kind": "Node",\n "spec": {}\n}\n')
    assert line_of_path(document, "documents[1].spec") == 6


def test_an_item_of_a_bare_array_is_found() -> None:
    document = Document("pods.json", b'[\n {"kind": "Pod"},\n {"kind": "Pod",\n  "spec": {}}\n]\n')
    assert line_of_path(document, "$[1].spec") == 4


def test_a_document_of_one_line_has_one_line() -> None:
    document = Document("x.json", b'{"kind": "Pod", "spec": {}}\n', first_line=7)
    assert line_of_path(document, "spec") == 7


def test_what_is_cut_off_keeps_the_lines_before_the_cut() -> None:
    document = Document("x.json", b'{\n "kind": "Pod",\n "spec": {\n  "nodeName": "n1",\n  "containers": [')
    assert line_of_path(document, "spec.nodeName") == 4


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_document_and_any_path_are_answered(data: bytes, path: str) -> None:
    line_of_path(Document("x.json", data), path)


@given(st.integers(min_value=0, max_value=600), st.sampled_from(["items[0].metadata", "items[1].status.phase", "$[0]"]))
def test_a_document_cut_anywhere_is_answered(end: int, path: str) -> None:
    data = json.dumps(recorded(), indent=1).encode()[:end]
    line_of_path(Document("x.json", data), path)


def test_an_item_in_the_middle_of_a_long_list_is_found_from_the_mark_before_it() -> None:
    items = [{"kind": "ConfigMap", "metadata": {"name": f"c{n}"}, "data": {"text": "x" * 900}} for n in range(6000)]
    text = json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}, indent=4)
    document = Document("configmaps.json", text.encode())
    read_document(document)
    assert len(document.marks) > 10
    lines = text.split("\n")
    for number in (0, 1, 255, 256, 300, 2999, 5999):
        found = line_of_path(document, f"items[{number}].metadata.name")
        assert found is not None
        assert lines[found - 1].strip() == f'"name": "c{number}"'
    assert line_of_path(document, "items[6000].metadata") is None


def test_everything_in_a_long_list_without_line_ends_stands_on_its_first_line() -> None:
    items = [{"kind": "ConfigMap", "metadata": {"name": f"c{n}"}, "data": {"text": "x" * 900}} for n in range(6000)]
    text = json.dumps({"kind": "ConfigMapList", "apiVersion": "v1", "items": items}) + "\n"
    document = Document("configmaps.json", text.encode(), first_line=3)
    read_document(document)
    assert document.marks
    assert line_of_path(document, "items[5999].metadata.name") == 3
