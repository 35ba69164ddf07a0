"""Lines that wrappers print around a command's output, and what they tell about it."""

from __future__ import annotations

from typing import Final

from kwhy.model.expressions import expression

#: command terminated with exit code 2   (kubectl v1.34, staging/src/k8s.io/kubectl/pkg/cmd/exec via util/exec)
EXIT_CODE: Final = expression(r"^command terminated with (?:non-zero )?exit code:? ?(?P<code>\d+)")
#: Defaulted container "app" out of: app, sidecar   (kubectl v1.34, pkg/polymorphichelpers; "Defaulting" until v1.20)
_DEFAULTED: Final = expression(r'^Default(?:ed|ing) container(?: name to)? "?')
#: Unable to use a TTY - input is not a terminal or the right kind of file   (kubectl v1.34, pkg/cmd/exec/exec.go)
_TTY: Final = expression(r"^Unable to use a TTY - |^the input device is not a TTY|^Use 'kubectl describe pod/")


#: With one of these begins what the expressions above match.
_BEGINNINGS: Final = ("Default", "Unable to use", "the input device", "Use 'kubectl", "command terminated")


def is_noise(line: str) -> bool:
    """Whether a wrapper printed the line and it says nothing about the command's own output."""
    if not line.startswith(_BEGINNINGS):
        return not line.strip()
    return bool(_DEFAULTED.match(line) or _TTY.match(line) or EXIT_CODE.match(line))
