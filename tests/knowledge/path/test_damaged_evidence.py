"""Whatever is left of the evidence, a trace ends with an answer that the whole evidence does not contradict."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import pytest

from kwhy.ingest.reading import read
from kwhy.knowledge.path.tracing import trace
from kwhy.model.trace import TraceEnd, TraceQuestion
from kwhy.scene.scene import Scene

RECORDED = Path(__file__).parent / "recorded"
QUESTIONS = [
    TraceQuestion(source, target)
    for source in (
        TraceEnd("pod", "cart-6cf9dc644c-b4hjd", "shop"),
        TraceEnd("node", "n1"),
        TraceEnd("address", "10.244.2.11"),
    )
    for target in (
        TraceEnd("service", "db", "shop", 3306),
        TraceEnd("address", "10.244.2.12", None, 3306),
        TraceEnd("node", "n2", None, 80),
    )
]
#: Answers that promise nothing.
_UNSURE = ("unknown", "left")


@cache
def blocks(state: str, name: str) -> tuple[str, ...]:
    """The commands of a session with their outputs."""
    text = (RECORDED / state / f"{name}.txt").read_text()
    return tuple(re.split(rf"(?m)(?=^root@{name}:~# )", text)[1:])


def answers(folder: Path) -> list[str]:
    evidence = read([str(folder), str(RECORDED / "objects")])
    scene = Scene(evidence.documents, evidence.facts)
    return [trace(scene, question).verdict for question in QUESTIONS]


@cache
def whole(state: str) -> list[str]:
    evidence = read([str(RECORDED / state), str(RECORDED / "objects")])
    scene = Scene(evidence.documents, evidence.facts)
    return [trace(scene, question).verdict for question in QUESTIONS]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("state", ["healthy", "firewall", "reject", "forwarding_off"])
def test_with_commands_left_out_the_answer_is_the_same_or_not_known(state: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    for name in ("n1", "n2"):
        kept = [block for block in blocks(state, name) if chance.random() < 0.7]
        (tmp_path / f"{name}.txt").write_text("".join(kept) or f"root@{name}:~# uptime\n")
    for question, said, known in zip(QUESTIONS, answers(tmp_path), whole(state), strict=True):
        assert said == known or said in _UNSURE, f"{question}: {said}, with everything {known}"


@pytest.mark.parametrize("seed", range(6))
def test_damaged_text_never_raises(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    for name in ("n1", "n2"):
        lines = "".join(blocks("firewall", name)).split("\n")
        for _ in range(40):
            index = chance.randrange(len(lines))
            line = lines[index]
            cut = chance.randrange(len(line) + 1)
            lines[index] = chance.choice(
                (line[:cut], line[cut:], line[:cut] + "\ufffd网络 0.0.0.0/99 ::" + line[cut:], "")
            )
        (tmp_path / f"{name}.txt").write_text("\n".join(lines))
    assert len(answers(tmp_path)) == len(QUESTIONS)
