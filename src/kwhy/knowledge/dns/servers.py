"""The cluster's name servers: their pods, the Corefile that each reads, and what their logs say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kwhy.facts.corefile import Corefile, parse_corefile
from kwhy.facts.logs import LogFile, LogHit, LogPattern
from kwhy.facts.objects import ConfigMap, Pod
from kwhy.knowledge.config.texts import files_of
from kwhy.knowledge.service.consumers import CLUSTER_DNS
from kwhy.model.document import Locator
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.relations import pods_selected
from kwhy.scene.scene import Scene

#: kubeadm addons/dns manifests (coredns), node-local-dns (kubernetes/dns), OpenShift's dns-default.
NODE_LOCAL_NAME = "node-local-dns-"
_NAMES = ("coredns-", NODE_LOCAL_NAME, "dns-default-", "kube-dns-")
_NAMESPACES = ("kube-system", "openshift-dns")
#: Where the manifests of CoreDNS and node-local-dns mount the Corefile; telling where its ConfigMap is not shown.
_CONFIG_DIRECTORIES = ("/etc/coredns", "/etc/coredns/", "/etc", "/etc/kube-dns")
#: The ConfigMap that kubeadm, and those who follow it, give CoreDNS.
DEFAULT_CONFIG = Subject("ConfigMap", "coredns", "kube-system")


class Config(msgspec.Struct, frozen=True):
    """A Corefile in a ConfigMap, and where the text stands."""

    config_map: Subject
    corefile: Corefile
    text: str
    at: Locator

    def line_at(self, line: int) -> Locator:
        """The place of one of the text's lines."""
        lines = self.text.splitlines()
        shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
        if self.at.path is None and self.at.line is not None:
            return self._printed(line, shown)
        return self.at.document.at(path=self.at.path, excerpt=f"Corefile line {line}: {shown}")

    def _printed(self, line: int, shown: str) -> Locator:
        """Of a described ConfigMap: below its key and a line of dashes the text stands as it is."""
        document, key = self.at.document, self.at.line or self.at.document.first_line
        for number in range(key + line, key + line + 3):
            if document.line(number).strip() == shown:
                return document.at(number, excerpt=shown)
        return self.at


def dns_servers(scene: Scene) -> Sequence[Subject]:
    """The pods that answer the cluster's queries."""
    return scene.derive_once(_dns_servers)


def _dns_servers(scene: Scene) -> list[Subject]:
    found: dict[Subject, None] = dict.fromkeys(pods_selected(scene, CLUSTER_DNS))
    for namespace in _NAMESPACES:
        found.update((pod, None) for pod in scene.subjects_in("Pod", namespace) if pod.name.startswith(_NAMES))
    for log in scene.facts(LogFile):
        if log.component == "coredns" and log.pod is not None:
            found[log.pod.subject] = None
    return list(found)


def is_dns_server(scene: Scene, pod: Subject) -> bool:
    return pod in scene.derive_once(_server_set)


def _server_set(scene: Scene) -> frozenset[Subject]:
    return frozenset(dns_servers(scene))


# --- what the servers read ----------------------------------------------------------------------------------------


def config_maps_of(scene: Scene, pod: Subject) -> list[Subject]:
    """The ConfigMap from which a name server's pod reads its Corefile."""
    if not is_dns_server(scene, pod):
        return []
    files = files_of(scene, pod, None)
    found = [file.config_map for file in files if file.key == "Corefile"]
    found = found or [file.config_map for file in files if not file.key and file.path in _CONFIG_DIRECTORIES]
    if found:
        return list(dict.fromkeys(found))
    shows_volumes = any(
        isinstance(o.object, Pod) and isinstance(o.object.spec.volumes, list) for o in scene.observations(pod)
    )
    return [] if shows_volumes else [Subject("ConfigMap", "coredns", pod.namespace or DEFAULT_CONFIG.namespace)]


def readers_of(scene: Scene, config_map: Subject) -> list[Subject]:
    """The name servers' pods that read this ConfigMap."""
    return scene.derive_once(_readers).get(config_map, [])


def _readers(scene: Scene) -> dict[Subject, list[Subject]]:
    index: dict[Subject, list[Subject]] = {}
    for pod in dns_servers(scene):
        for config_map in config_maps_of(scene, pod):
            index.setdefault(config_map, []).append(pod)
    return index


def config_of(scene: Scene, config_map: Subject) -> Config | None:
    """The Corefile of a ConfigMap; None where its text was not shown"""
    for observation in scene.observations(config_map):
        shown = observation.object
        if isinstance(shown, ConfigMap) and isinstance(shown.data, dict) and "Corefile" in shown.data:
            text = shown.data["Corefile"]
            at = observation.field_at("data.Corefile", "Corefile")
            return Config(config_map, parse_corefile(text), text, at)
    return None


def cluster_config(scene: Scene) -> Config | None:
    """The Corefile that the servers behind the cluster's DNS Service read; None where it was not shown."""
    for pod in dns_servers(scene):
        if not pod.name.startswith(NODE_LOCAL_NAME):
            for config_map in config_maps_of(scene, pod):
                found = scene.derive(config_of, config_map)
                if found is not None:
                    return found
    return scene.derive(config_of, DEFAULT_CONFIG)


# --- what the servers say -----------------------------------------------------------------------------------------


def said_by(scene: Scene, pod: Subject, pattern: LogPattern) -> list[LogHit]:
    """The lines of a pattern in a name server's logs"""
    return [hit for hit in scene.derive_once(_said).get(pod, ()) if hit.pattern == pattern]


def logs_of(scene: Scene, pod: Subject) -> list[LogFile]:
    """The logs of a name server."""
    return scene.derive_once(_logs).get(pod, [])


def _logs(scene: Scene) -> dict[Subject, list[LogFile]]:
    index: dict[Subject, list[LogFile]] = {}
    for log in scene.facts(LogFile):
        if log.pod is not None:
            index.setdefault(log.pod.subject, []).append(log)
    return index


def _said(scene: Scene) -> dict[Subject, list[LogHit]]:
    logs = {id(log.document): log.pod for log in scene.facts(LogFile) if log.pod is not None}
    index: dict[Subject, list[LogHit]] = {}
    for hit in scene.facts(LogHit):
        if hit.pattern.component == "coredns" and (hint := logs.get(id(hit.document))) is not None:
            index.setdefault(hint.subject, []).append(hit)
    return index


READS_COREFILE = Relation("reads its Corefile from", config_maps_of)
