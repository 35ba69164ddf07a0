"""What a report for people says, in order, before any format: the root first, then what it led to, then the rest."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.model.diagnosis import (
    Diagnosis,
    Finding,
    Hypothesis,
    NextStep,
    RootCause,
    RuledOut,
    Solved,
    Undetermined,
)
from kwhy.model.time import iso
from kwhy.model.verdict import Evidence
from kwhy.model.wording import named
from kwhy.reports.wording import Mend, counted, mend, one_line, place, printable, since, size


class Line(msgspec.Struct, frozen=True):
    """A sentence with the place that proves it. ``excerpt`` is "" where it would only repeat the sentence."""

    text: str
    place: str = ""
    excerpt: str = ""


class Cause(msgspec.Struct, frozen=True):
    """One ranked cause. ``chain`` leads from its first effect to the symptom, ``also`` are symptoms off that chain."""

    heading: str
    percent: int
    title: str
    code: str
    subject: str
    proof: tuple[Line, ...]
    chain: tuple[Line, ...]
    also: tuple[Line, ...]
    affected: tuple[str, ...]
    since: str | None
    assumed: tuple[str, ...]
    solved: tuple[Line, ...]
    mends: tuple[Mend, ...]


class Excluded(msgspec.Struct, frozen=True):
    """A cause that was ruled out: for whom, and why."""

    code: str
    subject: str
    because: tuple[Line, ...]


class Open(msgspec.Struct, frozen=True):
    """A possible cause that could not be judged."""

    code: str
    subject: str
    missing: str
    commands: tuple[str, ...]


class Next(msgspec.Struct, frozen=True):
    """A command worth running."""

    command: str
    where: str
    why: str


class Outline(msgspec.Struct, frozen=True):
    verdict: str
    sentence: str
    causes: tuple[Cause, ...]
    causes_left_out: int
    contributing: tuple[Line, ...]
    unexplained: tuple[Line, ...]
    ruled_out: tuple[Excluded, ...]
    open: tuple[Open, ...]
    may_be: tuple[Line, ...]
    next: tuple[Next, ...]
    notes: tuple[str, ...]
    read: str
    not_understood: tuple[Line, ...]
    failed: tuple[str, ...]


_SENTENCES = {
    "explained": "Every symptom seen is explained.",
    "partly-explained": "Part of the chain is proven; what is below it, or explains the rest, is not known.",
    "unexplained": "Something fails, and the evidence proves no root cause of it.",
    "healthy": "Nothing fails: pods, nodes, workloads and Services were all shown, and no symptom was found on any.",
    "insufficient-evidence": "Nothing failing was seen, but too little was shown to call this healthy.",
}
_WORDS = {
    "explained": "EXPLAINED",
    "partly-explained": "PARTLY EXPLAINED",
    "unexplained": "UNEXPLAINED",
    "healthy": "HEALTHY",
    "insufficient-evidence": "NOT ENOUGH EVIDENCE",
}


def outline(diagnosis: Diagnosis, top: int | None = None) -> Outline:
    """``top`` limits the causes shown; None shows all."""
    causes = diagnosis.root_causes if top is None else diagnosis.root_causes[:top]
    findings = {finding.id: finding for finding in diagnosis.findings}
    findings |= {cause.finding.id: cause.finding for cause in diagnosis.root_causes}
    told = {name for cause in causes for name in (cause.finding.id, *cause.chain, *cause.explains)}
    numbered = sum(cause.role == "root-cause" for cause in diagnosis.root_causes) > 1
    return Outline(
        verdict=_WORDS[diagnosis.outcome],
        sentence=_SENTENCES[diagnosis.outcome],
        causes=tuple(_cause(cause, findings, numbered) for cause in causes),
        causes_left_out=len(diagnosis.root_causes) - len(causes),
        contributing=tuple(_finding(finding) for finding in diagnosis.contributing),
        unexplained=tuple(
            _finding(findings[name]) for name in diagnosis.unexplained if name in findings and name not in told
        ),
        ruled_out=tuple(_excluded(each) for each in diagnosis.ruled_out),
        open=tuple(_open(each) for each in diagnosis.undetermined),
        may_be=tuple(_may_be(each, findings) for each in diagnosis.hypotheses),
        next=tuple(_next(step) for step in diagnosis.next_steps),
        notes=tuple(one_line(note) for note in diagnosis.notes),
        read=_read(diagnosis),
        not_understood=tuple(_not_understood(diagnosis)),
        failed=tuple(one_line(failure) for failure in diagnosis.coverage.failed_rules),
    )


def _cause(cause: RootCause, findings: dict[str, Finding], numbered: bool) -> Cause:
    finding = cause.finding
    heading = "ROOT CAUSE" if cause.role == "root-cause" else "PROVEN DOWN TO"
    on_chain = {finding.id, *cause.chain}
    return Cause(
        heading=f"{heading} {cause.rank}" if numbered and cause.role == "root-cause" else heading,
        percent=round(cause.confidence * 100),
        title=one_line(finding.title),
        code=finding.condition.code,
        subject=one_line(named(finding.subject)),
        proof=tuple(_evidence(evidence) for evidence in finding.evidence),
        chain=tuple(_finding(findings[name]) for name in cause.chain if name != finding.id and name in findings),
        also=tuple(_finding(findings[name]) for name in cause.explains if name not in on_chain and name in findings),
        affected=tuple(one_line(named(subject)) for subject in finding.affected),
        since=since(finding.since),
        assumed=tuple(one_line(assumption) for assumption in cause.assumed),
        solved=() if cause.solved is None else tuple(_solved(cause.solved)),
        mends=tuple(
            mend(remedy, finding.values, finding.subject)
            for remedy in cause.remedies
            if cause.solved is None or remedy.when == "lasting"  # what was solved needs no mending now
        ),
    )


def _solved(solved: Solved) -> Iterable[Line]:
    """By when the cause was gone, and what proves it."""
    at = one_line(solved.at)
    if not solved.because:
        yield Line(f"before {at}: not seen there any more")
    for number, evidence in enumerate(solved.because):
        line = _evidence(evidence)
        yield Line(f"before {at}: {line.text}" if number == 0 else line.text, line.place, line.excerpt)


def _evidence(evidence: Evidence) -> Line:
    says, excerpt = one_line(evidence.says), one_line(evidence.at.excerpt)
    return Line(says or excerpt, place(evidence.at), "" if excerpt in says or not says else excerpt)


def _finding(finding: Finding) -> Line:
    first = finding.evidence[0] if finding.evidence else None
    return Line(one_line(finding.title), place(first.at) if first else "", one_line(first.at.excerpt) if first else "")


def _excluded(each: RuledOut) -> Excluded:
    return Excluded(
        each.condition.code, one_line(named(each.subject)), tuple(_evidence(evidence) for evidence in each.because)
    )


def _open(each: Undetermined) -> Open:
    commands = dict.fromkeys(printable(call.command) for gap in each.gaps for call in gap.probes)
    return Open(
        each.condition.code,
        one_line(named(each.subject)),
        "; ".join(one_line(gap.what) for gap in each.gaps),
        tuple(commands),
    )


def _may_be(hypothesis: Hypothesis, findings: dict[str, Finding]) -> Line:
    causes = " and ".join(
        f"{condition.code} of {one_line(named(subject))}" for condition, subject in hypothesis.conditions
    )
    effects = "; ".join(one_line(findings[name].title) for name in hypothesis.accounts_for if name in findings)
    return Line(f"{causes} would account for: {effects}")


def _next(step: NextStep) -> Next:
    parts = [one_line(step.why)]
    if step.separates:
        parts.append("separates " + _some(step.separates))
    parts.append(one_line(step.cost))
    parts.append(f"risk {step.risk}")
    return Next(printable(step.command), one_line(step.where), " · ".join(part for part in parts if part))


#: So many conditions are named where a command would decide more.
SEPARATES_SHOWN = 4


def _some(codes: tuple[str, ...]) -> str:
    rest = len(codes) - SEPARATES_SHOWN
    return ", ".join(codes[:SEPARATES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _read(diagnosis: Diagnosis) -> str:
    coverage = diagnosis.coverage
    recognised = {document.source for document in coverage.documents}
    # An entry reads "source: why it was set aside"; a part of a file that was read is no further file.
    # What a live cluster did not give ("cluster: not read …") is no file either.
    files = [entry for entry in coverage.unrecognised if not entry.startswith("cluster: ")]
    aside = {entry.partition(": ")[0].rpartition(":")[0] or entry.partition(": ")[0] for entry in files}
    parts = [
        counted(len(recognised | aside), "file"),
        size(coverage.bytes_read),
        f"{len(recognised - aside)} recognised",
    ]
    facts = sum(document.facts for document in coverage.documents)
    parts.append(counted(facts, "fact"))
    if diagnosis.as_of is not None:
        parts.append(f"as of {iso(diagnosis.as_of)}")
    return ", ".join(parts[:2]) + " · " + " · ".join(parts[2:])


def _not_understood(diagnosis: Diagnosis) -> Iterable[Line]:
    for source in diagnosis.coverage.unrecognised:
        yield Line(one_line(source))
    for document in diagnosis.coverage.documents:
        for problem in document.problems:
            yield Line(one_line(problem), one_line(document.source))
        silent = document.unparsed - len(document.problems)
        if silent > 0:
            yield Line(f"{counted(silent, 'part')} of this {document.format} not understood", one_line(document.source))
