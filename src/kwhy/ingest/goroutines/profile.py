"""``goroutine?debug=1`` profiles: counted stacks without ids, states or times.

Printed by printCountProfile and printStackRecord (runtime/pprof/pprof.go, Go 1.9 … 1.26):

    goroutine profile: total 38
    5 @ 0x43b6e5 0x44b1af 0x44b186
    #	0x47a2c4	sync.runtime_SemacquireMutex+0x24	/usr/local/go/src/runtime/sema.go:77
"""

from __future__ import annotations

from kwhy.ingest.goroutines.syntax import Call, Stack
from kwhy.model.expressions import expression

#: ``goroutine profile: total 38``
TITLE = expression(r"goroutine profile: total \d{1,9}$")
#: ``5 @ 0x43b6e5 0x44b1af``
COUNT = expression(r"(?P<count>\d{1,9}) @(?: 0x[0-9a-f]{1,16})+$")
#: ``#	0x47a2c4	sync.runtime_SemacquireMutex+0x24	/usr/local/go/src/runtime/sema.go:77``
CALL = expression(
    r"#\s{1,8}0x[0-9a-f]{1,16}\s{1,8}(?P<function>\S{1,2000}?)(?:\+0x[0-9a-f]{1,16})?\s{1,200}(?P<file>\S.{0,2000}):(?P<line>\d{1,9})$"
)
#: ``# labels: {"key":"value"}``
LABELS = "# labels:"


class Profile:
    """Puts the lines of a profile together."""

    def __init__(self) -> None:
        self._stack: Stack | None = None

    def takes(self, number: int, text: str) -> bool:
        """Whether the line belongs to a profile."""
        if text[:1].isdigit() and (found := COUNT.match(text)):
            self._stack = Stack(number, count=int(found["count"]), excerpt=text, header_text=text)
            return True
        if self._stack is None:
            return False
        if found := CALL.match(text):
            self._stack.calls.append(Call(found["function"], "", found["file"], int(found["line"])))
            return True
        return text.startswith(LABELS)

    def flush(self) -> Stack | None:
        """The stack under construction, if it has frames."""
        stack, self._stack = self._stack, None
        return stack if stack is not None and stack.calls else None
