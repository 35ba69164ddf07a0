"""Given evidence sorted by moments, each moment apart; given any other names, everything together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.model.document import Document
from kwhy.scene.stages import stages_of


def names(*sources: str) -> list[str]:
    return [stage.name for stage in stages_of([Document(source, b"x") for source in sources], {})]


@pytest.mark.parametrize(
    ("sources", "stages"),
    [
        (("stage-2/a.txt", "stage-1/b.txt", "stage-1/c/d.txt"), ["stage-1", "stage-2"]),
        (("i3/1-dns/a", "i3/2-route/a", "i3/3_database/a"), ["1-dns", "2-route", "3_database"]),
        (("1/a", "2/a"), ["1", "2"]),
        (("2021-05-04/a", "2021-05-03/a"), ["2021-05-03", "2021-05-04"]),
        (("2021-05-03T10-15/a", "2021-05-03T09-00/a"), ["2021-05-03T09-00", "2021-05-03T10-15"]),
        (("20210503-app.log", "20210505-db.pcap", "20210503-b.txt"), ["20210503-app.log", "20210505-db.pcap"]),
        (("stage 1/a", "stage 4/a"), ["stage 1", "stage 4"]),
    ],
)
def test_moments_are_told_by_folders_and_days(sources: tuple[str, ...], stages: list[str]) -> None:
    assert names(*sources) == stages


@pytest.mark.parametrize(
    "sources",
    [
        ("n1/kubelet.log", "n2/kubelet.log"),
        ("node1/a", "node2/a"),
        ("1/a", "3/a"),
        ("17/status", "18/status"),
        ("stage-1/a", "notes.txt"),
        ("a.log", "b.log"),
        ("2021-05-03T10-15-00-pods.txt", "2021-05-03T10-40-00-nodes.txt"),
        ("stage-1/a",),
        ("10.0.0.1/a", "10.0.0.2/a"),
        ("2021-05-03T10-00/pods.json", "2021-05-03T10-05/nodes.json"),
    ],
)
def test_other_names_divide_nothing(sources: tuple[str, ...]) -> None:
    assert names(*sources) == [""]


def test_the_time_of_a_dated_folder_is_known() -> None:
    documents = [Document(source, b"x") for source in ("2021-05-03/a", "2021-05-04/a")]
    assert [stage.when for stage in stages_of(documents, {})] == [1620000000.0, 1620086400.0]


def test_a_date_that_does_not_exist_divides_nothing() -> None:
    assert names("2021-02-30/a", "2021-02-31/a") == [""]


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=6))
def test_any_names_keep_every_document(sources: list[str]) -> None:
    documents = [Document(source, b"x") for source in sources]
    kept = [document for stage in stages_of(documents, {}) for document in stage.documents]
    assert sorted(map(id, kept)) == sorted(map(id, documents))
