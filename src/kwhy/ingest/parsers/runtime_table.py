"""Tables and messages of crictl, ctr, docker and nerdctl: `crictl ps|pods|images|version`, `ctr tasks|containers ls`,
`docker ps`, and what they print when the runtime does not answer.

Checked on crictl 1.30 with containerd 1.6.20 and docker 27; columns are read off the header, so others are understood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kwhy.facts.processes import masked
from kwhy.facts.runtime import RuntimeContainer, RuntimeImage, RuntimeListing, RuntimePod, RuntimeVersion
from kwhy.ingest.host.runtime_answers import CLIENTS, asked_of, failure_in, silence, success
from kwhy.ingest.host.text_tables import header_cells, row_cells
from kwhy.ingest.invocation import invocation
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

Cells = dict[str, str]

#: `k8s_app_web-6f5c6d7f64-2nx8q_shop_dbdcd95e-6835-4f0d-844a-2c514637c448_0` (dockershim naming.go makeContainerName;
#: the container "POD" is the sandbox)
_KUBERNETES_NAME = expression(
    r"k8s_(?P<container>[^_]{1,253})_(?P<pod>[^_]{1,253})_(?P<namespace>[^_]{1,63})_(?P<uid>[^_]{1,64})_(?P<attempt>\d{1,9})"
)
#: `Up 3 minutes`, `Up 2 weeks (Paused)`, `Exited (137) 5 minutes ago`, `Created`, `Dead`, `Removal In Progress`,
#: `Restarting (1) 3 seconds ago` (moby container/state.go State.String)
_STATUS = expression(
    r"(?P<word>Up|Exited|Created|Dead|Removal|Restarting)(?: \((?P<code>-?\d{1,5})\))?(?P<rest>.{0,200})"
)
_STATES = {"Up": "running", "Removal": "removing"}
#: `RuntimeName:  containerd` (crictl version)
_VERSION = expression(
    r"(?P<key>RuntimeName|RuntimeVersion|RuntimeApiVersion|Version|Server Version):\s{1,8}(?P<value>\S{1,120})"
)
_LISTED_PROBLEMS = 10


def _kind(header: list[tuple[str, int]]) -> str | None:
    words = {word for word, _ in header}
    if {"CONTAINER ID", "NAMES"} <= words or {"CONTAINER ID", "COMMAND"} <= words:
        return "docker containers"
    if words & {"CONTAINER", "CONTAINER ID"} and words & {"POD ID", "STATE", "RUNTIME"}:
        return "containers"
    if {"POD ID", "STATE"} <= words or {"SANDBOX ID", "STATE"} <= words:
        return "pods"
    if {"IMAGE", "IMAGE ID", "SIZE"} <= words or {"REPOSITORY", "TAG", "IMAGE ID"} <= words:
        return "images"
    if {"TASK", "PID", "STATUS"} <= words:
        return "tasks"
    return None


def _recognise(head: Head) -> float:
    lines = [line for line in map(_plain, head.lines[:60]) if line.strip()]
    if any(_kind(header_cells(line)) for line in lines[:20]):
        return 0.95
    if "RuntimeName:" in head.text and sum(bool(_VERSION.match(line.strip())) for line in lines[:80]) > 1:
        return 0.9
    if "\n Server Version: " in head.text and "\n Storage Driver: " in head.text:
        return 0.9
    line = invocation(head.command)
    known = line is not None and line.program in CLIENTS
    if known and asked_of(head.command)[1] not in ("", "logs", "exec", "run", "build", "pull", "push", "attach"):
        return 0.6 if head.text.lstrip().startswith(("{", "[{", "[\n")) else 0.97
    document = Document("", head.text[:8192].encode("utf-8", "replace"))
    failures = sum(failure_in(0, text, document) is not None for text in lines[:10])
    if failures and failures == len(lines) <= _FEW and any(sign in head.text for sign in _CLIENT_SAYS):
        return 0.96  # a lone line that ends a client, though it looks like one of a log
    return 0.5 if failures and len(lines) <= 10 and not _is_log(lines) else 0.0


#: What crictl puts before the runtime's error (cri-tools v1.30.0 cmd/crictl: main.go, container.go, sandbox.go).
_CLIENT_SAYS = (
    "validate service connection",
    "getting the status of",
    "getting status of runtime",
    "listing containers",
    "listing pod sandboxes",
    "failed to connect: ",
)
_FEW = 3

#: Several dated lines are a log of some program, read by the log's own parser.
_DATED = expression(r"time=\"|[IWEF]\d{4} \d\d:|\d{4}-\d\d-\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:")


def _is_log(lines: list[str]) -> bool:
    return sum(bool(_DATED.match(line)) for line in lines) > 2


def _plain(text: str) -> str:
    return text.replace("\x1b[2J\x1b[H", "").replace("[2J[H", "")


def parse(document: Document) -> Iterator[Parsed]:
    """Rows become RuntimeContainer, RuntimePod or RuntimeImage; the call itself a RuntimeAnswer."""
    header: list[tuple[str, int]] = []
    kind: str | None = None
    count = failures = problems = 0
    version: dict[str, str] = {}
    first: int | None = None
    for number, raw in document.lines():
        line = _plain(raw)
        if line.strip() in ("", "[]"):  # `docker inspect` of what is unknown prints an empty list first
            continue
        if found := _kind(cells := header_cells(line)):
            header, kind, first = cells, found, first or number
        elif answer := failure_in(number, line, document):
            failures += 1
            yield answer
        elif match := _VERSION.match(line.strip()):
            version[match["key"]] = match["value"]
            first = first or number
        elif kind is not None and (row := row_cells(line, header)) is not None:
            fact = _READERS[kind](row, document.at(number, excerpt=masked(line.strip())), document)
            count += 1
            yield fact
        elif not version and not _is_prose(document):
            problems += 1
            if problems <= _LISTED_PROBLEMS:
                yield Unparsed(
                    document.at(number, excerpt=masked(line.strip())), "runtime client: not a row of its table"
                )
    if name := version.get("RuntimeName", "docker" if "Server Version" in version else ""):
        value = version.get("RuntimeVersion", version.get("Server Version", ""))
        yield RuntimeVersion(name, value, document.at(first))
    if first is not None and not failures:
        yield success(document, first, *_CALLS.get(kind or "", ("version", "crictl")))
        yield from _listing(document, kind, count, first)
    yield from silence(document)


#: Which call of which client prints a table, where the command is not known.
_CALLS = {
    "containers": ("ps", "crictl"),
    "docker containers": ("ps", "docker"),
    "pods": ("pods", "crictl"),
    "images": ("images", ""),
    "tasks": ("tasks", "ctr"),
}


def _is_prose(document: Document) -> bool:
    """`docker info` and `docker version` print lines that are read for their version only."""
    return asked_of(document.command)[1] in ("info", "version") or "Server Version" in bytes(
        document.data[:65536]
    ).decode("utf-8", "replace")


def _listing(document: Document, kind: str | None, count: int, first: int) -> Iterator[RuntimeListing]:
    """That all containers are listed is said by the command only: it has neither filters nor a pipe."""
    program, call, _ = asked_of(document.command)
    line = invocation(document.command)
    if line is None or not program or line.filtered or kind is None:
        return
    words = line.arguments[line.arguments.index(call) + 1 :] if call in line.arguments else ()
    if any(word not in _HARMLESS_OPTIONS for word in words):
        return
    place = document.at(first)
    everything = any(word in ("-a", "--all") for word in words)
    if kind in ("containers", "docker containers") and call == "ps":
        yield RuntimeListing("containers", not everything, count, place, document.captured)
    elif kind == "pods":
        yield RuntimeListing("pods", False, count, place, document.captured)
    elif kind == "images":
        yield RuntimeListing("images", False, count, place, document.captured)


_HARMLESS_OPTIONS = frozenset({"-a", "--all", "--no-trunc", "-v", "--verbose", "-o", "table", "wide", "ls", "list"})


def _container(row: Cells, at: Locator, document: Document) -> Parsed:
    attempt = row.get("ATTEMPT", "")
    return RuntimeContainer(
        id=row.get("CONTAINER", "") or row.get("CONTAINER ID", ""),
        at=at,
        name=row.get("NAME", ""),
        state=row.get("STATE", "").lower(),
        pod_id=row.get("POD ID", ""),
        pod_name=row.get("POD", ""),
        pod_namespace=row.get("NAMESPACE", ""),
        image=row.get("IMAGE", ""),
        attempt=int(attempt) if attempt.isascii() and attempt.isdigit() else None,
        created_printed=row.get("CREATED", ""),
        runtime="cri",
        observed=document.captured,
    )


def _pod(row: Cells, at: Locator, document: Document) -> Parsed:
    attempt, state = row.get("ATTEMPT", ""), row.get("STATE", "")
    return RuntimePod(
        id=row.get("POD ID", "") or row.get("SANDBOX ID", ""),
        at=at,
        name=row.get("NAME", ""),
        namespace=row.get("NAMESPACE", ""),
        state={"Ready": "ready", "NotReady": "not ready", "SANDBOX_READY": "ready"}.get(state, state.lower()),
        attempt=int(attempt) if attempt.isascii() and attempt.isdigit() else None,
        created_printed=row.get("CREATED", ""),
        runtime="cri",
        observed=document.captured,
    )


def _image(row: Cells, at: Locator, document: Document) -> Parsed:
    name = row.get("IMAGE", "") or row.get("REPOSITORY", "")
    tag = row.get("TAG", "")
    names = () if name == "<none>" else (f"{name}:{tag}" if tag and tag != "<none>" else name,)
    return RuntimeImage(row.get("IMAGE ID", ""), names, at, observed=document.captured)


def _task(row: Cells, at: Locator, document: Document) -> Parsed:
    pid = row.get("PID", "")
    number = int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 11 else 0
    state = {"STOPPED": "exited"}.get(row.get("STATUS", ""), row.get("STATUS", "").lower())
    return RuntimeContainer(row.get("TASK", ""), at, state=state, pid=number or None, runtime="containerd")


def _docker(row: Cells, at: Locator, document: Document) -> Parsed:
    status = _STATUS.match(row.get("STATUS", ""))
    state, code = "", None
    if status:
        state = _STATES.get(status["word"], status["word"].lower())
        state = "paused" if "(Paused)" in status["rest"] else state
        code = int(status["code"]) if status["code"] else None
    names = row.get("NAMES", "")
    kubernetes = _KUBERNETES_NAME.fullmatch(names)
    identity, created = row.get("CONTAINER ID", ""), row.get("CREATED", "")
    if kubernetes and kubernetes["container"] == "POD":
        return RuntimePod(
            identity,
            at,
            kubernetes["pod"],
            kubernetes["namespace"],
            kubernetes["uid"],
            "ready" if state == "running" else "not ready" if state else "",
            int(kubernetes["attempt"]),
            created_printed=created,
            runtime="docker",
            observed=document.captured,
        )
    return RuntimeContainer(
        id=identity,
        at=at,
        name=kubernetes["container"] if kubernetes else names,
        state=state,
        pod_name=kubernetes["pod"] if kubernetes else "",
        pod_namespace=kubernetes["namespace"] if kubernetes else "",
        pod_uid=kubernetes["uid"] if kubernetes else "",
        image=row.get("IMAGE", ""),
        attempt=int(kubernetes["attempt"]) if kubernetes else None,
        exit_code=code,
        created_printed=created,
        runtime="docker",
        observed=document.captured,
    )


_READERS: dict[str, Callable[[Cells, Locator, Document], Parsed]] = {
    "containers": _container,
    "docker containers": _docker,
    "pods": _pod,
    "images": _image,
    "tasks": _task,
}

FORMAT = Format("runtime-table", _recognise, parse)
