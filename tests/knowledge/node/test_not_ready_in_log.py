# ruff: noqa: E501 - lines as the programs print them
"""A node's state from its kubelet's log alone. Lines recorded from kubelet 1.34.4, unless a comment says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

# A published field report (Kubernetes 1.9, docker): the first and the last lines it quotes.
PLEG = """\
17:08:22.299597 kubelet skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m0.000091019s ago; threshold is 3m0s]
17:08:22.399758 kubelet skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m0.100259802s ago; threshold is 3m0s]
17:08:43.601157 kubelet skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m21.301651575s ago; threshold is 3m0s]
17:08:48.601331 kubelet skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m26.301826001s ago; threshold is 3m0s]
"""
#: A recorded cluster in which nothing is wrong.
HEALTHY = Path(__file__).parents[2] / "cases/healthy/nothing_wrong/single_node/evidence.tar.xz"
STARTING = """\
I1121 21:28:24.120000    4552 kubelet.go:2428] "Starting kubelet main sync loop"
E1121 21:28:24.120329    4552 kubelet.go:2452] "Skipping pod synchronization" err="[container runtime status check may not have completed yet, PLEG is not healthy: pleg has yet to be successful]"
I1121 21:28:24.239000    4552 kubelet_node_status.go:78] "Successfully registered node" node="node-a"
"""
NO_NETWORK = """\
E1121 21:43:50.906622    7384 kubelet.go:3012] "Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"
E1121 21:43:55.907935    7384 kubelet.go:3012] "Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"
I1121 21:43:56.376064    7384 kubelet_node_status.go:645] "Recording event message for node" node="node-a" event="NodeNotReady"
"""
READY_AGAIN = """\
I1121 21:44:20.576064    7384 kubelet_node_status.go:645] "Recording event message for node" node="node-a" event="NodeReady"
"""
LOGS_ON = """\
I1121 21:44:39.208532    7384 kubelet.go:2546] "SyncLoop (PLEG): event for pod" pod="shop/web-6f5c6d7f64-jw8fr" event={"ID":"f6fd2568-4048-4185-9970-c09ca0282419","Type":"ContainerStarted","Data":"54f5997d615c"}
"""
NODES = """\
$ kubectl get nodes
NAME     STATUS   ROLES    AGE   VERSION
node-a   Ready    <none>   32m   v1.34.4
"""


@pytest.fixture
def diagnosed(tmp_path: Path) -> Callable[..., Diagnosis]:
    def diagnosis(**files: str) -> Diagnosis:
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        return diagnose([str(tmp_path)])

    return diagnosis


def codes(diagnosis: Diagnosis) -> set[str]:
    return {finding.condition.code for finding in diagnosis.findings}


def test_a_log_that_ends_with_pleg_not_healthy_shows_a_node_that_is_not_ready(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    diagnosis = diagnosed(kubelet_log=PLEG)
    assert diagnosis.outcome == "partly-explained"
    assert [c.finding.condition.code for c in diagnosis.root_causes] == ["kubelet.relist-not-returning"]
    assert "node.not-ready" in codes(diagnosis)
    assert any("goroutine" in step.command for step in diagnosis.next_steps)


def test_a_log_that_ends_without_network_shows_a_node_that_is_not_ready(diagnosed: Callable[..., Diagnosis]) -> None:
    diagnosis = diagnosed(kubelet_log=NO_NETWORK)
    assert {"node.not-ready", "cni.not-initialized"} <= codes(diagnosis)


@pytest.mark.parametrize(
    "after", [READY_AGAIN, LOGS_ON], ids=["it says that it is ready", "it logs on without complaint"]
)
def test_a_complaint_that_the_kubelet_does_not_repeat_is_over(diagnosed: Callable[..., Diagnosis], after: str) -> None:
    assert "node.not-ready" not in codes(diagnosed(kubelet_log=NO_NETWORK + after))


def test_what_every_start_prints_is_no_complaint(diagnosed: Callable[..., Diagnosis]) -> None:
    assert "node.not-ready" not in codes(diagnosed(kubelet_log=STARTING))


def test_where_the_ready_condition_was_shown_the_log_does_not_decide(diagnosed: Callable[..., Diagnosis]) -> None:
    assert "node.not-ready" not in codes(diagnosed(kubelet_log=NO_NETWORK, nodes_txt=NODES))


def test_a_log_that_complains_beside_a_healthy_cluster_is_a_question_not_health(tmp_path: Path) -> None:
    log = tmp_path / "kubelet.log"
    log.write_text(PLEG)
    diagnosis = diagnose([str(HEALTHY), str(log)])
    assert diagnosis.outcome == "insufficient-evidence"
    assert "node.not-ready" in {item.condition.code for item in diagnosis.undetermined}
