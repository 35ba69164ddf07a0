"""The kubelet's configuration cannot be used."""

from __future__ import annotations

from kwhy.facts.log_patterns.kubelet_start import CONFIG_INVALID
from kwhy.knowledge.kubelet.cannot_start import KUBELET_CANNOT_START
from kwhy.knowledge.kubelet.start import Refusal, refused_by
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

INVALID_CONFIG = Condition(
    code="kubelet.config-invalid",
    kind="Node",
    nature=Nature.ROOT,
    title="The configuration of the kubelet of {subject} is not usable: {error}",
    summary="A flag or the configuration file of the kubelet is wrong or missing.",
    remedies=(
        Remedy(
            id="correct-the-configuration",
            title="Correct the kubelet's configuration",
            when="now",
            risk="low",
            steps=(
                Step("See its flags and file.", "systemctl cat kubelet; cat /var/lib/kubelet/config.yaml"),
                Step(
                    "A missing /var/lib/kubelet/config.yaml means that the node has not joined, or was reset: "
                    "kubeadm join writes it."
                ),
                Step("Correct what the message names and start the kubelet.", "systemctl restart kubelet"),
            ),
            verify=(
                Step("The kubelet stays up.", "systemctl status kubelet --no-pager"),
                Step("The node is Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Put the former file back."),),
        ),
    ),
)


def _said(scene: Scene, node: Subject) -> Refusal | None:
    """The kubelet's log, with the error of its newest start"""
    return refused_by(scene, node, CONFIG_INVALID)


@rule(INVALID_CONFIG, rows=("N21",), leads=(leads_to(KUBELET_CANNOT_START, via=ITSELF),))
def config_invalid(node: Subject, refusal: Refusal | None = given(_said)) -> Verdict:
    """The kubelet's configuration cannot be used.

    What it means: The kubelet reads flags and its file before anything else and exits on the first fault.
    How it shows: "failed to load kubelet config file", "failed to validate kubelet configuration", "failed to parse
    kubelet flag".
    What looks like it: The message names cgroup v1: that has its own rule.
    Source: Kubernetes v1.34 cmd/kubelet/app/server.go (NewKubeletCommand).
    """
    if refusal is None:
        return unsure(f"how the newest start of the kubelet of {node.name} ended", KUBELET_LOG.of(node=node.name))
    error = refusal.field("error").strip(' :,"')
    if "cgroup v1" in error:
        return Absent((refusal.evidence("the fault is cgroup v1, not the configuration's form"),))
    return Present((refusal.evidence("the kubelet refuses to start"),), {"error": error})
