"""How fast a large goroutine dump is grouped, in multiples of reading it and counting its blank lines.

    python bench/goroutines.py [--goroutines 100000] [--peer-seconds 60]

The dump is generated: stacks of a stuck CNI daemon as Go 1.26 prints them, arguments differing between goroutines.
panicparse (github.com/maruel/panicparse/v2) runs beside it where it can be built, for a limited time.
"""

from __future__ import annotations

import argparse
import mmap
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kwhy.facts.goroutines import GoroutineGroup
from kwhy.ingest.parsers.goroutine_dump import FORMAT
from kwhy.knowledge.waits.graph import wait_graph
from kwhy.model.document import Document

#: Ratio and memory that the product promises (the figures of issue 3).
MOST_TIMES_FLOOR, MOST_MEGABYTES = 4.0, 80
RUNS = 3

PEER_SOURCE = """package main

import (
	"fmt"
	"io"
	"os"

	"github.com/maruel/panicparse/v2/stack"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	snapshot, _, err := stack.ScanSnapshot(file, io.Discard, stack.DefaultOpts())
	if err != nil && err != io.EOF {
		panic(err)
	}
	fmt.Println(len(snapshot.Aggregate(stack.AnyPointer).Buckets))
}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goroutines", type=int, default=100_000)
    parser.add_argument("--peer-seconds", type=float, default=60.0, help="0: no peer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "dump.txt"
        write_dump(dump, options.goroutines)
        megabytes = dump.stat().st_size / 1e6
        print(f"dump: {options.goroutines} goroutines, {megabytes:.0f} MB")
        floor = statistics.median(timed(lambda: count_blank_lines(dump)) for _ in range(RUNS))
        print(f"floor: read and count blank lines   {floor:6.2f} s")
        seconds, grown = measure_in_child(dump)
        ratio = seconds / floor
        met = ratio <= MOST_TIMES_FLOOR and grown <= MOST_MEGABYTES
        print(
            f"kwhy: grouped, wait graph built     {seconds:6.2f} s = {ratio:.1f} × floor (bar {MOST_TIMES_FLOOR:g} ×)"
        )
        print(f"kwhy: memory grew by                {grown:6.1f} MB (bar {MOST_MEGABYTES} MB)")
        print(f"panicparse: {peer(Path(folder), dump, options.peer_seconds, seconds)}")
        print("met" if met else "NOT MET")
    return 0 if met else 1


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def count_blank_lines(path: Path) -> int:
    """The floor: the least that any reader of the dump must do."""
    blank, rest = 0, b""
    with path.open("rb") as file:
        while block := file.read(8 << 20):
            block = rest + block
            blank += block.count(b"\n\n")
            rest = block[-1:]
    return blank


def measure_in_child(path: Path) -> tuple[float, float]:
    """Median seconds and the growth of the resident set, of a fresh process."""
    command = [sys.executable, __file__, "--child", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(output[0]), float(output[1])


def child(path: Path) -> None:
    warm = Document("warm", b"goroutine 1 [running]:\nmain.main()\n\t/m.go:1 +0x1\n")
    wait_graph([fact for fact in FORMAT.parse(warm) if isinstance(fact, GoroutineGroup)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(RUNS):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            times.append(timed(lambda: read(Document("dump.txt", data))))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(statistics.median(times), grown / 1024)


def read(document: Document) -> None:
    groups = [fact for fact in FORMAT.parse(document) if isinstance(fact, GoroutineGroup)]
    wait_graph(groups)


def peer(folder: Path, dump: Path, limit: float, own: float) -> str:
    """What panicparse needs for the same, or why that is not known."""
    if limit <= 0:
        return "skipped, as asked"
    if shutil.which("go") is None:
        return "skipped: no go on PATH"
    module = folder / "peer"
    module.mkdir()
    (module / "main.go").write_text(PEER_SOURCE)
    environment = {**os.environ, "GOFLAGS": "-mod=mod"}
    for command in (
        ["go", "mod", "init", "peer"],
        ["go", "get", "github.com/maruel/panicparse/v2@v2.5.0"],
        ["go", "build"],
    ):
        built = subprocess.run(command, cwd=module, env=environment, capture_output=True, text=True, check=False)
        if built.returncode:
            return f"skipped: {' '.join(command)} failed: {built.stderr.strip().splitlines()[-1:]}"
    begin = time.perf_counter()
    try:
        subprocess.run([str(module / "peer"), str(dump)], check=True, capture_output=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"more than {limit:.0f} s (stopped), more than {limit / own:.0f} × kwhy"
    except subprocess.CalledProcessError as error:
        return f"failed: {error.stderr[-200:]!r}"
    seconds = time.perf_counter() - begin
    return f"{seconds:.1f} s, {seconds / own:.0f} × kwhy"


def write_dump(path: Path, goroutines: int) -> None:
    """97 % wait for one lock, some read idle connections, one holds the lock and waits for the kernel."""
    with path.open("w") as file:
        file.write(HOLDER)
        for number in range(goroutines - 1):
            base = 0xC000000000 + number * 0x3C0
            if number % 33 == 0:
                file.write(stack(READER, number, base))
            else:
                file.write(stack(WAITER_ADD if number % 2 else WAITER_DEL, number, base))


def stack(template: str, number: int, base: int) -> str:
    values = {f"p{index}": f"0x{base + index * 8:x}" for index in range(12)}
    return template.format(id=100 + number, minutes=1594 - number % 7, parent=50 + number, **values)


_LOCK = """sync.runtime_SemacquireMutex({p0}?, 0x0?, 0x0?)
	/usr/local/go/src/runtime/sema.go:95 +0x25
internal/sync.(*Mutex).lockSlow(0xc000190018)
	/usr/local/go/src/internal/sync/mutex.go:149 +0x15d
internal/sync.(*Mutex).Lock(...)
	/usr/local/go/src/internal/sync/mutex.go:70
sync.(*Mutex).Lock(...)
	/usr/local/go/src/sync/mutex.go:46
"""
_SERVER = """google.golang.org/grpc.getChainUnaryHandler.func1({{0x90b138, {p1}}}, {{0x828d00, {p2}}})
	google.golang.org/grpc@v1.72.1/server.go:1234 +0xb2
github.com/example/fabric/pkg/server.loggingInterceptor({{0x90b138, {p1}}}, {{0x828d00, {p2}}}, {p3}, {p4})
	github.com/example/fabric/pkg/server/interceptors.go:88 +0x1a4
google.golang.org/grpc.getChainUnaryHandler.func1({{0x90b138, {p1}}}, {{0x828d00, {p2}}})
	google.golang.org/grpc@v1.72.1/server.go:1225 +0xb2
github.com/example/fabric/pkg/server.metricsInterceptor({{0x90b138, {p1}}}, {{0x828d00, {p2}}}, {p5}, {p6})
	github.com/example/fabric/pkg/server/interceptors.go:131 +0x2c7
google.golang.org/grpc.chainUnaryInterceptors.func1({{0x90b138, {p1}}}, {{0x828d00, {p2}}}, {p5}, 0x1?)
	google.golang.org/grpc@v1.72.1/server.go:1203 +0x85
github.com/example/fabric/api/v1._Fabric_Call_Handler({{0x893fa0, 0xc000190000}}, {{0x90b138, {p1}}}, {p7}, {p8})
	github.com/example/fabric/api/v1/fabric_grpc.pb.go:166 +0x143
google.golang.org/grpc.(*Server).processUnaryRPC(0xc0002f1180, {{0x90b218, {p1}}}, {{0x25322e0, {p9}}}, {p10}, {p11})
	google.golang.org/grpc@v1.72.1/server.go:1405 +0x1036
google.golang.org/grpc.(*Server).handleStream(0xc0002f1180, {{0x90b630, {p9}}}, {p10})
	google.golang.org/grpc@v1.72.1/server.go:1815 +0xb13
google.golang.org/grpc.(*Server).serveStreams.func2.1()
	google.golang.org/grpc@v1.72.1/server.go:1035 +0x7f
created by google.golang.org/grpc.(*Server).serveStreams.func2 in goroutine {parent}
	google.golang.org/grpc@v1.72.1/server.go:1046 +0x11d

"""
_DEEP = "".join(
    f"github.com/example/fabric/pkg/{package}.(*{package.title()}).step{depth}"
    f"({{p{depth}}}, {{{{0x90b138, {{p1}}}}}}, {{p{depth}}}, 0x{depth}?)\n"
    f"\tgithub.com/example/fabric/pkg/{package}/{package}.go:{40 + depth} +0x{depth}a{depth}\n"
    for package in ("routes", "leases")
    for depth in range(1, 5)
)
WAITER_ADD = (
    "goroutine {id} [sync.Mutex.Lock, {minutes} minutes]:\n"
    + _LOCK
    + "github.com/example/fabric/pkg/daemon.(*Fabric).Attach(0xc000190000, {p2}, {p3})\n"
    + "\tgithub.com/example/fabric/pkg/daemon/fabric.go:39 +0x16d\n"
    + _DEEP
    + _SERVER
)
WAITER_DEL = (
    "goroutine {id} [sync.Mutex.Lock, {minutes} minutes]:\n"
    + _LOCK
    + "github.com/example/fabric/pkg/daemon.(*Fabric).Detach(0xc000190000, {p2}, {p3})\n"
    + "\tgithub.com/example/fabric/pkg/daemon/fabric.go:71 +0x16d\n"
    + _DEEP
    + _SERVER
)
READER = """goroutine {id} [IO wait, {minutes} minutes]:
internal/poll.runtime_pollWait({p0}, 0x72)
	/usr/local/go/src/runtime/netpoll.go:351 +0x85
internal/poll.(*pollDesc).wait({p1}?, {p2}?, 0x0)
	/usr/local/go/src/internal/poll/fd_poll_runtime.go:84 +0x27
internal/poll.(*pollDesc).waitRead(...)
	/usr/local/go/src/internal/poll/fd_poll_runtime.go:89
internal/poll.(*FD).Read({p1}, {{{p2}, 0x1000, 0x1000}})
	/usr/local/go/src/internal/poll/fd_unix.go:165 +0x2ae
net.(*netFD).Read({p1}, {{{p2}?, 0x47190b?, 0xc?}})
	/usr/local/go/src/net/fd_posix.go:68 +0x25
created by net/http.(*Server).Serve in goroutine {parent}
	/usr/local/go/src/net/http/server.go:3464 +0x485

"""
HOLDER = (
    "goroutine 67 [syscall, 1595 minutes, locked to thread]:\n"
    "syscall.Syscall6(0x2d, 0x3, 0xc000700000, 0x10000, 0x0, 0xc0006874d4, 0xc000687544)\n"
    "\t/usr/local/go/src/syscall/syscall_linux.go:96 +0x39\n"
    "github.com/vishvananda/netlink/nl.(*NetlinkSocket).Receive(0xc000584260)\n"
    "\tgithub.com/vishvananda/netlink@v1.3.0/nl/nl_linux.go:838 +0x206\n"
    "github.com/example/fabric/pkg/daemon.(*Fabric).Attach(0xc000190000, 0xc000580000, 0xc000580010)\n"
    "\tgithub.com/example/fabric/pkg/daemon/fabric.go:47 +0x369\n\n"
)

if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
        sys.exit(0)
    sys.exit(main())
