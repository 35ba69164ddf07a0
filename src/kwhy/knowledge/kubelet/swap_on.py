"""Swap is on, and the kubelet does not start with swap."""

from __future__ import annotations

from kwhy.facts.log_patterns.kubelet_start import SWAP_ON
from kwhy.knowledge.kubelet.cannot_start import KUBELET_CANNOT_START
from kwhy.knowledge.kubelet.start import Refusal, refused_by
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

SWAP_ON_NODE = Condition(
    code="kubelet.swap-on",
    kind="Node",
    nature=Nature.ROOT,
    title="Swap is on at {subject}, and its kubelet refuses to start with it",
    summary="The kubelet was not configured to tolerate swap.",
    remedies=(
        Remedy(
            id="switch-swap-off",
            title="Switch swap off on {name}, for now and at boot",
            when="now",
            risk="medium",
            steps=(
                Step("See how much of it is in use: that much memory is needed.", "free -m; swapon --show"),
                Step("Switch it off.", "swapoff -a"),
                Step("Take it out of /etc/fstab and the systemd swap units."),
                Step("Start the kubelet.", "systemctl restart kubelet"),
            ),
            verify=(
                Step("The kubelet stays up.", "systemctl status kubelet --no-pager"),
                Step("The node is Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Switch it on again.", "swapon -a"),),
        ),
        Remedy(
            id="tolerate-swap",
            title="Or let the kubelet run with swap",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "Set failSwapOn: false in the kubelet's configuration and restart it.", "systemctl restart kubelet"
                ),
            ),
            verify=(
                Step("The kubelet stays up.", "systemctl status kubelet --no-pager"),
                Step("The node is Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Set failSwapOn: true again."),),
        ),
    ),
)


def _said(scene: Scene, node: Subject) -> Refusal | None:
    """The kubelet's log, with the error of its newest start"""
    return refused_by(scene, node, SWAP_ON)


@rule(SWAP_ON_NODE, rows=("N21",), leads=(leads_to(KUBELET_CANNOT_START, via=ITSELF),))
def swap_on(node: Subject, refusal: Refusal | None = given(_said)) -> Verdict:
    """Swap is on, and the kubelet does not start with swap.

    What it means: Memory limits mean little where pages can be swapped out, so the default is to refuse.
    How it shows: "running with swap on is not supported" as the reason for which the newest start ended.
    What looks like it: failSwapOn: false, with which the kubelet starts all the same.
    Source: Kubernetes v1.34 pkg/kubelet/cm/container_manager_linux.go (NewContainerManager).
    """
    if refusal is None:
        return unsure(f"how the newest start of the kubelet of {node.name} ended", KUBELET_LOG.of(node=node.name))
    return Present((refusal.evidence("the kubelet refuses to start"),), {})
