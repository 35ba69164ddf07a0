"""Which versions of which kinds Kubernetes has removed, in which release, and what takes their place.

Source: k8s.io/api v0.34.4, */zz_generated.prerelease-lifecycle.go (APILifecycleIntroduced, APILifecycleRemoved,
APILifecycleReplacement); for CustomResourceDefinition, APIService and PodSecurityPolicy
kubernetes.io/docs/reference/using-api/deprecation-guide.
"""

from __future__ import annotations

from typing import NamedTuple


class Removal(NamedTuple):
    """The minor releases of Kubernetes 1.x that first and no longer serve it; "" where nothing takes its place."""

    introduced: int
    minor: int
    version: str
    kind: str
    replacement: str


_REMOVALS = (
    (7, 16, "apps/v1beta1", "ControllerRevision", "apps/v1"),
    (6, 16, "apps/v1beta1", "Deployment", "apps/v1"),
    (5, 16, "apps/v1beta1", "StatefulSet", "apps/v1"),
    (8, 16, "apps/v1beta2", "ControllerRevision", "apps/v1"),
    (8, 16, "apps/v1beta2", "DaemonSet", "apps/v1"),
    (8, 16, "apps/v1beta2", "Deployment", "apps/v1"),
    (8, 16, "apps/v1beta2", "ReplicaSet", "apps/v1"),
    (8, 16, "apps/v1beta2", "StatefulSet", "apps/v1"),
    (1, 16, "extensions/v1beta1", "DaemonSet", "apps/v1"),
    (1, 16, "extensions/v1beta1", "Deployment", "apps/v1"),
    (3, 16, "extensions/v1beta1", "NetworkPolicy", "networking.k8s.io/v1"),
    (2, 16, "extensions/v1beta1", "ReplicaSet", "apps/v1"),
    (9, 22, "admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1"),
    (
        9,
        22,
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1",
    ),
    (12, 22, "certificates.k8s.io/v1beta1", "CertificateSigningRequest", "certificates.k8s.io/v1"),
    (12, 22, "coordination.k8s.io/v1beta1", "Lease", "coordination.k8s.io/v1"),
    (1, 22, "extensions/v1beta1", "Ingress", "networking.k8s.io/v1"),
    (14, 22, "networking.k8s.io/v1beta1", "Ingress", "networking.k8s.io/v1"),
    (18, 22, "networking.k8s.io/v1beta1", "IngressClass", "networking.k8s.io/v1"),
    (6, 22, "rbac.authorization.k8s.io/v1beta1", "ClusterRole", "rbac.authorization.k8s.io/v1"),
    (6, 22, "rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
    (6, 22, "rbac.authorization.k8s.io/v1beta1", "Role", "rbac.authorization.k8s.io/v1"),
    (6, 22, "rbac.authorization.k8s.io/v1beta1", "RoleBinding", "rbac.authorization.k8s.io/v1"),
    (11, 22, "scheduling.k8s.io/v1beta1", "PriorityClass", "scheduling.k8s.io/v1"),
    (14, 22, "storage.k8s.io/v1beta1", "CSIDriver", "storage.k8s.io/v1"),
    (14, 22, "storage.k8s.io/v1beta1", "CSINode", "storage.k8s.io/v1"),
    (4, 22, "storage.k8s.io/v1beta1", "StorageClass", "storage.k8s.io/v1"),
    (10, 22, "storage.k8s.io/v1beta1", "VolumeAttachment", "storage.k8s.io/v1"),
    (7, 22, "apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    (7, 22, "apiregistration.k8s.io/v1beta1", "APIService", "apiregistration.k8s.io/v1"),
    (8, 25, "autoscaling/v2beta1", "HorizontalPodAutoscaler", "autoscaling/v2"),
    (8, 25, "batch/v1beta1", "CronJob", "batch/v1"),
    (16, 25, "discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1"),
    (8, 25, "events.k8s.io/v1beta1", "Event", "events.k8s.io/v1"),
    (13, 25, "node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1"),
    (5, 25, "policy/v1beta1", "PodDisruptionBudget", "policy/v1"),
    (10, 25, "policy/v1beta1", "PodSecurityPolicy", ""),
    (12, 26, "autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2"),
    (20, 26, "flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", "flowcontrol.apiserver.k8s.io/v1"),
    (20, 26, "flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1"),
    (21, 27, "storage.k8s.io/v1beta1", "CSIStorageCapacity", "storage.k8s.io/v1"),
    (23, 29, "flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", "flowcontrol.apiserver.k8s.io/v1"),
    (23, 29, "flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1"),
    (26, 32, "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "flowcontrol.apiserver.k8s.io/v1"),
    (26, 32, "flowcontrol.apiserver.k8s.io/v1beta3", "PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1"),
    (28, 34, "admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1"),
    (
        28,
        34,
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/v1",
    ),
    (31, 37, "networking.k8s.io/v1beta1", "IPAddress", "networking.k8s.io/v1"),
    (31, 37, "networking.k8s.io/v1beta1", "ServiceCIDR", "networking.k8s.io/v1"),
)

REMOVALS = {(row[2], row[3]): Removal(*row) for row in _REMOVALS}

#: API groups that Kubernetes itself serves end so, or have no dot (k8s.io/api v0.34); all others are custom.
_OWN = ".k8s.io"
#: Groups of that ending which are defined by CustomResourceDefinitions nevertheless (kubernetes-sigs, kubernetes-csi).
_DEFINED = (
    "gateway.networking.k8s.io",
    "snapshot.storage.k8s.io",
    "groupsnapshot.storage.k8s.io",
    "metrics.k8s.io",
    "autoscaling.k8s.io",
    "policy.networking.k8s.io",
    "x-k8s.io",
)


def is_custom(version: str) -> bool:
    """Whether the group of "group/version" is served only where somebody has defined it."""
    group = version.rpartition("/")[0]
    if "." not in group:
        return False
    return not group.endswith(_OWN) or group.endswith(_DEFINED)
