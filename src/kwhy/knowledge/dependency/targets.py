"""What failing calls go to, and the object in which the address is written."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.app.errors import logging_pods
from kwhy.knowledge.dependency.settings import Address, addresses_of, unseen_sources
from kwhy.knowledge.service.consumers import Call, calls_of
from kwhy.model.subject import Subject
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: Complaints of calls that did not get through.
_UNREACHED = ("name resolution", "connection refused", "no route", "timeout", "connection reset")


class Target(msgspec.Struct, frozen=True):
    """What failing calls go to, the port that was called, and the setting that names it, if one is seen to."""

    call: Call
    service: Subject
    port: int | None
    address: Address | None


def targets_of(scene: Scene, pod: Subject) -> list[Target]:
    """The Services that the pod calls in vain, and the settings that name them"""
    found = []
    for call in scene.derive(calls_of, pod):
        if call.service is not None and call.errors.complaint in _UNREACHED:
            address = _setting(scene, pod, call, call.service)
            port = call.port or (address.port if address is not None else None)
            found.append(Target(call, call.service, port, address))
    return found


def _setting(scene: Scene, pod: Subject, call: Call, service: Subject) -> Address | None:
    """The setting that names the Service: by its port too where it names one."""
    container = call.errors.pod.container if call.errors.pod is not None else None
    names = {call.host, service.name, f"{service.name}.{service.namespace}"}
    named = [
        address
        for address in scene.derive(addresses_of, pod)
        if (address.host in names or address.host.startswith(f"{service.name}.{service.namespace}."))
        and (container in (None, address.setting.container) or address.setting.file)
    ]
    same = [address for address in named if address.port == call.port]
    return next(iter(same or named), None)


def _asking(scene: Scene) -> dict[Subject, list[Subject]]:
    index: dict[Subject, list[Subject]] = {}
    for pod in logging_pods(scene):
        for target in scene.derive(targets_of, pod):
            index.setdefault(target.service, []).append(pod)
    return index


def asked_for_by(scene: Scene, service: Subject) -> list[Subject]:
    """The pods that call a Service in vain."""
    return scene.derive_once(_asking).get(service, [])


def written_in(scene: Scene, pod: Subject, target: Target) -> Subject | list[Subject] | None:
    """The ConfigMap that holds the address, else the workload that has it as a literal; None: its spec was not shown.

    A list: the ConfigMaps and Secrets, not shown, in which it may stand.
    """
    if target.address is not None:
        wrong = target.address.written if scene.exists(target.service) else target.address.setting
        source = wrong.source
        return source if source.kind == "ConfigMap" else owner_of(scene, pod)
    unseen = unseen_sources(scene, pod)
    if unseen is None:
        return None
    if unseen and not _in_command(PodView(scene, pod), target.call.host):
        return unseen
    return owner_of(scene, pod)


def writers_of(scene: Scene, service: Subject) -> set[Subject] | None:
    """Every object in which a Service that is called in vain is named; None where that is not known of all callers."""
    found: set[Subject] = set()
    for pod in asked_for_by(scene, service):
        for target in scene.derive(targets_of, pod):
            if target.service == service:
                writer = written_in(scene, pod, target)
                if not isinstance(writer, Subject):
                    return None
                found.add(writer)
    return found


def _in_command(pod: PodView, host: str) -> bool:
    """Whether the words of a container's command name the host."""
    containers = pod.containers
    words = [
        word
        for container in (containers.value if containers.observed else [])
        for part in (container.command, container.args)
        if isinstance(part, list)
        for word in part
    ]
    return any(host in word for word in words)
