"""The cluster has one name server only."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.dns.server_cut_off import SERVER_CUT_OFF
from kwhy.knowledge.dns.servers import dns_servers
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, rule, worsens
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

SINGLE_SERVER = Condition(
    code="dns.single-server",
    kind="Deployment",
    nature=Nature.ROOT,
    title="{subject} has one replica: when its node fails, no name resolves in the cluster",
    summary="One name server for the whole cluster is a single point of failure.",
    remedies=(
        Remedy(
            id="two-replicas",
            title="Run two name servers on different nodes",
            when="now",
            risk="low",
            steps=(
                Step("Scale to two.", "kubectl scale deployment {name} -n {namespace} --replicas=2"),
                Step("Keep them apart: podAntiAffinity or topologySpreadConstraints over kubernetes.io/hostname."),
            ),
            verify=(Step("They run on two nodes.", "kubectl get pods -n {namespace} -l k8s-app=kube-dns -o wide"),),
            undo=(Step("Scale back.", "kubectl scale deployment {name} -n {namespace} --replicas=1"),),
        ),
    ),
)


def _owner(scene: Scene, pod: Subject) -> Iterable[Subject]:
    owner = owner_of(scene, pod)
    if owner.kind == "Deployment":
        yield owner


OWNED_BY = Relation("is a replica of", _owner)


@rule(SINGLE_SERVER, rows=("D3",), leads=(worsens(SERVER_CUT_OFF, via=OWNED_BY),))
def single_server(deployment: WorkloadView) -> Verdict:
    """The cluster has one name server.

    What it means: No cause of itself; it makes one node's fault the whole cluster's.
    How it shows: spec.replicas of the Deployment is 1.
    What looks like it: Two Deployments or a DaemonSet of name servers behind one Service.
    Source: Kubernetes docs, "Autoscale the DNS Service"; kubeadm v1.34 addons/dns (replicas: 2).
    """
    replicas = deployment.replicas
    if not replicas.observed:
        return unsure(
            f"the replicas of {deployment.subject}",
            OBJECT.of(kind="deployment", name=deployment.name, namespace=deployment.namespace),
        )
    others = [s for s in dns_servers(deployment.scene) if owner_of(deployment.scene, s) != deployment.subject]
    if replicas.value != 1 or others:
        return Absent((Evidence(replicas.place, f"{replicas.value} replicas"),))
    return Present((Evidence(replicas.place, "one replica"),), basis=Basis.RECOMPUTED)
