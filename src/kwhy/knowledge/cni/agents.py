"""The DaemonSets that serve CNI plugins, by the names of their projects' manifests."""

from __future__ import annotations

from kwhy.model.subject import Subject
from kwhy.scene.relations import owner_of, pods_on
from kwhy.scene.scene import Scene

#: Name of the DaemonSet in the project's own manifest or chart.
DAEMON_SETS = frozenset(
    {
        "antrea-agent",  # antrea build/yamls/antrea.yml
        "aws-node",  # amazon-vpc-cni-k8s config/master/aws-k8s-cni.yaml
        "azure-cns",  # azure-container-networking cns/azure-cns.yaml
        "calico-node",  # calico manifests/calico.yaml, tigera operator
        "canal",  # calico manifests/canal.yaml, rke
        "cilium",  # cilium install/kubernetes/cilium
        "kindnet",  # kind pkg/build/nodeimage/const_cni.go
        "kube-flannel-ds",  # flannel Documentation/kube-flannel.yml
        "kube-flannel",  # flannel chart, older manifests
        "kube-ovn-cni",  # kube-ovn dist/images/install.sh
        "kube-router",  # kube-router daemonset/
        "ovnkube-node",  # ovn-kubernetes dist/
        "rke2-canal",
        "terway",  # terway chart
        "terway-eni",
        "terway-eniip",
        "weave-net",  # weave prog/weave-kube
    }
)


def agents(scene: Scene) -> list[Subject]:
    """The CNI DaemonSets of the cluster, as objects show them."""
    return [subject for subject in scene.subjects("DaemonSet") if subject.name in DAEMON_SETS]


def agent_pods_on(scene: Scene, node: Subject) -> list[Subject]:
    """The pods of CNI DaemonSets that are bound to the node."""
    return [pod for pod in pods_on(scene, node) if _of_agent(scene, pod)]


def _of_agent(scene: Scene, pod: Subject) -> bool:
    owner = owner_of(scene, pod)
    if owner.kind == "DaemonSet":
        return owner.name in DAEMON_SETS
    name, _, suffix = pod.name.rpartition("-")
    return owner == pod and name in DAEMON_SETS and len(suffix) == 5
