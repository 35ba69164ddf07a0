"""What threads do in the kernel: their stacks, and what such a stack waits for."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

import msgspec

from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class ThreadStack(msgspec.Struct, frozen=True, gc=False):
    """The kernel stack of one thread at one moment.

    ``pid`` is the process where the evidence tells it apart from the thread ``tid``; a lone number of `crash` or of the
    kernel log is a thread, kept in ``tid`` with ``pid`` None unless a group id is printed beside it. ``program`` is the
    kernel's name of the thread (15 characters). ``frames`` are function names, the innermost first, without offsets and
    without the frames that the kernel marks as unreliable ("?"). ``lines`` are their lines in the document.
    ``syscall`` and ``arguments`` come from /proc/PID/syscall or saved registers. ``blocked_seconds`` is what a
    hung-task message says, a lower bound.
    """

    pid: int | None
    tid: int | None
    program: str
    frames: tuple[str, ...]
    at: Locator
    lines: tuple[int, ...] = ()
    state: str = ""
    wchan: str = ""
    syscall: int | None = None
    arguments: tuple[int, ...] = ()
    blocked_seconds: int | None = None
    workqueue: str = ""
    observed: Moment = UNKNOWN_MOMENT

    def frame_at(self, function: str) -> Locator:
        """The place of the frame of ``function``; that of the whole stack where it has none."""
        for frame, line in zip(self.frames, self.lines, strict=False):
            if frame == function:
                return self.at.document.at(line=line, excerpt=function)
        return self.at


class Resource(Enum):
    """What a thread in the kernel waits for."""

    NETLINK = "a message on a netlink socket"
    RTNL = "the kernel's lock of the network configuration (rtnl)"
    NET_NAMESPACE = "the set-up or tear-down of network namespaces"
    DEVICE_RELEASE = "the last users of a network device that is being removed"
    NFS = "an answer of an NFS server"
    FUSE = "an answer of the daemon behind a FUSE mount"
    REMOTE_FILES = "an answer of a network file system's server"
    JOURNAL = "the journal of a file system"
    FROZEN_FILES = "the thaw of a frozen file system"
    DISK = "disk input or output"
    CGROUP = "the kernel's lock of control groups"
    MEMORY_MAP = "the lock of a process's memory map"
    MEMORY = "free memory"
    RCU = "an RCU grace period"
    UNMOUNT = "an unmount or the mount table"
    FREEZER = "its own thaw: it is frozen or stopped"
    CHILD = "the end of a child process"
    PIPE = "the other end of a pipe"
    UNIX_SOCKET = "the other end of a unix socket"
    NETWORK_PEER = "the other end of a network connection"
    SOCKET = "a message on a socket"
    FILE_LOCK = "a lock on a file"
    KERNEL_LOCK = "a lock in the kernel"
    FUTEX = "another thread of its program"
    EVENTS = "events, sleeping until one comes"
    NOTHING = "nothing: it runs"
    UNKNOWN = "something that kwhy does not know"


#: Waits in which a healthy thread without work spends its time.
IDLE = frozenset({Resource.FUTEX, Resource.EVENTS, Resource.NOTHING})

#: Waits that only the kernel, a device or a remote server can end, whatever happens in user space on this host.
OUTSIDE_USER_SPACE = frozenset(
    {
        Resource.RTNL,
        Resource.NET_NAMESPACE,
        Resource.DEVICE_RELEASE,
        Resource.NFS,
        Resource.REMOTE_FILES,
        Resource.JOURNAL,
        Resource.DISK,
        Resource.CGROUP,
        Resource.MEMORY,
        Resource.RCU,
        Resource.KERNEL_LOCK,
    }
)


class KernelWait(msgspec.Struct, frozen=True):
    """What a stack waits for, the frame that says so, and where the kernel's source has it."""

    resource: Resource
    function: str
    source: str

    @property
    def idle(self) -> bool:
        return self.resource in IDLE


class _Clue(msgspec.Struct, frozen=True):
    """Functions that mean one wait. Names that end in "*" are prefixes; ``while_locking``: only below a lock wait."""

    resource: Resource
    functions: frozenset[str]
    prefixes: tuple[str, ...]
    source: str
    while_locking: bool = False

    def fits(self, function: str, locking: bool) -> bool:
        if self.while_locking and not locking:
            return False
        return function in self.functions or (bool(self.prefixes) and function.startswith(self.prefixes))


def _clue(resource: Resource, functions: str, source: str, *, while_locking: bool = False) -> _Clue:
    names = functions.split()
    prefixes = tuple(name.removesuffix("*") for name in names if name.endswith("*"))
    return _Clue(resource, frozenset(names), prefixes, source, while_locking)


#: Functions that say what the wait is about, wherever they stand in the stack; of several, the innermost counts.
#: Paths are those of Linux 6.6; functions of older kernels stand beside today's.
_SPECIFIC = (
    _clue(Resource.NETLINK, "netlink_recvmsg", "net/netlink/af_netlink.c"),
    _clue(Resource.RTNL, "rtnl_lock rtnl_lock_killable refcount_dec_and_rtnl_lock", "net/core/rtnetlink.c"),
    _clue(Resource.RTNL, "rtnetlink_rcv_msg rtnetlink_rcv", "net/core/rtnetlink.c", while_locking=True),
    _clue(Resource.DEVICE_RELEASE, "netdev_wait_allrefs netdev_wait_allrefs_any netdev_run_todo", "net/core/dev.c"),
    _clue(Resource.NET_NAMESPACE, "copy_net_ns cleanup_net", "net/core/net_namespace.c"),
    _clue(Resource.NFS, "rpc_wait_bit_killable rpc_execute rpc_run_task rpc_call_sync __rpc_execute", "net/sunrpc"),
    _clue(Resource.NFS, "nfs_* nfs3_* nfs4_* __nfs* nlmclnt_*", "fs/nfs"),
    _clue(Resource.FUSE, "request_wait_answer fuse_* __fuse_* fuse_wait_aborted", "fs/fuse/dev.c"),
    _clue(Resource.REMOTE_FILES, "cifs_* smb2_* compound_send_recv wait_for_response", "fs/smb/client/transport.c"),
    _clue(Resource.REMOTE_FILES, "ceph_* rbd_* p9_client_rpc v9fs_*", "fs/ceph/mds_client.c, net/9p/client.c"),
    _clue(Resource.JOURNAL, "jbd2_* wait_transaction_locked start_this_handle", "fs/jbd2"),
    _clue(Resource.JOURNAL, "xlog_* xfs_log_* xfs_buf_lock xfs_buf_iowait", "fs/xfs/xfs_log.c"),
    _clue(Resource.FROZEN_FILES, "__sb_start_write sb_start_write", "fs/super.c"),
    _clue(Resource.FROZEN_FILES, "mnt_want_write mnt_want_write_file", "fs/namespace.c", while_locking=True),
    _clue(Resource.UNMOUNT, "deactivate_super deactivate_locked_super cleanup_mnt", "fs/namespace.c, fs/super.c"),
    _clue(Resource.UNMOUNT, "namespace_lock lock_mount do_lock_mount", "fs/namespace.c", while_locking=True),
    _clue(
        Resource.CGROUP,
        "cgroup_kn_lock_live cgroup_lock_and_drain_offline cgroup_procs_write_start cgroup_mkdir cgroup_rmdir "
        "cgroup_attach_task cgroup_attach_lock cgroup_threadgroup_change_begin proc_cgroup_show cgroup_procs_write",
        "kernel/cgroup/cgroup.c",
        while_locking=True,
    ),
    _clue(Resource.MEMORY, "mem_cgroup_oom_synchronize mem_cgroup_out_of_memory", "mm/memcontrol.c"),
    _clue(
        Resource.MEMORY, "try_to_free_pages throttle_direct_reclaim balance_dirty_pages xfs_reclaim_*", "mm/vmscan.c"
    ),
    _clue(
        Resource.MEMORY_MAP,
        "do_user_addr_fault __do_page_fault do_page_fault vm_mmap_pgoff __vm_munmap proc_pid_cmdline_read "
        "get_mm_cmdline access_remote_vm __access_remote_vm exit_mm m_start do_mprotect_pkey",
        "mm/mmap.c, fs/proc/base.c",
        while_locking=True,
    ),
    _clue(Resource.RCU, "synchronize_rcu* synchronize_net __wait_rcu_gp rcu_barrier*", "kernel/rcu/tree.c"),
    _clue(Resource.RCU, "exp_funnel_lock synchronize_sched* _synchronize_rcu*", "kernel/rcu/tree_exp.h"),
    _clue(Resource.FREEZER, "do_freezer_trap __refrigerator do_signal_stop ptrace_stop", "kernel/signal.c"),
    _clue(Resource.CHILD, "do_wait kernel_wait4 kernel_waitid wait_for_vfork_done", "kernel/exit.c"),
    _clue(Resource.PIPE, "pipe_read pipe_write pipe_wait anon_pipe_read fifo_open wait_for_partner", "fs/pipe.c"),
    _clue(Resource.EVENTS, "unix_accept inet_csk_accept inet_accept __skb_wait_for_connect", "net/ipv4/af_inet.c"),
    _clue(Resource.UNIX_SOCKET, "unix_* sock_alloc_send_pskb", "net/unix/af_unix.c"),
    _clue(Resource.NETWORK_PEER, "tcp_* udp_* udpv6_* inet_wait_for_connect sk_stream_wait_memory", "net/ipv4/tcp.c"),
    _clue(Resource.NETWORK_PEER, "sk_wait_data inet_stream_connect __inet_stream_connect", "net/core/sock.c"),
    _clue(Resource.FILE_LOCK, "locks_lock_inode_wait flock_lock_inode_wait fcntl_setlk", "fs/locks.c"),
    _clue(Resource.EVENTS, "do_epoll_wait ep_poll do_poll do_sys_poll do_select core_sys_select", "fs/eventpoll.c"),
    _clue(Resource.EVENTS, "poll_schedule_timeout inotify_read eventfd_read timerfd_read* signalfd_*", "fs/select.c"),
    _clue(Resource.EVENTS, "do_nanosleep hrtimer_nanosleep common_nsleep", "kernel/time/hrtimer.c"),
    _clue(Resource.EVENTS, "do_sigtimedwait sigsuspend __do_sys_pause sys_pause", "kernel/signal.c"),
    _clue(
        Resource.EVENTS,
        "n_tty_read tty_read do_syslog kmsg_read devkmsg_read io_cqring_wait read_events",
        "drivers/tty",
    ),
)
#: Functions that say how a thread waits, where no other says what for.
_GENERAL = (
    _clue(Resource.DISK, "io_schedule* bit_wait_io blk_* submit_bio_wait wait_on_page_* folio_wait_*", "block"),
    _clue(Resource.DISK, "wait_on_buffer __wait_on_buffer wb_wait_for_completion rq_qos_wait", "fs/buffer.c"),
    _clue(
        Resource.KERNEL_LOCK,
        "mutex_lock* __mutex_lock* rwsem_* call_rwsem_* down* __down* percpu_rwsem_*",
        "kernel/locking",
    ),
    _clue(Resource.FUTEX, "futex_* __futex_wait do_futex", "kernel/futex"),
    _clue(Resource.SOCKET, "__skb_wait_for_more_packets skb_recv_datagram sock_recvmsg", "net/core/datagram.c"),
    _clue(Resource.EVENTS, "worker_thread rescuer_thread kthreadd smpboot_thread_fn kthread", "kernel/workqueue.c"),
)
_LOCK_WAITS = (
    "mutex_lock",
    "__mutex_lock",
    "rwsem_",
    "call_rwsem_",
    "down_",
    "__down",
    "percpu_rwsem_",
    "__percpu_down",
    "percpu_down",
)
#: `do_compat_epoll_pwait.part.0`, `__mutex_lock.constprop.0`, `filename_lookup.part.62`: GCC's marks of copies.
_COPY_MARK = expression(r"\.(?:isra|constprop|part|cold|llvm)\b.*")
#: Functions that run with rtnl held (net/core/rtnetlink.c rtnetlink_rcv_msg; net/core/dev.c).
_UNDER_RTNL = frozenset(
    {
        "rtnetlink_rcv_msg",
        "rtnl_newlink",
        "rtnl_dellink",
        "rtnl_setlink",
        "default_device_exit_batch",
        "unregister_netdevice_many",
        "unregister_netdevice_many_notify",
        "unregister_netdevice_queue",
        "rollback_registered_many",
        "dev_change_flags",
        "dev_change_net_namespace",
        "__dev_change_net_namespace",
    }
)


def base_name(function: str) -> str:
    """A function's name as in the source, without the compiler's marks of copies."""
    return _COPY_MARK.sub("", function)


def blocked_in(stack: ThreadStack) -> KernelWait:
    """What the thread waits for."""
    return wait_of(stack.frames or ((stack.wchan,) if stack.wchan else ()), stack.state)


@lru_cache(maxsize=4096)  # many threads of a process have equal stacks, and several rules ask
def wait_of(functions: tuple[str, ...], state: str = "") -> KernelWait:
    """What a thread with these functions on its stack, innermost first, waits for; a lone wait channel serves too."""
    names = [base_name(function) for function in functions]
    if state.startswith("R") or not names:
        nothing = Resource.NOTHING if state.startswith("R") else Resource.UNKNOWN
        return KernelWait(nothing, "", "")
    locking = False
    for name, function in zip(names, functions, strict=True):
        locking = locking or name.startswith(_LOCK_WAITS)
        for clue in _SPECIFIC:
            if clue.fits(name, locking):
                return KernelWait(clue.resource, function, clue.source)
    for name, function in zip(names, functions, strict=True):
        for clue in _GENERAL:
            if clue.fits(name, locking):
                return KernelWait(clue.resource, function, clue.source)
    return KernelWait(Resource.UNKNOWN, functions[0], "")


def holds_rtnl(stack: ThreadStack) -> bool:
    """Whether the thread works in a section under rtnl, and so keeps others from it, while it waits for something else.

    netdev_run_todo waits after it has given rtnl back (net/core/dev.c).
    """
    if blocked_in(stack).resource in (Resource.RTNL, Resource.DEVICE_RELEASE):
        return False
    return any(base_name(frame) in _UNDER_RTNL for frame in stack.frames)
