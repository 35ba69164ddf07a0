"""FailedScheduling messages as users of every version quoted them, and as the scheduler's own tests expect them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import decisive_by_words
from kwhy.knowledge.scheduling.stated import read_message

# (origin, message, nodes, {kind: count})
QUOTED = [
    (
        "kubernetes/kubernetes#37232, version 1.4",
        "pod (jenkins-master-645022479-ov9ka) failed to fit in any node\n"
        "fit failure on node (gke-warpdrive-default-pool-eae1f3b0-spgr): Insufficient cpu\n"
        "fit failure on node (gke-warpdrive-default-pool-eae1f3b0-jitr): Insufficient cpu\n"
        "fit failure on node (gke-warpdrive-default-pool-eae1f3b0-3qqu): Insufficient cpu\n"
        "fit failure on node (gke-warpdrive-default-pool-eae1f3b0-530e): Insufficient cpu\n",
        4,
        {Kind.RESOURCES: 4},
    ),
    (
        "kubernetes/kubernetes#41070, version 1.5.1",
        "pod (test-1012964845-v8915) failed to fit in any node\n"
        "fit failure summary on nodes : Insufficient pods (2), PodToleratesNodeTaints (1)",
        None,
        {Kind.RESOURCES: 2, Kind.TAINT: 1},
    ),
    (
        "kubernetes/kubernetes#49440, version 1.7",
        "No nodes are available that match all of the following predicates:: PodFitsHostPorts (1), "
        "PodToleratesNodeTaints (1).",
        None,
        {Kind.PORTS: 1, Kind.TAINT: 1},
    ),
    (
        "kubernetes/kubernetes#52166, version 1.7.0",
        "No nodes are available that match all of the following predicates:: NodeUnderMemoryPressure (1).",
        None,
        {Kind.CONDITION_TAINT: 1},
    ),
    (
        "kubernetes/kubernetes#49896, version 1.12",
        "0/10 nodes are available: 10 node(s) didn't match node selector, 4 Insufficient cpu.",
        10,
        {Kind.SELECTOR: 10, Kind.RESOURCES: 4},
    ),
    (
        "elastic/cloud-on-k8s#1108, version 1.13",
        "0/3 nodes are available: 1 node(s) had volume node affinity conflict, 2 Insufficient cpu.",
        3,
        {Kind.VOLUME_PLACE: 1, Kind.RESOURCES: 2},
    ),
    (
        "elastic/cloud-on-k8s#1108, version 1.13",
        "pod has unbound immediate PersistentVolumeClaims (repeated 3 times)",
        None,
        {Kind.CLAIM_UNBOUND: 1},
    ),
    (
        "kubernetes/kubernetes#85625, version 1.16.3",
        "0/1 nodes are available: 1 node(s) had taints that the pod didn't tolerate.",
        1,
        {Kind.TAINT: 1},
    ),
    (
        "kubernetes/kubernetes#86942, version 1.17",
        "0/12 nodes are available: 3 Insufficient memory, 9 node(s) didn't match node selector.",
        12,
        {Kind.RESOURCES: 3, Kind.SELECTOR: 9},
    ),
    (
        "radondb/radondb-mysql-kubernetes#524",
        "0/3 nodes are available: 3 pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are "
        "available: 3 Preemption is not helpful for scheduling.",
        3,
        {Kind.CLAIM_UNBOUND: 3},
    ),
    (
        "hystax/optscale#568",
        "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }. preemption: 0/1 "
        "nodes are available: 1 Preemption is not helpful for scheduling.",
        1,
        {Kind.CONDITION_TAINT: 1},
    ),
    (
        "yugabyte/yugabyte-db#20349",
        "0/10 nodes are available: 3 node(s) had volume node affinity conflict, 7 node(s) didn't match Pod's node "
        "affinity/selector. preemption: 0/10 nodes are available: 10 Preemption is not helpful for scheduling..",
        10,
        {Kind.VOLUME_PLACE: 3, Kind.SELECTOR: 7},
    ),
    (
        "kubernetes v1.34.4 test/integration/dra/dra_test.go",
        "0/2 nodes are available: 2 Insufficient my-example.com/my-extended-resource. no new claims to deallocate, "
        "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
        2,
        {Kind.RESOURCES: 2},
    ),
    (
        "kubernetes v1.34.4 test/integration/dra/dra_test.go",
        "0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are "
        "available: 2 Preemption is not helpful for scheduling.",
        2,
        {Kind.OTHER: 2},
    ),
    (
        "kubernetes v1.34.4 tainttoleration/taint_toleration_test.go, in the frame of framework/types.go",
        "0/1 nodes are available: 1 node(s) had untolerated taint(s).",
        1,
        {Kind.TAINT: 1},
    ),
]


@pytest.mark.parametrize(("origin", "message", "nodes", "counts"), QUOTED, ids=[f"{q[0]}: {q[1][:60]}" for q in QUOTED])
def test_the_reasons_of_a_quoted_message_are_counted(
    origin: str, message: str, nodes: int | None, counts: dict[Kind, int]
) -> None:
    stated = read_message(message)
    assert stated is not None, origin
    assert stated.nodes == nodes
    assert {reason.kind: reason.count for reason in stated.reasons} == counts


@pytest.mark.parametrize("message", [quoted[1] for quoted in QUOTED])
def test_a_message_that_a_table_folded_into_one_line_reads_the_same(message: str) -> None:
    assert read_message(" ".join(message.split())) == read_message(message)


def test_an_extended_resource_keeps_its_name() -> None:
    stated = read_message("0/2 nodes are available: 2 Insufficient my-example.com/my-extended-resource.")
    assert stated is not None
    assert [reason.key for reason in stated.reasons] == ["my-example.com/my-extended-resource"]


def test_a_taint_is_named_until_version_1_33() -> None:
    stated = read_message("0/2 nodes are available: 2 node(s) had untolerated taint {dedicated: gpu}.")
    assert stated is not None
    assert [(reason.kind, reason.key) for reason in stated.reasons] == [(Kind.TAINT, "dedicated")]


def test_the_taint_of_control_plane_nodes_is_meant_to_be_there() -> None:
    stated = read_message(
        "0/1 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/master: }."
    )
    assert stated is not None
    assert stated.reasons[0].by_design


def test_a_cordon_is_no_taint() -> None:
    stated = read_message(
        "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unschedulable: }."
    )
    assert stated is not None
    assert stated.kinds == {Kind.CORDONED}


def test_other_messages_are_not_read() -> None:
    assert read_message("Successfully assigned shop/web-1 to node-a") is None


def decisive(message: str) -> frozenset[Kind]:
    stated = read_message(message)
    assert stated is not None
    return decisive_by_words(stated)


def test_a_selector_that_refuses_every_node_decides_beside_what_else_is_counted() -> None:
    assert decisive(QUOTED[4][1]) == {Kind.SELECTOR}


def test_full_nodes_decide_where_the_selector_refuses_only_the_others() -> None:
    assert decisive(QUOTED[8][1]) == {Kind.RESOURCES}


def test_counts_of_versions_that_count_a_node_twice_decide_nothing() -> None:
    # argoproj/argo-workflows#190, version 1.7
    message = (
        "No nodes are available that match all of the following predicates:: Insufficient cpu (9), "
        "Insufficient memory (15), MatchNodeSelector (18)."
    )
    assert not decisive(message)


def test_full_nodes_decide_beside_tainted_control_plane_nodes() -> None:
    message = (
        "0/5 nodes are available: 2 Insufficient cpu, "
        "3 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }."
    )
    assert decisive(message) == {Kind.RESOURCES}


@given(st.text(max_size=300))
def test_any_text_is_read_or_left(text: str) -> None:
    read_message(text)
    read_message(f"0/3 nodes are available: {text}")
    read_message(f"fit failure on node (n1): {text}")
