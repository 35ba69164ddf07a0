"""Other nodes as witnesses: the API server's certificate is valid to them and not yet valid to this one."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.tls.validity import out_of_time
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

#: A kubelet that reached the API server within this time of the newest evidence reaches it now: it renews its Lease
#: every 10 s and its status every 5 min (Kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go).
FRESH = 330.0


class Witness(msgspec.Struct, frozen=True):
    """The node's clock is behind by at least so many seconds."""

    behind: float
    because: tuple[Evidence, ...]


def witness_of(scene: Scene, node: Subject) -> Witness | None:
    """Other nodes that accept the certificate which this node's kubelet takes for not yet valid"""
    for one in scene.derive(out_of_time, node) if node.kind == "Node" else ():
        if one.expired is not False or one.failure.now is None or one.bound is None:
            continue
        accepts = _accepting(scene, node, one.bound)
        if accepts is not None:
            return Witness(one.bound - one.failure.now, (*one.because, accepts))
    return None


def _accepting(scene: Scene, node: Subject, bound: float) -> Evidence | None:
    """A node that is Ready and wrote to the API server after the certificate began."""
    for other in scene.subjects("Node"):
        if other == node:
            continue
        ready = NodeView(scene, other).condition("Ready")
        if not ready.observed or ready.value is None or ready.value.status != "True":
            continue
        heard = parse_timestamp(ready.value.last_heartbeat_time)
        if heard is not None and heard >= bound and (scene.as_of is None or scene.as_of - heard <= FRESH):
            says = f"node {other.name} is Ready and reached the API server after the certificate began"
            return Evidence(ready.place, says)
    return None
