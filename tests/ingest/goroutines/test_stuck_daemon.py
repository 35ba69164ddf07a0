"""A Go daemon that really holds its lock while it waits in a netlink recvfrom: built, dumped and read here."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kwhy.facts.goroutines import GoroutineDump, GoroutineGroup
from kwhy.ingest.parsers.goroutine_dump import FORMAT
from kwhy.model.document import Document

SOURCE = Path(__file__).parents[2] / "daemons" / "stuckd"

pytestmark = [
    pytest.mark.skipif(shutil.which("go") is None, reason="go is not on PATH: the daemon cannot be built"),
    pytest.mark.skipif(sys.platform != "linux", reason="netlink needs Linux"),
]


class Daemon:
    """The running daemon, the directory of its dumps, and the buffers of its threads' recvfrom calls."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder

    def groups(self, name: str) -> list[GoroutineGroup]:
        document = Document(name, (self.folder / name).read_bytes())
        return [item for item in FORMAT.parse(document) if isinstance(item, GoroutineGroup)]

    def receive_buffers(self) -> set[int]:
        found = set()
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            words = (thread / "syscall").read_text().split()
            if words[0] == "45":  # recvfrom on x86_64
                found.add(int(words[2], 16))
        return found


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("built") / "stuckd"
    subprocess.run(["go", "build", "-o", str(built), "."], cwd=SOURCE, check=True)
    return built


@pytest.fixture
def daemon(binary: Path, tmp_path: Path) -> Iterator[Daemon]:
    folder = tmp_path
    with (
        (folder / "sigquit.txt").open("w") as errors,
        subprocess.Popen(
            [str(binary), str(folder / "socket"), str(folder)], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Daemon(process, folder)
        process.kill()


def test_the_dump_names_the_daemon_and_its_locks(daemon: Daemon) -> None:
    groups = daemon.groups("debug2.txt")
    assert groups[0].dump.program == "stuckd"
    assert sum(wait.count for group in groups for wait in group.locks) == 16


def test_the_buffer_of_the_receive_is_the_one_that_the_kernel_shows(daemon: Daemon) -> None:
    [waiting] = [group for group in daemon.groups("debug2.txt") if group.locked_to_thread]
    goroutine = waiting.longest
    assert goroutine is not None and goroutine.syscall[0] is not None
    if goroutine.syscall[0] != 45:
        pytest.skip("recvfrom has another number on this machine")
    assert goroutine.syscall[2] in daemon.receive_buffers()


def test_what_it_prints_when_it_dies_is_read_like_its_own_dump(daemon: Daemon) -> None:
    daemon.process.send_signal(signal.SIGQUIT)
    daemon.process.wait(timeout=20)
    dying = daemon.groups("sigquit.txt")
    assert dying[0].dump.trigger == "SIGQUIT"
    waiters = {group.shape: group.count for group in dying if group.locks}
    assert waiters == {group.shape: group.count for group in daemon.groups("debug2.txt") if group.locks}


def test_a_counted_profile_holds_the_same_queue(daemon: Daemon) -> None:
    groups = daemon.groups("debug1.txt")
    assert isinstance(groups[0].dump, GoroutineDump)
    assert sum(wait.count for group in groups for wait in group.locks) == 16
