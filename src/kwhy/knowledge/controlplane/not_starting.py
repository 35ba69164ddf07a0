"""A component of the control plane ends as soon as it starts."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.controlplane.api_server_without_etcd import WITHOUT_ETCD
from kwhy.knowledge.controlplane.controller_manager_down import CONTROLLER_MANAGER_DOWN
from kwhy.knowledge.controlplane.scheduler_down import SCHEDULER_DOWN
from kwhy.knowledge.controlplane.starting import SERVED_BY, STORES_WITH, Reason, refusals, same_component
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.controlplane import API_SERVER_LOG, CONTROL_PLANE_CONTAINERS
from kwhy.scene.scene import Scene

NOT_STARTING = Condition(
    code="controlplane.not-starting",
    kind="Process",
    nature=Nature.ROOT,
    title="{subject} does not start: {error}",
    summary="A flag, a file or a port that the component is given is wrong, so it ends at once.",
    remedies=(
        Remedy(
            id="correct-what-it-is-given",
            title="Correct its command line",
            when="now",
            risk="low",
            steps=(
                Step("See its last words.", "crictl logs $(crictl ps -a --name {name} -q | head -1)"),
                Step("Compare the manifest with the one before.", "ls -l /etc/kubernetes/manifests/{name}.yaml"),
                Step(
                    "An unknown flag was removed in this version, or is misspelt; a missing file is not mounted into "
                    "the pod, or has another name; a port in use belongs to another process.",
                    "ss -ltnp",
                ),
                Step("Correct the manifest outside the directory, then move it there: the kubelet starts the pod."),
            ),
            verify=(Step("It runs.", "crictl ps --name {name}"), Step("It is ready.", "kubectl get --raw /readyz")),
            undo=(Step("Put the former manifest back."),),
        ),
    ),
)


def _refusing(scene: Scene) -> Iterable[Subject]:
    """Components whose last words are why they do not start."""
    return refusals(scene)


def _reasons(scene: Scene, component: Subject) -> list[Reason]:
    """The last words of the component"""
    return refusals(scene).get(component, [])


@rule(
    NOT_STARTING,
    rows=("C5",),
    leads=(
        leads_to(KUBECTL_FAILS, via=SERVED_BY),
        leads_to(WITHOUT_ETCD, via=STORES_WITH),
        leads_to(SCHEDULER_DOWN, via=same_component("kube-scheduler")),
        leads_to(CONTROLLER_MANAGER_DOWN, via=same_component("kube-controller-manager")),
    ),
    among=_refusing,
    symptom=True,
)
def not_starting(component: Subject, said: list[Reason] = given(_reasons)) -> Verdict:
    """A component of the control plane does not start.

    What it means: It reads its flags and files first and ends on the first that it cannot use; the kubelet starts it
    again and again.
    How it shows: The last line of its container's log: "unknown flag: --…", "invalid argument … for … flag",
    "command failed" with a file that does not exist or an address that is in use.
    What looks like it: An API server whose last words are about its storage waits for etcd. A static pod whose manifest
    is no YAML is not started at all: the kubelet says so, and there is no new container.
    Source: k8s.io/component-base v0.34 cli/run.go; spf13/pflag; Kubernetes v1.34 cmd/kube-apiserver/app.
    """
    if not said:
        return unsure(f"the last words of {component.name}", API_SERVER_LOG.of(), CONTROL_PLANE_CONTAINERS.of())
    first = said[0]
    return Present(tuple(dict.fromkeys(r.evidence for r in said)), {"error": first.says}, since=first.since)
