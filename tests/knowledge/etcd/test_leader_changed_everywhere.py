"""One slow disk, seen from everywhere: kubectl, the kubelets, the nodes, fio and etcd itself.

etcd's logs and fio are recorded (tests/cases/etcd/disk_slow/leader_changed_for_kubectl); what kubelets say is the line
of k8s.io/component-helpers v0.34 apimachinery/lease/controller.go with an error of etcd v3.5 rpctypes/error.go.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

CASE = Path(__file__).parents[2] / "cases" / "etcd" / "disk_slow" / "leader_changed_for_kubectl" / "evidence.tar.xz"
LEASE = (
    'E1122 05:{:02}:{:02}.502871    1000 controller.go:195] "Failed to update lease" '
    'err="etcdserver: request timed out"\n'
)
NODES = "$ kubectl get nodes\nNAME   STATUS     ROLES    AGE   VERSION\nn7     NotReady   <none>   9d    v1.33.1\n"


def evidence(folder: Path) -> Path:
    with tarfile.open(CASE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def kubelet_log() -> str:
    start = 'I1122 05:50:00.000000    1000 server.go:400] "Kubelet version" kubeletVersion="v1.33.1"\n'
    return start + "".join(LEASE.format(54 + second // 60, second % 60) for second in range(0, 120, 10))


def chain_codes(diagnosis: Diagnosis, rank: int = 0) -> list[str]:
    by_id = {finding.id: finding.condition.code for finding in diagnosis.findings}
    return [by_id[name] for name in diagnosis.root_causes[rank].chain]


def explained_codes(diagnosis: Diagnosis) -> set[str]:
    by_id = {finding.id: finding.condition.code for finding in diagnosis.findings}
    return {by_id[name] for cause in diagnosis.root_causes if cause.role == "root-cause" for name in cause.explains}


def test_kubectl_kubelets_and_nodes_suffer_from_the_one_disk(tmp_path: Path) -> None:
    folder = evidence(tmp_path)
    (folder / "n7").mkdir()
    (folder / "n7" / "kubelet.log").write_text(kubelet_log())
    (folder / "nodes.txt").write_text(NODES)
    diagnosis = diagnose([str(folder)])
    roots = [
        (c.finding.condition.code, c.finding.subject.name) for c in diagnosis.root_causes if c.role == "root-cause"
    ]
    assert roots == [("etcd.disk-slow", "the node of cp-3/etcd.log")]
    explained = explained_codes(diagnosis)
    assert {"etcd.heartbeat-late", "etcd.leader-changes", "api.kubectl-fails"} <= explained
    assert {"kubelet.cannot-reach-api-server", "node.not-ready"} <= explained


def test_the_title_counts_and_the_proof_holds_fio_too(tmp_path: Path) -> None:
    (cause,) = diagnose([str(evidence(tmp_path))]).root_causes
    assert "fdatasync took longer than 1 s 25 times" in cause.finding.title or "99th percentile" in cause.finding.title
    sources = {item.at.source for item in cause.finding.evidence}
    assert sources == {"cp-3/etcd.log", "cp-3/fio.txt"}
