"""What a diagnosis must and must not say about a case, as assertions that name what they saw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath

from tests.harness.case import Case, Claim, all_cases, written
from tests.harness.evidence import files_of

from kwhy.model.diagnosis import Diagnosis, Finding, RootCause
from kwhy.model.document import Locator

#: How the scene names a host of which only a document is known (kwhy.scene.hosts).
ANONYMOUS = "the node of "


def roots_of(diagnosis: Diagnosis) -> list[Claim]:
    return [_claim(cause) for cause in diagnosis.root_causes if cause.role == "root-cause"]


def deepest_of(diagnosis: Diagnosis) -> list[Claim]:
    return [_claim(cause) for cause in diagnosis.root_causes if cause.role == "deepest-known"]


def _claim(cause: RootCause) -> Claim:
    return Claim(cause.finding.condition.code, written(cause.finding.subject))


def place(at: Locator) -> str:
    """A locator as cases write it."""
    return f"{at.source}#{at.path}" if at.path is not None else f"{at.source}:{at.line}"


def assert_same_roots(case: Case, diagnosis: Diagnosis, seen: str) -> None:
    """The root causes are those of the case, no more and no fewer."""
    found = {(c.condition, _unnamed(case, c.subject)) for c in roots_of(diagnosis)}
    wanted = {(c.condition, _unnamed(case, c.subject)) for c in case.roots}
    assert found == wanted, f"{seen}: root causes {_listed(found)}, true: {_listed(wanted)}\n{outline(diagnosis)}"


def _unnamed(case: Case, subject: str) -> str:
    """The subject without its node, where the case's evidence does not say which node it comes from.

    Such a node is called after a document, or taken to be the only node that other evidence knows.
    """
    kind, *rest = subject.split("/")
    if any(ANONYMOUS in true.subject for true in case.roots) and kind in ("Process", "Connection", "Node"):
        return kind if kind == "Node" else f"{kind}/{rest[-1]}"
    return subject


def assert_no_wrong_root(case: Case, diagnosis: Diagnosis, seen: str) -> None:
    """Of a part of the evidence: the true roots, or some of them, or none; and no false calm.

    Where no root is named, what is proven so far lies on the true chain, or is what a person sees failing.
    """
    for root in roots_of(diagnosis):
        right = any(_same(case, root, true) or _stands_for(case, root, true, diagnosis) for true in case.roots)
        assert right, f"{seen}: wrong root {root}\n{outline(diagnosis)}"
        assert root.condition not in case.absent, f"{seen}: {root} is said to be no root here"
    symptoms = {finding.condition.code for finding in diagnosis.findings if finding.symptom}
    for deepest in deepest_of(diagnosis):
        expected = deepest.condition in case.known or deepest.condition in symptoms
        assert expected, f"{seen}: {deepest} is not on the true chain\n{outline(diagnosis)}"
    if not case.healthy:
        assert diagnosis.outcome != "healthy", f"{seen}: called healthy"
    assert not diagnosis.coverage.failed_rules, f"{seen}: {diagnosis.coverage.failed_rules}"


def _same(case: Case, found: Claim, true: Claim) -> bool:
    """The same condition and subject. Its node or namespace may be lost with the documents that state it."""
    if found.condition != true.condition and found.condition not in case.coarser:
        return False
    if found.subject == true.subject:
        return True
    kind, _, rest = found.subject.partition("/")
    true_kind, *true_rest = true.subject.split("/")
    if kind != true_kind:
        return False
    if ANONYMOUS in true.subject:
        return _unnamed(case, found.subject) == _unnamed(case, true.subject)
    if rest.startswith(ANONYMOUS):
        return len(true_rest) == 1 or rest.endswith(f"/{true_rest[-1]}")
    return rest == true_rest[-1]


def _stands_for(case: Case, found: Claim, true: Claim, diagnosis: Diagnosis) -> bool:
    """Whether what was found is the true subject under another name, because no document that is left names it."""
    if found.condition != true.condition:
        return False
    kind, _, name = found.subject.partition("/")
    if kind == "Document":
        return _is_nameless_log(case, found, true, diagnosis)
    if kind == "Webhook" and true.subject.split("/")[0].endswith("WebhookConfiguration"):
        return true.subject in _registering(case, name) and not _shows_registrations(diagnosis)
    return False


def _is_nameless_log(case: Case, found: Claim, true: Claim, diagnosis: Diagnosis) -> bool:
    """Whether the log is one of the true program's pods, and its file is called something that says nothing."""
    _, namespace, program = true.subject.split("/")
    roots = [cause.finding for cause in diagnosis.root_causes if _claim(cause) == found]
    logs = {bytes(evidence.at.document.data) for finding in roots for evidence in finding.evidence}
    names = {name for name, data in _recorded(case).items() if data in logs}
    of_program = all(PurePosixPath(name).name.startswith(f"{namespace}_{program}") for name in names)
    return bool(names) and of_program and "_" not in found.subject


def _registering(case: Case, webhook: str) -> set[str]:
    """The configurations that register a webhook, in all of the case's evidence."""
    found = set()
    for name, data in _recorded(case).items():
        if "webhookconfigurations" in name and name.endswith(".json"):
            for item in json.loads(data)["items"]:
                if any(one["name"] == webhook for one in item["webhooks"]):
                    kind = item.get("kind") or json.loads(data)["kind"].removesuffix("List")
                    found.add(f"{kind}/{item['metadata']['name']}")
    return found


def _shows_registrations(diagnosis: Diagnosis) -> bool:
    return any("webhookconfigurations" in document.source for document in diagnosis.coverage.documents)


def _recorded(case: Case) -> Mapping[str, bytes]:
    """The recorded files of a case."""
    return files_of(next(recorded for recorded in all_cases() if recorded.case is case))


def assert_present(claim: Claim, diagnosis: Diagnosis) -> None:
    """The claim's condition was found for its subject, because of the places that it names."""
    finding = _finding(claim, diagnosis)
    places = [place(evidence.at) for evidence in finding.evidence]
    missing = [because for because in claim.because if because not in places]
    assert not missing, f"{claim} rests on {places}, not on {missing}"


def _finding(claim: Claim, diagnosis: Diagnosis) -> Finding:
    for finding in diagnosis.findings:
        if finding.condition.code == claim.condition and written(finding.subject) == claim.subject:
            return finding
    raise AssertionError(f"{claim} was not found\n{outline(diagnosis)}")


def outline(diagnosis: Diagnosis) -> str:
    """The diagnosis in a few lines, for failing tests."""
    lines = [f"outcome {diagnosis.outcome}"]
    lines += [f"  {cause.role}: {_claim(cause)}" for cause in diagnosis.root_causes]
    lines += [f"  found: {f.condition.code} of {written(f.subject)}" for f in diagnosis.findings]
    return "\n".join(lines)


def _listed(claims: set[tuple[str, str]]) -> str:
    return ", ".join(f"{condition} of {subject}" for condition, subject in sorted(claims)) or "none"
