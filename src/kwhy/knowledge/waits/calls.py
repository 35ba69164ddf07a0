"""Remote calls in stacks: who asks (clients) and who answers (handlers), by protocol and method."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.goroutines import Frame, GoroutineGroup
from kwhy.model.expressions import expression

#: Dozens of questions are asked about each group of a dump; a stuck node shows some hundred groups.
GROUPS_REMEMBERED = 4096

Protocol: TypeAlias = Literal["gRPC", "ttrpc", "net/rpc", "HTTP", "D-Bus", "netlink"]


class ClientCall(msgspec.Struct, frozen=True):
    """A call that waits for its answer.

    ``method`` is None where the dump does not print it (net/rpc takes it as a string, proxies forward any method).
    ``frames`` are the indexes of the frames that prove it, ``caller`` that of the function that made the call.
    ``streams``: a long-lived stream (watch, events), for which waiting is normal. ``connecting``: no connection yet.
    """

    protocol: Protocol
    service: str | None
    method: str | None
    frames: tuple[int, ...]
    caller: int | None
    streams: bool = False
    connecting: bool = False


class Handler(msgspec.Struct, frozen=True):
    """A request being served. ``index`` is the frame of the generated or library code that calls the method."""

    protocol: Protocol
    service: str | None
    method: str | None
    index: int

    @property
    def streams(self) -> bool:
        """Whether the method serves until the client goes away, so that waiting in it is normal."""
        return self.method is not None and _STREAMING.match(self.method) is not None


_GRPC = "google.golang.org/grpc"
#: grpc-go's client side (call.go, stream.go, picker_wrapper.go; v1.0 … v1.72).
_GRPC_CLIENT = expression(
    r"\(\*clientStream\)\.|\(\*csAttempt\)\.|\(\*addrConnStream\)\.|invoke$|Invoke$|recvResponse$|\(\*ClientConn\)\.Invoke$"
    r"|\(\*pickerWrapper\)\.pick$|newClientStream(?:WithParams)?$|\(\*ClientConn\)\.NewStream$"
)
#: What may lie between a socket's reader and grpc's own frames while an answer is read.
_READING = frozenset({"io", "bufio", "bytes", "context", "google.golang.org/protobuf/proto"})
#: Packages of interceptors and instrumentation around calls.
_INTERCEPTORS = expression(
    r"go\.opentelemetry\.io/|github\.com/grpc-ecosystem/|.*otelgrpc|.*otelttrpc|.*grpc_?prometheus"
)
#: Generated client types: ``runtimeServiceClient``, ``tasksClient``, ``ttrpctaskClient``
_GENERATED_CLIENT = expression(r"[a-z]\w*Client$")
#: Client ends of streams: ``runtimeServiceGetContainerEventsClient.Recv``, ``GenericClientStream[...].Recv``
_STREAM_RECEIVE = expression(r"\(\*(?:\w*Client|GenericClientStream\[\.\.\.\])\)\.Recv$")
#: Methods that answer when something happens: task Wait, event subscriptions, watches (containerd, CRI, health).
_STREAMING = expression(r"(?:Wait|Subscribe|Watch\w*|Events|GetContainerEvents|ListAndWatch|Serve|Forward)$")
#: ``_RuntimeService_PodSandboxStatus_Handler`` (protoc-gen-go-grpc)
_GRPC_HANDLER = expression(r"_(?P<service>\w+?)_(?P<method>\w+)_Handler(?:\.func\d+)*$")
#: ``RegisterTaskService.func7`` (protoc-gen-gogottrpc, protoc-gen-go-ttrpc)
_TTRPC_REGISTERED = expression(r"Register(?P<service>\w+?)Service\.func\d+$")


def client_call(group: GoroutineGroup) -> ClientCall | None:
    """The remote call whose answer the goroutines wait for, None if they wait for none."""
    frames = group.frames
    if not frames or group.state in {"running", "runnable"}:
        return None
    return (
        _grpc_client(frames)
        or _ttrpc_client(frames)
        or _net_rpc_client(frames)
        or _dbus_client(frames)
        or _http(frames)
    )


@lru_cache(maxsize=GROUPS_REMEMBERED)
def handler(group: GoroutineGroup) -> Handler | None:
    """The request that the goroutines serve (the innermost, where one server calls another in-process)."""
    frames = group.frames
    for index, frame in enumerate(frames):
        found = _GRPC_HANDLER.match(frame.name)
        if found:
            return Handler("gRPC", found["service"], found["method"], index)
        if frame.package == _GRPC and frame.name in {"(*Server).processUnaryRPC", "(*Server).processStreamingRPC"}:
            return Handler("gRPC", None, None, index)
        if found := _TTRPC_REGISTERED.match(frame.name):
            return Handler("ttrpc", found["service"], frames[index - 1].method if index else None, index)
        if frame.function == "net/rpc.(*service).call":
            return _net_rpc_handler(frames, index)
        if frame.function == "net/http.serverHandler.ServeHTTP":
            return Handler("HTTP", None, None, index)
    return None


def _net_rpc_handler(frames: tuple[Frame, ...], index: int) -> Handler:
    for inner in range(index - 1, -1, -1):
        if frames[inner].package != "reflect":
            return Handler("net/rpc", frames[inner].receiver_type, frames[inner].method, index)
    return Handler("net/rpc", None, None, index)


def _leading(frames: tuple[Frame, ...], packages: tuple[str, ...], between: frozenset[str]) -> Iterator[int]:
    """Indexes of the innermost frames as long as they belong to the machinery of a protocol."""
    for index, frame in enumerate(frames):
        if frame.package.startswith(packages):
            yield index
        elif frame.package not in between:
            return


def _grpc_client(frames: tuple[Frame, ...]) -> ClientCall | None:
    machinery = list(_leading(frames, (_GRPC,), _READING))
    proof = tuple(index for index in machinery if _GRPC_CLIENT.match(frames[index].name))
    header = frames[0].package.endswith("transport") and frames[0].name.endswith((".Header", ".waitOnHeader"))
    if not proof and not header:
        return None
    connecting = any(frames[index].name == "(*pickerWrapper).pick" for index in proof)
    for index in range(machinery[-1] + 1, min(len(frames), machinery[-1] + 16)):
        frame = frames[index]
        if _STREAM_RECEIVE.match(frame.name):
            return ClientCall("gRPC", frame.receiver_type, None, (*proof, index), _after(frames, index), streams=True)
        if (
            frame.receiver_type
            and _GENERATED_CLIENT.match(frame.receiver_type)
            and not _INTERCEPTORS.match(frame.package)
        ):
            service = frame.receiver_type.removesuffix("Client")
            streams = _STREAMING.match(frame.method) is not None
            return ClientCall(
                "gRPC", service, frame.method, (*proof, index), _after(frames, index), streams, connecting
            )
    streams = any(_STREAM_RECEIVE.match(frames[index].name) for index in machinery)
    return ClientCall("gRPC", None, None, proof or (0,), _after(frames, machinery[-1]), streams, connecting)


def _ttrpc_client(frames: tuple[Frame, ...]) -> ClientCall | None:
    package = "github.com/containerd/ttrpc"
    machinery = list(_leading(frames, (package,), frozenset({"context"})))
    proof = tuple(index for index in machinery if frames[index].name in {"(*Client).dispatch", "(*Client).Call"})
    if not proof:
        return None
    for index in range(machinery[-1] + 1, min(len(frames), machinery[-1] + 6)):
        frame = frames[index]
        if _INTERCEPTORS.match(frame.package) or frame.receiver_type is None:
            continue
        service = frame.receiver_type.removesuffix("Client")
        streams = _STREAMING.match(frame.method) is not None
        return ClientCall("ttrpc", service, frame.method, (*proof, index), _after(frames, index), streams)
    return ClientCall("ttrpc", None, None, proof, _after(frames, machinery[-1]))


def _net_rpc_client(frames: tuple[Frame, ...]) -> ClientCall | None:
    if frames[0].function == "net/rpc.(*Client).Call":
        return ClientCall("net/rpc", None, None, (0,), _after(frames, 0))
    return None


#: godbus (conn.go, call.go, object.go; v4, v5): a caller waits for the Call's channel.
_DBUS_CALL = expression(
    r"\(\*Object\)\.(?:Call|CallWithContext|createCall|GetProperty|SetProperty|Go)|\(\*Conn\)\.Auth"
)
#: go-systemd (dbus/methods.go): jobs are awaited on a channel of their own.
_SYSTEMD_CALL = expression(r"\(\*Conn\)\.(?!dispatch|Subscribe|SubscribeUnits|getConnection)\w+")


def _dbus_client(frames: tuple[Frame, ...]) -> ClientCall | None:
    for index, frame in enumerate(frames[:6]):
        if "godbus/dbus" in frame.package and _DBUS_CALL.match(frame.name):
            method = _systemd_method(frames, index)
            return ClientCall("D-Bus", "systemd" if method else None, method, (index,), _after(frames, index))
        if frame.package.startswith("github.com/coreos/go-systemd") and _SYSTEMD_CALL.match(frame.name):
            return ClientCall("D-Bus", "systemd", frame.method, (index,), _after(frames, index))
    return None


def _systemd_method(frames: tuple[Frame, ...], start: int) -> str | None:
    outer = [frame for frame in frames[start:] if frame.package.startswith("github.com/coreos/go-systemd")]
    return outer[-1].method if outer else None


#: A request that waits for response headers (net/http transport.go; golang.org/x/net/http2 transport.go).
_HTTP_ROUND_TRIP = expression(
    r"net/http\.\(\*persistConn\)\.roundTrip$|net/http\.\(\*http2ClientConn\)\.(?:R|r)oundTrip$"
    r"|golang\.org/x/net/http2\.\(\*ClientConn\)\.(?:R|r)oundTrip$"
)
_HTTP_CONNECTING = expression(r"net/http\.\(\*Transport\)\.getConn$")
_HTTP_PACKAGES = (
    "net/http",
    "golang.org/x/net/http2",
    "go.opentelemetry.io/",
    "k8s.io/client-go/",
    "k8s.io/apimachinery/",
)


def _http(frames: tuple[Frame, ...]) -> ClientCall | None:
    for index, frame in enumerate(frames[:4]):
        connecting = _HTTP_CONNECTING.match(frame.function) is not None
        if connecting or _HTTP_ROUND_TRIP.match(frame.function):
            outside = next(
                (i for i in range(index, len(frames)) if not frames[i].package.startswith(_HTTP_PACKAGES)), None
            )
            return ClientCall("HTTP", None, None, (index,), outside, connecting=connecting)
    return None


def _after(frames: tuple[Frame, ...], index: int) -> int | None:
    return index + 1 if index + 1 < len(frames) else None
