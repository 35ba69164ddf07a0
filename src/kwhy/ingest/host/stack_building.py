"""Kernel stacks put together line by line, whatever prints the lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from kwhy.facts.kernel import ThreadStack
from kwhy.model.document import Document
from kwhy.model.expressions import expression

#: `[<0>] netlink_recvmsg+0x4e/0x2b0`, `[<ffffffff8157935f>] __skb_recv_datagram+0x29/0x70 [sunrpc]` (/proc/PID/stack;
#: Linux 2.6 to today), ` ? schedule_timeout+0xbf/0xff`, ` __schedule+0x582/0x701` (Call Trace of the kernel log)
FRAME = expression(
    r"\s*(?:\[<[0-9a-f]{1,16}>\]\s+)?(?P<unsure>\?\s+)?(?P<function>[A-Za-z_][\w.$]{0,200})"
    r"\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}(?P<module>\s+\[[^\]\n]{1,80}\])?\s*"
)
#: `[<0>] 0xffffffffffffffff`, the end of a stack (until Linux 5.1), and addresses without a symbol
BARE_ADDRESS = expression(r"\s*(?:\[<[0-9a-f]{1,16}>\]\s+)?(?:\?\s+)?0x[0-9a-f]{1,16}\s*")

#: `45 0x3 0xbf453700000 0x10000 0x0 0xbf4536874d4 0xbf453687544 0xbf453687380 0x40d00e` (/proc/PID/syscall: number, six
#: arguments, stack and program counter; `-1 0x… 0x…` outside a call; fs/proc/base.c proc_pid_syscall)
SYSCALL = expression(r"\s*(?P<number>-?\d{1,6})(?P<words>(?: 0x[0-9a-f]{1,16}){2,8})\s*")
_ARGUMENTS = 6

#: `ORIG_RAX: 000000000000002d`, `RDI: 0000000000000003`, `R8: 0`, `R09: 0` (x86 registers of crash and the kernel log)
_REGISTER = expression(r"\b(?P<name>ORIG_RAX|RDI|RSI|RDX|R10|R0?8|R0?9): (?P<value>[0-9a-f]{1,16})\b")
#: The argument registers of a system call (x86-64 psABI, A.2.1).
_ARGUMENT_REGISTERS = ("RDI", "RSI", "RDX", "R10", "R8", "R9")


@dataclass
class StackBuilder:
    """One stack being read. ``fallback`` are frames marked "?", used where the kernel is sure of none."""

    pid: int | None = None
    tid: int | None = None
    program: str = ""
    state: str = ""
    wchan: str = ""
    line: int | None = None
    excerpt: str = ""
    syscall: int | None = None
    arguments: tuple[int, ...] = ()
    blocked_seconds: int | None = None
    workqueue: str = ""
    frames: list[tuple[str, int]] = field(default_factory=list)
    fallback: list[tuple[str, int]] = field(default_factory=list)
    registers: dict[str, int] = field(default_factory=dict)
    ended: bool = False

    def take_frame(self, text: str, number: int) -> bool:
        """Whether ``text`` is a frame; it is added then."""
        match = FRAME.fullmatch(text)
        if match is None:
            if BARE_ADDRESS.fullmatch(text):
                self.ended = self.ended or "0xffffffffffffffff" in text
                self.place(number, text)
                return True
            return False
        self.place(number, text)
        (self.fallback if match["unsure"] else self.frames).append((match["function"], number))
        return True

    def take_syscall(self, text: str, number: int) -> bool:
        """Whether ``text`` is the content of /proc/PID/syscall."""
        if text.strip() == "running":
            self.state = self.state or "R"
            self.place(number, text)
            return True
        match = SYSCALL.fullmatch(text)
        if match is None:
            return False
        self.place(number, text)
        words = tuple(int(word, 16) for word in match["words"].split())
        if int(match["number"]) >= 0 and len(words) > 2:
            self.syscall, self.arguments = int(match["number"]), words[:_ARGUMENTS]
        return True

    def take_registers(self, text: str) -> bool:
        """Whether ``text`` shows registers."""
        found = {match["name"].replace("R0", "R"): int(match["value"], 16) for match in _REGISTER.finditer(text)}
        self.registers.update(found)
        return bool(found)

    def place(self, number: int, text: str) -> None:
        """The stack stands where its first line does."""
        if self.line is None:
            self.line, self.excerpt = number, text.strip()

    @property
    def worth_telling(self) -> bool:
        return bool(self.frames or self.fallback or self.syscall is not None or self.wchan or self.blocked_seconds)

    def built(self, document: Document) -> ThreadStack:
        chosen = self.frames or self.fallback
        number = self.registers.get("ORIG_RAX")
        if self.syscall is None and number is not None and number < 1 << 16:
            self.syscall = number
            self.arguments = tuple(self.registers.get(name, 0) for name in _ARGUMENT_REGISTERS)
        return ThreadStack(
            pid=self.pid,
            tid=self.tid,
            program=self.program,
            frames=tuple(function for function, _ in chosen),
            at=document.at(self.line or document.first_line, excerpt=self.excerpt),
            lines=tuple(number for _, number in chosen),
            state=self.state,
            wchan="" if self.wchan in ("0", "-") else self.wchan,
            syscall=self.syscall,
            arguments=self.arguments,
            blocked_seconds=self.blocked_seconds,
            workqueue=self.workqueue,
            observed=document.captured,
        )
