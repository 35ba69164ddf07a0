"""Whatever a server answers, a list is read, or its failure is; what is kept is a list that ingest reads."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from kwhy.ingest.raw import RawFile
from kwhy.ingest.reading import read
from kwhy.live.answers import JSON, Answer, Contents
from kwhy.live.cluster import Reading
from kwhy.live.connecting import Connection

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
METADATA = st.fixed_dictionaries({}, optional={"name": VALUES, "namespace": VALUES, "annotations": VALUES})
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "kind": VALUES,
        "metadata": METADATA | VALUES,
        "status": st.fixed_dictionaries({}, optional={"phase": VALUES, "containerStatuses": VALUES}) | VALUES,
        "data": VALUES,
        "type": st.just("Warning") | VALUES,
        "involvedObject": VALUES,
    },
)
LISTS = st.fixed_dictionaries(
    {"kind": st.just("PodList") | VALUES, "items": st.lists(ITEMS | VALUES, max_size=3) | VALUES},
    optional={"apiVersion": VALUES, "metadata": VALUES},
)


class Answering:
    """A server with one answer to everything."""

    clock = ""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def get(self, path: str, query: Mapping[str, str], *, accept: str = JSON, of_node: bool = False) -> Answer:
        return Contents(self._body)

    def give_up(self, says: str) -> None:
        raise AssertionError(says)


def readable(body: bytes) -> None:
    reading = Reading(Connection(Answering(body), "default", ""))
    files = [*reading.objects(), *reading.logs(), reading.account()]
    assert files
    assert read(["x"], openers={"x": lambda: iter(files)}).failed == ()


@given(LISTS)
def test_lists_of_anything_are_read(document: object) -> None:
    readable(json.dumps(document).encode())


@given(st.binary(max_size=100))
def test_bytes_that_are_no_list_are_read(body: bytes) -> None:
    readable(body)


def test_a_page_that_names_no_continuation_is_a_whole_list() -> None:
    item = {"metadata": {"name": "web", "namespace": "shop", "managedFields": [{"manager": "x"}]}}
    body = json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": [item]})
    files: dict[str, RawFile] = {}
    for file in Reading(Connection(Answering(body.encode()), "default", "")).objects():
        files[file.source] = file
    assert json.loads(bytes(files["api/v1/pods.json"].data)) == {
        "kind": "PodList",
        "apiVersion": "v1",
        "items": [{"metadata": {"name": "web", "namespace": "shop"}}],
        "metadata": {},
    }
