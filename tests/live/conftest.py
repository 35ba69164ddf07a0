"""A recorded cluster for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live.recorded_api import RecordedApi, as_caller, serving


@pytest.fixture
def api() -> Iterator[RecordedApi]:
    with serving() as running:
        yield running


@pytest.fixture
def cluster(api: RecordedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedApi:
    """The recorded cluster as the one that the current kubeconfig names, read as an administrator."""
    as_caller(api, tmp_path, monkeypatch, "admin")
    return api
