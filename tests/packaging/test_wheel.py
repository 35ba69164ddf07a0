"""What people install is built and run as they would, outside this tree."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: The wheel carries real incidents; they must stay small beside the code.
MOST_BYTES = 3_000_000


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist, the wheel built from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    uv = Path(sys.executable).with_name("uv")
    run(
        uv,
        "build",
        "--quiet",
        "--python",
        sys.executable,
        "--no-build-isolation",
        "--out-dir",
        folder,
        ROOT,
        cwd=folder,
    )
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment that holds the wheel and its locked dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    uv = Path(sys.executable).with_name("uv")
    (wheel,) = dist.glob("*.whl")
    run(uv, "venv", "--quiet", "--python", sys.executable, "fresh", cwd=folder)
    locked = ("--constraint", ROOT / "requirements.lock")
    run(uv, "pip", "install", "--quiet", "--python", "fresh/bin/python", *locked, wheel, cwd=folder)
    return folder / "fresh" / "bin"


def test_the_wheel_holds_code_schema_types_and_incidents_and_stays_small(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "kwhy/py.typed",
        "kwhy/reports/diagnosis.schema.json",
        "kwhy/reports/trace.schema.json",
        "kwhy/demo_incidents/node-notready.tar.xz",
        "kwhy/demo_incidents/pleg-cni-hang.tar.xz",
    } <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"kwhy"}
    assert wheel.stat().st_size < MOST_BYTES


def test_the_sdist_holds_what_the_wheel_is_built_from(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "src/kwhy/__init__.py"} <= names


def test_the_installed_program_shows_the_demo(installed: Path, tmp_path: Path) -> None:
    assert "READ" in run(installed / "kwhy", "demo", cwd=tmp_path)


def test_the_plugin_is_the_same_program(installed: Path, tmp_path: Path) -> None:
    version = run(installed / "kwhy", "--version", cwd=tmp_path)
    assert run(installed / "kubectl-why", "--version", cwd=tmp_path) == version
    assert "usage: kubectl why" in run(installed / "kubectl-why", "--help", cwd=tmp_path)


def test_every_rule_and_page_is_found_in_the_installed_package(installed: Path, tmp_path: Path) -> None:
    code = "from kwhy.knowledge.catalogue import all_rules; print(len(all_rules()))"
    here = run(sys.executable, "-c", code, cwd=tmp_path)
    assert run(installed / "python", "-c", code, cwd=tmp_path) == here
