"""Terminal sessions: what a person copied from a terminal, or `script`, `bash -x` and runbooks recorded.

Each command becomes a nested document with its command line, host and (where a `date` says it) time; a command that
printed nothing gives an empty document, which is evidence too. Prompt styles: ingest/session/prompts.py. Outputs glued
together without prompts: ingest/session/blocks.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kwhy.ingest.session.commands import documents_of, prompts_in
from kwhy.ingest.session.prompts import Prompt, Sureness
from kwhy.ingest.session.unprompted import STYLE as UNPROMPTED
from kwhy.ingest.session.words import is_command
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: Lines that a session is looked for in; a transcript begins with a prompt or has one soon.
_LINES_LOOKED_AT: Final = 2000
#: Files in which "$ …" and "# …" lines are prose or code: Markdown, shell scripts, diffs.
_PROSE_FILE: Final = expression(r"^(?:#!|#{1,6} [A-Z]\w*(?: [\w`-]+)*$\n\n|```|diff --git |--- a/|@@ )", re.MULTILINE)


def _recognise_session(head: Head) -> float:
    lines = head.text.splitlines()[:_LINES_LOOKED_AT]
    first_content = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first_content is None:
        return 0.0
    typed = [(number, prompt) for number, prompt in prompts_in(lines).items() if _counts(prompt)]
    if not typed:
        return 0.0
    is_prose = _PROSE_FILE.search(head.text[:4000]) is not None
    at_start = typed[0][0] == first_content
    if typed[0][1].style == UNPROMPTED:
        return 0.0 if is_prose else 0.96
    certain = any(prompt.sureness is Sureness.CERTAIN for _, prompt in typed)
    if is_prose and not certain:
        return 0.0
    if at_start and (certain or not _looks_like_comments(lines, typed)):
        return 1.0
    if certain:
        return 0.97
    likely = any(
        prompt.sureness is Sureness.LIKELY or prompt.style in ("bare", "trace", "tight", "label") for _, prompt in typed
    )
    return 0.85 if likely and not _looks_like_comments(lines, typed) else 0.0


def _counts(prompt: Prompt) -> bool:
    return bool(prompt.command) and is_command(prompt.command)


def _looks_like_comments(lines: list[str], typed: list[tuple[int, Prompt]]) -> bool:
    """Whether "# …" lines stand among other comments: a configuration file, not a root shell."""
    if any(prompt.style != "root" for _, prompt in typed):
        return False
    hashes = sum(line.startswith("#") for line in lines)
    return hashes > len(typed)


def _parse_session(document: Document) -> Iterator[Parsed]:
    yield from documents_of(document)


FORMAT: Final = Format("terminal-session", _recognise_session, _parse_session)
