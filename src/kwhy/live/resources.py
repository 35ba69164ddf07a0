"""What is asked of a cluster: the kinds that have a struct, and nothing else. The ClusterRole is made of this list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from kwhy.facts.resources import is_namespaced, plural_of
from kwhy.ingest.api.kinds import groups_by_kind
from kwhy.live.answers import JSON

#: The versions of each group whose objects the structs decode, the best first. Served since (kubernetes CHANGELOG):
#: discovery v1 1.21, v1beta1 1.17; policy v1 1.21; autoscaling v2 1.23, v2beta2 1.12; batch v1 has CronJobs since 1.21;
#: networking v1 has Ingresses since 1.19; storage v1 has CSINodes since 1.17; admissionregistration v1 1.16.
VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("v1",),
    "apps": ("v1",),
    "batch": ("v1", "v1beta1"),
    "discovery.k8s.io": ("v1", "v1beta1"),
    "networking.k8s.io": ("v1", "v1beta1"),
    "gateway.networking.k8s.io": ("v1", "v1beta1", "v1alpha2"),
    "storage.k8s.io": ("v1", "v1beta1"),
    "policy": ("v1", "v1beta1"),
    "autoscaling": ("v2", "v2beta2", "v1"),
    "coordination.k8s.io": ("v1",),
    "apiregistration.k8s.io": ("v1",),
    "admissionregistration.k8s.io": ("v1", "v1beta1"),
    "rbac.authorization.k8s.io": ("v1",),
}
#: Objects per page. 500 is what kubectl asks for (k8s.io/kubectl v0.34 cmd/get, DefaultChunkSize); objects of some
#: kinds may hold a mebibyte each (k8s.io/api core/v1 MaxSecretSize).
PAGE: Final = 500
_LARGE: Final = frozenset({"ConfigMap", "Secret"})
LARGE_PAGE: Final = 50


class Part(msgspec.Struct, frozen=True):
    """One of the requests that together give a list. ``accept`` names the form of the answer."""

    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    accept: str = JSON


#: Metadata alone (k8s.io/apimachinery v0.34 pkg/apis/meta/v1: PartialObjectMetadataList; served since Kubernetes 1.15).
_METADATA: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_WHOLE: Final = (Part(),)
#: Helm keeps each revision of each release in a Secret of up to a mebibyte (helm v3 pkg/storage/driver/secrets.go): of
#: these the names are enough. Secrets are selectable by type (k8s.io/kubernetes pkg/registry/core/secret/strategy.go).
_PARTS: Final[Mapping[str, tuple[Part, ...]]] = {
    "Secret": (
        Part({"fieldSelector": "type!=helm.sh/release.v1"}),
        Part({"fieldSelector": "type=helm.sh/release.v1"}, _METADATA),
    )
}


class Resource(msgspec.Struct, frozen=True):
    """A kind as the API serves it. ``versions`` are those that kwhy reads, the best first; ``group`` "" is core."""

    kind: str
    name: str
    group: str
    versions: tuple[str, ...]
    namespaced: bool

    @property
    def page(self) -> int:
        return LARGE_PAGE if self.kind in _LARGE else PAGE

    @property
    def parts(self) -> tuple[Part, ...]:
        """The requests whose answers together are the list: most lists are one."""
        return _PARTS.get(self.kind, _WHOLE)

    def path(self, version: str, namespace: str | None = None) -> str:
        """The request path of the list, without the leading slash: "apis/apps/v1/namespaces/shop/deployments"."""
        root = f"apis/{self.group}/{version}" if self.group else f"api/{version}"
        return f"{root}/namespaces/{namespace}/{self.name}" if namespace else f"{root}/{self.name}"


def resources() -> tuple[Resource, ...]:
    """Everything that is listed, in this order: a reading that is cut short holds what matters most."""
    found = [
        Resource(kind, plural_of(kind), groups[0], VERSIONS.get(groups[0], ("v1",)), is_namespaced(kind) is not False)
        for kind, groups in groups_by_kind().items()
    ]
    return tuple(sorted(found, key=lambda each: _FIRST.get(each.kind, len(_FIRST))))


_FIRST: Final = {kind: place for place, kind in enumerate(("Event", "Pod", "Node", "Service", "EndpointSlice"))}


def permissions(asked: Iterable[Resource] | None = None) -> dict[str, dict[str, tuple[str, ...]]]:
    """API group → resource → verbs: what an account must be allowed for everything that is read."""
    rules: dict[str, dict[str, tuple[str, ...]]] = {}
    for each in resources() if asked is None else asked:
        rules.setdefault(each.group, {})[each.name] = ("list",)
    rules.setdefault("", {})["pods/log"] = ("get",)
    return rules
