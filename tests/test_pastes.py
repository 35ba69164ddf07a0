"""What a chat, an editor or a terminal does to pasted text never leads to another root cause than the text itself."""

from __future__ import annotations

import html
import re
import tarfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

#: What kubectl 1.34.4 printed of recorded faults (origin: the README.md beside it).
RECORDED = Path(__file__).parent / "ingest" / "kubectl" / "data" / "recorded.tar.xz"
FAULTS = {
    "crashloop-bad-command": ("container.command-not-found", "Deployment billing/invoicer"),
    "missing-configmap": ("config.configmap-missing", "Deployment mailer/mailer"),
    "pending-taint": ("node.taint-not-tolerated", "Node node-a"),
    "pvc-no-storageclass": ("storage.class-missing", "PersistentVolumeClaim forum/forum-db"),
    "quota-exceeded": ("quota.exceeded", "ResourceQuota ml-serving/team-quota"),
}
Outputs = Mapping[str, str]


@cache
def outputs(fault: str) -> Outputs:
    """Command line → what it printed."""
    found: dict[str, str] = {}
    with tarfile.open(RECORDED) as members:
        for member in members:
            if member.name.startswith(f"{fault}/") and member.name.endswith(".txt"):
                file = members.extractfile(member)
                assert file is not None
                command, _, text = file.read().decode().partition("\n")
                found[command.removeprefix("$ ")] = text.strip("\n") + "\n"
    return found


def bare(shown: Outputs) -> str:
    return "\n".join(shown.values())


def each_line(text: str, edit: Callable[[int, str], str]) -> str:
    return "\n".join(edit(number, line) for number, line in enumerate(text.split("\n"), 1))


#: Ways of pasting that leave the root cause as it is.
SAME: dict[str, Callable[[Outputs], str]] = {
    "with prompts": lambda shown: "".join(f"$ {command}\n{text}" for command, text in shown.items()),
    "with prompts of PowerShell": lambda shown: "".join(f"PS C:\\x> {c}\r\n{t}" for c, t in shown.items()),
    "with commands and no prompts": lambda shown: "\n".join(f"{command}\n{text}" for command, text in shown.items()),
    "with commands and rulers": lambda shown: "\n".join(f"{c}\n{'-' * 20}\n{text}" for c, text in shown.items()),
    "without prompts": bare,
    "without prompts and blank lines": lambda shown: "".join(shown.values()),
    "with Chinese between": lambda shown: "".join(
        f"第{i}个命令的输出如下：\n{t}看起来有问题。\n" for i, t in enumerate(shown.values())
    ),
    "with headings": lambda shown: "".join(f"=== {number} ===\n{text}" for number, text in enumerate(shown.values())),
    "in fences": lambda shown: "".join(f"Output:\n```\n{text}```\n" for text in shown.values()),
    "in Jira's braces": lambda shown: "".join(f"{{code}}\n{text}{{code}}\n" for text in shown.values()),
    "with gaps collapsed": lambda shown: re.sub(r"(?<=\S) {2,}", " ", bare(shown)),
    "with tabs for gaps": lambda shown: re.sub(r"(?<=\S) {2,}", "\t", bare(shown)),
    "as a page's source": lambda shown: html.escape(bare(shown)),
    "with no-break spaces": lambda shown: bare(shown).replace("  ", "\u00a0 "),
    "with line numbers": lambda shown: each_line(bare(shown), lambda number, line: f"{number:5d}  {line}"),
    "quoted": lambda shown: each_line(bare(shown), lambda _, line: f"> {line}"),
    "indented": lambda shown: each_line(bare(shown), lambda _, line: f"    {line}"),
    "from Windows": lambda shown: bare(shown).replace("\n", "\r\n"),
    "from a word processor": lambda shown: bare(shown).replace(' "', " “").replace('"', "”"),
}
#: Ways that lose text: the cause may stay open, but no other one is named.
NO_OTHER: dict[str, Callable[[Outputs], str]] = {
    "cut at 80 columns": lambda shown: each_line(bare(shown), lambda _, line: line[:80]),
    "cut at 132 columns": lambda shown: each_line(bare(shown), lambda _, line: line[:132]),
    "wrapped at 80 columns": lambda shown: each_line(
        bare(shown), lambda _, line: "\n".join(re.findall(".{1,80}", line))
    ),
    "wrapped at 120 columns": lambda shown: each_line(
        bare(shown), lambda _, line: "\n".join(re.findall(".{1,120}", line))
    ),
    "without its first half": lambda shown: bare(shown)[len(bare(shown)) // 2 :],
    "without its second half": lambda shown: bare(shown)[: len(bare(shown)) // 2],
    "without indentation": lambda shown: each_line(bare(shown), lambda _, line: line.strip()),
}


def roots(text: str) -> list[tuple[str, str]]:
    from kwhy.ingest.encodings import normalised

    evidence = read_document(Document("paste.txt", normalised(text.encode())))
    diagnosis = diagnose_evidence(evidence)
    assert diagnosis.coverage.failed_rules == ()
    assert evidence.failed == ()
    return [(c.finding.condition.code, str(c.finding.subject)) for c in diagnosis.root_causes if c.role == "root-cause"]


@pytest.mark.parametrize("way", SAME)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_paste_has_the_root_cause_of_what_was_pasted(fault: str, way: str) -> None:
    assert roots(SAME[way](outputs(fault)))[:1] == [FAULTS[fault]]


@pytest.mark.parametrize("way", NO_OTHER)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_paste_has_no_other_root_cause(fault: str, way: str) -> None:
    assert set(roots(NO_OTHER[way](outputs(fault)))) <= {FAULTS[fault]}
