"""Lines to stacks, whatever got lost: the second half of the normaliser.

Copes with stacks without headers, frames without positions or arguments, several frames on one line. Used for
everything that the fast path (plain.py) does not take, and once per group by the fast path itself.
"""

from __future__ import annotations

import re

from kwhy.ingest.goroutines.syntax import (
    ANCESTOR,
    CREATED_BY,
    ELIDED,
    HEADER,
    Call,
    Stack,
    read_bracket,
    read_calls,
    read_position,
)
from kwhy.model.expressions import expression

#: Functions that call no Go code: where one appears, a stack begins (runtime/sema.go, runtime/netpoll.go, syscall).
INNERMOST = expression(
    r"(?:syscall\.(?:Syscall6?|RawSyscall6?|syscall|rawSyscallNoError)"
    r"|(?:internal/)?runtime(?:/internal)?/syscall\.Syscall6"
    r"|(?:internal/)?sync\.runtime_\w+|internal/poll\.runtime_pollWait|net\.runtime_pollWait"
    r"|runtime\.gopark|runtime\.goparkunlock|os/signal\.signal_recv|time\.Sleep|runtime\.goexit0)$"
)
#: Functions that nothing in Go calls: a stack ends after them.
OUTERMOST = frozenset({"main.main", "runtime.main", "runtime.goexit", "runtime.mcall"})
#: ``goroutine running on other thread; stack unavailable`` (runtime/traceback.go, tracebackothers)
UNAVAILABLE = "goroutine running on other thread; stack unavailable"
#: ``non-Go function at pc=7f0481685628`` (cgo frames, runtime/traceback.go)
NOT_GO = "non-Go function"
#: A stack deeper than this is cut; Go itself prints at most 100 frames (tracebackInnerFrames + tracebackOuterFrames).
DEEPEST_STACK = 2000


class Assembler:
    """Puts the lines of one process's dump together.

    :meth:`feed` returns the stacks that the line completed and says by :attr:`took` whether it belonged to a dump.
    """

    def __init__(self) -> None:
        self._stack: Stack | None = None
        self._ended = False
        self.took = False

    def feed(self, number: int, body: str) -> list[Stack]:
        text = body.strip()
        self.took = True
        if not text:
            return self.flush()
        if text.startswith("goroutine ") and (found := HEADER.match(text)):
            done = self.flush()
            self._stack = Stack(
                number,
                int(found["id"]),
                read_bracket(found["bracket"]),
                header_text=text,
                excerpt=text,
                runtime_details=found["runtime"] is not None,
            )
            return done
        if text == UNAVAILABLE:
            return []
        return self._inside(number, text)

    def flush(self) -> list[Stack]:
        """The stack under construction, if it holds anything."""
        stack, self._stack, self._ended = self._stack, None, False
        return [stack] if stack is not None and (stack.calls or stack.header is not None) else []

    def _inside(self, number: int, text: str) -> list[Stack]:
        if text.startswith("created by ") and (found := CREATED_BY.match(text)):
            return self._creation(number, found)
        if place := self._place(text):
            self._position(*place)
            return []
        calls = read_calls(text)
        if calls is not None:
            return self._calls(number, text, calls)
        stack = self._stack
        if stack is not None and (found := ELIDED.match(text)):
            stack.elided += int(found["count"]) if found["count"].isdigit() else 1
        elif stack is not None and (ANCESTOR.match(text) or text.startswith(NOT_GO)):
            # An ancestor's frames tell where the goroutine came from, not where it waits.
            self._ended = self._ended or bool(ANCESTOR.match(text))
        else:
            self.took = False
            return self.flush()
        return []

    def _creation(self, number: int, found: re.Match[str]) -> list[Stack]:
        stack = self._stack
        if stack is None:
            return []
        if stack.created_by is None:
            stack.created_by = Call(found["function"], "")
            stack.created_in = int(found["parent"]) if found["parent"] else None
        self._ended = True
        return []

    def _place(self, text: str) -> tuple[str, int] | None:
        if self._stack is None or not (self._stack.calls or self._stack.created_by):
            return None
        return read_position(text)

    def _position(self, file: str, line: int) -> None:
        stack = self._stack
        if stack is None:
            return
        call = stack.created_by if stack.created_by is not None else stack.calls[-1] if stack.calls else None
        if call is not None and call.file is None:
            call.file, call.line = file, line

    def _calls(self, number: int, text: str, calls: list[Call]) -> list[Stack]:
        done: list[Stack] = []
        if self._ended and self._stack is not None and self._stack.header is not None:
            return done  # an ancestor's frames, still of this goroutine
        for call in calls:
            if self._ended or self._begins_stack(call):
                done += self.flush()
            if self._stack is None:
                self._stack = Stack(number, excerpt=text)
            if len(self._stack.calls) < DEEPEST_STACK:
                self._stack.calls.append(call)
            if self._stack.header is None and call.function in OUTERMOST:
                self._ended = True
        return done

    def _begins_stack(self, call: Call) -> bool:
        stack = self._stack
        if stack is None or stack.header is not None or not stack.calls:
            return False
        # runtime_SemacquireMutex and lockSlow follow one another; only a leaf after ordinary code starts anew.
        return bool(INNERMOST.match(call.function)) and not INNERMOST.match(stack.calls[-1].function)


def read_piece(piece: bytes, line: int) -> Stack | None:
    """The stack printed in ``piece``, whose first line is ``line``; None if it is none."""
    assembler = Assembler()
    stacks: list[Stack] = []
    for number, text in enumerate(piece.decode("utf-8", "replace").split("\n"), line):
        stacks += assembler.feed(number, text)
    stacks += assembler.flush()
    return stacks[0] if len(stacks) == 1 else None
