"""The kubelet cannot start: it exits each time."""

from __future__ import annotations

from kwhy.facts.log_patterns.kubelet_start import (
    CANNOT_RUN,
    CGROUP_DRIVER_MISMATCH,
    CGROUP_V1_REFUSED,
    CLIENT_CERTIFICATE_EXPIRED,
    CONFIG_INVALID,
    FATAL_COMPONENT,
    NO_RUNTIME_CONNECTION,
    SWAP_ON,
)
from kwhy.knowledge.kubelet.not_posting import NOT_POSTING
from kwhy.knowledge.kubelet.not_running import KUBELET_NOT_RUNNING
from kwhy.knowledge.kubelet.start import Refusal, refused_by
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

KUBELET_CANNOT_START = Condition(
    code="kubelet.cannot-start",
    kind="Node",
    nature=Nature.EFFECT,
    title="The kubelet of {subject} cannot start: {error}",
    summary="The kubelet exits with an error each time it is started.",
)

#: What the kubelet prints last before it exits.
EXITS = (
    CANNOT_RUN,
    SWAP_ON,
    CGROUP_DRIVER_MISMATCH,
    CGROUP_V1_REFUSED,
    CLIENT_CERTIFICATE_EXPIRED,
    CONFIG_INVALID,
    FATAL_COMPONENT,
    NO_RUNTIME_CONNECTION,
)


def last_exit(scene: Scene, node: Subject) -> Refusal | None:
    """The kubelet's log, with the error with which its newest start ended"""
    return refused_by(scene, node, *EXITS)


def _refusing(scene: Scene) -> list[Subject]:
    return [node for node in scene.hosts.all if scene.derive(last_exit, node) is not None]


@rule(
    KUBELET_CANNOT_START,
    rows=("N21",),
    leads=(leads_to(KUBELET_NOT_RUNNING, via=ITSELF), leads_to(NOT_POSTING, via=ITSELF)),
    among=_refusing,
    symptom=True,
)
def kubelet_cannot_start(node: Subject, refusal: Refusal | None = given(last_exit)) -> Verdict:
    """The kubelet cannot start.

    What it means: systemd starts it again every ten seconds, in vain.
    How it shows: Its log ends with "failed to run Kubelet", "failed to load kubelet config file" or "Failed to start
    ContainerManager", and no start after that got as far as its main loop.
    What looks like it: A kubelet that ran and was stopped. An error of an earlier start, before one that succeeded.
    Source: Kubernetes v1.34 cmd/kubelet/app/server.go (run), pkg/kubelet/kubelet.go (initializeModules).
    """
    if refusal is None:
        return unsure(f"how the newest start of the kubelet of {node.name} ended", KUBELET_LOG.of(node=node.name))
    error = refusal.field("error").strip(' :,"') or refusal.sample.excerpt
    return Present((refusal.evidence(f"the kubelet exits: {error}"),), {"error": error})
