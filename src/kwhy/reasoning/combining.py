"""One diagnosis of several clusters: each was judged alone; here they are put side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from kwhy.model.diagnosis import Coverage, Diagnosis, Finding, Outcome, RootCause


def combined(parts: Sequence[tuple[str, Diagnosis]], coverage: Coverage) -> Diagnosis:
    """The diagnoses of clusters, by name, as one; titles say which cluster they are about."""
    return side_by_side(
        parts, coverage, f"{len(parts)} clusters are kept apart: {', '.join(name for name, _ in parts)}"
    )


def side_by_side(parts: Sequence[tuple[str, Diagnosis]], coverage: Coverage, apart: str) -> Diagnosis:
    """Diagnoses by name as one, with the note ``apart``; titles say which part they are about."""
    renamed = [_renamed(name, diagnosis, first) for (name, diagnosis), first in zip(parts, _firsts(parts), strict=True)]
    moments = [diagnosis.as_of for diagnosis in renamed if diagnosis.as_of is not None]
    return Diagnosis(
        as_of=max(moments, default=None),
        outcome=_outcome([diagnosis.outcome for diagnosis in renamed]),
        root_causes=_ranked([cause for diagnosis in renamed for cause in diagnosis.root_causes]),
        findings=tuple(finding for diagnosis in renamed for finding in diagnosis.findings),
        contributing=tuple(finding for diagnosis in renamed for finding in diagnosis.contributing),
        links=tuple(link for diagnosis in renamed for link in diagnosis.links),
        ruled_out=tuple(item for diagnosis in renamed for item in diagnosis.ruled_out),
        undetermined=tuple(item for diagnosis in renamed for item in diagnosis.undetermined),
        unexplained=tuple(finding for diagnosis in renamed for finding in diagnosis.unexplained),
        hypotheses=tuple(item for diagnosis in renamed for item in diagnosis.hypotheses),
        next_steps=tuple(dict.fromkeys(step for diagnosis in renamed for step in diagnosis.next_steps)),
        coverage=coverage,
        notes=(apart, *dict.fromkeys(note for diagnosis in renamed for note in diagnosis.notes)),
    )


def _firsts(parts: Sequence[tuple[str, Diagnosis]]) -> list[int]:
    """How many findings stand before those of each part."""
    counts = [len(_all(diagnosis)) for _, diagnosis in parts]
    return [sum(counts[:index]) for index in range(len(counts))]


def _all(diagnosis: Diagnosis) -> list[Finding]:
    causes = [cause.finding for cause in diagnosis.root_causes]
    found = {finding.id: finding for finding in (*diagnosis.findings, *diagnosis.contributing, *causes)}
    return list(found.values())


def _renamed(name: str, diagnosis: Diagnosis, first: int) -> Diagnosis:
    """``diagnosis`` with ids that no other part has."""
    ids = {finding.id: f"f{number}" for number, finding in enumerate(_all(diagnosis), first + 1)}

    def own(finding: Finding) -> Finding:
        return msgspec.structs.replace(finding, id=ids[finding.id], title=f"{finding.title} [{name}]")

    return msgspec.structs.replace(
        diagnosis,
        findings=tuple(own(finding) for finding in diagnosis.findings),
        contributing=tuple(own(finding) for finding in diagnosis.contributing),
        root_causes=tuple(
            msgspec.structs.replace(
                cause,
                finding=own(cause.finding),
                explains=_ids(cause.explains, ids),
                chain=_ids(cause.chain, ids),
            )
            for cause in diagnosis.root_causes
        ),
        links=tuple(
            msgspec.structs.replace(
                link, cause=ids.get(link.cause, link.cause), effect=ids.get(link.effect, link.effect)
            )
            for link in diagnosis.links
        ),
        unexplained=_ids(diagnosis.unexplained, ids),
        hypotheses=tuple(
            msgspec.structs.replace(item, accounts_for=_ids(item.accounts_for, ids)) for item in diagnosis.hypotheses
        ),
    )


def _ids(named: Sequence[str], ids: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(ids.get(each, each) for each in named)


def _ranked(causes: Sequence[RootCause]) -> tuple[RootCause, ...]:
    """Root causes of all clusters before what is only the deepest known, each in the order of its own cluster."""
    ordered = sorted(causes, key=lambda cause: (cause.role != "root-cause", cause.rank, -cause.confidence))
    return tuple(msgspec.structs.replace(cause, rank=rank) for rank, cause in enumerate(ordered, 1))


def _outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """Healthy only where every cluster is; explained where each cluster's symptoms are."""
    ailing = {outcome for outcome in outcomes if outcome not in ("healthy", "insufficient-evidence")}
    if not ailing:
        return "healthy" if set(outcomes) == {"healthy"} else "insufficient-evidence"
    if len(ailing) == 1:
        return ailing.pop()
    return "partly-explained"
