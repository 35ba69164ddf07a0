"""The databases and caches that a program uses: which Service, by its log and its settings, and what runs behind it."""

from __future__ import annotations

import msgspec

from kwhy.facts.logs import AppErrors, Complaint
from kwhy.facts.objects import Service
from kwhy.knowledge.app.errors import errors_of, lasting, logging_pods
from kwhy.knowledge.dependency.settings import Address, addresses_of
from kwhy.knowledge.service.consumers import service_at
from kwhy.model.subject import Subject
from kwhy.scene.relations import owner_of, pods_in
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

#: Default ports of the servers' programs, and words of their names.
_PORTS = {"mysql": 3306, "postgresql": 5432, "redis": 6379, "mongodb": 27017, "sqlserver": 1433}
_WORDS = {
    "mysql": ("mysql", "maria"),
    "postgresql": ("postgres", "pg"),
    "redis": ("redis",),
    "mongodb": ("mongo",),
    "sqlserver": ("mssql", "sqlserver"),
}


def refusals(scene: Scene, pod: Subject, complaint: Complaint) -> list[AppErrors]:
    """What the pod's log says now of one complaint."""
    return [e for e in errors_of(scene, pod) if e.complaint == complaint and lasting(e) and e.call is not None]


def complaining(scene: Scene, complaint: Complaint) -> list[Subject]:
    """The pods whose logs say so now."""
    return [pod for pod in logging_pods(scene) if refusals(scene, pod, complaint)]


def server_of(scene: Scene, pod: Subject, errors: AppErrors) -> tuple[Subject, Address | None] | None:
    """The Service that answered, and the setting that names it; None where neither log nor settings tell which."""
    call = errors.call
    if call is None:
        return None
    named = [(a, s) for a in scene.derive(addresses_of, pod) if (s := service_named(scene, pod, a.host)) is not None]
    if call.address is not None and (found := service_at(scene, call.address)) is not None:
        return found, next((a for a, s in named if s == found), None)
    if call.host is not None:
        service = service_named(scene, pod, call.host)
        return (service, next((a for a, s in named if s == service), None)) if service is not None else None
    fitting = [(a, s) for a, s in named if _fits(scene, a, s, call.protocol)]
    services = {s for _, s in fitting}
    return (fitting[0][1], fitting[0][0]) if len(services) == 1 else None


def service_named(scene: Scene, pod: Subject, host: str) -> Subject | None:
    """The Service that exists under a host name, as the pod would resolve it."""
    name, _, rest = host.partition(".")
    service = Subject("Service", name, rest.partition(".")[0] or pod.namespace)
    return service if scene.exists(service) else None


def _fits(scene: Scene, address: Address, service: Subject, protocol: str | None) -> bool:
    """Whether the address is one of a server of this protocol: by its port, or by its name."""
    if protocol is None:
        return False
    port = _PORTS.get(protocol)
    if address.port is not None:
        return address.port == port
    view = ServiceView(scene, service)
    offered = [p.port for view_ in view.observations for p in _ports(view_.object)]
    said = f"{address.setting.name} {address.host}".lower()
    return port in offered or any(word in said for word in _WORDS.get(protocol, ()))


def _ports(struct: object) -> list:  # type: ignore[type-arg]
    return struct.spec.ports if isinstance(struct, Service) and isinstance(struct.spec.ports, list) else []


def users_of(scene: Scene, service: Subject) -> list[Subject]:
    """The pods of the Service's namespace whose settings name it."""
    return scene.derive_once(_users).get(service, [])


def _users(scene: Scene) -> dict[Subject, list[Subject]]:
    """By Service, for the namespaces in which some program complains of a server."""
    index: dict[Subject, list[Subject]] = {}
    for namespace in {pod.namespace for pod in logging_pods(scene)}:
        for pod in pods_in(scene, namespace):
            for address in scene.derive(addresses_of, pod):
                service = service_named(scene, pod, address.host)
                if service is not None and pod not in index.setdefault(service, []):
                    index[service].append(pod)
    return index


class Named(msgspec.Struct, frozen=True):
    """A Service that exists, as a workload's variable names it."""

    owner: Subject
    address: Address
    service: Subject


def _by_variable(scene: Scene, namespace: Subject) -> dict[str, list[Named]]:
    """The Services that the workloads of a namespace name, by the variable's name; one pod of each workload."""
    index: dict[str, list[Named]] = {}
    seen: set[Subject] = set()
    for pod in pods_in(scene, namespace.name or None):
        owner = owner_of(scene, pod)
        if owner in seen:
            continue
        seen.add(owner)
        for address in scene.derive(addresses_of, pod):
            service = service_named(scene, pod, address.host)
            if service is not None and not address.setting.file:
                index.setdefault(address.setting.name, []).append(Named(owner, address, service))
    return index


def named_by_siblings(scene: Scene, pod: Subject, variable: str) -> list[Named]:
    """The Services that other workloads of the pod's namespace name in the same variable."""
    mine = owner_of(scene, pod)
    index = scene.derive(_by_variable, Subject("Namespace", pod.namespace or ""))
    return [named for named in index.get(variable, ()) if named.owner != mine]
