"""What `kwhy collect` says where it cannot collect, or cannot write what it collected."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.live.recorded_api import as_caller, serving

from kwhy.cli.main import main


def test_without_a_cluster_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    assert main(["collect", "-o", str(tmp_path / "b.tgz")]) == 2
    assert "there is no kubeconfig" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["no/such/folder/b.tgz", "."])
def test_a_place_that_cannot_be_written_is_named(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving() as api:
        as_caller(api, tmp_path, monkeypatch, "restricted", namespace="banners")
        assert main(["collect", "-o", path]) == 2
    assert f"could not be written to {path}" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["kubeconfig-restricted"]


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_a_time_that_is_none_is_wrong_usage(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["collect", "--timeout", seconds])
    assert ended.value.code == 2
    assert "is not a number of seconds" in capsys.readouterr().err
