"""Which components of the control plane do not start, and why, by manifests, the kubelet's log and their last words."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.log_patterns.static_pods import MANIFEST_INVALID, START_REFUSED, WITHOUT_ETCD
from kwhy.facts.log_patterns.transport import DIAL_FAILED
from kwhy.facts.logs import LogFile, LogHit
from kwhy.facts.static_pods import ManifestFault, StartRefused
from kwhy.knowledge.api.failures import kind_of
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
#: After its reason a component prints so many lines at most, then it has ended.
_LAST_LINES = 4
#: A component that has run for longer did start (seconds); the API server waits up to 20 s for etcd.
_STARTS_WITHIN = 60.0
# "finished without leader elect": a scheduler that was told to stop (cmd/kube-scheduler/app/server.go v1.34)
_STOPPED = expression(r"finished without leader elect|leader ?election lost|context canceled")
#: The kubelet reads the directory again every 20 s (fileCheckFrequency): a fault that it has not repeated is mended
#: (seconds).
_READ_AGAIN = 60.0

# kube-apiserver-node-a; kube-apiserver.yaml; kube-system_kube-scheduler-node-a_kube-scheduler.log
_NAMED = expression(r"(?P<program>kube-apiserver|kube-controller-manager|kube-scheduler|etcd)")
# kube-system_kube-apiserver-node-a_kube-apiserver.log: a static pod bears its node's name (config/common.go)
_POD = expression(
    r"^kube-system_(?:kube-apiserver|kube-controller-manager|kube-scheduler|etcd)-(?P<node>[a-z0-9][a-z0-9.-]{0,252})_"
)


class Reason(msgspec.Struct, frozen=True):
    """Why a component does not start. ``where`` names file, line and column where they are known."""

    says: str
    where: str
    evidence: Evidence
    since: Moment = UNKNOWN_MOMENT


def component_at(scene: Scene, program: str, document: Document) -> Subject:
    """The component on the node that a document comes from, or that its static pod is named after."""
    name = document.source.rpartition("/")[2]
    pod = _POD.search(name)
    node = pod["node"] if pod is not None else scene.host_of(document).name
    return Subject("Process", program, node=node)


def broken_manifests(scene: Scene) -> dict[Subject, list[Reason]]:
    """Components whose static pod the kubelet cannot read."""
    found: dict[Subject, list[Reason]] = {}
    for fault in scene.facts(ManifestFault):
        reason = Reason(fault.text, f", line {fault.line}, column {fault.column}", Evidence(fault.at, fault.problem))
        found.setdefault(component_at(scene, fault.program, fault.at.document), []).append(reason)
    ends = {id(log.document): log.last_clock for log in scene.facts(LogFile)}
    for hit in scene.facts(LogHit):
        path = hit.key.get("path") or hit.key.get("old_path") if hit.pattern == MANIFEST_INVALID else None
        program = _NAMED.search(path.rpartition("/")[2]) if path else None
        if path is None or program is None or _over(hit, ends.get(id(hit.document))):
            continue
        error = (hit.last.fields.get("error") or hit.last.fields.get("old_error") or "").replace('\\"', '"')
        error = error.removeprefix(f"{path}: ").removesuffix(", please check config file")
        reason = Reason(
            error, f" {path}", Evidence(hit.locate(hit.last), f"the kubelet cannot use {path}"), _since(hit)
        )
        found.setdefault(component_at(scene, program["program"], hit.document), []).append(reason)
    return found


def _over(hit: LogHit, end: float | None) -> bool:
    return hit.last.clock is not None and end is not None and end - hit.last.clock > _READ_AGAIN


def _since(hit: LogHit) -> Moment:
    return Moment(None, hit.first.when.latest)


def refusals(scene: Scene) -> dict[Subject, list[Reason]]:
    """Components whose last words are why they do not start."""
    return scene.derive_once(_refusals)


def _refusals(scene: Scene) -> dict[Subject, list[Reason]]:
    found: dict[Subject, list[Reason]] = {}
    for refused in scene.facts(StartRefused):
        if refused.program in COMPONENTS:
            reason = Reason(refused.error, "", Evidence(refused.at, "its last words"))
            found.setdefault(component_at(scene, refused.program, refused.at.document), []).append(reason)
    for hit, program in _last_words(scene, START_REFUSED):
        fields = hit.last.fields
        error = (fields.get("error") or fields.get("flag_error") or "").replace('\\"', '"')
        if _STOPPED.search(error):
            continue
        reason = Reason(error, "", Evidence(hit.locate(hit.last), "its last words"), _since(hit))
        found.setdefault(component_at(scene, program, hit.document), []).append(reason)
    return found


def without_etcd(scene: Scene) -> dict[Subject, list[Reason]]:
    """API servers whose last words are that they do not reach etcd."""
    found: dict[Subject, list[Reason]] = {}
    for hit, _ in _last_words(scene, WITHOUT_ETCD):
        error = hit.last.fields.get("error") or ""
        reason = Reason(error, "", Evidence(hit.locate(hit.last), "its last words"), _since(hit))
        found.setdefault(component_at(scene, "kube-apiserver", hit.document), []).append(reason)
    return found


def etcd_refusals(scene: Scene) -> dict[Subject, frozenset[str]]:
    """API servers whose last words are about etcd, with the addresses where it refused them."""
    return scene.derive_once(_etcd_refusals)


def _etcd_refusals(scene: Scene) -> dict[Subject, frozenset[str]]:
    documents = {id(hit.document): hit.document for hit, _ in _last_words(scene, WITHOUT_ETCD)}
    refused: dict[Subject, set[str]] = {
        component_at(scene, "kube-apiserver", document): set() for document in documents.values()
    }
    for hit in scene.facts(LogHit):
        address, how = hit.key.get("address"), hit.key.get("how")
        if hit.pattern == DIAL_FAILED and id(hit.document) in documents and address and how == "connection refused":
            refused[component_at(scene, "kube-apiserver", hit.document)].add(address)
    return {server: frozenset(addresses) for server, addresses in refused.items()}


def _last_words(scene: Scene, pattern: object) -> Iterable[tuple[LogHit, str]]:
    """Hits at the very end of a component's log, with the component."""
    logs = {id(log.document): log for log in scene.facts(LogFile)}
    for hit in scene.facts(LogHit):
        log = logs.get(id(hit.document))
        if hit.pattern != pattern or log is None or (log.pod is not None and log.pod.previous):
            continue
        program = _program(log)
        end = log.document.first_line + log.lines - 1
        started, ended = log.first_clock, hit.last.clock
        is_start = started is None or ended is None or ended - started <= _STARTS_WITHIN
        if program is not None and is_start and hit.last.line > end - _LAST_LINES:
            yield hit, program


def _program(log: LogFile) -> str | None:
    if log.component in COMPONENTS:
        return log.component
    named = log.pod.pod if log.pod is not None else log.document.source.rpartition("/")[2]
    match = _NAMED.search(named)
    return match["program"] if match is not None else None


def same_component(*programs: str) -> Relation:
    """From a component that is down to itself; one on an unknown node stands for the only one known."""

    def find(scene: Scene, component: Subject) -> Iterable[Subject]:
        if component.name not in programs:
            return
        known = {*scene.derive_once(broken_manifests), *refusals(scene)}
        yield component
        yield from (s for s in known if s.name == component.name and (component.node is None or s.anonymous))

    return Relation("is the same component", find)


def _nobody_listens(scene: Scene, server: Subject) -> Iterable[Subject]:
    """API servers that do not start, where kubectl is refused; where none is known, the one to ask about."""
    return _api_servers(scene) if kind_of(scene, server) in ("refused", "unreachable") else []


def _without_storage(scene: Scene, server: Subject) -> Iterable[Subject]:
    """API servers that may lack etcd: an end of the storage is seen as refusals, time-outs and internal errors."""
    return _api_servers(scene) if kind_of(scene, server) in _WITHOUT_STORAGE else []


def _api_servers(scene: Scene) -> list[Subject]:
    known = {**scene.derive_once(broken_manifests), **refusals(scene), **scene.derive_once(without_etcd)}
    return [subject for subject in known if subject.name == "kube-apiserver"] or [Subject("Process", "kube-apiserver")]


def _etcd_of(scene: Scene, server: Subject) -> Iterable[Subject]:
    """Members of etcd that are known not to start, on the same node or on one that nothing names."""
    known = {*scene.derive_once(broken_manifests), *refusals(scene)}
    return [s for s in known if s.name == "etcd" and (s.node == server.node or s.anonymous or server.anonymous)]


#: How kubectl fails while the API server has no storage (apiserver v0.34 pkg/storage/etcd3/errors.go and readyz).
_WITHOUT_STORAGE = ("refused", "unreachable", "broken", "unavailable", "timeout")
SERVED_BY = Relation("is served by", _nobody_listens)
SERVED_FROM_STORAGE = Relation("is served by", _without_storage)
STORES_WITH = Relation("stores with", _etcd_of)
