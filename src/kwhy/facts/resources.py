"""Resource names as people type them and as kubectl prints them, and the kinds they stand for.

Source: `kubectl api-resources` of Kubernetes v1.34.4 (names, short names, kinds, scope); category "all":
Categories() in k8s.io/kubernetes v1.34.4 pkg/registry/*/*/storage/storage.go.
"""

from __future__ import annotations

from typing import NamedTuple


class Resource(NamedTuple):
    kind: str
    namespaced: bool


_NAMESPACED: tuple[tuple[str, str], ...] = (
    ("ConfigMap", "configmaps cm"),
    ("Endpoints", "endpoints ep"),
    ("Event", "events event ev"),
    ("LimitRange", "limitranges limits"),
    ("PersistentVolumeClaim", "persistentvolumeclaims pvc"),
    ("Pod", "pods po"),
    ("PodTemplate", "podtemplates"),
    ("ReplicationController", "replicationcontrollers rc"),
    ("ResourceQuota", "resourcequotas quota"),
    ("Secret", "secrets"),
    ("ServiceAccount", "serviceaccounts sa"),
    ("Service", "services svc"),
    ("ControllerRevision", "controllerrevisions"),
    ("DaemonSet", "daemonsets ds"),
    ("Deployment", "deployments deploy"),
    ("ReplicaSet", "replicasets rs"),
    ("StatefulSet", "statefulsets sts"),
    ("HorizontalPodAutoscaler", "horizontalpodautoscalers hpa"),
    ("CronJob", "cronjobs cj"),
    ("Job", "jobs"),
    ("Lease", "leases"),
    ("EndpointSlice", "endpointslices"),
    ("Ingress", "ingresses ing"),
    ("NetworkPolicy", "networkpolicies netpol networkpolicy"),
    ("PodDisruptionBudget", "poddisruptionbudgets pdb"),
    ("RoleBinding", "rolebindings"),
    ("Role", "roles"),
    ("CSIStorageCapacity", "csistoragecapacities csistoragecapacity"),
)

_CLUSTER_SCOPED: tuple[tuple[str, str], ...] = (
    ("ComponentStatus", "componentstatuses cs componentstatus"),
    ("Namespace", "namespaces ns"),
    ("Node", "nodes no"),
    ("PersistentVolume", "persistentvolumes pv"),
    ("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
    ("ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
    ("CustomResourceDefinition", "customresourcedefinitions crd crds"),
    ("APIService", "apiservices"),
    ("CertificateSigningRequest", "certificatesigningrequests csr"),
    ("IngressClass", "ingressclasses ingressclass"),
    ("RuntimeClass", "runtimeclasses runtimeclass"),
    ("ClusterRoleBinding", "clusterrolebindings"),
    ("ClusterRole", "clusterroles"),
    ("PriorityClass", "priorityclasses pc priorityclass"),
    ("CSIDriver", "csidrivers"),
    ("CSINode", "csinodes"),
    ("StorageClass", "storageclasses sc storageclass"),
    ("VolumeAttachment", "volumeattachments"),
)


def _index() -> dict[str, Resource]:
    index: dict[str, Resource] = {}
    for table, namespaced in ((_NAMESPACED, True), (_CLUSTER_SCOPED, False)):
        for kind, words in table:
            resource = Resource(kind, namespaced)
            for word in (kind.lower(), *words.split()):
                index[word] = resource
    return index


_RESOURCES = _index()
_BY_KIND = {resource.kind: resource for resource in _RESOURCES.values()}

_PLURALS = {kind: words.partition(" ")[0] for table in (_NAMESPACED, _CLUSTER_SCOPED) for kind, words in table}

#: What `kubectl get all` asks for.
ALL_CATEGORY = (
    "Pod",
    "ReplicationController",
    "Service",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "CronJob",
    "Job",
)


def resource(word: str) -> Resource | None:
    """The resource that ``word`` names ("po", "pods", "Pod", "deployment.apps", "deployments.v1.apps")."""
    return _RESOURCES.get(word.partition(".")[0].lower())


def kind_of(word: str) -> str:
    """The kind that ``word`` names; the word itself where kwhy does not know it (a custom resource)."""
    known = resource(word)
    return known.kind if known else word


def is_namespaced(kind: str) -> bool | None:
    """Whether objects of ``kind`` live in namespaces; None for kinds that kwhy does not know."""
    known = _BY_KIND.get(kind)
    return known.namespaced if known else None


def is_known(kind: str) -> bool:
    """Whether ``kind`` is built into Kubernetes."""
    return kind in _BY_KIND


def known_kinds() -> tuple[str, ...]:
    """Every kind that is built into Kubernetes."""
    return tuple(_BY_KIND)


def plural_of(kind: str) -> str:
    """The resource of a kind as request paths name it ("networkpolicies").

    Of kinds that kwhy does not know, what the generators of custom resources call it (k8s.io/gengo v2
    namer/plural_namer.go: "y" becomes "ies", "s", "x", "z", "ch" and "sh" take "es").
    """
    known = _PLURALS.get(kind)
    if known is not None:
        return known
    word = kind.lower()
    if word.endswith("y") and word[-2:-1] not in set("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"
