"""Recorded evidence with one thing changed: what a look-alike of the fault would have shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.harness.case import all_cases, written
from tests.harness.evidence import files_of, read_files

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose_evidence

Files = dict[str, bytes]


def recorded(name: str) -> Files:
    """The files of a case, by the beginning of its name."""
    return dict(next(files_of(case) for case in all_cases() if case.name.startswith(name)))


def objects_and_logs(files: Mapping[str, bytes]) -> Files:
    """Without what kubectl printed, which would contradict a changed object."""
    return {name: data for name, data in files.items() if not name.startswith("describe/")}


def change(files: Files, name: str, edit: Callable[[list[Any]], object]) -> None:
    """Edit the items of a recorded list in place."""
    listing = json.loads(files[name])
    edit(listing["items"])
    files[name] = json.dumps(listing, indent=1).encode()


def named(items: list[Any], name: str) -> Any:
    """The item of this name."""
    return next(item for item in items if item["metadata"]["name"] == name)


def diagnosed(files: Files, folder: Path) -> Diagnosis:
    return diagnose_evidence(read_files(files, folder))


def roots(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Condition and subject of every root cause."""
    return [
        (cause.finding.condition.code, written(cause.finding.subject))
        for cause in diagnosis.root_causes
        if cause.role == "root-cause"
    ]


def found(diagnosis: Diagnosis) -> set[str]:
    return {finding.condition.code for finding in diagnosis.findings}
