"""Logs, from real programs, read whole."""
# ruff: noqa: E501 - lines of logs are quoted whole

from __future__ import annotations

import json
import mmap
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.logs import AppErrors, LogFile, LogHit
from kwhy.ingest.parsers import log
from kwhy.ingest.reading import Evidence, read_document
from kwhy.ingest.recognise import head_of
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed
from kwhy.model.time import Moment

FILES = Path(__file__).parent / "log_files"
#: 2026-11-21T21:31:37Z, when the kubelet of kubelet-pleg-hang.log first said that PLEG is not healthy.
FIRST_UNHEALTHY = 1795296697.0


def read(name: str, **said: str) -> Evidence:
    return read_document(Document(name, (FILES / name).read_bytes(), **said))  # type: ignore[arg-type]


def read_text(text: str, source: str = "a.log", captured: Moment | None = None) -> Evidence:
    document = Document(source, text.encode(), captured=captured or Moment())
    return read_document(document)


def file_of(evidence: Evidence) -> LogFile:
    (found,) = evidence.of(LogFile)
    return found


def hit(evidence: Evidence, pattern: str) -> LogHit:
    (found,) = [item for item in evidence.of(LogHit) if item.pattern.id == pattern]
    return found


def seconds(age: str) -> float:
    minutes, _, rest = age.rpartition("m")
    return int(minutes) * 60 + float(rest.rstrip("s"))


def test_a_stuck_relist_began_at_the_same_moment_for_every_line() -> None:
    pleg = hit(read("kubelet-pleg-hang.log"), "kubelet.pleg-not-healthy")
    began = [sample.clock - seconds(sample.fields["age"]) for sample in pleg.samples if sample.clock is not None]
    assert pleg.count == len(began) == 13
    assert max(began) - min(began) < 0.01


def test_the_year_and_the_zone_of_klog_come_from_a_line_that_prints_the_present_whole() -> None:
    evidence = read("kubelet-pleg-hang.log")
    assert (file_of(evidence).year, file_of(evidence).zone) == ("calibrated", "calibrated")
    first = hit(evidence, "kubelet.pleg-not-healthy").first
    assert first.when.earliest == pytest.approx(FIRST_UNHEALTHY, abs=60)
    assert first.when.earliest == first.when.latest == first.clock


def test_without_such_a_line_klog_bounds_nothing_but_its_clock_runs() -> None:
    evidence = read("kubelet-pleg-lines.txt")
    pleg = hit(evidence, "kubelet.pleg-not-healthy")
    assert file_of(evidence).year is None
    assert not pleg.first.when.known
    assert pleg.span == pytest.approx(36.308, abs=0.001)


def test_a_capture_time_bounds_the_year_and_says_that_it_is_assumed() -> None:
    text = (FILES / "kubelet-pleg-lines.txt").read_text()
    evidence = read_text(text, captured=Moment(1795300000.0, 1795300000.0))
    last = hit(evidence, "kubelet.pleg-not-healthy").last
    assert file_of(evidence).year == "assumed"
    assert last.when.earliest is not None
    assert last.when.latest is not None
    # The zone is unknown: UTC−12 to UTC+14.
    assert last.when.latest - last.when.earliest == pytest.approx(26 * 3600, abs=2)


def test_a_line_with_the_time_of_day_only_is_read() -> None:
    evidence = read("kubelet-time-of-day.log")
    pleg = hit(evidence, "kubelet.pleg-not-healthy")
    assert file_of(evidence).component == "kubelet"
    assert (pleg.count, pleg.first.line, pleg.last.line) == (11, 1, 11)
    assert pleg.first.clock == pytest.approx(17 * 3600 + 8 * 60 + 22.299597)
    assert not pleg.first.when.known


def test_the_kubelet_names_its_node_and_pid() -> None:
    found = file_of(read("kubelet-pleg-hang.log"))
    assert (found.component, found.host, found.pids) == ("kubelet", "node-a", (4552,))


@pytest.mark.parametrize(
    "form", ["short", "short-iso", "short-precise", "short-full", "short-unix", "short-monotonic", "json"]
)
def test_every_form_of_the_journal_says_the_same(form: str) -> None:
    evidence = read(f"journal-{form}.txt")
    pleg = hit(evidence, "kubelet.pleg-not-healthy")
    assert (pleg.count, pleg.first.line, pleg.last.line, pleg.host, pleg.component) == (13, 6, 20, "node-a", "kubelet")
    assert pleg.last.fields == {"age": "3m37.20858086s", "threshold": "3m0s"}
    assert file_of(evidence).hosts == ("node-a",)


@pytest.mark.parametrize("form", ["export", "verbose"])
def test_the_forms_of_the_journal_with_many_lines_per_entry_are_read(form: str) -> None:
    evidence = read(f"journal-{form}.txt")
    pleg = hit(evidence, "kubelet.pleg-not-healthy")
    assert pleg.count == 13
    assert pleg.host == "node-a"
    assert pleg.first.when.earliest == pytest.approx(1795308129.95, abs=1)
    assert file_of(evidence).host == "node-a"


def test_the_journal_states_the_time_that_klog_lacks() -> None:
    found = file_of(read("journal-json.txt"))
    assert (found.year, found.zone) == ("stated", "stated")


def test_a_finer_time_inside_a_journal_line_wins_where_the_zone_is_proven() -> None:
    text = "".join(
        f"2026-11-22T05:31:{second}+0800 node-a kubelet[4552]: E1122 05:31:{second}.120579    4552 kubelet.go:2452] "
        f'"Skipping pod synchronization" err="PLEG is not healthy: pleg was last seen active 3m{second}.5s ago; '
        'threshold is 3m0s"\n'
        for second in range(10, 20)
    )
    pleg = hit(read_text(text), "kubelet.pleg-not-healthy")
    assert pleg.first.when == Moment(1795296670.120579, 1795296670.120579)


def test_a_goroutine_dump_in_the_journal_is_cut_out_with_its_prefixes() -> None:
    evidence = read("journal-short.txt")
    outer, inner = evidence.documents
    assert (outer.format, inner.format, inner.first_line) == ("log", "goroutine-dump", 21)
    assert bytes(inner.data).startswith(b"Nov 22 00:42:09 node-a waiter[13405]: SIGABRT: abort")


def test_a_goroutine_dump_in_json_entries_is_unwrapped_line_by_line() -> None:
    evidence = read("journal-json.txt")
    inner = evidence.documents[1]
    assert (inner.format, inner.first_line) == ("goroutine-dump", 21)
    assert bytes(inner.data).startswith(b"SIGABRT: abort\n")


def test_a_dump_in_one_message_of_containerd_is_unescaped() -> None:
    evidence = read("containerd-dump.log")
    inner = evidence.documents[1]
    assert (inner.format, inner.first_line) == ("goroutine-dump", 4)
    assert b"\n\ngoroutine 1 [" in bytes(inner.data)
    assert b"\\n" not in bytes(inner.data)
    assert hit(evidence, "containerd.dump-written").last.fields == {"path": "/tmp/containerd.777.stacks.log"}


def test_a_hung_task_is_a_hit_and_its_stack_a_document() -> None:
    evidence = read("journal-hung-task.txt")
    found = hit(evidence, "kernel.hung-task")
    assert found.key == {"task": "dockerd", "pid": "14148"}
    assert (found.component, found.host, found.count) == ("kernel", "bjsjs_110_46", 1)
    assert [(document.format, document.first_line) for document in evidence.documents[1:]] == [("kernel-tasks", 2)]


def test_a_dump_that_is_the_whole_document_is_not_read_twice() -> None:
    text = (FILES / "journal-short.txt").read_text().split("\n", 20)[20]
    document = Document("x", text.encode(), parent=Document("x", b"", format="log"))
    items = list(log.parse(document))
    assert [type(item) for item in items] == [Unparsed]


@pytest.mark.parametrize("name", ["dmesg.txt", "dmesg-T.txt", "dmesg-iso.txt", "dmesg-x.txt"])
def test_the_kernel_log_is_recognised_in_all_its_forms(name: str) -> None:
    found = file_of(read(name))
    assert (found.component, found.lines) == ("kernel" if name != "dmesg-iso.txt" else found.component, 8)
    assert found.first_clock is not None


def test_success_after_failure_is_noticed() -> None:
    evidence = read("homepage_frontend-6cf9dc644c-b4hjd_frontend.log")
    (errors,) = evidence.of(AppErrors)
    assert (errors.complaint, errors.target, errors.count) == ("connection refused", "http://web/", 1)
    assert errors.succeeded is not None
    assert "-> 200" in errors.succeeded.excerpt
    assert errors.succeeded.line == 2
    assert errors.silent_after == pytest.approx(195.2, abs=0.5)


def test_a_failure_that_goes_on_has_no_success() -> None:
    (errors,) = read("orders_frontend-66bcdb54dc-mjjq9_frontend.log").of(AppErrors)
    assert (errors.complaint, errors.target, errors.count, errors.succeeded) == (
        "connection refused",
        "http://orders-api/",
        8,
        None,
    )
    assert errors.lines_after == 0


def test_a_refusal_counts_as_an_error_though_its_line_says_info() -> None:
    evidence = read("operator_widget-operator-5f99bd45f8-65n46_widget-operator.log")
    (errors,) = evidence.of(AppErrors)
    assert (errors.complaint, errors.target) == ("denied", "/api/v1/namespaces/operator/secrets")
    assert hit(evidence, "transport.forbidden").key["what"] == "secrets"


def test_the_file_name_hints_whose_log_it_is() -> None:
    pod = file_of(read("homepage_frontend-6cf9dc644c-b4hjd_frontend.log")).pod
    assert pod is not None
    assert (pod.namespace, pod.pod, pod.container) == ("homepage", "frontend-6cf9dc644c-b4hjd", "frontend")


def test_a_healthy_log_has_no_errors() -> None:
    evidence = read("kube-system_coredns-cd7ddf6c9-gk5dp_coredns.log")
    assert not evidence.of(AppErrors)
    assert not evidence.of(LogHit)


def test_kubelets_answer_instead_of_a_log_is_said_to_be_none() -> None:
    evidence = read("no-log.txt")
    assert [item.why for item in evidence.unparsed] == ["no log: the kubelet could not retrieve it"]


def test_lines_with_different_keys_are_different_facts() -> None:
    hits = [item for item in read("kubelet-sandboxes.log").of(LogHit) if item.pattern.id == "kubelet.node-event"]
    assert {item.key["event"] for item in hits} >= {"NodeHasSufficientMemory", "NodeHasSufficientPID"}


def test_nodes_in_one_forwarded_log_are_kept_apart() -> None:
    line = 'E1121 21:31:41.1    4552 kubelet.go:2452] "Skipping pod synchronization" err="container runtime is down"'
    evidence = read_text("".join(f"Nov 21 21:31:4{n} node-{n % 2} kubelet[4552]: {line}\n" for n in range(8)))
    hits = [item for item in evidence.of(LogHit) if item.pattern.id == "kubelet.runtime-down"]
    assert sorted((item.host or "", item.count) for item in hits) == [("node-0", 4), ("node-1", 4)]
    assert file_of(evidence).host is None


def pleg_lines(count: int) -> str:
    return "".join(
        f'E1121 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.000000    4552 kubelet.go:2452] "Skipping pod synchronization" '
        f'err="PLEG is not healthy: pleg was last seen active {180 + n}s ago; threshold is 3m0s"\n'
        for n in range(count)
    )


def test_ten_thousand_equal_lines_are_one_fact_with_first_last_and_bounded_samples() -> None:
    pleg = hit(read_text(pleg_lines(10_000)), "kubelet.pleg-not-healthy")
    assert pleg.count == 10_000
    assert (pleg.first.line, pleg.last.line, pleg.last.nth) == (1, 10_000, 10_000)
    assert len(pleg.samples) < 100
    assert pleg.per_minute == pytest.approx(60)
    assert [sample.line for sample in pleg.samples] == sorted(sample.line for sample in pleg.samples)


def test_hyperscan_and_plain_search_find_the_same() -> None:
    data = b"".join((FILES / name).read_bytes() for name in ("kubelet-sandboxes.log", "containerd-name-reserved.log"))
    from kwhy.ingest.logs import scanner
    from kwhy.ingest.logs.anchors import anchors

    found = [chunk.hits for chunk in scanner.chunks(data, error_words=True)]
    assert len(data) > scanner._WORTH_HYPERSCAN
    plain = scanner._search(data, len(anchors().literals))
    assert [hits for chunk in found for hits in chunk] == plain


def test_a_cache_that_cannot_be_written_or_is_broken_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kwhy.ingest.logs.database import anchor_database

    def ends(text: bytes) -> list[int]:
        found: list[int] = []
        anchor_database([b"pleg was", b"other"]).scan(
            text, match_event_handler=lambda i, a, end, f, c: found.append(end)
        )
        return found

    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert ends(b"xx pleg was") == [11]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert ends(b"xx pleg was") == [11]
    (kept,) = (tmp_path / "cache" / "kwhy").iterdir()
    assert ends(b"xx pleg was") == [11]
    kept.write_bytes(b"broken" * 100)
    assert ends(b"xx pleg was") == [11]


def test_a_mapped_file_reads_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "kubelet.log"
    path.write_text(pleg_lines(30_000))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        mapped = [item for item in log.parse(Document("kubelet.log", data)) if isinstance(item, LogHit)]
    plain = [item for item in log.parse(Document("kubelet.log", path.read_bytes())) if isinstance(item, LogHit)]
    assert [(item.pattern.id, item.count, item.samples) for item in mapped] == [
        (item.pattern.id, item.count, item.samples) for item in plain
    ]


def test_new_year_does_not_turn_the_clock_back() -> None:
    text = (
        'E1231 23:59:58.000000 1 kubelet.go:1] "Skipping pod synchronization" err="container runtime is down"\n'
        'E0101 00:00:03.000000 1 kubelet.go:1] "Skipping pod synchronization" err="container runtime is down"\n'
    )
    evidence = read_text(text, captured=Moment(1767230000.0, 1767230000.0))
    found = hit(evidence, "kubelet.runtime-down")
    assert found.span == 5.0
    # Captured on 2026-01-01: the first line is of 2025.
    assert found.first.when.earliest is not None
    assert found.first.when.earliest < 1767230000.0


def test_midnight_does_not_turn_the_clock_back() -> None:
    text = (
        "23:59:58.5 kubelet skipping pod synchronization - [container runtime is down]\n"
        "00:00:03.5 kubelet skipping pod synchronization - [container runtime is down]\n"
    )
    assert hit(read_text(text), "kubelet.runtime-down").span == 5.0


def test_secrets_are_not_shown() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl"
    text = (
        f"2026-11-21T21:36:54Z ERROR call failed: Authorization: Bearer {token} to https://web/: connection refused\n"
    )
    (errors,) = read_text(text * 3).of(AppErrors)
    assert token not in "".join(sample.excerpt for sample in errors.samples)


def test_a_line_of_ten_megabytes_is_read_in_part_and_said_so() -> None:
    long = "x" * 10_000_000
    line = "E1121 21:31:41.120579    4552 kubelet.go:2452]"
    evidence = read_text(f"{line} {long} context deadline exceeded\n" + pleg_lines(3))
    assert file_of(evidence).lines == 4
    assert hit(evidence, "kubelet.pleg-not-healthy").first.line == 2
    assert any("very long" in item.why for item in evidence.unparsed)


@pytest.mark.parametrize(
    "text",
    [
        "NAME     STATUS     ROLES    AGE   VERSION\nnode-a   NotReady   <none>   34m   v1.34.4\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  creationTimestamp: 2026-11-21T21:36:54Z\n  name: web\n",
        '{"kind":"PodList","items":[]}\n',
        "goroutine 1 [running]:\nmain.main()\n\t/src/main.go:10 +0x1d\n",
        "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5\n",
        "",
    ],
)
def test_what_is_no_log_is_not_taken_for_one(text: str) -> None:
    assert log.recognise(head_of(Document("x", text.encode()))) < 0.3


REAL = sorted(path for path in FILES.iterdir() if path.suffix in (".log", ".txt"))


def all_of(data: bytes) -> list[Parsed]:
    return list(log.parse(Document("any.log", data)))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=3000) | st.text(max_size=3000).map(lambda text: text.encode("utf-8", "replace")))
def test_arbitrary_input_never_raises(data: bytes) -> None:
    assert all_of(data)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(REAL), st.integers(0, 2**32))
def test_damaged_logs_never_raise_and_keep_their_places(path: Path, seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(path.read_bytes()[:20_000])
    for _ in range(rng.randrange(1, 30)):
        at = rng.randrange(len(data))
        choice = rng.randrange(4)
        if choice == 0:
            data[at] = rng.randrange(256)
        elif choice == 1:
            del data[at : at + rng.randrange(200)]
        elif choice == 2:
            data[at:at] = bytes(rng.randrange(256) for _ in range(20))
        else:
            data[at:at] = data[max(0, at - 300) : at]
        if not data:
            return
    lines = bytes(data).count(b"\n") + 1
    for item in all_of(bytes(data)):
        if isinstance(item, LogHit):
            assert item.count >= len(item.samples) >= 1
            assert all(1 <= sample.line <= lines for sample in item.samples)


def test_klog_json_reads_like_klog_text() -> None:
    record = {"ts": 1753121321286.793, "caller": "kubelet/kubelet.go:2452", "msg": "Skipping pod synchronization", "v": 0,
              "err": "PLEG is not healthy: pleg was last seen active 3m1s ago; threshold is 3m0s"}  # fmt: skip
    evidence = read_text((json.dumps(record) + "\n") * 2)
    pleg = hit(evidence, "kubelet.pleg-not-healthy")
    assert (pleg.component, pleg.first.fields["age"]) == ("kubelet", "3m1s")
    assert pleg.first.when.earliest == pytest.approx(1753121321.286793)


def test_docker_json_lines_are_unwrapped() -> None:
    inner = 'E1121 21:31:41.120579 1 kubelet.go:2452] "Skipping pod synchronization" err="container runtime is down"\n'
    line = json.dumps({"log": inner, "stream": "stderr", "time": "2026-11-21T21:31:41.2Z"})
    assert hit(read_text(f"{line}\n{line}\n"), "kubelet.runtime-down").count == 2


def test_a_chinese_journal_is_read() -> None:
    # The form of https://github.com/cri-o/cri-o/issues/8250
    line = (
        '6月 04 00:28:47 10-202-91-13 crio[883769]: time="2024-06-04 00:28:47.525454122+08:00" level=info msg="Got pod"'
    )
    found = file_of(read_text(f"{line}\n" * 3))
    assert (found.component, found.host, found.zone) == ("crio", "10-202-91-13", "stated")
