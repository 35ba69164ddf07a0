"""What fio prints for people, as recorded (data/fio/ORIGIN.txt) and as public issues quote other versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.fio import FioJob
from kwhy.ingest.parsers.fio_text import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

DATA = Path(__file__).parent / "data" / "fio"
RECORDED = ["slow.txt", "average-good-p99-bad.txt", "two-jobs.txt", "no-sync.txt", "in-memory.txt", "o-sync.txt"]

#: github.com/axboe/fio/issues/878, fio 3.14, cut after the percentiles
FIO_3_14 = """\
test: (g=0): rw=write, bs=(R) 2300B-2300B, (W) 2300B-2300B, (T) 2300B-2300B, ioengine=sync, iodepth=1
fio-3.14
Starting 1 process
Jobs: 1 (f=1): [W(1)][100.0%][w=615KiB/s][w=274 IOPS][eta 00m:00s]
test: (groupid=0, jobs=1): err= 0: pid=769674: Mon Dec 16 12:34:15 2019
  write: IOPS=273, BW=613KiB/s (628kB/s)(9.00MiB/16695msec); 0 zone resets
    clat (usec): min=2, max=15056, avg=207.84, stdev=356.47
     lat (usec): min=2, max=15057, avg=209.18, stdev=356.57
    clat percentiles (usec):
     |  1.00th=[    8],  5.00th=[   16], 10.00th=[   21], 20.00th=[   34],
     | 99.00th=[  603], 99.50th=[  734], 99.90th=[ 5211], 99.95th=[ 8455],
"""
#: github.com/red-hat-storage/ocs-ci/pull/283 (fio 2: "write: io=", "K" in numbers, no section for fsync), unindented
FIO_2 = """\
fio-rand-write: (g=0): rw=randwrite, bs=4K-4K/4K-4K/4K-4K, ioengine=libaio, iodepth=1
fio-2.2.8
fio-rand-write: (groupid=0, jobs=1): err= 0: pid=560: Mon Jul  1 22:14:42 2019
  write: io=241236KB, bw=24035KB/s, iops=6008, runt= 10037msec
    slat (usec): min=2, max=1203.4K, avg=151.81, stdev=6476.99
    clat (usec): min=1, max=38109, avg= 5.93, stdev=228.12
     lat (usec): min=4, max=1203.4K, avg=157.74, stdev=6481.01
    clat percentiles (usec):
     |  1.00th=[    1],  5.00th=[    1], 10.00th=[    1], 20.00th=[    1],
     | 99.00th=[    3], 99.50th=[   15], 99.90th=[  125], 99.95th=[ 1144],
     | 99.99th=[10176]
"""


def parsed(text: str, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("fio.txt", text.encode("utf-8", "replace"), command=command)))


def jobs(text: str, command: str | None = None) -> list[FioJob]:
    return [fact for fact in parsed(text, command) if isinstance(fact, FioJob)]


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_output_is_recognised(name: str) -> None:
    text = (DATA / name).read_text()
    assert FORMAT.recognise(Head(text, len(text), None)) > 0.9
    assert not [fact for fact in parsed(text) if isinstance(fact, Unparsed)]


def test_the_99th_percentile_of_fdatasync_is_read_in_the_unit_of_its_heading() -> None:
    (slow,) = jobs((DATA / "slow.txt").read_text())
    assert slow.sync is not None
    assert slow.sync.percentile(99.0) == pytest.approx(0.145753)
    assert slow.sync.mean == pytest.approx(0.0493715)
    assert (slow.sync.at.line, slow.block_size, slow.reads_or_writes, slow.version) == (26, 2300, "write", "3.33")
    (memory,) = jobs((DATA / "in-memory.txt").read_text())
    assert memory.sync is not None
    assert memory.sync.percentile(99.0) == pytest.approx(524e-9)
    assert memory.sync.maximum == pytest.approx(0.014536)  # "14536k" nanoseconds
    assert memory.disks == ()


def test_each_job_has_its_own_latencies() -> None:
    wal, other = jobs((DATA / "two-jobs.txt").read_text())
    assert (wal.name, other.name) == ("wal", "other")
    assert wal.sync is not None and other.sync is not None
    assert wal.sync.percentile(99.0) == pytest.approx(0.004621)
    assert other.sync.percentile(99.0) == pytest.approx(0.003785)
    assert wal.disks == ("loop0",)


def test_a_job_without_fsync_has_no_such_latency() -> None:
    (job,) = jobs((DATA / "no-sync.txt").read_text())
    assert job.sync is None and job.writes is not None
    assert job.calls_sync is None


def test_the_command_line_tells_the_options() -> None:
    command = "fio --rw=write --ioengine=sync --sync=1 --directory=/var/lib/etcd --size=22m --bs=2300 --name=osync"
    (job,) = jobs((DATA / "o-sync.txt").read_text(), command)
    assert (job.synchronous, job.calls_sync, job.directory) == (True, False, "/var/lib/etcd")


def test_other_versions_are_read() -> None:
    (old,), (newer,) = jobs(FIO_2), jobs(FIO_3_14)
    assert old.version == "2.2.8" and old.sync is None and old.block_size == 4096
    assert old.writes is not None and old.writes.percentile(99.0) == pytest.approx(3e-6)
    assert newer.version == "3.14" and newer.sync is None
    assert newer.writes is not None and newer.writes.percentile(99.0) == pytest.approx(603e-6)


def test_json_behind_the_text_is_a_document_of_its_own() -> None:
    text = (DATA / "slow.both.txt").read_text()
    (nested,) = [fact for fact in parsed(text) if isinstance(fact, Document)]
    assert nested.first_line == 4
    assert bytes(nested.data).startswith(b'{\n  "fio version"')


def test_a_run_without_a_result_is_told() -> None:
    text = "mytest: (g=0): rw=write, bs=(R) 2300B-2300B, (W) 2300B-2300B, (T) 2300B-2300B, ioengine=sync\nfio-3.33\n"
    (problem,) = parsed(text)
    assert isinstance(problem, Unparsed)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_output_never_raises(data: st.DataObject) -> None:
    raw = (DATA / data.draw(st.sampled_from(RECORDED))).read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    text = raw[:start] + data.draw(st.binary(max_size=40)) + raw[end:]
    list(FORMAT.parse(Document("x", text)))
    decoded = text.decode("utf-8", "replace")
    assert 0.0 <= FORMAT.recognise(Head(decoded, len(text), None)) <= 1.0


@given(st.text(max_size=400))
def test_any_text_terminates(text: str) -> None:
    parsed(text)
