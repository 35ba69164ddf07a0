"""The waits that matter on a Kubernetes node, by their names in kubelet, runtimes, CNI libraries and plugins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, TypeVar

import msgspec

from kwhy.facts.goroutines import Frame, Goroutine, GoroutineGroup
from kwhy.knowledge.waits.calls import ClientCall, handler
from kwhy.knowledge.waits.wait import Wait, WaitKind, is_idle, wait_of
from kwhy.model.expressions import expression

T = TypeVar("T")


def each(groups: Sequence[GoroutineGroup], of: Callable[[GoroutineGroup], T | None]) -> tuple[T, ...]:
    """What ``of`` finds in the groups: ``each(groups, relist_call)``."""
    return tuple(found for group in groups if (found := of(group)) is not None)


# --- kubelet ------------------------------------------------------------------------------------------------------

#: GenericPLEG.relist until Kubernetes 1.26, Relist since (pkg/kubelet/pleg/generic.go); EventedPLEG calls the same.
_RELIST = expression(r"\(\*(?:Generic|Evented)PLEG\)\.[rR]elist$")
_PLEG_PACKAGE = "k8s.io/kubernetes/pkg/kubelet/pleg"
#: The kubelet's CRI client: pkg/kubelet/remote and pkg/kubelet/cri/remote until 1.32, k8s.io/cri-client since; the
#: instrumented wrapper in pkg/kubelet/kuberuntime names the method even where the client's frames are missing.
_CRI_CLIENT = expression(
    r"(?:\(\*(?:Remote|remote)(?:Runtime|Image)Service\)|instrumented(?:Runtime|Image)(?:Manager)?Service)\.(?P<method>[A-Z]\w+)$"
)


class RelistCall(msgspec.Struct, frozen=True):
    """The kubelet's PLEG is inside a relist, waiting. ``method`` is the CRI call that it waits for, if it is one.

    ``frame`` is the index of ``(*GenericPLEG).Relist``.
    """

    wait: Wait
    method: str | None
    frame: int

    @property
    def group(self) -> GoroutineGroup:
        return self.wait.group


def relist_call(group: GoroutineGroup) -> RelistCall | None:
    """The kubelet's relist if the group is one and waits; None between two relists and for all other goroutines."""
    index = _index(group, lambda frame: frame.package == _PLEG_PACKAGE and _RELIST.match(frame.name) is not None)
    wait = wait_of(group)
    if index is None or wait is None:
        return None
    return RelistCall(wait, cri_method(group), index)


def cri_method(group: GoroutineGroup) -> str | None:
    """The CRI method that a kubelet goroutine calls: ``PodSandboxStatus``."""
    wait = wait_of(group)
    if wait is not None and wait.call is not None and wait.call.method is not None and wait.call.protocol == "gRPC":
        return wait.call.method
    for frame in group.frames:
        if found := _CRI_CLIENT.match(frame.name):
            return found["method"]
    return None


class CriCall(msgspec.Struct, frozen=True):
    """A kubelet goroutine (relist or any other) that waits for the runtime's answer to ``method``."""

    wait: Wait
    method: str

    @property
    def group(self) -> GoroutineGroup:
        return self.wait.group


def cri_call(group: GoroutineGroup) -> CriCall | None:
    """The CRI call that a client (kubelet, crictl) waits for."""
    wait = wait_of(group)
    if wait is None or wait.call is None or wait.call.method is None or wait.call.streams:
        return None
    is_cri = wait.call.service is not None and wait.call.service.lower() in {"runtimeservice", "imageservice"}
    return CriCall(wait, wait.call.method) if is_cri else None


# --- runtimes -----------------------------------------------------------------------------------------------------

Runtime: TypeAlias = Literal["dockershim", "cri-dockerd", "containerd", "cri-o", "unknown"]
_RUNTIMES: tuple[tuple[str, Runtime], ...] = (
    ("k8s.io/kubernetes/pkg/kubelet/dockershim", "dockershim"),
    ("github.com/Mirantis/cri-dockerd", "cri-dockerd"),
    ("github.com/containerd/containerd/pkg/cri", "containerd"),
    ("github.com/containerd/containerd/v2/internal/cri", "containerd"),
    ("github.com/containerd/containerd/integration", "containerd"),
    ("github.com/containerd/cri/", "containerd"),
    ("github.com/cri-o/cri-o/", "cri-o"),
    ("github.com/kubernetes-incubator/cri-o/", "cri-o"),
)


class CriHandler(msgspec.Struct, frozen=True):
    """A runtime serves a CRI call and waits. ``method`` is None for proxies that forward any method."""

    wait: Wait
    method: str | None
    runtime: Runtime
    frame: int

    @property
    def group(self) -> GoroutineGroup:
        return self.wait.group


def cri_handler(group: GoroutineGroup) -> CriHandler | None:
    """The CRI method that the group serves, waiting; None for streams (container events), where waiting is normal."""
    serving = handler(group)
    wait = wait_of(group)
    if serving is None or wait is None or serving.protocol != "gRPC" or serving.streams:
        return None
    runtime = _runtime(group.frames[: serving.index])
    if serving.service is None and runtime == "unknown" and not _mentions_sandboxes(group.frames[: serving.index]):
        return None
    if serving.service is not None and serving.service not in {"RuntimeService", "ImageService"}:
        return None
    return CriHandler(wait, serving.method, runtime, serving.index)


def _runtime(frames: Sequence[Frame]) -> Runtime:
    for path, runtime in _RUNTIMES:
        if any(frame.package.startswith(path) for frame in frames):
            return runtime
    return "unknown"


def _mentions_sandboxes(frames: Sequence[Frame]) -> bool:
    return any("Pod" in frame.name or "Sandbox" in frame.name or frame.name == "forward" for frame in frames)


#: containerd's and dockerd's ways down to shims and runc (runtime/v2/shim.go, pkg/process, go-runc; libcontainerd).
_SHIM = expression(
    r"github\.com/containerd/(?:containerd/(?:v2/(?:core|internal)/)?(?:.*/)?runtime|containerd/(?:.*/)?services/tasks|go-runc)"
    r"|github\.com/docker/docker/libcontainerd|github\.com/opencontainers/runc|github\.com/cri-o/cri-o/internal/oci"
)


def shim_or_runc_wait(group: GoroutineGroup) -> Wait | None:
    """A runtime goroutine that waits for a shim's answer (ttrpc, gRPC) or for a runc child; not the lasting Waits."""
    wait = wait_of(group)
    if wait is None or is_idle(group) or wait.kind not in {WaitKind.CALL, WaitKind.CHILD}:
        return None
    beyond = wait.frames[-1] + 1 if wait.frames else 0
    near = group.frames[max(0, beyond - 1) : beyond + 4]
    return wait if any(_SHIM.match(frame.package) for frame in near) else None


def dbus_wait(group: GoroutineGroup) -> Wait | None:
    """A goroutine that waits for an answer over D-Bus (systemd, as a rule: cgroup scopes and units)."""
    wait = wait_of(group)
    return wait if wait is not None and wait.call is not None and wait.call.protocol == "D-Bus" else None


# --- CNI ----------------------------------------------------------------------------------------------------------

Operation: TypeAlias = Literal["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION", "unknown"]
#: libcni/api.go (containernetworking/cni 0.3 … 1.3)
_LIBCNI = expression(r"\(\*CNIConfig\)\.(?P<operation>[aA]dd|[dD]el|[cC]heck|[gG]c|GC|[sS]tatus|[vV]alidate)\w*$")
_OPERATIONS: dict[str, Operation] = {"add": "ADD", "del": "DEL", "check": "CHECK", "gc": "GC", "status": "STATUS"}


class CniExec(msgspec.Struct, frozen=True):
    """A goroutine that executed a CNI plugin and waits for it to exit. Which plugin, the dump does not say."""

    wait: Wait
    operation: Operation
    frame: int

    @property
    def group(self) -> GoroutineGroup:
        return self.wait.group


def cni_exec(group: GoroutineGroup) -> CniExec | None:
    """The CNI operation whose plugin process the group waits for."""
    wait = wait_of(group)
    if wait is None or wait.kind is not WaitKind.CHILD:
        return None
    for index, frame in enumerate(group.frames):
        if frame.package.endswith("containernetworking/cni/libcni") and (found := _LIBCNI.match(frame.name)):
            return CniExec(wait, _OPERATIONS.get(found["operation"].lower(), "unknown"), index)
    return None


#: pkg/skel/skel.go (containernetworking/cni): every Go plugin's main ends here.
_PLUGIN_MAIN = expression(r"\(\*dispatcher\)\.\w+$|PluginMain\w*$")
_COMMANDS: dict[str, Operation] = {
    "cmdadd": "ADD",
    "cmddel": "DEL",
    "cmdcheck": "CHECK",
    "cmdget": "CHECK",
    "cmdgc": "GC",
}


class CniPluginCall(msgspec.Struct, frozen=True):
    """A CNI plugin that waits inside ADD or DEL: for its daemon (``call``), a child, the kernel or a lock file."""

    wait: Wait
    operation: Operation
    frame: int

    @property
    def group(self) -> GoroutineGroup:
        return self.wait.group

    @property
    def call(self) -> ClientCall | None:
        return self.wait.call


def cni_plugin_call(group: GoroutineGroup) -> CniPluginCall | None:
    """What a CNI plugin process waits for in its command; None for goroutines of other programs."""
    index = _index(
        group, lambda frame: frame.package.endswith("cni/pkg/skel") and _PLUGIN_MAIN.match(frame.name) is not None
    )
    wait = wait_of(group)
    if index is None or wait is None:
        return None
    commands = (_COMMANDS.get(frame.method.lower().partition(".")[0]) for frame in reversed(group.frames[:index]))
    return CniPluginCall(wait, next((command for command in commands if command), "unknown"), index)


class NetlinkWait(msgspec.Struct, frozen=True):
    """A goroutine that waits in recvfrom or recvmsg for a netlink answer.

    ``by_library``: the frames of a netlink library say so. Otherwise a blocking receive is all that is shown: Go's own
    sockets wait in the poller, so it is a raw socket, netlink as a rule; the kernel stack of the thread decides.
    ``request`` is the library call (``LinkSetNsFd``), if shown. ``descriptor`` and ``buffer`` are the words of the
    system call that tie the goroutine to ``/proc/PID/task/TID/syscall``.
    """

    wait: Wait
    by_library: bool
    request: str | None
    goroutine: Goroutine | None
    descriptor: int | None
    buffer: int | None

    @property
    def group(self) -> GoroutineGroup:
        return self.wait.group


def netlink_wait(group: GoroutineGroup) -> NetlinkWait | None:
    """The netlink request whose answer the group waits for, in a blocking system call; None for mere listeners."""
    wait = wait_of(group)
    if wait is None or wait.kind not in {WaitKind.NETLINK, WaitKind.SOCKET} or is_idle(group):
        return None
    goroutine = group.longest
    words = goroutine.syscall if goroutine is not None else ()
    return NetlinkWait(
        wait,
        wait.kind is WaitKind.NETLINK,
        wait.call.method if wait.call is not None else None,
        goroutine,
        words[1] if len(words) > 2 else None,
        words[2] if len(words) > 2 else None,
    )


def _index(group: GoroutineGroup, matches: Callable[[Frame], bool]) -> int | None:
    return next((index for index, frame in enumerate(group.frames) if matches(frame)), None)
