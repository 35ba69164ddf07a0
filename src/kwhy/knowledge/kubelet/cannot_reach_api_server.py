"""The kubelet runs and cannot reach the API server."""

from __future__ import annotations

from kwhy.knowledge.kubelet.not_posting import NOT_POSTING
from kwhy.knowledge.kubelet.words import State, lease_state
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.relations import ITSELF

CANNOT_REACH_API_SERVER = Condition(
    code="kubelet.cannot-reach-api-server",
    kind="Node",
    nature=Nature.EFFECT,
    title="The kubelet of {subject} cannot renew its Lease: {error}",
    summary="The kubelet is alive and its requests to the API server fail.",
)


@rule(CANNOT_REACH_API_SERVER, rows=("N1", "N21"), leads=(leads_to(NOT_POSTING, via=ITSELF),))
def cannot_reach_api_server(node: Subject, lease: State = given(lease_state)) -> Verdict:
    """The kubelet cannot reach the API server.

    What it means: The node's work goes on, but nobody hears of it; after the grace period the node counts as Unknown.
    How it shows: "Failed to update lease" or "Error updating node status" is the kubelet's last word, every ten
    seconds, with the reason: refused, timed out, no such host, a certificate.
    What looks like it: A kubelet that does not run logs nothing at all. Failures that the kubelet did not repeat
    although it logged on are over.
    Source: k8s.io/component-helpers v0.34 apimachinery/lease/controller.go; Kubernetes v1.34
    pkg/kubelet/kubelet_node_status.go (updateNodeStatus).
    """
    if lease.holds is not None:
        error = lease.holds.reason
        return Present(
            (lease.holds.evidence(error or "the Lease is not renewed"),), {"error": error}, lease.holds.since
        )
    if lease.over is not None:
        return Absent((lease.over,))
    return unsure(f"what the kubelet of {node.name} says about its Lease", KUBELET_LOG.of(node=node.name))
