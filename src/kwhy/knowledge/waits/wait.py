"""What each group of goroutines waits for, and whether that is its normal rest."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache

import msgspec

from kwhy.facts.goroutines import Frame, GoroutineGroup
from kwhy.knowledge.waits.calls import GROUPS_REMEMBERED, ClientCall, client_call, handler
from kwhy.model.expressions import expression


class WaitKind(Enum):
    """The kinds of waits, in plain words."""

    LOCK = "a lock"
    CALL = "the answer to a call"
    CHILD = "a child process"
    NETLINK = "the kernel's answer to a netlink request"
    SOCKET = "data on a socket, in a blocking system call"
    FILE = "a file operation in the kernel"
    KERNEL = "a system call"
    CHANNEL = "a channel"
    SELECT = "one of several channels"
    GOROUTINES = "other goroutines to finish"
    CONDITION = "a condition variable"
    NETWORK = "network data, in the poller"
    TIMER = "a timer"
    UNKNOWN = "something that the dump does not show"


class Wait(msgspec.Struct, frozen=True):
    """A group of goroutines and what it waits for.

    ``frames`` are the indexes of the frames that prove it (innermost first). ``call`` is set for remote calls, netlink
    and D-Bus included; ``system_call`` names the system call's Go wrapper.
    """

    group: GoroutineGroup
    kind: WaitKind
    frames: tuple[int, ...] = (0,)
    call: ClientCall | None = None
    system_call: str | None = None

    @property
    def at_least_minutes(self) -> int | None:
        """How long the longest has waited at least; None: the dump does not say."""
        return self.group.longest_minutes

    @property
    def on(self) -> str:
        """What is waited for, in words: "the answer to PodSandboxStatus (gRPC)"."""
        if self.call is not None and self.kind is WaitKind.CALL:
            what = self.call.method or "a call whose method is not printed"
            return f"the answer to {what} ({self.call.protocol})"
        if self.system_call is not None and self.kind in {WaitKind.KERNEL, WaitKind.FILE, WaitKind.SOCKET}:
            return f"{self.kind.value} ({self.system_call})"
        return self.kind.value

    def proof(self) -> tuple[Frame, ...]:
        """The frames that prove it."""
        return tuple(self.group.frames[index] for index in self.frames if index < len(self.group.frames))


_SYNC = frozenset({"sync", "internal/sync"})
#: Packages whose functions enter the kernel.
_KERNEL_ENTRY = expression(
    r"syscall|internal/syscall/unix|golang\.org/x/sys/unix|(?:internal/)?runtime(?:/internal)?/syscall"
)
#: Packages that speak netlink (vishvananda/netlink, mdlayher/netlink, containerd's and docker's copies).
_NETLINK = expression(r".*netlink(?:/nl)?$")
_NETLINK_RECEIVE = expression(r"\(\*\w*(?:Socket|[Cc]onn)\)\.[Rr]eceive\w*|\(\*NetlinkRequest\)\.[Ee]xecute\w*")
_RECEIVES = expression(r"(?i)recv(?:from|msg|mmsg)\w*|recvmsgraw|recvmsgbuffers$")
_CHILD = expression(r"(?i)wait4|waitid|waitpid$")
_POLLS = expression(r"(?i)epollwait|epoll_wait|poll|ppoll|select|pselect|inotify\w*|accept4?$")
_FILES = expression(
    r"(?i)(?:p?read(?:v|64)?|p?write(?:v|64)?|openat?|open|close|l?stat|fstatat|statfs|fstatfs|statx|newfstatat|fsync"
    r"|fdatasync|sync|syncfs|rename(?:at2?)?|unlink(?:at)?|mkdir(?:at)?|rmdir|getdents(?:64)?|readdirent|ftruncate|truncate"
    r"|mount|unmount|umount2?|flock|fcntl\w*|ioctl\w*|chmod|chown|lchown|fchownat|link(?:at)?|symlink(?:at)?|readlink(?:at)?"
    r"|getxattr|setxattr|sendfile|copy_file_range|faccessat|access)$"
)
_PROCESS_WAIT = expression(
    r"os/exec\.\(\*Cmd\)\.(?:Wait|awaitGoroutines)$|os\.\(\*Process\)\.(?:Wait|wait|blockUntilWaitable|pidfdWait|pidWait)$"
)
_BY_STATE = {
    "select": WaitKind.SELECT,
    "select (no cases)": WaitKind.SELECT,
    "chan receive": WaitKind.CHANNEL,
    "chan send": WaitKind.CHANNEL,
    "chan receive (nil chan)": WaitKind.CHANNEL,
    "chan send (nil chan)": WaitKind.CHANNEL,
    "sync.Cond.Wait": WaitKind.CONDITION,
    "sync.WaitGroup.Wait": WaitKind.GOROUTINES,
    "IO wait": WaitKind.NETWORK,
    "sleep": WaitKind.TIMER,
}
#: Goroutines that run, or serve the runtime itself (waitReasonStrings, runtime/runtime2.go).
_NOT_WAITING = expression(
    r"running|runnable|idle|dead|copystack|preempted|GC |garbage collection|force gc|finalizer wait|cleanup wait"
    r"|GOMAXPROCS updater|trace reader|debug call|stopping the world|dumping heap|coroutine|panicwait|wait for GC"
)


@lru_cache(maxsize=GROUPS_REMEMBERED)
def wait_of(group: GoroutineGroup) -> Wait | None:
    """What the group waits for; None for goroutines that run or serve the Go runtime."""
    frames = group.frames
    if _NOT_WAITING.match(group.state) or not frames:
        return None
    if group.locks:
        return Wait(group, WaitKind.LOCK, tuple(range(_locking(frames) + 1)))
    child = next((index for index, frame in enumerate(frames[:8]) if _PROCESS_WAIT.match(frame.function)), None)
    if child is not None:
        outermost = max(index for index, frame in enumerate(frames[:10]) if _PROCESS_WAIT.match(frame.function))
        return Wait(group, WaitKind.CHILD, tuple(range(child, outermost + 1)))
    if _KERNEL_ENTRY.fullmatch(frames[0].package):
        return _kernel_wait(group)
    call = client_call(group)
    if call is not None:
        return Wait(group, WaitKind.CALL, call.frames, call)
    if group.state == "semacquire":
        waits_for_group = any(frame.function == "sync.(*WaitGroup).Wait" for frame in frames[:4])
        return Wait(group, WaitKind.GOROUTINES if waits_for_group else WaitKind.UNKNOWN)
    return Wait(group, _BY_STATE.get(group.state, WaitKind.UNKNOWN))


def waits_of(groups: Sequence[GoroutineGroup]) -> tuple[Wait, ...]:
    """The waits of all groups that wait for something out of the ordinary, those that waited longest first."""
    waits = [wait for group in groups if not is_idle(group) and (wait := wait_of(group)) is not None]
    return tuple(sorted(waits, key=lambda wait: -(wait.at_least_minutes or 0)))


def locking_frame(group: GoroutineGroup) -> Frame | None:
    """The function that waits to lock, for groups that wait for a lock."""
    index = _locking(group.frames)
    return group.frames[index] if index < len(group.frames) else None


def _locking(frames: tuple[Frame, ...]) -> int:
    return next((index for index, frame in enumerate(frames) if frame.package not in _SYNC), len(frames))


def _kernel_wait(group: GoroutineGroup) -> Wait:
    frames = group.frames
    entry = [index for index, frame in enumerate(frames[:6]) if _KERNEL_ENTRY.fullmatch(frame.package)]
    depth = next((index for index in range(len(frames)) if index not in entry), len(frames))
    # The outermost wrapper has the telling name: Syscall6 < recvfrom < Recvfrom.
    name = frames[depth - 1].name if depth else frames[0].name
    call = name.removeprefix("(*").partition("(")[0]
    proof = tuple(range(depth))
    if _RECEIVES.match(call):
        library = [
            index
            for index in range(depth, min(len(frames), depth + 4))
            if _NETLINK.match(frames[index].package) and _NETLINK_RECEIVE.match(frames[index].name)
        ]
        if library:
            request = ClientCall(
                "netlink", None, _netlink_method(frames, library[-1]), (*proof, *library), library[-1] + 1
            )
            return Wait(group, WaitKind.NETLINK, request.frames, request, call)
        return Wait(group, WaitKind.SOCKET, proof, system_call=call)
    if _CHILD.match(call):
        return Wait(group, WaitKind.CHILD, proof, system_call=call)
    if _POLLS.match(call) or frames[0].name == "signal_recv":
        return Wait(group, WaitKind.NETWORK, proof, system_call=call)
    kind = WaitKind.FILE if _FILES.match(call) else WaitKind.KERNEL
    return Wait(group, kind, proof, system_call=call)


def _netlink_method(frames: tuple[Frame, ...], library: int) -> str | None:
    """The request as the netlink library's user knows it: ``LinkSetNsFd``."""
    for frame in frames[library + 1 : library + 3]:
        if _NETLINK.match(frame.package):
            return frame.method
    return None


#: Background work that waits in the kernel or for children for as long as the process lives.
_RESTS = expression(
    r"os/signal\."
    r"|k8s\.io/utils/inotify\.|golang\.org/x/exp/inotify\.|github\.com/fsnotify/fsnotify\."
    r"|github\.com/euank/go-kmsg-parser|.*kmsgparser\."
    r"|github\.com/docker/docker/libcontainerd/supervisor\.|github\.com/docker/docker/libcontainerd\.\(\*remote\)\."
    r"|.*/oomparser\.|.*\.\(\*oomCollector\)\.|.*\.\(\*[eE]poller\)\.|github\.com/containerd/console\."
    r"|google\.golang\.org/grpc\.newClientStream(?:WithParams)?\.func\d"
)
_OS_PACKAGES = frozenset({"os", "os/exec", "syscall", "runtime", "io", "internal/poll"})
_WORTH_A_LOOK = frozenset(
    {WaitKind.LOCK, WaitKind.CALL, WaitKind.CHILD, WaitKind.NETLINK, WaitKind.SOCKET, WaitKind.FILE, WaitKind.KERNEL}
)


@lru_cache(maxsize=GROUPS_REMEMBERED)
def is_idle(group: GoroutineGroup) -> bool:
    """Whether waiting is the group's normal rest: accept loops, workers without work, transports, watches, timers.

    Waits for locks, children, the kernel and calls are never rest, unless they are known to last (watches, task Wait,
    supervised children, signal and inotify readers). Other waits are rest unless a request is being served.
    """
    wait = wait_of(group)
    if wait is None:
        return False
    frames = group.frames
    if any(_RESTS.match(frame.function) for frame in frames[:6]):
        return True
    serving = handler(group)
    if serving is not None and serving.streams:
        return True
    if wait.kind is WaitKind.CALL and wait.call is not None:
        return wait.call.streams
    if wait.kind is WaitKind.CHILD:
        return _reaps_in_background(frames)
    if wait.kind in {WaitKind.NETLINK, WaitKind.SOCKET}:
        return listens(wait)
    if wait.kind in _WORTH_A_LOOK:
        return False
    if serving is None:
        return True
    return serving.protocol == "HTTP" and wait.kind is WaitKind.NETWORK


#: Functions that wait for whatever the kernel announces, not for an answer (netlink's LinkSubscribe, AddrSubscribe …;
#: libnetwork's watchMiss; flannel's and felix' monitors; udev and audit readers).
_LISTENING = expression(r"(?i).*(?:subscribe|monitor|watch|listen|loop|readmessages|receivemessages|serve)")
#: Functions that send a request and wait for its answer.
_REQUESTING = expression(r"(?i).*(?:execute|request|roundtrip|query)")


def listens(wait: Wait) -> bool:
    """Whether a blocking receive waits for announcements (rest), not for the answer to a request."""
    frames = wait.group.frames
    around = frames[wait.frames[-1] + 1 :] if wait.frames else frames
    library = (frame for frame in wait.proof() if not _KERNEL_ENTRY.fullmatch(frame.package))
    if any(_REQUESTING.match(frame.method) for frame in (*library, *around[:2])):
        return False
    return len(around) <= 1 or any(_LISTENING.match(frame.name) for frame in around[:3])


def _reaps_in_background(frames: tuple[Frame, ...]) -> bool:
    """``go func() { cmd.Wait() … }()`` and nothing else: somebody must collect the child, nobody waits for it."""
    own = [frame for frame in frames if frame.package not in _OS_PACKAGES]
    return len(own) == 1 and ".func" in own[0].name
