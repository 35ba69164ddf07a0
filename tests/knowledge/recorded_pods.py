"""What was recorded of pods that fail, taken from the cases, to be diagnosed as it is or with one thing changed."""

from __future__ import annotations

import tarfile
from functools import cache

from tests.harness.case import CASES
from tests.harness.evidence import read_text, together

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose_evidence


@cache
def _recorded(case: str, member: str) -> str:
    with tarfile.open(CASES / case / "evidence.tar.xz") as archive:
        content = archive.extractfile(member)
        assert content is not None, member
        return content.read().decode()


def image_missing() -> str:
    return _recorded("image/not_found/tag", "describe/pods-storefront.txt")


def command_missing() -> str:
    return _recorded("container/command_not_found/crash_loop", "describe/pods-billing.txt")


def out_of_memory() -> str:
    return _recorded("container/out_of_memory/limit_below_need", "describe/pods-search.txt")


def liveness() -> str:
    return _recorded("probe/wrong_port/liveness", "describe/pods-gallery.txt")


def liveness_log() -> tuple[str, str]:
    name = "logs/gallery_gallery-5484487556-zzv2h_gallery_previous.log"
    return name, _recorded("probe/wrong_port/liveness", name)


def configmap_missing() -> str:
    return _recorded("config/configmap_missing/mounted", "describe/pods-mailer.txt")


def evicted() -> str:
    return _recorded("eviction/own_limit_exceeded/ephemeral_storage", "describe/pods-uploads.txt")


def init_fails(name: str) -> str:
    return _recorded("dependency/service_without_endpoints/init_container", name)


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """The text with words replaced, every one of which must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def without_lines(text: str, *parts: str) -> str:
    """The text without the lines that hold one of the parts."""
    return "".join(line for line in text.splitlines(keepends=True) if not any(part in line for part in parts))


def diagnosed(*texts: str | tuple[str, str]) -> Diagnosis:
    """The diagnosis of texts, each a file of its own; a pair gives the file's name too."""
    named = [text if isinstance(text, tuple) else (f"paste-{n}.txt", text) for n, text in enumerate(texts)]
    return diagnose_evidence(together(*(read_text(name, text.encode()) for name, text in named)))


def roots(diagnosis: Diagnosis) -> dict[str, str]:
    """Root causes: condition → title."""
    return {c.finding.condition.code: c.finding.title for c in diagnosis.root_causes if c.role == "root-cause"}


def deepest(diagnosis: Diagnosis) -> set[str]:
    return {c.finding.condition.code for c in diagnosis.root_causes if c.role == "deepest-known"}


def excluded(diagnosis: Diagnosis) -> set[str]:
    return {ruled_out.condition.code for ruled_out in diagnosis.ruled_out}


def undecided(diagnosis: Diagnosis) -> set[str]:
    return {undetermined.condition.code for undetermined in diagnosis.undetermined}


def commands(diagnosis: Diagnosis) -> str:
    return "\n".join(step.command for step in diagnosis.next_steps)
