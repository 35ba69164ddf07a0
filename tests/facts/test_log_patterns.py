"""Every pattern finds its own examples, and no other pattern's but where both say the same of different layers."""

from __future__ import annotations

import re

import pytest

from kwhy.facts.log_patterns import all_patterns
from kwhy.facts.logs import LogPattern
from kwhy.ingest.logs.frames import unwrap

PATTERNS = all_patterns()
EXAMPLES = [(pattern, example) for pattern in PATTERNS for example in pattern.examples]
#: Errors that are handed on from layer to layer: they stand inside the messages of the layers above.
HANDED_ON = ("transport.", "cni.", "runc.", "etcd.", "systemd.bus", "dockerd.not-reachable", "containerd.name-reserved",
             "containerd.network-", "containerd.task-not-created")  # fmt: skip
#: A general statement and the special one in the same line.
GENERAL = {
    "kubelet.sync-skipped": ("kubelet.pleg-", "kubelet.runtime-down"),
    "kubelet.pod-sync-failed": ("kubelet.network-not-ready",),
    "kubelet.runtime-down": ("kubelet.sync-skipped", "kubelet.became-not-ready"),
    "kubelet.cannot-run": ("kubelet.swap-on", "kubelet.cgroup-driver-mismatch", "kubelet.no-runtime-connection"),
    "kubelet.config-invalid": ("kubelet.cgroup-v1-refused",),
    "kubelet.cri-call-failed": ("containerd.", "cni.", "transport."),
    "kubelet.pleg-relist-failed": ("dockerd.not-reachable",),
    "kubelet.lease-not-renewed": ("etcd.",),
    "kubelet.not-registered": ("transport.",),
    "kubelet.runtime-sanity-failed": ("transport.",),
    "containerd.call-failed": ("containerd.", "cni.", "runc."),
    "containerd.sandbox-run-failed": ("containerd.", "cni."),
    "kubelet.swap-on": ("kubelet.cannot-run",),
    "kubelet.cgroup-driver-mismatch": ("kubelet.cannot-run",),
    "kubelet.cgroup-v1-refused": ("kubelet.config-invalid",),
    "kubelet.network-not-ready": ("cni.",),
    "own-container.configuration-refused": ("component.start-refused", "kubelet.manifest-invalid"),
    "own-container.argument-refused": ("component.start-refused",),
    "own-container.port-in-use": ("component.start-refused",),
    "component.start-refused": ("own-container.", "kubelet."),
    "own-container.permission-denied": ("own-container.shell-cannot-run",),
    "own-container.no-space-left": ("own-container.file-watches-used-up",),
}


def matches(pattern: LogPattern, line: str) -> bool:
    return any(anchor in line for anchor in pattern.anchors) and bool(re.search(pattern.regex, unwrap(line).text))


@pytest.mark.parametrize(("pattern", "example"), EXAMPLES, ids=lambda item: getattr(item, "id", "line"))
def test_a_pattern_finds_its_examples_by_an_anchor_and_by_its_expression(pattern: LogPattern, example: str) -> None:
    assert any(anchor in example for anchor in pattern.anchors)
    assert re.search(pattern.regex, unwrap(example).text)


@pytest.mark.parametrize("wrap", [
    "Nov 21 21:31:41.120579 node-a prog[4552]: {}",
    "2026-11-21T21:36:54.617164664Z stderr F {}",
    "2026-11-21T21:31:41.120579+0000 node-a prog[4552]: {}",
])  # fmt: skip
@pytest.mark.parametrize(("pattern", "example"), EXAMPLES, ids=lambda item: getattr(item, "id", "line"))
def test_a_pattern_finds_its_examples_inside_other_frames(pattern: LogPattern, example: str, wrap: str) -> None:
    assert re.search(pattern.regex, unwrap(wrap.format(example)).text)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_a_pattern_does_not_find_the_examples_of_others(pattern: LogPattern) -> None:
    allowed = GENERAL.get(pattern.id, ())
    found = {other.id for other, example in EXAMPLES if other != pattern and matches(pattern, example)}
    if not pattern.id.startswith(HANDED_ON):
        assert not {name for name in found if not name.startswith(allowed)} if allowed else not found


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_anchors_stay_verbatim_under_every_quoting(pattern: LogPattern) -> None:
    for anchor in pattern.anchors:
        assert len(anchor) >= 5
        assert not set(anchor) & set('"\\<>&\n\t')


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_keys_are_fields_and_every_pattern_cites_its_source(pattern: LogPattern) -> None:
    assert set(pattern.key) <= set(re.compile(pattern.regex).groupindex)
    assert pattern.source
    assert pattern.examples


def test_ids_are_unique() -> None:
    assert len({pattern.id for pattern in PATTERNS}) == len(PATTERNS)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_no_expression_backtracks_without_end(pattern: LogPattern) -> None:
    import time

    regex = re.compile(pattern.regex)
    evil = [
        "".join(anchor for anchor in pattern.anchors) + filler * 4000
        for filler in ("a", " ", '\\"', "x: ", "=", "goroutine ", "::", "\\", "0", 'msg="a" ')
    ] + [example[: len(example) // 2] + " a" * 3000 for example in pattern.examples]
    began = time.process_time()
    for line in evil:
        regex.search(line)
    assert time.process_time() - began < 1.0
