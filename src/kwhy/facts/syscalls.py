"""Numbers of the system calls that matter in a diagnosis, per architecture.

Sources: linux/arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h (arm64).
"""

from __future__ import annotations

from typing import Literal

from kwhy.facts.kernel import ThreadStack

Architecture = Literal["x86_64", "aarch64"]

#: name → (x86_64, aarch64); None where the architecture has no such call.
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "poll": (7, None),
    "select": (23, None),
    "nanosleep": (35, 101),
    "connect": (42, 203),
    "accept": (43, 202),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "clone": (56, 220),
    "vfork": (58, None),
    "wait4": (61, 260),
    "flock": (73, 32),
    "fsync": (74, 82),
    "rt_sigtimedwait": (128, 137),
    "statfs": (137, 43),
    "mount": (165, 40),
    "umount2": (166, 39),
    "futex": (202, 98),
    "clock_nanosleep": (230, 115),
    "epoll_wait": (232, None),
    "waitid": (247, 95),
    "openat": (257, 56),
    "newfstatat": (262, 79),
    "unlinkat": (263, 35),
    "pselect6": (270, 72),
    "ppoll": (271, 73),
    "unshare": (272, 97),
    "epoll_pwait": (281, 22),
    "accept4": (288, 242),
    "setns": (308, 268),
    "statx": (332, 291),
    "clone3": (435, 435),
}
_NAMES: dict[Architecture, dict[int, str]] = {
    "x86_64": {numbers[0]: name for name, numbers in _NUMBERS.items() if numbers[0] is not None},
    "aarch64": {numbers[1]: name for name, numbers in _NUMBERS.items() if numbers[1] is not None},
}


def architecture_of(stack: ThreadStack) -> Architecture | None:
    """The machine's architecture, by the functions through which a system call enters the kernel."""
    for frame in reversed(stack.frames):
        if frame.startswith(("entry_SYSCALL_64", "do_syscall_64", "__x64_sys_", "system_call_fast", "tracesys")):
            return "x86_64"
        if frame.startswith(("el0_svc", "el0t_64", "el0_sync", "__arm64_sys_", "invoke_syscall")):
            return "aarch64"
    return None


def syscall_name(stack: ThreadStack) -> str | None:
    """The system call the thread is in, by its number or by its entry function."""
    architecture = architecture_of(stack)
    if stack.syscall is not None and architecture is not None:
        return _NAMES[architecture].get(stack.syscall)
    for frame in reversed(stack.frames):
        for prefix in ("__x64_sys_", "__arm64_sys_", "__do_sys_", "__se_sys_", "SYSC_", "SyS_", "sys_"):
            if frame.startswith(prefix):
                return frame.removeprefix(prefix)
    return None


def receive_buffer(stack: ThreadStack) -> int | None:
    """The user-space address a thread receives into (second argument of recvfrom, recvmsg and read).

    A goroutine of a dump that shows the same pointer is this thread.
    """
    if syscall_name(stack) in ("recvfrom", "recvmsg", "read") and len(stack.arguments) > 1:
        return stack.arguments[1]
    return None
