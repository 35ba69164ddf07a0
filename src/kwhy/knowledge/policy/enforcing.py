"""Whether anything in the cluster enforces network policies: without a plugin that does, they are only words.

Source: kubernetes.io/docs/concepts/services-networking/network-policies ("Creating a NetworkPolicy resource without a
controller that implements it will have no effect"); the projects named beside each DaemonSet.
"""

from __future__ import annotations

import msgspec

from kwhy.facts.objects import Node
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import owner_of, pods_of
from kwhy.scene.scene import Scene

#: DaemonSets that enforce policies, by the names of their projects' manifests.
ENFORCERS = {
    "anetd": "GKE Dataplane V2 (Cilium)",
    "antrea-agent": "Antrea",
    "azure-npm": "Azure Network Policy Manager",
    "calico-node": "Calico",
    "canal": "Calico (Canal)",
    "cilium": "Cilium",
    "kube-network-policies": "kube-network-policies",
    "kube-ovn-cni": "Kube-OVN",
    "kube-router": "kube-router",
    "ovnkube-node": "OVN-Kubernetes",
    "rke2-canal": "Calico (Canal)",
    "weave-net": "Weave Net",
}
#: DaemonSets of plugins that enforce nothing by themselves.
_ONLY_CONNECT = {"kube-flannel": "Flannel", "kube-flannel-ds": "Flannel"}
#: Those that answer what they forbid with a refusal: kube-router rejects with icmp-port-unreachable
#: (pkg/controllers/netpol/pod.go, appendRuleToLogAndRejectOrDrop); k3s holds it inside.
_REFUSING = frozenset({"kube-router", "k3s"})


class Enforcement(msgspec.Struct, frozen=True):
    """``enforced`` None: nothing tells. ``refuses``: what is forbidden is refused rather than dropped."""

    enforced: bool | None
    evidence: tuple[Evidence, ...] = ()
    refuses: bool = False


def enforcement(scene: Scene) -> Enforcement:
    """Who enforces network policies in this cluster"""
    for name, product in ENFORCERS.items():
        if (shown := _shown(scene, name)) is not None:
            return Enforcement(True, (Evidence(shown.at, f"{product} enforces network policies"),), name in _REFUSING)
    for struct in scene.structs("Node"):
        version = struct.status.node_info if isinstance(struct, Node) else None
        kubelet = getattr(version, "kubelet_version", None)
        if isinstance(kubelet, str) and "+k3s" in kubelet:
            at = scene.observations(Subject("Node", struct.metadata.name))[0].field_at(
                "status.nodeInfo.kubeletVersion", f"kubeletVersion: {kubelet}"
            )
            return Enforcement(True, (Evidence(at, "k3s holds kube-router's policy controller"),), refuses=True)
    listing = scene.listing("DaemonSet", None) or scene.listing("Pod", None)
    for name, product in _ONLY_CONNECT.items():
        if listing is not None and (shown := _shown(scene, name)) is not None:
            says = f"{product} connects pods and enforces no policies; nothing that does is listed"
            return Enforcement(False, (Evidence(shown.at, says), Evidence(listing.at, "everything is listed")))
    return Enforcement(None)


def _shown(scene: Scene, name: str) -> Evidence | None:
    """The DaemonSet of this name, or a pod that it owns."""
    by_name = scene.derive_once(_daemon_sets)
    subject = by_name.get(name)
    if subject is None:
        return None
    where = subject if scene.exists(subject) else next(iter(pods_of(scene, subject)), None)
    return Evidence(scene.observations(where)[0].at, str(where)) if where is not None else None


def _daemon_sets(scene: Scene) -> dict[str, Subject]:
    """DaemonSets by name, those of which only pods are shown among them."""
    found: dict[str, Subject] = {}
    names = frozenset((*ENFORCERS, *_ONLY_CONNECT))
    for pod in scene.subjects("Pod"):
        stem = pod.name.rpartition("-")[0]
        if stem in names and (owner := owner_of(scene, pod)).kind == "DaemonSet":
            found.setdefault(owner.name, owner)
        elif stem in names:
            found.setdefault(stem, pod)
    found.update({subject.name: subject for subject in scene.subjects("DaemonSet") if subject.name in names})
    return found
