"""The manifest of a static pod cannot be read."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.controlplane.api_server_without_etcd import WITHOUT_ETCD
from kwhy.knowledge.controlplane.controller_manager_down import CONTROLLER_MANAGER_DOWN
from kwhy.knowledge.controlplane.scheduler_down import SCHEDULER_DOWN
from kwhy.knowledge.controlplane.starting import SERVED_BY, STORES_WITH, Reason, broken_manifests, same_component
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.controlplane import CONTROL_PLANE_CONTAINERS
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.scene import Scene

MANIFEST_BROKEN = Condition(
    code="controlplane.manifest-broken",
    kind="Process",
    nature=Nature.ROOT,
    title="The kubelet cannot use the manifest of {subject}{where}: {error}",
    summary="After an edit the static pod's manifest is no YAML, or no valid pod: the kubelet has stopped the old one.",
    remedies=(
        Remedy(
            id="correct-the-manifest",
            title="Correct the manifest",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See the line, with tabs made visible.", "cat -A /etc/kubernetes/manifests/{name}.yaml | head -60"
                ),
                Step(
                    "Correct a copy elsewhere (blanks, two for each level), check it, then move it into place.",
                    "kubectl create --dry-run=client -f /root/{name}.yaml -o name",
                ),
                Step("Keep no backup copies in that directory: the kubelet runs every file in it."),
            ),
            verify=(
                Step("The kubelet complains no more.", 'journalctl -u kubelet --since "-2min" | grep manifest'),
                Step("It runs.", "crictl ps --name {name}"),
            ),
            undo=(Step("Put the former manifest back."),),
        ),
    ),
)


def _broken(scene: Scene) -> Iterable[Subject]:
    """Components whose manifest the kubelet cannot use."""
    return scene.derive_once(broken_manifests)


def _reasons(scene: Scene, component: Subject) -> list[Reason]:
    """The manifest itself, or the kubelet's complaint about it"""
    return scene.derive_once(broken_manifests).get(component, [])


@rule(
    MANIFEST_BROKEN,
    rows=("C5",),
    leads=(
        leads_to(KUBECTL_FAILS, via=SERVED_BY),
        leads_to(WITHOUT_ETCD, via=STORES_WITH),
        leads_to(SCHEDULER_DOWN, via=same_component("kube-scheduler")),
        leads_to(CONTROLLER_MANAGER_DOWN, via=same_component("kube-controller-manager")),
    ),
    among=_broken,
    symptom=True,
)
def manifest_broken(component: Subject, said: list[Reason] = given(_reasons)) -> Verdict:
    """The kubelet cannot use the manifest of a static pod.

    What it means: The kubelet reads its directory of manifests every 20 s. A file that it cannot parse counts as gone:
    the pod that came from it is stopped and not started again.
    How it shows: "Could not process manifest file" in the kubelet's log, with the parser's reason; in the text of the
    manifest, where YAML ends to be YAML.
    What looks like it: A manifest that is fine and a program that ends at once: that program's own log says why. A
    complaint that the kubelet has not repeated within a minute is mended.
    Source: Kubernetes v1.34 pkg/kubelet/config/file.go (extractFromDir), common.go (tryDecodeSinglePod).
    """
    if not said:
        return unsure(
            f"the manifest of {component.name}", CONTROL_PLANE_CONTAINERS.of(), KUBELET_LOG.of(node=component.node)
        )
    exact = next((reason for reason in said if ", line " in reason.where), said[0])
    where = next((reason.where for reason in said if reason.where.startswith(" /")), "")
    where += exact.where if exact.where not in where else ""
    return Present(tuple(dict.fromkeys(r.evidence for r in said)), {"error": exact.says, "where": where})
