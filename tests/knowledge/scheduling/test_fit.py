"""The scheduler's predicates, recomputed: claims of k8s.io/component-helpers and the plugins' own tests."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.harness.evidence import read_text, together

from kwhy.facts.objects import NodeSelectorRequirement, Pod, Taint, Toleration
from kwhy.ingest.reading import Evidence, read_document
from kwhy.knowledge.scheduling.fit import fit, requests_of, requirement_holds, tolerates, used_on, whole_pod
from kwhy.knowledge.scheduling.obstacles import Kind, NodeFit
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

NODE = Subject("Node", "n1")
GPU = Taint("dedicated", "gpu", "NoSchedule")


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        (Toleration(key="dedicated", operator="Equal", value="gpu", effect="NoSchedule"), True),
        (Toleration(key="dedicated", operator="", value="gpu", effect=""), True),
        (Toleration(key="dedicated", operator="Exists", effect="NoSchedule"), True),
        (Toleration(key="", operator="Exists"), True),
        (Toleration(key="dedicated", operator="Equal", value="cpu"), False),
        (Toleration(key="dedicated", operator="Exists", effect="NoExecute"), False),
        (Toleration(key="other", operator="Exists"), False),
        (Toleration(key="", operator="Equal", value="gpu"), False),
    ],
)
def test_a_toleration_tolerates_a_taint(toleration: Toleration, tolerated: bool) -> None:
    assert tolerates([toleration], GPU) is tolerated


@pytest.mark.parametrize(
    ("operator", "values", "labels", "holds"),
    [
        ("In", ["ssd", "nvme"], {"disk": "ssd"}, True),
        ("In", ["nvme"], {"disk": "ssd"}, False),
        ("In", ["nvme"], {}, False),
        ("NotIn", ["nvme"], {"disk": "ssd"}, True),
        ("NotIn", ["nvme"], {}, True),
        ("NotIn", ["ssd"], {"disk": "ssd"}, False),
        ("Exists", [], {"disk": ""}, True),
        ("Exists", [], {}, False),
        ("DoesNotExist", [], {}, True),
        ("DoesNotExist", [], {"disk": "ssd"}, False),
        ("Gt", ["4"], {"disk": "5"}, True),
        ("Gt", ["4"], {"disk": "4"}, False),
        ("Lt", ["4"], {"disk": "3"}, True),
        ("Gt", ["4"], {"disk": "many"}, False),
        ("Gt", ["4"], {}, False),
    ],
)
def test_a_requirement_holds_for_labels(operator: str, values: list[str], labels: dict[str, str], holds: bool) -> None:
    assert requirement_holds(NodeSelectorRequirement(key="disk", operator=operator, values=values), labels) is holds


def node(**spec: Any) -> Evidence:
    allocatable = spec.pop("allocatable", {"cpu": "4", "memory": "8Gi", "pods": "110"})
    labels = spec.pop("labels", {})
    struct = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n1", "labels": labels},
        "spec": spec,
        "status": {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": "True"}]},
    }
    return read_text("node.json", json.dumps(struct).encode())


def pod(name: str = "web", *, phase: str = "Pending", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {"containers": [container()], **spec},
        "status": {"phase": phase},
    }


def container(**resources: str) -> dict[str, Any]:
    return {"name": "app", "image": "app", "resources": {"requests": resources}}


def pods(*structs: dict[str, Any]) -> Evidence:
    listed = {"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": list(structs)}
    return read_document(Document("pods.json", json.dumps(listed).encode(), command="kubectl get pods -A -o json"))


def scene_of(*parts: Evidence) -> Scene:
    evidence = together(*parts)
    return Scene(evidence.documents, evidence.facts)


def shown(scene: Scene, name: str = "web") -> Pod:
    struct = whole_pod(scene, Subject("Pod", name, "shop"))
    assert struct is not None
    return struct


def fits(scene: Scene) -> NodeFit:
    return fit(scene, shown(scene), True, NODE)


def says(scene: Scene) -> list[str]:
    return [obstacle.says for obstacle in fits(scene).obstacles]


def test_a_free_node_takes_a_modest_pod() -> None:
    assert not fits(scene_of(node(), pods(pod(containers=[container(cpu="1")])))).obstacles


def test_a_cordon_keeps_a_pod_off() -> None:
    assert fits(scene_of(node(unschedulable=True), pods(pod()))).kinds == {Kind.CORDONED}


def test_a_daemon_pod_tolerates_a_cordon() -> None:
    tolerations = [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}]
    assert not fits(scene_of(node(unschedulable=True), pods(pod(tolerations=tolerations)))).obstacles


def test_a_taint_is_named_as_kubectl_writes_it() -> None:
    taints = [{"key": "maintenance", "value": "true", "effect": "NoSchedule"}]
    assert says(scene_of(node(taints=taints), pods(pod()))) == [
        "has taint maintenance=true:NoSchedule, which the pod does not tolerate"
    ]


def test_a_preference_keeps_nobody_off() -> None:
    taints = [{"key": "spot", "value": "true", "effect": "PreferNoSchedule"}]
    assert not fits(scene_of(node(taints=taints), pods(pod()))).obstacles


def test_a_taint_by_condition_is_told_from_a_persons_taint() -> None:
    taints = [{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}]
    assert fits(scene_of(node(taints=taints), pods(pod()))).kinds == {Kind.CONDITION_TAINT}


def test_a_label_of_another_value_is_quoted() -> None:
    scene = scene_of(node(labels={"disktype": "ssd"}), pods(pod(nodeSelector={"disktype": "nvme"})))
    assert says(scene) == ["has disktype=ssd, not disktype=nvme"]


def affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    required = {"nodeSelectorTerms": list(terms)}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def test_one_matching_term_of_required_affinity_is_enough() -> None:
    wrong = {"matchExpressions": [{"key": "disktype", "operator": "In", "values": ["nvme"]}]}
    right = {"matchExpressions": [{"key": "disktype", "operator": "Exists"}]}
    labelled = node(labels={"disktype": "ssd"})
    assert not fits(scene_of(labelled, pods(pod(affinity=affinity(wrong, right))))).obstacles
    assert fits(scene_of(labelled, pods(pod(affinity=affinity(wrong))))).kinds == {Kind.SELECTOR}


def test_an_empty_term_matches_nothing() -> None:
    assert fits(scene_of(node(), pods(pod(affinity=affinity({}))))).kinds == {Kind.SELECTOR}


def test_the_request_is_the_sum_of_containers_or_the_largest_init_step_and_the_overhead() -> None:
    struct = pod(
        containers=[container(cpu="500m"), container(cpu="500m", memory="1Gi")],
        initContainers=[
            {**container(cpu="200m"), "restartPolicy": "Always"},
            container(cpu="3"),
        ],
        overhead={"cpu": "100m"},
    )
    scene = scene_of(pods(struct))
    # The sidecar (200m) runs beside the init step (3) and beside the containers (1): 3.2 exceeds 1.2.
    assert requests_of(shown(scene)) == {"cpu": Decimal("3.3"), "memory": Decimal(2**30)}


def test_a_request_beyond_an_empty_node_is_told_from_one_beyond_what_is_free() -> None:
    beyond = fits(scene_of(node(), pods(pod(containers=[container(cpu="64")])))).obstacles
    assert [(o.kind, o.key, o.beyond) for o in beyond] == [(Kind.RESOURCES, "cpu", True)]
    busy = pod("busy", phase="Running", nodeName="n1", containers=[container(cpu="3")])
    full = fits(scene_of(node(), pods(pod(containers=[container(cpu="2")]), busy))).obstacles
    assert [(o.key, o.beyond) for o in full] == [("cpu", False)]


def test_pods_that_ended_hold_no_room() -> None:
    ended = pod("ended", phase="Succeeded", nodeName="n1", containers=[container(cpu="3")])
    assert not fits(scene_of(node(), pods(pod(containers=[container(cpu="2")]), ended))).obstacles


def test_a_node_is_full_of_pods_too() -> None:
    one = pod("one", phase="Running", nodeName="n1")
    scene = scene_of(node(allocatable={"cpu": "4", "pods": "1"}), pods(pod(), one))
    assert says(scene) == ["runs 1 pods, its limit is 1"]


def test_what_runs_on_a_node_is_unknown_where_not_every_pod_was_listed() -> None:
    lone = read_text("pod.json", json.dumps(pod(containers=[container(cpu="2")])).encode())
    scene = scene_of(node(), lone)
    assert used_on(scene, NODE) is None
    assert fits(scene).unknown == ("how much cpu is free on n1",)


def test_kubectls_allocation_table_tells_what_is_taken() -> None:
    described = read_text(
        "describe.txt",
        b"""Name:               n1
Roles:              <none>
Labels:             <none>
Taints:             <none>
Unschedulable:      false
Allocatable:
  cpu:                4
  memory:             8Gi
  pods:               110
Non-terminated Pods:          (1 in total)
  Namespace                   Name    CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age
  ---------                   ----    ------------  ----------  ---------------  -------------  ---
  shop                        busy    3 (75%)       0 (0%)      0 (0%)           0 (0%)         3m
Allocated resources:
  (Total limits may be over 100 percent, i.e., overcommitted.)
  Resource           Requests     Limits
  --------           --------     ------
  cpu                3 (75%)      0 (0%)
  memory             0 (0%)       0 (0%)
Events:              <none>
""",
    )
    lone = read_text("pod.json", json.dumps(pod(containers=[container(cpu="2")])).encode())
    scene = scene_of(described, lone)
    assert used_on(scene, NODE) == {"cpu": Decimal(3), "memory": Decimal(0), "pods": Decimal(1)}
    assert says(scene) == ["has 1 of 4 cpu free, the pod asks for 2"]


def with_port(name: str, **spec: Any) -> dict[str, Any]:
    ports = [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]
    return pod(name, containers=[{"name": "app", "image": "app", "ports": ports}], **spec)


def test_a_host_port_is_taken_by_a_pod_on_the_node() -> None:
    scene = scene_of(node(), pods(with_port("web"), with_port("other", phase="Running", nodeName="n1")))
    assert says(scene) == ["has host port 80/TCP taken by Pod shop/other"]


def test_required_anti_affinity_refuses_a_pod_of_the_same_domain() -> None:
    term = {"labelSelector": {"matchLabels": {"app": "other"}}, "topologyKey": "kubernetes.io/hostname"}
    rules = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    labelled = node(labels={"kubernetes.io/hostname": "n1"})
    beside = pod("other", phase="Running", nodeName="n1")
    assert fits(scene_of(labelled, pods(pod(affinity=rules), beside))).kinds == {Kind.POD_ANTI_AFFINITY}
    elsewhere = pod("other", phase="Running", nodeName="n2")
    assert not fits(scene_of(labelled, pods(pod(affinity=rules), elsewhere))).obstacles


def test_a_described_pod_leaves_its_affinity_unknown() -> None:
    scene = scene_of(node(), pods(pod()))
    assert "the pod's affinity rules" in fit(scene, shown(scene), False, NODE).unknown
