"""What kubectl prints where the API server hands a request on to a kubelet, and the stream to the container fails:
`kubectl logs`, `exec`, `attach`, `port-forward`, `cp`.

Seen: kubectl 1.5 to 1.34. Sources: Kubernetes v1.34 pkg/registry/core/pod/rest/log.go and subresources.go, pkg/kubelet/
client/kubelet_client.go (port 10250), apimachinery v0.34 pkg/util/httpstream/spdy/upgrade.go ("unable to upgrade
connection"), pkg/util/proxy/dial.go ("error dialing backend"), pkg/kubelet/kubelet_pods.go ("container not found");
k8s.io/kubectl v0.34 pkg/cmd/exec; runc 1.1 libcontainer ("OCI runtime exec failed").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kwhy.facts.kubectl import StreamFailed, StreamFailure
from kwhy.ingest.logs.owners import pod_in_command
from kwhy.ingest.session.words import normalised_command
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.subject import Subject

# Error from server: Get "https://10.55.0.10:10250/containerLogs/shop/web-6f5c6d7f64-2krmh/app?tailLines=3": dial tcp …
# error: Internal error occurred: error sending request: Post "https://10.55.0.10:10250/exec/shop/web-…/app?command=ls…
# Error from server: Get https://aug-worker1:10250/containerLogs/default/nginx-158599303-bbkwt/nginx: x509: … (to 1.18)
_REQUEST = expression(
    r"(?:Error from server(?: \(\w{1,40}\))?|error): (?:Internal error occurred: )*(?:error sending request: )?"
    r"(?:Get|Post) \"?https://(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[\w.-]{1,253}):(?P<port>\d{1,5})/"
    r"(?P<verb>containerLogs|exec|attach|portForward|run)/(?P<namespace>[a-z0-9-]{1,63})/(?P<pod>[a-z0-9.-]{1,253})"
    r"(?:/(?P<container>[a-z0-9-]{1,63}))?(?:\?[^\"\s]{0,4000})?\"?: (?P<detail>.{1,2000})"
)
# Error from server: error dialing backend: dial tcp 10.0.0.11:10250: connect: connection refused
_DIALING = expression(
    r"(?:Error from server|error)(?: \(\w{1,40}\))?: (?:Internal error occurred: )*error dialing backend: "
    r"(?P<detail>.{1,2000})"
)
# error: unable to upgrade connection: container not found ("app")
# error: unable to upgrade connection: Forbidden (user=kube-apiserver, verb=create, resource=nodes, subresource=proxy)
_UPGRADE = expression(r"(?:error: )?(?:Internal error occurred: )*unable to upgrade connection: (?P<detail>.{1,2000})")
# Forbidden (user=kubernetes, verb=get, resource=nodes, subresource=proxy) ( pods/log web-0)
_FORBIDDEN = expression(
    r"(?:Error from server \(Forbidden\): |error: )?Forbidden \(user=(?P<user>[^,]{1,253}), verb=(?P<verb>\w{1,20}), "
    r"resource=nodes, subresource=(?P<resource>[\w, \[\]]{1,60})\).{0,300}"
)
# OCI runtime exec failed: exec failed: unable to start container process: exec: "bash": executable file not found in …
# error: Internal error occurred: error executing command in container: failed to exec in container: failed to start …
# rpc error: code = 2 desc = containerd: container not found        (docker before 1.13)
_RUNTIME = expression(
    r"(?:error: )?(?:Internal error occurred: )*(?:error executing command in container: )?"
    r"(?P<detail>(?:failed to exec in container: |rpc error: code = (?:\d{1,2}|\w{2,20}) desc = "
    r"|OCI runtime exec failed: |oci runtime error: exec).{1,3000})"
)
_NO_PROGRAM = expression(
    r"exec: \\{0,4}\"(?P<program>[^\"\\]{1,200})\\{0,4}\": (?:executable file not found|stat \S+ no such)"
)
_NOT_EXECUTABLE = expression(r"exec: \\{0,4}\"(?P<program>[^\"\\]{1,200})\\{0,4}\": permission denied")
_GONE = expression(r"container not found(?: \(\"(?P<container>[^\"]{1,63})\"\))?|no such container")
_ADDRESS = expression(
    r"dial tcp (?:(?P<host>\[[0-9a-fA-F:.]{2,45}\]|\d{1,3}(?:\.\d{1,3}){3}):(?P<port>\d{1,5})"
    r"|lookup (?P<name>[\w.-]{1,253}))"
)
#: One of these stands in each of the lines above.
_SIGNS = (
    *(' "https://', " https://", "error dialing", "unable to upgrade", "Forbidden (user=", "failed"),
    *("rpc error", "oci "),
)
#: Lines that stand beside such an answer.
_BESIDE = expression(
    r"command terminated with (?:non-zero )?exit code:? \d{1,3}.*|Found \d+ pods?, using pod/\S+"
    r"|Defaulted container \"[^\"]+\" out of: .*|Defaulting (?:debug )?container name to \S+.*"
    r"|kubectl (?:exec|run) \[POD\].* is DEPRECATED.*|Unable to use a TTY.*"
)
_USING = expression(r"Found \d+ pods?, using pod/(?P<pod>[a-z0-9.-]{1,253})")
_STREAMED = ("logs", "exec", "attach", "port-forward", "cp", "debug")
_VERBS = {"containerLogs": "logs", "portForward": "port-forward"}
_LONGEST = 6000


def recognise(head: Head) -> float:
    lines = [line.strip()[:_LONGEST] for line in head.whole_lines[:60] if line.strip()]
    if not any(sign in line for line in lines for sign in _SIGNS):
        return 0.0
    told = [line for line in lines if _BESIDE.fullmatch(line) is None]
    return 0.98 if told and all(_read(line) is not None for line in told) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """One failure per different sentence."""
    seen: set[str] = set()
    using: str | None = None
    for number, raw in document.lines():
        line = raw.strip()[:_LONGEST]
        if not line:
            continue
        if (match := _USING.fullmatch(line)) is not None:
            using = match["pod"]
        if _BESIDE.fullmatch(line) is not None or line in seen:
            continue
        found = _read(line)
        at = document.at(number, excerpt=line)
        if found is None:
            yield Unparsed(at, "why kubectl did not get through to a container was expected here")
            continue
        seen.add(line)
        yield _failure(found, document.command, using, at)


class _Read(NamedTuple):
    """A line taken apart."""

    detail: str
    groups: dict[str, str | None]


def _read(line: str) -> _Read | None:
    for pattern in (_REQUEST, _DIALING, _UPGRADE, _FORBIDDEN, _RUNTIME):
        match = pattern.fullmatch(line)
        if match is not None:
            groups = match.groupdict()
            return _Read(groups.get("detail") or line, groups)
    return None


def _failure(found: _Read, command: str | None, using: str | None, at: Locator) -> StreamFailed:
    groups, detail = found.groups, found.detail
    kind, told = _kind(detail)
    address = _ADDRESS.search(detail)
    host = groups.get("host") or (address["host"] or address["name"] if address else None)
    port = groups.get("port") or (address["port"] if address else None)
    typed = normalised_command(command) if command else ""
    hints = [(verb, pod_in_command(typed, verb)) for verb in _STREAMED] if typed else []
    verb, hint = next(((verb, hint) for verb, hint in hints if hint is not None), (None, None))
    if "subresource" not in detail and groups.get("verb"):
        verb = _VERBS.get(groups["verb"] or "", groups["verb"])
    name, namespace = groups.get("pod"), groups.get("namespace")
    if name is None:
        name = using or (hint.pod if hint is not None else None)
        namespace = hint.namespace if hint is not None else None
    gone = _GONE.search(detail)
    return StreamFailed(
        kind,
        told,
        at,
        verb=verb,
        pod=Subject("Pod", name, namespace) if name else None,
        container=groups.get("container") or (gone["container"] if gone is not None else None),
        host=host.strip("[]") if host else None,
        port=int(port) if port else None,
    )


def _kind(detail: str) -> tuple[StreamFailure, str]:
    """What the words mean, and what of them tells most."""
    if (match := _NO_PROGRAM.search(detail)) is not None:
        return "no-program", match["program"]
    if (match := _NOT_EXECUTABLE.search(detail)) is not None:
        return "not-executable", match["program"]
    if _GONE.search(detail) is not None:
        return "container-gone", detail
    if detail.startswith(("Forbidden", "Unauthorized")) or "subresource=" in detail:
        return "forbidden", detail
    if "tls: internal error" in detail:
        return "no-serving-certificate", detail
    if "x509: " in detail or "tls: " in detail:
        return "certificate", detail
    if "no such host" in detail or "lookup " in detail:
        return "name", detail
    if "connection refused" in detail:
        return "refused", detail
    if "No agent available" in detail:
        return "agent", detail
    if any(words in detail for words in ("i/o timeout", "no route to host", "deadline exceeded", "unreachable")):
        return "unreachable", detail
    return "runtime", detail


FORMAT = Format("kubectl-stream-failure", recognise, parse)
