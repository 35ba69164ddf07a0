"""What kernel stacks wait for, judged by the functions on them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.kernel import Resource, ThreadStack, blocked_in, holds_rtnl, wait_of
from kwhy.facts.syscalls import receive_buffer, syscall_name
from kwhy.model.document import Document


def stack(*frames: str, state: str = "", **more: object) -> ThreadStack:
    return ThreadStack(1, 1, "", frames, Document("x", b"").at(1), state=state, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frames", "resource"),
    [
        (("schedule", "__skb_wait_for_more_packets", "skb_recv_datagram", "netlink_recvmsg"), Resource.NETLINK),
        (("__mutex_lock.constprop.0", "mutex_lock", "rtnetlink_rcv_msg", "netlink_rcv_skb"), Resource.RTNL),
        (("__mutex_lock", "rtnl_lock", "cleanup_net", "process_one_work"), Resource.RTNL),
        (("rwsem_down_read_slowpath", "down_read_killable", "copy_net_ns"), Resource.NET_NAMESPACE),
        (("msleep", "netdev_run_todo", "rtnl_unlock", "default_device_exit_batch"), Resource.DEVICE_RELEASE),
        (("io_schedule", "rpc_wait_bit_killable", "__rpc_execute", "nfs4_call_sync"), Resource.NFS),
        (("io_schedule", "folio_wait_bit_common", "nfs_file_fsync", "vfs_fsync"), Resource.NFS),
        (("request_wait_answer", "fuse_simple_request", "vfs_statx"), Resource.FUSE),
        (("io_schedule", "folio_wait_bit_common", "filemap_fault"), Resource.DISK),
        (("jbd2_log_wait_commit", "ext4_sync_file"), Resource.JOURNAL),
        (("percpu_rwsem_wait", "mnt_want_write", "path_openat"), Resource.FROZEN_FILES),
        (("__mutex_lock", "cgroup_kn_lock_live", "cgroup_mkdir"), Resource.CGROUP),
        (("rwsem_down_read_slowpath", "get_mm_cmdline", "proc_pid_cmdline_read"), Resource.MEMORY_MAP),
        (("wait_for_completion", "__wait_rcu_gp", "synchronize_rcu", "rtnetlink_rcv_msg"), Resource.RCU),
        (("do_wait", "kernel_wait4"), Resource.CHILD),
        (("anon_pipe_read", "vfs_read"), Resource.PIPE),
        (("unix_stream_read_generic", "sock_recvmsg"), Resource.UNIX_SOCKET),
        (("wait_woken", "sk_wait_data", "tcp_recvmsg_locked"), Resource.NETWORK_PEER),
        (("do_freezer_trap", "get_signal"), Resource.FREEZER),
        (("futex_do_wait", "__futex_wait", "do_futex"), Resource.FUTEX),
        (("do_epoll_wait", "__x64_sys_epoll_wait"), Resource.EVENTS),
        (("worker_thread", "kthread", "ret_from_fork"), Resource.EVENTS),
        (("__mutex_lock", "some_driver_ioctl"), Resource.KERNEL_LOCK),
        (("some_driver_wait",), Resource.UNKNOWN),
        ((), Resource.UNKNOWN),
    ],
)
def test_the_frames_tell_what_a_thread_waits_for(frames: tuple[str, ...], resource: Resource) -> None:
    assert wait_of(frames).resource is resource


def test_a_running_thread_waits_for_nothing() -> None:
    assert blocked_in(stack("netlink_recvmsg", state="R")).resource is Resource.NOTHING


def test_a_lone_wait_channel_serves_as_a_stack() -> None:
    assert blocked_in(stack(wchan="rpc_wait_bit_killable")).resource is Resource.NFS
    assert blocked_in(stack(wchan="futex_wait_queue_me")).idle


def test_who_waits_for_rtnl_does_not_hold_it_and_who_waits_under_it_does() -> None:
    assert not holds_rtnl(stack("__mutex_lock", "mutex_lock", "rtnetlink_rcv_msg"))
    assert not holds_rtnl(stack("msleep", "netdev_run_todo", "default_device_exit_batch"))
    assert holds_rtnl(stack("wait_for_completion", "synchronize_rcu", "rtnl_dellink", "rtnetlink_rcv_msg"))


def test_the_same_call_has_another_number_on_another_architecture() -> None:
    x86 = stack("netlink_recvmsg", "__x64_sys_recvfrom", "do_syscall_64", syscall=45, arguments=(3, 0xC000, 10))
    arm = stack("netlink_recvmsg", "__sys_recvfrom", "el0_svc", syscall=207, arguments=(3, 0xC000, 10))
    assert syscall_name(x86) == syscall_name(arm) == "recvfrom"
    assert receive_buffer(x86) == receive_buffer(arm) == 0xC000


def test_an_old_stack_names_its_call_without_a_number() -> None:
    assert syscall_name(stack("netlink_recvmsg", "SYSC_recvfrom", "sys_recvfrom", "tracesys")) == "recvfrom"


@given(st.lists(st.text(max_size=40), max_size=12), st.text(max_size=3))
def test_any_functions_are_judged(functions: list[str], state: str) -> None:
    assert isinstance(wait_of(tuple(functions), state).resource, Resource)
