from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
# "[docs/cli.md](docs/cli.md)"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_say_what_the_code_says() -> None:
    stale = [path.relative_to(ROOT).as_posix() for path in tool("generate_docs").stale()]
    assert stale == [], "run ./task docs"


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_a_new_rule_is_valid_python_that_the_linter_accepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_rule = tool("new_rule")
    monkeypatch.setattr(new_rule, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["new_rule", "pod/example_state"])
    assert new_rule.main() == 0
    module = tmp_path / "src/kwhy/knowledge/pod/example_state.py"
    namespace: dict[str, object] = {"__name__": "example_state"}
    exec(compile(module.read_text("utf-8"), str(module), "exec"), namespace)
    assert namespace["EXAMPLE_STATE"].code == "pod.example-state"  # type: ignore[attr-defined]  # just defined
    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(module)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout
    assert (tmp_path / "tests/cases/pod/example_state/recorded/case.yaml").is_file()
    assert new_rule.main() == 2
