"""Which Services a pod that cannot start depends on, as its log or its command names them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.knowledge.container.ends import endings_of
from kwhy.knowledge.container.init_fails import waits_long
from kwhy.knowledge.container.out_of_memory import OOM_KILLED
from kwhy.knowledge.container.runs import NOT_STARTED, ContainerRun, runs_of
from kwhy.knowledge.pod.failing import failing_candidates
from kwhy.knowledge.service.consumers import calls_of
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

# dial postgres:5432 · http://web.shop/healthz · nslookup db.shop.svc.cluster.local
_HOST_AND_PORT = expression(r"(?<![\w.@-])(?P<host>[a-z][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,5}):\d{2,5}(?![\w:])")
_SERVICE_NAME = expression(
    r"(?<![\w.@-])(?P<host>[a-z][a-z0-9-]{0,62}\.[a-z0-9-]{1,63}\.svc(?:\.[a-z0-9.-]{1,190})?)(?![\w-])"
)
_WORD = expression(r"(?<![\w./:@=-])[a-z][a-z0-9-]{0,62}(?![\w.=@/-])")
#: Words after which a bare word of a shell command is a host.
_ASKS = expression(
    r"\b(?:nslookup|dig|host|getent hosts|nc|ncat|telnet|ping|pg_isready -h|mysqladmin -h|redis-cli -h)\b"
)


class Need(msgspec.Struct, frozen=True):
    """A Service that a container in trouble needs. ``unknown``: its log says that the name does not resolve."""

    service: Subject
    container: str
    evidence: Evidence
    unknown: bool


def needs_of(scene: Scene, pod: Subject) -> list[Need]:
    """The Services that the pod's containers in trouble call"""
    troubled = _troubled(scene, pod)
    if not troubled:
        return []
    found: dict[Subject, Need] = {}
    for call in scene.derive(calls_of, pod):
        container = call.errors.pod.container if call.errors.pod is not None else None
        names = [run.name for run in troubled]
        if call.service is not None and (container in names or (container is None and len(names) == 1)):
            says = Evidence(call.errors.locate(call.errors.last), f"its log says: {call.errors.last.excerpt}")
            unknown = call.stage == "resolving" and call.answered
            found.setdefault(call.service, Need(call.service, container or names[0], says, unknown))
    logged = bool(found)
    for run in troubled:
        for need in _named_by_command(scene, pod, run):
            if run.init and not logged:
                found.setdefault(need.service, need)
    return list(found.values())


def _troubled(scene: Scene, pod: Subject) -> list[ContainerRun]:
    """Containers whose program ended with an error of its own, and init containers that do not end."""
    ended = [
        ending.run
        for ending in scene.derive(endings_of, pod)
        if ending.code and ending.reason != OOM_KILLED and ending.reason not in NOT_STARTED
    ]
    return ended + [run for run in runs_of(scene, pod) if run.init and waits_long(scene, run) is not None]


def _named_by_command(scene: Scene, pod: Subject, run: ContainerRun) -> Iterable[Need]:
    """Services named in the words of the command: as host:port, by their full name, or behind nslookup, nc …"""
    spec = run.spec
    if spec is None:
        return
    for field, words in (("command", spec.command), ("args", spec.args)):
        for word in words if isinstance(words, list) else ():
            for host in _hosts(word):
                service = _service(host, pod.namespace)
                if service is None:
                    continue
                shown = f"{field}: {host}"
                yield Need(service, run.name, Evidence(run.spec_at(field, shown), f"its command names {host}"), False)
    yield from _asked_for(scene, pod, run)


def _asked_for(scene: Scene, pod: Subject, run: ContainerRun) -> Iterable[Need]:
    """Bare words that are names of Services of the namespace, in a command that asks for hosts."""
    spec = run.spec
    words = (
        [w for part in (spec.command, spec.args) if isinstance(part, list) for w in part] if spec is not None else []
    )
    text = " ".join(words)
    if not _ASKS.search(text):
        return
    for match in _WORD.finditer(text):
        service = Subject("Service", match[0], pod.namespace)
        if scene.exists(service):
            yield Need(
                service, run.name, Evidence(run.spec_at("command", text), f"its command asks for {match[0]}"), False
            )


def _hosts(word: str) -> list[str]:
    return [match["host"] for pattern in (_HOST_AND_PORT, _SERVICE_NAME) for match in pattern.finditer(word)]


def _service(host: str, namespace: str | None) -> Subject | None:
    """The Service that a host name stands for; None for names that are no cluster names."""
    labels = host.split(".")
    if labels[0] == "localhost":
        return None
    if len(labels) == 1:
        return Subject("Service", labels[0], namespace)
    if len(labels) == 2 or labels[2] == "svc":
        return Subject("Service", labels[0], labels[1])
    return None


def _needed_by(scene: Scene) -> dict[Subject, list[Subject]]:
    index: dict[Subject, list[Subject]] = {}
    for pod in failing_candidates(scene):
        for need in scene.derive(needs_of, pod):
            index.setdefault(need.service, []).append(pod)
    return index


def pods_that_need(scene: Scene, service: Subject) -> list[Subject]:
    """Pods in trouble that depend on a Service."""
    return scene.derive_once(_needed_by).get(service, [])


def services_needed(scene: Scene, pod: Subject) -> list[Subject]:
    """Services that a pod in trouble depends on."""
    return [need.service for need in scene.derive(needs_of, pod)]
