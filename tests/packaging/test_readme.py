from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_report_quoted_is_the_one_that_the_command_prints() -> None:
    quoted = re.search(r"\$ kwhy diagnose - < (\S+)\n(.*?)…\n```", README, re.DOTALL)
    assert quoted is not None
    with (ROOT / quoted[1]).open("rb") as evidence:
        done = subprocess.run(
            [sys.executable, "-m", "kwhy", "diagnose", "-"], stdin=evidence, capture_output=True, check=True
        )
    assert done.stdout.decode().startswith(quoted[2])


def test_every_file_that_the_readme_names_is_there() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_that_the_readme_names_is_one_of_kwhy() -> None:
    done = subprocess.run([sys.executable, "-m", "kwhy", "--help"], capture_output=True, text=True, check=True)
    code = " ".join(re.findall(r"^```\n.*?^```|`[^`\n]+`", README, re.DOTALL | re.MULTILINE))
    named = set(re.findall(r"(?:^|[|$`.] ?)kwhy ([a-z]+)", code, re.MULTILINE))
    assert {"diagnose", "explain", "inspect", "demo", "completion"} <= named
    assert [name for name in named if f"\n    {name} " not in done.stdout] == []
