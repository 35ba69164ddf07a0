"""What a machine's own commands say of load, memory, disk and control groups, as a Debian 12 node printed it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.cgroups import GroupFigure
from kwhy.facts.disk import DeletedFile, DirectorySize, FileSystem
from kwhy.facts.usage import CpuCount, CpuTime, LoadAverage, MemoryUse, Pressure
from kwhy.ingest.parsers import cgroup_files, df, du, lsof, machine_load, memory_use, ps, vmstat
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format, Head, Parsed

UPTIME = " 03:53:35 up  4:39,  0 user,  load average: 48.49, 17.89, 10.07\n"
BUSYBOX_UPTIME = " 05:49:29 up  6:35,  0 users,  load average: 5.05, 4.74, 3.52\n"
LOADAVG = "48.49 17.89 10.07 89/677 18772\n"
PRESSURE = (
    "some avg10=63.56 avg60=50.42 avg300=37.87 total=9665920431\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
)
TOP = """top - 03:53:35 up  4:39,  0 user,  load average: 48.49, 17.89, 10.07
Tasks: 118 total,  61 running,  57 sleeping,   0 stopped,   0 zombie
%Cpu(s): 66.7 us, 33.3 sy,  0.0 ni,  0.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st
MiB Mem :  24105.6 total,   7004.6 free,   2323.6 used,  15200.1 buff/cache
MiB Swap:      0.0 total,      0.0 free,      0.0 used.  21782.0 avail Mem

    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND
   4715 root      20   0 1465824 171524 107500 S   6.2   0.7   0:17.40 kube-co+
"""
BUSYBOX_TOP = """Mem: 6810424K used, 17873660K free, 162768K shrd, 532924K buff, 4582300K cached
CPU:  95% usr   4% sys   0% nic   0% idle   1% io   0% irq   0% sirq
Load average: 5.06 4.75 3.52 3/408 29788
  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND
 1941 30297 root     S    1866m   7%   0% /usr/bin/containerd --config /etc/containerd/config.toml
"""
VMSTAT = """procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st
 5  0      0 17939320 529224 5322340    0    0   246  1754 1006 2397 63  6 30  0  1
 6  0      0 17939320 529224 5322340    0    0     0     7 3788 10245 91  9  0  0  0
"""
FREE_M = """               total        used        free      shared  buff/cache   available
Mem:           24105        1421       17518         158        5714       22684
Swap:              0           0           0
"""
FREE_H = """               total        used        free      shared  buff/cache   available
Mem:            23Gi       1.4Gi        17Gi       158Mi       5.6Gi        22Gi
Swap:             0B          0B          0B
"""
MEMINFO = """MemTotal:       24684084 kB
MemFree:        17873676 kB
MemAvailable:   23196328 kB
Buffers:          532924 kB
Cached:          4580376 kB
Active(anon):      77492 kB
HugePages_Total:       0
"""
DF_H = """Filesystem               Size  Used Avail Use% Mounted on
/dev/vda                 252G   24G   68G  27% /
tmpfs                    4.0M     0  4.0M   0% /sys/fs/cgroup
"""
DF_I = """Filesystem       Inodes  IUsed    IFree IUse% Mounted on
/dev/vda       16777216 690727 16086489    5% /var/lib/kubelet
"""
BUSYBOX_DF = """Filesystem           1K-blocks      Used Available Use% Mounted on
model_tools_unavailable
                             4         0         4   0% /mnt/python
/dev/vda             264212084  25147672  70353592  26% /run/netns
"""
DF_T = """Filesystem     Type     1K-blocks     Used Available Use% Mounted on
/dev/vda       ext4     264212084 25147668  70353596  27% /
"""
DU = """792K\t/var/log
623M\t/usr/share
du: cannot read directory '/root/x': Permission denied
"""
LSOF = """COMMAND     PID USER   FD   TYPE DEVICE SIZE/OFF NLINK    NODE NAME
memfd:sea 10756 root  txt    REG    0,1  1531760     0    1024 /memfd:sealed-91173221a7ea (deleted)
mariadbd  25814 root    7u   REG  254,0 52428800     0 9979903 /tmp/#9979903 (deleted)
mariadbd  25814 root    9u   REG  254,0 52428800     0 9979903 /tmp/#9979903 (deleted)
"""
POD = "0e58b311-36ef-4561-b1d0-1fc20180bdc5"
PIDS = f"/sys/fs/cgroup/pids/node-a/kubepods/besteffort/pod{POD}/"
STAT = (
    "anon 1048576\nfile 734003200\ninactive_anon 0\n"
    "active_anon 1048576\ninactive_file 720000000\nactive_file 14003200\n"
)


def parsed(form: Format, text: str, command: str | None = None) -> list[Parsed]:
    return list(form.parse(Document("x", text.encode("utf-8", "replace"), command=command)))


def score(form: Format, text: str, command: str | None = None) -> float:
    return form.recognise(Head(text, len(text.encode()), command))


SEEN: list[tuple[Format, str, str | None]] = [
    (machine_load.FORMAT, UPTIME, None),
    (machine_load.FORMAT, BUSYBOX_UPTIME, "uptime"),
    (machine_load.FORMAT, LOADAVG, None),
    (machine_load.FORMAT, PRESSURE, "cat /proc/pressure/cpu"),
    (machine_load.FORMAT, "2\n", "nproc"),
    (ps.FORMAT, TOP, "top -b -n 1"),
    (vmstat.FORMAT, VMSTAT, None),
    (memory_use.FORMAT, FREE_M, "free -m"),
    (memory_use.FORMAT, FREE_H, None),
    (memory_use.FORMAT, MEMINFO, None),
    (df.FORMAT, DF_H, None),
    (df.FORMAT, DF_I, None),
    (df.FORMAT, BUSYBOX_DF, None),
    (df.FORMAT, DF_T, None),
    (du.FORMAT, DU, None),
    (du.FORMAT, DU, "du -sh /var/log /usr/share /root"),
    (lsof.FORMAT, LSOF, None),
    (cgroup_files.FORMAT, "60\n", f"cat {PIDS}pids.max"),
    (cgroup_files.FORMAT, "max 3\n", f"cat {PIDS}pids.events"),
    (cgroup_files.FORMAT, STAT, None),
    (cgroup_files.FORMAT, f"{PIDS}pids.max:60\n{PIDS}pids.current:56\n", None),
    (cgroup_files.FORMAT, f"==> {PIDS}pids.max <==\nmax\n\n==> {PIDS}pids.current <==\n56\n", None),
]


@pytest.mark.parametrize(("form", "text", "command"), SEEN)
def test_each_output_is_recognised_and_read_whole(form: Format, text: str, command: str | None) -> None:
    assert score(form, text, command) >= 0.85
    facts = parsed(form, text, command)
    assert facts
    assert not [fact for fact in facts if isinstance(fact, Unparsed)]


@pytest.mark.parametrize("text", ["60\n", "max\n", "some text\n", "12 13\n", "a 1\nb 2\n"])
def test_bare_words_and_numbers_without_a_command_are_nobody_s(text: str) -> None:
    assert all(score(form, text) < 0.3 for form, _, _ in SEEN)


@pytest.mark.parametrize(("text", "one"), [(UPTIME, 48.49), (BUSYBOX_UPTIME, 5.05), (LOADAVG, 48.49)])
def test_the_load_of_one_five_and_fifteen_minutes(text: str, one: float) -> None:
    (load,) = parsed(machine_load.FORMAT, text)
    assert isinstance(load, LoadAverage)
    assert load.one == one
    assert load.at.excerpt == text.strip()


def test_a_pressure_knows_its_resource_from_the_file() -> None:
    (pressure,) = parsed(machine_load.FORMAT, PRESSURE, "cat /proc/pressure/cpu")
    assert isinstance(pressure, Pressure)
    assert (pressure.resource, pressure.some[0], pressure.full) == ("cpu", 63.56, (0.0, 0.0, 0.0))
    (unnamed,) = parsed(machine_load.FORMAT, PRESSURE)
    assert isinstance(unnamed, Pressure)
    assert unnamed.resource == ""


def test_three_pressures_at_once_are_told_apart() -> None:
    text = "".join(f"==> /proc/pressure/{name} <==\n{PRESSURE}\n" for name in ("cpu", "io", "memory"))
    found = parsed(machine_load.FORMAT, text, "head /proc/pressure/*")
    assert [fact.resource for fact in found if isinstance(fact, Pressure)] == ["cpu", "io", "memory"]


def test_nproc_in_a_container_counts_what_the_container_may_use() -> None:
    (count,) = parsed(machine_load.FORMAT, "2\n", "kubectl exec web-0 -- nproc")
    assert isinstance(count, CpuCount)
    assert (count.count, count.contained) == (2, True)


@pytest.mark.parametrize(("text", "idle", "load"), [(TOP, 0.0, 48.49), (BUSYBOX_TOP, 0.0, 5.06)])
def test_the_summary_above_the_rows_of_top_is_read(text: str, idle: float, load: float) -> None:
    facts = parsed(ps.FORMAT, text, "top -b -n 1")
    assert [fact.idle for fact in facts if isinstance(fact, CpuTime)] == [idle]
    assert [fact.one for fact in facts if isinstance(fact, LoadAverage)] == [load]


def test_the_first_row_of_vmstat_is_the_average_since_boot() -> None:
    first, second = (fact for fact in parsed(vmstat.FORMAT, VMSTAT) if isinstance(fact, CpuTime))
    assert (first.since_boot, first.idle, second.since_boot, second.idle) == (True, 30.0, False, 0.0)


@pytest.mark.parametrize(
    ("text", "command", "total", "available"),
    [
        (FREE_M, "free -m", 24105 << 20, 22684 << 20),
        (FREE_H, None, 23 << 30, 22 << 30),
        (MEMINFO, None, 24684084 << 10, 23196328 << 10),
    ],
)
def test_memory_in_bytes_whatever_the_unit(text: str, command: str | None, total: int, available: int) -> None:
    (memory,) = parsed(memory_use.FORMAT, text, command)
    assert isinstance(memory, MemoryUse)
    assert (memory.total, memory.available) == (total, available)


@pytest.mark.parametrize(
    ("text", "of", "mounted", "available"),
    [
        (DF_H, "bytes", "/", 68 << 30),
        (DF_I, "inodes", "/var/lib/kubelet", 16086489),
        (BUSYBOX_DF, "bytes", "/mnt/python", 4096),
        (DF_T, "bytes", "/", 70353596 << 10),
    ],
)
def test_file_systems_in_every_form_of_df(text: str, of: str, mounted: str, available: int) -> None:
    first = parsed(df.FORMAT, text)[0]
    assert isinstance(first, FileSystem)
    assert (first.of, first.mounted, first.available) == (of, mounted, available)


@pytest.mark.parametrize(("command", "unit"), [("du -sk /a", 1024), ("du -sb /a", 1), ("du -sm /a", 1 << 20)])
def test_a_size_without_a_unit_is_in_that_of_the_command(command: str, unit: int) -> None:
    (size,) = parsed(du.FORMAT, "12\t/a\n", command)
    assert isinstance(size, DirectorySize)
    assert size.size == 12 * unit


def test_a_deleted_file_counts_once_and_a_running_program_s_own_file_not_at_all() -> None:
    (file,) = parsed(lsof.FORMAT, LSOF)
    assert isinstance(file, DeletedFile)
    assert (file.program, file.pid, file.size, file.path) == ("mariadbd", 25814, 52428800, "/tmp/#9979903")


def test_the_figures_of_a_group_know_their_pod() -> None:
    (figure,) = parsed(cgroup_files.FORMAT, "60\n", f"cat {PIDS}pids.max")
    assert isinstance(figure, GroupFigure)
    assert (figure.name, figure.value, figure.pod_uid, figure.container) == ("pids.max", 60, POD, "")
    (events,) = parsed(cgroup_files.FORMAT, "max 3\n", f"cat {PIDS}pids.events")
    assert isinstance(events, GroupFigure)
    assert (events.name, events.value) == ("pids.events max", 3)


@pytest.mark.parametrize("written", ["max", "9223372036854771712"])
def test_no_limit_is_no_number(written: str) -> None:
    (figure,) = parsed(cgroup_files.FORMAT, f"{written}\n", "cat /sys/fs/cgroup/memory/memory.limit_in_bytes")
    assert isinstance(figure, GroupFigure)
    assert figure.value is None


def test_exec_names_the_pod_of_a_group() -> None:
    facts = parsed(cgroup_files.FORMAT, STAT, "kubectl exec -n shop web-0 -- cat /sys/fs/cgroup/memory.stat")
    figures = {fact.name: fact for fact in facts if isinstance(fact, GroupFigure)}
    assert figures["memory.stat inactive_file"].value == 720000000
    assert {(fact.pod, fact.namespace) for fact in figures.values()} == {("web-0", "shop")}


@given(st.sampled_from(SEEN), st.text(max_size=120), st.integers(0, 300))
def test_any_mutation_is_read_to_an_end(seen: tuple[Format, str, str | None], noise: str, cut: int) -> None:
    form, text, command = seen
    score(form, text[:cut] + noise + text[cut:], command)
    assert all(parsed(form, text[:cut] + noise + text[cut:], command))


@given(st.sampled_from([form for form, _, _ in SEEN]), st.binary(max_size=300), st.text(max_size=60))
def test_any_bytes_are_read_to_an_end(form: Format, data: bytes, command: str) -> None:
    form.recognise(Head(data.decode("latin-1"), len(data), command))
    assert all(form.parse(Document("x", data, command=command)))
