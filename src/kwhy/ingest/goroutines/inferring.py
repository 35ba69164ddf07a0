"""What a stack without a header was doing, and where a lock waiter's lock is."""

from __future__ import annotations

import re

from kwhy.facts.goroutines import Frame
from kwhy.ingest.goroutines.syntax import Call, first_argument
from kwhy.model.expressions import expression

#: State by innermost frame, in the runtime's words (waitReasonStrings, runtime/runtime2.go, Go 1.26).
_BY_TOP_FRAME: tuple[tuple[re.Pattern[str], str], ...] = (
    (expression(r"(?:internal/)?sync\.runtime_notifyListWait$|sync\.\(\*Cond\)\.Wait$"), "sync.Cond.Wait"),
    (expression(r"(?:internal/poll|net)\.runtime_pollWait$"), "IO wait"),
    (expression(r"time\.Sleep$"), "sleep"),
    (expression(r"runtime\.gopark$|runtime\.goparkunlock$"), "waiting"),
    (expression(r"(?:syscall|(?:internal/)?runtime(?:/internal)?/syscall|golang\.org/x/sys/unix)\.\w+$"), "syscall"),
    (expression(r"os/signal\.signal_recv$"), "syscall"),
    (expression(r"os\.\(\*Process\)\.(?:blockUntilWaitable|wait|pidfdWait|Wait)$"), "syscall"),
    (expression(r"net/rpc\.\(\*Client\)\.Call$"), "chan receive"),  # <-client.Go(…).Done, net/rpc/client.go
    (
        expression(
            r"google\.golang\.org/grpc(?:/internal)?/transport\.\(\*(?:Client)?Stream\)\.(?:Header|waitOnHeader)$"
        ),
        "select",
    ),
    (expression(r"github\.com/containerd/ttrpc\.\(\*Client\)\.dispatch$"), "select"),
    (expression(r"net/http\.\(\*persistConn\)\.roundTrip$"), "select"),
)
_SEMAPHORE = expression(r"(?:internal/)?sync\.runtime_Semacquire(?:Mutex|RWMutexR?|WaitGroup|)$")
_LOCKING = expression(r"(?:internal/)?sync\.\(\*(?P<type>Mutex|RWMutex|WaitGroup)\)\.(?P<method>\w+)$")

#: Where the semaphores lie inside their locks: Mutex{state int32; sema uint32}; RWMutex{w Mutex; writerSem, readerSem
#: uint32; …} (sync/mutex.go, sync/rwmutex.go, internal/sync/mutex.go; unchanged from Go 1.9 to 1.26).
MUTEX_SEMA, WRITER_SEM, READER_SEM = 4, 8, 12


def infer_state(frames: tuple[Frame, ...]) -> str:
    """The state that the innermost frames tell, "unknown" where they do not."""
    if not frames:
        return "unknown"
    function = frames[0].function
    if _SEMAPHORE.match(function) or _LOCKING.match(function):
        return _lock_state(frames)
    for pattern, state in _BY_TOP_FRAME:
        if pattern.match(function):
            return state
    return "unknown"


def _lock_state(frames: tuple[Frame, ...]) -> str:
    state = "semacquire"
    for frame in frames:
        if _SEMAPHORE.match(frame.function):
            continue
        found = _LOCKING.match(frame.function)
        if found is None:
            break
        if found["type"] == "WaitGroup":
            return "sync.WaitGroup.Wait"
        method = "RLock" if found["method"] in {"RLock", "rlock"} else "Lock"
        state = f"sync.{found['type']}.{method}"
    return state


def is_lock_wait(state: str, frames: tuple[Frame, ...]) -> bool:
    """Whether the goroutine waits for a sync.Mutex or sync.RWMutex (up to Go 1.19 the state is only "semacquire")."""
    if state.startswith(("sync.Mutex.", "sync.RWMutex.")):
        return True
    return state == "semacquire" and _lock_state(frames).startswith(("sync.Mutex.", "sync.RWMutex."))


def locking_depth(frames: tuple[Frame, ...]) -> int:
    """How many frames belong to the lock itself: the index of the function that locks."""
    for index, frame in enumerate(frames):
        if not (_SEMAPHORE.match(frame.function) or _LOCKING.match(frame.function)):
            return index
    return len(frames)


def lock_place(calls: list[Call], frames: tuple[Frame, ...]) -> tuple[int, int] | None:
    """The frame whose first argument gives the lock's address, and what to subtract; None if it is not printed."""
    depth = locking_depth(frames)
    for index in range(depth - 1, -1, -1):
        if first_argument(calls[index].arguments) is None:
            continue
        if _LOCKING.match(frames[index].function):
            return index, 0
        return index, _semaphore_offset(frames[index + 1].function if index + 1 < depth else "")
    return None


def _semaphore_offset(caller: str) -> int:
    if "(*RWMutex)" not in caller:
        return MUTEX_SEMA
    return READER_SEM if caller.lower().endswith("rlock") else WRITER_SEM
