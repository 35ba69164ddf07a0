"""Who waits for whom, found in real dumps without knowing a name of the programs."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kwhy.facts.goroutines import GoroutineDump, GoroutineGroup
from kwhy.ingest.parsers.goroutine_dump import FORMAT
from kwhy.knowledge.waits.graph import Outside, Sure, Tie, WaitGraph, distinct, wait_graph
from kwhy.knowledge.waits.kubernetes import (
    cni_exec,
    cni_plugin_call,
    cri_call,
    cri_handler,
    dbus_wait,
    each,
    netlink_wait,
    relist_call,
    shim_or_runc_wait,
)
from kwhy.knowledge.waits.locks import Proof, lock_queues, still_there
from kwhy.knowledge.waits.wait import WaitKind, is_idle, wait_of, waits_of
from kwhy.model.document import Document

DUMPS = Path(__file__).parents[2] / "fixtures" / "goroutines"
DIRECT, SHIM = "cni-hang-containerd-direct", "pleg-cni-hang"


def read(*names: str) -> list[GoroutineGroup]:
    found = []
    for name in names:
        packed = DUMPS / f"{name}.gz"
        data = gzip.decompress(packed.read_bytes()) if packed.exists() else (DUMPS / name).read_bytes()
        found += [item for item in FORMAT.parse(Document(name, data)) if isinstance(item, GoroutineGroup)]
    return found


def stack(text: str, name: str = "made.txt") -> list[GoroutineGroup]:
    return [item for item in FORMAT.parse(Document(name, text.encode())) if isinstance(item, GoroutineGroup)]


def dumps_of(case: str, *programs: str) -> list[GoroutineGroup]:
    return read(*(f"{case}/{program}-goroutines.txt" for program in programs))


def names(group: GoroutineGroup) -> list[str]:
    return [frame.name for frame in group.frames]


def words(graph: WaitGraph, start: GoroutineGroup) -> list[tuple[str, str]]:
    return [
        (edge.tie.name, str(edge.target) if isinstance(edge.target, Outside) else f"{edge.target.dump.program}")
        for edge in graph.chain(start)
    ]


# --- locks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "waiters"), [(SHIM, 6), (DIRECT, 26)])
def test_the_holder_of_the_daemons_lock_waits_in_recvfrom(case: str, waiters: int) -> None:
    [queue] = lock_queues(dumps_of(case, "netfabricd"))
    assert queue.waiters == waiters
    holder = queue.holder
    assert holder is not None and holder.proof is Proof.OBJECT_AND_POSITION and holder.proof.by_pointer
    assert [frame.name for frame in holder.inside][:4] == [
        "(*Fabric).Attach",
        "(*Fabric).syncNeighbours",
        "(*handle).dropNeighbour",
        "(*handle).request",
    ]
    assert holder.group.state == "syscall"
    assert len(queue.holders) == 1


def test_waits_without_minutes_leave_hang_or_convoy_open() -> None:
    [queue] = lock_queues(dumps_of(SHIM, "netfabricd"))
    assert (queue.oldest_minutes, queue.flow) == (None, "unknown")


def test_a_lock_per_pod_is_tied_by_code_position_only() -> None:
    queues = lock_queues(dumps_of(SHIM, "crishim"))
    assert {queue.waiters for queue in queues} == {1}
    assert len({queue.lock for queue in queues}) == 2
    assert {queue.holder.proof for queue in queues if queue.holder} == {Proof.CODE_POSITION}
    assert {queue.flow for queue in queues} == {"hang"}


def test_readers_and_writers_of_one_lock_are_one_queue_apart_from_the_mutex_beside_it() -> None:
    queues = lock_queues(read("stuckd/debug2.txt"))
    assert [(queue.waiters, sorted({frame.method for frame in queue.owners})) for queue in queues] == [
        (10, ["Attach", "Detach"]),
        (6, ["Read", "Write"]),
    ]
    mutex, table = (queue.holder for queue in queues)
    assert mutex is not None and mutex.proof is Proof.OBJECT_AND_POSITION and mutex.group.locked_to_thread
    assert table is not None and table.group.state == "select (no cases)"


@pytest.mark.parametrize("name", ["stuckd/debug1.txt", "stuckd/sigquit.txt"])
def test_every_form_of_one_dump_names_the_same_holders(name: str) -> None:
    expected = [queue.holder.group.frames[-5:-3] for queue in lock_queues(read("stuckd/debug2.txt")) if queue.holder]
    found = [queue.holder.group.frames for queue in lock_queues(read(name)) if queue.holder]
    assert [queue.waiters for queue in lock_queues(read(name))] == [10, 6]
    assert len(found) == len(expected) == 2
    assert "(*link).request" in [frame.name for frame in found[0]]


def test_a_goroutine_in_the_same_code_on_another_object_is_no_holder() -> None:
    waiter = (
        "goroutine 5 [sync.Mutex.Lock, 9 minutes]:\nsync.(*Mutex).lockSlow(0xc000100010)\n\t/go/mutex.go:1 +0x1\n"
        "main.(*Table).Set(0xc000100000)\n\t/m.go:10 +0x1\n\n"
    )
    inside = "goroutine {id} [select, 9 minutes]:\nmain.(*Table).Set({table})\n\t/m.go:12 +0x1\n\n"
    right, wrong = inside.format(id=6, table="0xc000100000"), inside.format(id=7, table="0xc000900000")
    assert lock_queues(stack(waiter + wrong))[0].holders == ()
    holder = lock_queues(stack(waiter + wrong + right))[0].holder
    assert holder is not None and holder.goroutine is not None and holder.goroutine.id == 6


def test_a_goroutine_before_the_lock_call_is_no_holder() -> None:
    waiter = (
        "goroutine 5 [sync.Mutex.Lock, 9 minutes]:\nsync.(*Mutex).lockSlow(0xc000100010)\n\t/go/mutex.go:1 +0x1\n"
        "main.(*Table).Set(0xc000100000)\n\t/m.go:10 +0x1\n\n"
    )
    before = (
        "goroutine 6 [syscall]:\nsyscall.Syscall(0x0)\n\t/s.go:1\nmain.(*Table).Set(0xc000100000)\n\t/m.go:8 +0x1\n"
    )
    assert lock_queues(stack(waiter + before))[0].holders == ()


def test_a_running_holder_means_that_the_queue_moves() -> None:
    waiter = (
        "goroutine 5 [sync.Mutex.Lock]:\nsync.(*Mutex).lockSlow(0xc000100010)\n\t/go/mutex.go:1 +0x1\n"
        "main.(*Table).Set(0xc000100000)\n\t/m.go:10 +0x1\n\n"
    )
    running = "goroutine 6 [runnable]:\nmain.(*Table).Set(0xc000100000)\n\t/m.go:12 +0x1\n"
    assert lock_queues(stack(waiter + running))[0].flow == "moving"


def test_a_holder_that_waits_as_long_as_its_queue_is_a_hang() -> None:
    text = (
        "goroutine 5 [semacquire, 1594 minutes]:\nsync.runtime_SemacquireMutex(0xc000100014, 0x0)\n\t/go/sema.go:1\n"
        "sync.(*Mutex).Lock(0xc000100010)\n\t/go/mutex.go:1\nmain.(*Table).Set(0xc000100000)\n\t/m.go:10 +0x1\n\n"
        "goroutine 6 [syscall, 1595 minutes, locked to thread]:\nsyscall.Syscall6(0x2d, 0x3)\n\t/s.go:1\n"
        "main.(*Table).Set(0xc000100000)\n\t/m.go:12 +0x1\n"
    )
    [queue] = lock_queues(stack(text))
    assert (queue.flow, queue.lock, queue.oldest_minutes) == ("hang", 0xC000100010, 1594)


def test_the_semaphore_alone_gives_the_lock_of_old_go() -> None:
    [queue] = lock_queues(read("quoted/dockerd-rwmutex-go19.txt"))
    assert (queue.lock, queue.oldest_minutes) == (0xC421056A68, 5611)


def test_a_lock_inside_an_argument_is_tied_to_that_object() -> None:
    [group] = read("quoted/crio-rwmutex-go121.txt")
    [wait] = group.locks
    assert (wait.lock, wait.owner) == (0xC0045C7BD0, 0xC0045C7B00)


def test_goroutines_of_two_dumps_that_did_not_move_are_found_by_id() -> None:
    first, second = read("stuckd/debug2.txt"), read("stuckd/sigquit.txt")
    stuck = {before.state for before, _, ids in still_there(first, second) if ids}
    assert {"syscall", "sync.Mutex.Lock", "sync.RWMutex.RLock"} <= stuck


# --- across processes ---------------------------------------------------------------------------------------------


def test_relist_waits_down_to_the_daemons_receive_through_the_runtime_shim() -> None:
    groups = dumps_of(SHIM, "kubelet", "crishim", "netfabricd", "containerd")
    [relist] = each(groups, relist_call)
    assert (relist.method, relist.wait.at_least_minutes) == ("PodSandboxStatus", 1)
    graph = wait_graph(groups)
    assert words(graph, relist.group) == [
        ("PROTOCOL", "crishim"),
        ("PROTOCOL", "netfabricd"),
        ("LOCK", "netfabricd"),
        ("OUTSIDE", "data on a socket, in a blocking system call (Recvfrom)"),
    ]
    end = graph.chain(relist.group)[-1]
    assert end.sure is Sure.PROVEN
    assert relist.group in graph.depends_on(end.waiter)


def test_without_the_daemons_dump_the_chain_ends_at_the_call() -> None:
    groups = dumps_of(SHIM, "kubelet", "crishim")
    [relist] = each(groups, relist_call)
    assert words(wait_graph(groups), relist.group)[-1] == ("OUTSIDE", "the answer to a call")


def test_without_any_other_dump_relist_waits_for_an_answer() -> None:
    groups = dumps_of(SHIM, "kubelet")
    [relist] = each(groups, relist_call)
    assert words(wait_graph(groups), relist.group) == [("OUTSIDE", "the answer to a call (PodSandboxStatus)")]


def test_a_kubelet_on_plain_containerd_does_not_hang_in_relist() -> None:
    assert each(dumps_of(DIRECT, "kubelet"), relist_call) == ()
    assert {call.method for call in each(dumps_of(DIRECT, "kubelet"), cri_call)} == {"StopPodSandbox"}


def test_containerd_serves_sandbox_calls_and_waits_for_plugins() -> None:
    handlers = each(dumps_of(DIRECT, "containerd"), cri_handler)
    assert {(found.method, found.runtime, found.wait.kind) for found in handlers} == {
        ("RunPodSandbox", "containerd", WaitKind.CHILD),
        ("StopPodSandbox", "containerd", WaitKind.CHILD),
    }
    executions = each(dumps_of(DIRECT, "containerd"), cni_exec)
    assert {found.operation for found in executions} == {"DEL"}
    assert sum(found.group.count for found in executions) == 12


def test_a_handler_waits_for_the_goroutine_that_it_started_to_execute_the_plugin() -> None:
    groups = dumps_of(SHIM, "containerd")
    [serving] = each(groups, cri_handler)
    assert words(wait_graph(groups), serving.group) == [
        ("STARTED", "containerd"),
        ("OUTSIDE", "a child process (CNI ADD)"),
    ]


def test_the_field_reports_scraps_make_one_chain() -> None:
    groups = read(*(f"node-notready/{path.name}" for path in sorted((DUMPS / "node-notready").glob("[234]*"))))
    [relist] = each(groups, relist_call)
    graph = wait_graph(groups)
    assert [edge.tie for edge in graph.chain(relist.group)] == [
        Tie.METHOD,
        Tie.LOCK,
        Tie.PLUGIN,
        Tie.DAEMON,
        Tie.OUTSIDE,
    ]
    last = graph.chain(relist.group)[-1]
    assert str(last.target) == "the kernel's answer to a netlink request (LinkSetNsFd)"
    assert last.wait.at_least_minutes == 1595


def test_the_scraps_say_what_each_process_waits_for() -> None:
    [executing] = each(read("node-notready/2-kubelet-sigabrt-cni-exec.txt"), cni_exec)
    assert executing.operation == "ADD"
    [serving] = each(read("node-notready/2-kubelet-sigabrt-sandbox-status.txt"), cri_handler)
    assert (serving.method, serving.runtime, serving.wait.kind) == ("PodSandboxStatus", "dockershim", WaitKind.LOCK)
    [plugin] = each(read("node-notready/3-terway-sigabrt.txt"), cni_plugin_call)
    assert plugin.operation == "DEL" and plugin.call is not None and plugin.call.protocol == "net/rpc"
    [netlink] = each(read("node-notready/4-terwayd-goroutine.txt"), netlink_wait)
    assert (netlink.by_library, netlink.request, netlink.wait.at_least_minutes) == (True, "LinkSetNsFd", 1595)


def test_a_copy_of_a_dump_in_another_document_counts_once() -> None:
    twice = dumps_of(SHIM, "netfabricd") + dumps_of(SHIM, "netfabricd")
    assert len(distinct(twice)) == len(twice) // 2
    assert wait_graph(twice).queues[0][1].waiters == 6


def test_an_empty_scene_has_an_empty_graph() -> None:
    graph = wait_graph([])
    assert (graph.edges, graph.waits, graph.queues) == ((), (), ())


# --- netlink, D-Bus, idleness -------------------------------------------------------------------------------------


def test_a_netlink_receive_shows_descriptor_and_buffer_for_the_kernels_side() -> None:
    [wait] = each(dumps_of(SHIM, "netfabricd"), netlink_wait)
    assert (wait.by_library, wait.descriptor, wait.buffer) == (False, 3, 0xBF453700000)


def test_a_netlink_request_of_old_docker_names_what_was_asked() -> None:
    [wait] = each(read("quoted/dockerd-netlink-go16.txt"), netlink_wait)
    assert (wait.by_library, wait.request, wait.descriptor) == (True, "LinkSetMasterByIndex", 0x16)


def test_a_netlink_listener_waits_for_news_not_for_an_answer() -> None:
    [group] = read("quoted/dockerd-netlink-listener.txt")
    assert is_idle(group)
    assert netlink_wait(group) is None


def test_a_kubelet_that_starts_a_systemd_unit_waits_on_dbus() -> None:
    [group] = read("quoted/dbus-kubelet-journal.txt")
    wait = dbus_wait(group)
    assert wait is not None and wait.call is not None
    assert (wait.call.service, wait.call.method, wait.at_least_minutes) == ("systemd", "StartTransientUnit", 5)
    assert group.dump.pid == 112554


@pytest.mark.parametrize("case", [SHIM, DIRECT])
def test_what_only_rests_is_not_taken_for_stuck(case: str) -> None:
    groups = dumps_of(case, "kubelet", "containerd", "netfabricd")
    resting = (
        "Accept",
        "loopyWriter",
        "keepalive",
        "Reflector",
        "inotify",
        "signal_recv",
        "epoll",
        "oomCollector",
        "fifo",
    )
    for wait in waits_of(groups):
        stack_names = " ".join(frame.function for frame in wait.group.frames)
        assert not any(word in stack_names for word in resting), stack_names


def test_a_healthy_containers_task_wait_is_not_a_wait_for_the_shim() -> None:
    waiting = [group for group in dumps_of(SHIM, "containerd") if "(*taskClient).Wait" in names(group)]
    assert waiting and all(is_idle(group) and shim_or_runc_wait(group) is None for group in waiting)


def test_a_call_to_a_shim_other_than_wait_is_a_wait_for_the_shim() -> None:
    package = "github.com/containerd/ttrpc"
    frames = f"{package}.(*Client).dispatch(0x1)\n\t/t.go:1\n{package}.(*Client).Call(0x1)\n\t/t.go:2\n"
    task = "github.com/containerd/containerd/api/runtime/task/v2.(*taskClient).State(0x1)\n\t/c.go:1\n"
    caller = "github.com/containerd/containerd/runtime/v2.(*shimTask).State(0x1)\n\t/s.go:1\n"
    [group] = stack(f"goroutine 9 [select, 12 minutes]:\n{frames}{task}{caller}")
    wait = shim_or_runc_wait(group)
    assert wait is not None and wait.call is not None and (wait.call.method, wait.call.service) == ("State", "task")


def test_running_goroutines_wait_for_nothing() -> None:
    assert all(wait_of(group) is None for group in dumps_of(SHIM, "kubelet") if group.state in {"running", "runnable"})


def test_every_wait_can_be_proven_by_frames() -> None:
    for wait in waits_of(dumps_of(SHIM, "kubelet", "crishim", "containerd", "netfabricd")):
        assert wait.proof()
        assert wait.on


def test_dumps_are_facts_of_their_groups() -> None:
    assert all(isinstance(group.dump, GoroutineDump) for group in dumps_of(SHIM, "kubelet"))
