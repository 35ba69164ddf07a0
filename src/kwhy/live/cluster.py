"""A live cluster as raw files: every list as the document of its request path, logs of what is suspicious, and an
account of what was not read. `kwhy diagnose` reads these files, `kwhy collect` saves them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from kwhy import __version__
from kwhy.facts.objects import Pod
from kwhy.ingest.manifest import MANIFEST_NAME, Manifest, ReadList, Refusal, written
from kwhy.ingest.raw import RawFile
from kwhy.live.answers import Api, Contents, Failure, Why
from kwhy.live.connecting import Connection
from kwhy.live.listing import ReadSoFar, read_list
from kwhy.live.logs import Log, is_quiet, wanted
from kwhy.live.resources import Resource, resources
from kwhy.model.expressions import expression

#: Requests at a time: enough to hide the way to the server, few enough to leave it alone.
WORKERS: Final = 4

Progress = Callable[[str], None]

#: Get "https://10.55.0.10:10250/containerLogs/shop/web-1/app?tailLines=5": dial tcp 10.55.0.10:10250: connect:
#: connection refused   (kube-apiserver v1.34.4 while the kubelet was stopped)
#: no answer within 10 s   (live/server.py)
_NO_KUBELET: Final = expression(r'Get "https?://[^"]{1,500}": (?P<why>.{1,500})|(?P<silence>no answer within .{1,50})')


@dataclass
class Reading:
    """One reading of one cluster. Its parts come in the order of :meth:`objects`, :meth:`logs`, :meth:`account`.

    ``namespaces`` are those to read; empty: all, or the context's own where the account may not list all of them.
    """

    connection: Connection
    namespaces: tuple[str, ...] = ()
    progress: Progress | None = None
    _whole: list[ReadList] = field(default_factory=list)
    _not_read: list[Refusal] = field(default_factory=list)
    _suspects: dict[tuple[str, str], Pod] = field(default_factory=dict)
    _warned: set[tuple[str, str]] = field(default_factory=set)
    _read_logs: set[str] = field(default_factory=set)
    _silent_nodes: dict[str, Failure] = field(default_factory=dict)
    _left_out: int = 0
    _narrowed: str = ""
    _spaces: tuple[str, ...] = ()

    @property
    def _api(self) -> Api:
        return self.connection.api

    # --- objects --------------------------------------------------------------------------------------------------

    def objects(self) -> Iterator[RawFile]:
        """The lists, in the order of :func:`kwhy.live.resources.resources`."""
        served = _served_versions(self._api)
        asked = resources()
        self._spaces = spaces = self._chosen_namespaces()
        # Events come first: they tell which pods are of interest although they are fine at the moment.
        yield from self._lists(asked[0], served, spaces)
        pool = ThreadPoolExecutor(WORKERS)
        try:
            readings = [pool.submit(self._lists, each, served, spaces) for each in asked[1:]]
            for each, reading in zip(asked[1:], readings, strict=True):
                self._show(each.name)
                yield from reading.result()
        except BaseException:  # Ctrl-C: what is under way is not to be tried again
            self._api.give_up("the reading was interrupted")
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _chosen_namespaces(self) -> tuple[str, ...]:
        """The namespaces to read one by one; empty where all can be listed at once."""
        if self.namespaces:
            self._narrowed = f"Of what lies in namespaces, only {', '.join(self.namespaces)} was read, as asked."
            return self.namespaces
        answer = self._api.get("api/v1/pods", {"limit": "1"})
        if isinstance(answer, Failure) and answer.why is Why.FORBIDDEN:
            own = self.connection.namespace
            self._narrowed = (
                f"This account may not list pods in the whole cluster, so that only namespace {own} was read; "
                "-n NAMESPACE reads others."
            )
            return (own,)
        return ()

    def _lists(self, resource: Resource, served: dict[str, frozenset[str]], spaces: Sequence[str]) -> list[RawFile]:
        scopes: Sequence[str | None] = spaces if spaces and resource.namespaced else (None,)
        found = [self._list(resource, served, namespace) for namespace in scopes]
        if found == [None] and scopes == (None,) and resource.namespaced and self._is_denied(resource):
            # Some accounts may list pods everywhere and other kinds only where they are at home.
            found = [self._list(resource, served, self.connection.namespace)]
        return [file for file in found if file is not None]

    def _is_denied(self, resource: Resource) -> bool:
        """Whether listing the kind in the whole cluster is forbidden."""
        return any(
            each.forbidden and each.namespace is None and (each.resource, each.group) == (resource.name, resource.group)
            for each in self._not_read
        )

    def _list(self, resource: Resource, served: dict[str, frozenset[str]], namespace: str | None) -> RawFile | None:
        """The list in the best version that the server has; None where it has none, or where nothing was read."""
        known = served.get(resource.group, frozenset())
        versions = [version for version in resource.versions if version in known]
        for version in versions if served else resource.versions:
            path = resource.path(version, namespace)
            read = read_list(self._api, path, resource, self._seeing(resource))
            if read.failure is not None and read.failure.why is Why.NOT_SERVED and read.data is None:
                continue
            return self._noted(resource, namespace, f"{path}.json", read)
        return None

    def _noted(self, resource: Resource, namespace: str | None, document: str, read: ReadSoFar) -> RawFile | None:
        if read.failure is None:
            self._whole.append(ReadList(document, read.objects))
        else:
            forbidden = read.failure.why is Why.FORBIDDEN
            if forbidden and namespace is not None and self._is_denied(resource):
                return None  # what is forbidden everywhere needs not be told of a namespace
            self._refused(
                Refusal(
                    "list",
                    resource.name,
                    resource.group,
                    resource.kind,
                    read.failure.says,
                    namespace,
                    forbidden=forbidden,
                    partly=read.data is not None,
                )
            )
        return None if read.data is None else RawFile(document, read.data)

    def _seeing(self, resource: Resource) -> Callable[[dict[str, Any]], None] | None:
        return {"Pod": self._see_pod, "Event": self._see_event}.get(resource.kind)

    def _see_pod(self, item: dict[str, Any]) -> None:
        try:
            pod = msgspec.convert(item | {"kind": "Pod"}, Pod)
        except msgspec.ValidationError:
            return  # reading the document says what is wrong with it
        key = pod.metadata.namespace, pod.metadata.name
        self._suspects.pop(key, None)
        if self._is_of_interest(pod) or not is_quiet(pod):
            self._suspects[key] = pod

    def _is_of_interest(self, pod: Pod) -> bool:
        """Whether a warning is about the pod, or somebody asks about its namespace alone."""
        return bool(self._spaces) or (pod.metadata.namespace, pod.metadata.name) in self._warned

    def _see_event(self, item: dict[str, Any]) -> None:
        about = item.get("involvedObject")
        if item.get("type") == "Warning" and isinstance(about, dict) and about.get("kind") == "Pod":
            self._warned.add((str(about.get("namespace", "")), str(about.get("name", ""))))

    # --- logs -----------------------------------------------------------------------------------------------------

    def logs(self) -> Iterator[RawFile]:
        """The logs of suspicious containers; to be asked for after the objects."""
        choice = wanted(self._suspects.values(), self._is_of_interest)
        self._left_out = choice.left_out
        yield from self.these_logs(choice.logs)

    def these_logs(self, logs: Iterable[Log]) -> Iterator[RawFile]:
        """The named logs, each once per reading. Logs that do not exist are no failure."""
        asked = [log for log in dict.fromkeys(logs) if log.document not in self._read_logs]
        self._read_logs.update(log.document for log in asked)
        refused: set[str] = set()
        pool = ThreadPoolExecutor(WORKERS)
        try:
            answers = pool.map(lambda log: self._log(log, refused), asked)
            for log, answer in zip(asked, answers, strict=True):
                self._show(log.document)
                if isinstance(answer, Contents):
                    yield RawFile(log.document, answer.body)
                elif answer is not None and not _has_no_log(answer):
                    self._log_refused(log, answer)
        except BaseException:
            self._api.give_up("the reading was interrupted")
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _log(self, log: Log, refused: set[str]) -> Contents | Failure | None:
        """The log; None where the namespace has refused another one. A node that gives no log is asked for no other."""
        if log.namespace in refused:
            return None
        if log.node in self._silent_nodes:
            return self._silent_nodes[log.node]
        answer = self._api.get(log.path, log.query, of_node=True)
        if isinstance(answer, Failure) and answer.why is Why.FORBIDDEN:
            refused.add(log.namespace)
        elif isinstance(answer, Failure) and (silent := _NO_KUBELET.fullmatch(answer.says)) and log.node:
            said = f"the API server asks the kubelet of {log.node}: {silent['why'] or silent['silence']}"
            answer = self._silent_nodes.setdefault(log.node, Failure(Why.OTHER, said))
        return answer

    def _log_refused(self, log: Log, failure: Failure) -> None:
        forbidden = failure.why is Why.FORBIDDEN
        name = "" if forbidden else log.pod
        self._refused(Refusal("get", "pods/log", "", "Pod", failure.says, log.namespace, name, forbidden))

    # --- the account ----------------------------------------------------------------------------------------------

    def _refused(self, refusal: Refusal) -> None:
        known = {(each.verb, each.resource, each.group, each.namespace, each.name) for each in self._not_read}
        if (refusal.verb, refusal.resource, refusal.group, refusal.namespace, refusal.name) not in known:
            self._not_read.append(refusal)

    def account(self) -> RawFile:
        """What was read and what was not, so far."""
        manifest = Manifest(
            kwhy=__version__,
            finished=self._api.clock,
            server_version=self.connection.server_version,
            narrowed=self._narrowed,
            logs_left_out=self._left_out,
            whole=tuple(sorted(self._whole, key=lambda each: each.document)),
            not_read=tuple(sorted(self._not_read, key=_order)),
        )
        return RawFile(MANIFEST_NAME, written(manifest))

    def _show(self, what: str) -> None:
        if self.progress is not None:
            self.progress(f"cluster: {what}")


def _order(refusal: Refusal) -> tuple[str, str, str, str]:
    return refusal.namespace or "", refusal.group, refusal.resource, refusal.name


class _GroupVersion(msgspec.Struct, frozen=True):
    version: str = ""


class _Group(msgspec.Struct, frozen=True):
    name: str = ""
    versions: tuple[_GroupVersion, ...] = ()


class _Groups(msgspec.Struct, frozen=True):
    """metav1.APIGroupList: what /apis answers."""

    groups: tuple[_Group, ...] = ()


def _served_versions(api: Api) -> dict[str, frozenset[str]]:
    """API group → versions that the server has; empty where it does not say, and every version is tried."""
    answer = api.get("apis", {})
    if isinstance(answer, Failure):
        return {}
    try:
        groups = msgspec.json.decode(answer.body, type=_Groups).groups
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return {group.name: frozenset(each.version for each in group.versions) for group in groups} | {
        "": frozenset({"v1"})
    }


def _has_no_log(failure: Failure) -> bool:
    """Whether there is nothing to read: the pod is gone, the container has not run, or has run only once.

    400 "previous terminated container \\"pay\\" in pod \\"pay-7ffbdb879d-945h7\\" not found", 400 "container \\"pay\\"
    in pod … is waiting to start: trying and failing to pull image", 404 "pods … not found" (kube-apiserver v1.34).
    """
    says = failure.says
    return failure.why is Why.NOT_SERVED or "not found" in says or "is waiting to start" in says
