"""What kubectl prints where it cannot work at all: no server, no credentials, no usable kubeconfig, an overloaded or
broken server. One sentence is enough; the lines of its discovery cache before it (memcache.go) often tell more.

Seen: kubectl 1.34; sentences as of kubectl 1.16 to 1.34. Sources: k8s.io/kubectl pkg/cmd/util/helpers.go
(StandardErrorMessage, checkErr), k8s.io/client-go discovery/cached/memory/memcache.go, tools/clientcmd
(client_config.go, validation.go, loader.go), k8s.io/apimachinery pkg/api/errors/errors.go (NewGenericServerResponse).
"""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.facts.kubectl import KubectlError
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

# E1122 05:56:01.932666   22546 memcache.go:265] "Unhandled Error" err="couldn't get current server API group list: …"
# E1122 05:56:01.932666   22546 memcache.go:265] couldn't get current server API group list: Get "https://… (to 1.30)
_DISCOVERY = expression(
    r"[EW]\d{4} \d\d:\d\d:\d\d\.\d{6}\s+\d{1,8} memcache\.go:\d{1,5}\] (?:\"Unhandled Error\" err=\")?"
    r"(?:couldn't get [^:]{1,200}|.{1,100}?): (?P<error>.{1,3000}?)\"?"
)
# The connection to the server 10.0.0.5:6443 was refused - did you specify the right host or port?
# Unable to connect to the server: dial tcp 10.0.0.5:6443: i/o timeout
# error: You must be logged in to the server (Unauthorized)
# error: error loading config file "bad.yaml": yaml: line 5: did not find expected key
# Error in configuration: context was not found for specified context: prod
_SENTENCE = expression(
    r"(?P<whole>The connection to the server \S{1,300} was refused.{0,80}"
    r"|Unable to connect to the server: .{1,2000}"
    r"|error: You must be logged in to the server.{0,300}"
    r"|error: (?:error loading config file|no context exists with the name|no server found for cluster|cluster \"|"
    r"context \"|stat |no configuration has been provided|invalid configuration|unable to read (?:client|certificate)|"
    r"invalid character '<'|Missing or incomplete configuration).{0,1000}"
    r"|[Ee]rror in configuration: .{1,1000}"
    r"|error: EOF|Please enter Username: error: EOF)"
)
# Error from server (TooManyRequests): the server has received too many requests and has asked us to try again later
_ANSWER = expression(
    r"Error from server(?: \((?P<reason>TooManyRequests|InternalError|ServiceUnavailable|Timeout|Unauthorized|"
    r"Forbidden|GatewayTimeout|ServerTimeout)\))?: (?P<message>.{1,3000})"
)
#: "Error from server: …" without a reason is told only where etcd speaks.
_ETCD = "etcdserver: "
_TYPED = expression(r"(?:\$ )?kubectl [a-z-].{0,500}")


def _known(line: str) -> bool:
    if (answer := _ANSWER.fullmatch(line)) is not None:
        return answer["reason"] is not None or _ETCD in answer["message"]
    return any(pattern.fullmatch(line) is not None for pattern in (_DISCOVERY, _SENTENCE))


def recognise(head: Head) -> float:
    lines = [line.strip()[:4000] for line in head.whole_lines[:60]]
    told = [line for line in lines if not _TYPED.fullmatch(line)]
    return 0.97 if told and all(_known(line) for line in told) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """One error per different sentence."""
    seen: set[str] = set()
    command = document.command
    for number, raw in document.lines():
        line = raw.strip()[:4000]
        if not line:
            continue
        at = document.at(number, excerpt=line)
        if _TYPED.fullmatch(line):
            command, seen = line.removeprefix("$ "), set()
            continue
        reason, message = "", line
        if (answer := _ANSWER.fullmatch(line)) is not None:
            reason, message = answer["reason"] or "", answer["message"]
        elif (discovery := _DISCOVERY.fullmatch(line)) is not None:
            message = discovery["error"].replace('\\"', '"').replace("\\\\", "\\")
        elif (sentence := _SENTENCE.fullmatch(line)) is not None:
            message = sentence["whole"]
        else:
            yield Unparsed(at, "a sentence of kubectl about its failure expected")
            continue
        if message not in seen:
            seen.add(message)
            yield KubectlError(reason, message, command, at)


FORMAT = Format("kubectl-failure", recognise, parse)
