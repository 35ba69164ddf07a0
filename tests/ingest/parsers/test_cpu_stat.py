"""cpu.stat of control groups. Version 1 as a node with Linux 6.18 printed it; version 2 as Linux documents it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.cgroups import CpuThrottling
from kwhy.ingest.parsers.cpu_stat import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

ID = "1a85cbee7f487afcc349f8ca1882ea3babe249d5cac4b4bc53b08812582725fb"
UID = "7264dc21-f6da-4a96-b21d-c5306cffdf5a"
V1 = "nr_periods 61\nnr_throttled 57\nthrottled_time 3981544499\nnr_bursts 0\nburst_time 0\n"
#: Documentation/admin-guide/cgroup-v2.rst (cpu.stat), Linux v6.6, with the values of the above
V2 = (
    "usage_usec 122000\nuser_usec 80000\nsystem_usec 42000\nnr_periods 61\nnr_throttled 57\n"
    "throttled_usec 3981544\nnr_bursts 0\nburst_usec 0\n"
)
PATHS = [
    f"/sys/fs/cgroup/cpu/kubepods/burstable/pod{UID}/{ID}/cpu.stat",
    f"/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice"
    f"/cri-containerd-{ID}.scope/cpu.stat",
]


def parsed(text: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("x", text.encode("utf-8", "replace"), command=command)))


@pytest.mark.parametrize("text", [V1, V2])
@pytest.mark.parametrize("path", PATHS)
def test_counters_and_whose_they_are(text: str, path: str) -> None:
    assert FORMAT.recognise(Head(text, len(text), None)) > 0.9
    (fact,) = parsed(text, f"cat {path}")
    assert isinstance(fact, CpuThrottling)
    assert (fact.periods, fact.throttled, fact.container, fact.pod_uid) == (61, 57, ID, UID)
    assert fact.waited == pytest.approx(3.98, abs=0.01)
    assert fact.share == pytest.approx(0.934, abs=0.001)


@pytest.mark.parametrize(
    "command",
    [
        "kubectl exec -n shop web-0 -- cat /sys/fs/cgroup/cpu.stat",
        "kubectl -n shop exec pod/web-0 -c app -- cat /sys/fs/cgroup/cpu.stat",
        "kubectl exec --namespace=shop web-0 -- cat /sys/fs/cgroup/cpu/cpu.stat",
    ],
)
def test_kubectl_exec_names_the_pod(command: str) -> None:
    (fact,) = parsed(V2, command)
    assert isinstance(fact, CpuThrottling)
    assert (fact.pod, fact.namespace, fact.container) == ("web-0", "shop", "")


def test_several_files_at_once_are_told_apart() -> None:
    text = "".join(f"==> {path} <==\n{V1}\n" for path in PATHS)
    facts = parsed(text, "head -n 20 /sys/fs/cgroup/x/cpu.stat /sys/fs/cgroup/y/cpu.stat")
    assert [fact.group for fact in facts if isinstance(fact, CpuThrottling)] == [p.rpartition("/")[0] for p in PATHS]


def test_the_file_twice_is_two_measurements() -> None:
    assert len(parsed(V1 + V1)) == 2


def test_a_strange_line_is_reported() -> None:
    *_, unparsed, fact = parsed(V1 + "nr_periods many\n")
    assert isinstance(unparsed, Unparsed)
    assert isinstance(fact, CpuThrottling)


def test_a_cpu_stat_without_a_quota_is_another_matter() -> None:
    text = "usage_usec 17427544910\nuser_usec 15846589549\nsystem_usec 1580955360\n"
    assert FORMAT.recognise(Head(text, len(text), None)) == 0.0


@given(st.text(max_size=200), st.integers(0, 120), st.text(max_size=80))
def test_any_text_is_read_to_an_end(noise: str, cut: int, command: str) -> None:
    for fact in parsed(V1[:cut] + noise + V1[cut:], command):
        assert isinstance(fact, CpuThrottling | Unparsed)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_to_an_end(data: bytes) -> None:
    for fact in FORMAT.parse(Document("x", data)):
        assert isinstance(fact, CpuThrottling | Unparsed)
