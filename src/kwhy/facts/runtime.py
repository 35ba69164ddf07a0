"""What the container runtime of a node knows, and whether it answers at all."""

from __future__ import annotations

from typing import Literal

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment

Outcome = Literal["ok", "error", "timed out", "interrupted"]


class RuntimeContainer(msgspec.Struct, frozen=True, gc=False):
    """A container as the runtime shows it.

    ``id`` may be cut to 12 or 13 characters: compare with :func:`same_id`. ``state`` is one of created, running,
    paused, restarting, removing, exited, dead, unknown; "" where not shown. ``pid`` is the one on the host.
    """

    id: str
    at: Locator
    name: str = ""
    state: str = ""
    pod_id: str = ""
    pod_name: str = ""
    pod_namespace: str = ""
    pod_uid: str = ""
    image: str = ""
    attempt: int | None = None
    pid: int | None = None
    exit_code: int | None = None
    created: Moment = UNKNOWN_MOMENT
    created_printed: str = ""
    runtime: str = ""
    observed: Moment = UNKNOWN_MOMENT


class RuntimePod(msgspec.Struct, frozen=True, gc=False):
    """A pod sandbox as the runtime shows it. ``state`` is "ready", "not ready" or "" where not shown."""

    id: str
    at: Locator
    name: str = ""
    namespace: str = ""
    uid: str = ""
    state: str = ""
    attempt: int | None = None
    pid: int | None = None
    ip: str = ""
    created: Moment = UNKNOWN_MOMENT
    created_printed: str = ""
    runtime: str = ""
    observed: Moment = UNKNOWN_MOMENT


class RuntimeImage(msgspec.Struct, frozen=True, gc=False):
    """An image on the node. ``size`` in bytes, None where only a rounded size is printed."""

    id: str
    names: tuple[str, ...]
    at: Locator
    size: int | None = None
    observed: Moment = UNKNOWN_MOMENT


class RuntimeAnswer(msgspec.Struct, frozen=True, gc=False):
    """How the runtime answered one call of crictl, ctr, docker or nerdctl.

    ``call`` is the subcommand ("ps", "inspect"), "" where unknown; ``asked`` the id or name it was asked about, if one.
    ``code`` is the gRPC status ("DeadlineExceeded"). ``endpoint`` is the socket where the message names it.
    ``at`` has the message; ``timed out`` also covers a command that printed nothing though it always prints a header.
    """

    program: str
    call: str
    outcome: Outcome
    at: Locator
    text: str = ""
    code: str = ""
    endpoint: str = ""
    asked: str = ""
    observed: Moment = UNKNOWN_MOMENT

    @property
    def unreachable(self) -> bool:
        """Nobody listens on the socket: the runtime does not run, or listens elsewhere."""
        return self.outcome == "error" and any(sign in self.text for sign in _NOBODY_LISTENS)


#: connect(2) ECONNREFUSED and ENOENT as Go prints them; docker's own sentence (docker/cli, client/errors.go).
_NOBODY_LISTENS = (
    "connection refused",
    "connect: no such file or directory",
    "Is the docker daemon running",
)


class RuntimeCondition(msgspec.Struct, frozen=True, gc=False):
    """A condition of the runtime's own status (CRI Status: RuntimeReady, NetworkReady)."""

    type: str
    status: bool
    reason: str
    message: str
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class RuntimeVersion(msgspec.Struct, frozen=True, gc=False):
    """Name and version of the runtime ("containerd", "1.6.20~ds1")."""

    name: str
    version: str
    at: Locator


class CniSettings(msgspec.Struct, frozen=True, gc=False):
    """Where the runtime looks for CNI, and the networks it has loaded, its loopback left out (crictl info)."""

    config_directory: str
    plugin_directories: tuple[str, ...]
    networks: tuple[str, ...]
    at: Locator
    last_error: str = ""


class RuntimeListing(msgspec.Struct, frozen=True, gc=False):
    """The document lists every container (pod, image) the runtime knows; ``running_only``: exited ones are left out."""

    kind: Literal["containers", "pods", "images"]
    running_only: bool
    count: int
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


def same_id(one: str, other: str) -> bool:
    """Whether two ids, each perhaps cut, name one container. Ids shorter than 12 characters prove nothing."""
    one, other = one.removeprefix("sha256:"), other.removeprefix("sha256:")
    shorter = min(len(one), len(other))
    return shorter >= 12 and one[:shorter] == other[:shorter]
