"""Evidence of two clusters in one folder is never joined, and each is diagnosed as if it were alone."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kwhy.ingest.reading import Evidence, read
from kwhy.pipeline import diagnose_evidence
from kwhy.scene.clusters import UNKNOWN, clusters_of

DATA = Path(__file__).parents[1] / "ingest" / "kubectl" / "data" / "recorded.tar.xz"


def recorded(fault: str, cluster: str) -> list[dict[str, Any]]:
    """The objects of a recorded fault, in a cluster whose first namespace has this uid."""
    with tarfile.open(DATA) as members:
        file = members.extractfile(f"{fault}/objects.json")
        assert file is not None
        items: list[dict[str, Any]] = json.load(file)["items"]
    first = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": cluster}}
    kept = [item for item in items if item["kind"] != "Namespace" and item["metadata"]["name"] != "kubernetes"]
    return [first, *kept]


def written(folder: Path, files: Mapping[str, object]) -> Evidence:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (
            content if isinstance(content, str) else json.dumps({"apiVersion": "v1", "kind": "List", "items": content})
        )
        path.write_text(text)
    return read([str(folder)])


def test_two_clusters_are_told_apart_by_the_uid_of_their_first_namespace(tmp_path: Path) -> None:
    evidence = written(
        tmp_path,
        {
            "prod/objects.json": recorded("crashloop-bad-command", "1111-aaaa"),
            "staging/objects.json": recorded("healthy", "2222-bbbb"),
        },
    )
    found = clusters_of(evidence.documents, evidence.facts)
    assert [cluster.name for cluster in found] == ["prod/", "staging/"]
    assert [[document.source for document in cluster.documents] for cluster in found] == [
        ["prod/objects.json"],
        ["staging/objects.json"],
    ]


def test_the_same_cluster_twice_is_one(tmp_path: Path) -> None:
    evidence = written(
        tmp_path,
        {
            "monday/objects.json": recorded("crashloop-bad-command", "1111-aaaa"),
            "tuesday/objects.json": recorded("healthy", "1111-aaaa"),
        },
    )
    assert len(clusters_of(evidence.documents, evidence.facts)) == 1


def test_a_document_without_identity_belongs_to_the_cluster_of_its_directory_or_to_none(tmp_path: Path) -> None:
    table = "NAME     STATUS   ROLES    AGE   VERSION\nnode-a   Ready    <none>   20m   v1.34.4\n"
    evidence = written(
        tmp_path,
        {
            "prod/objects.json": recorded("crashloop-bad-command", "1111-aaaa"),
            "prod/nodes.txt": table,
            "staging/objects.json": recorded("healthy", "2222-bbbb"),
            "nodes.txt": table,
        },
    )
    found = {cluster.name: cluster for cluster in clusters_of(evidence.documents, evidence.facts)}
    assert [document.source for document in found[UNKNOWN].documents] == ["nodes.txt"]
    assert "prod/nodes.txt" in [document.source for document in found["prod/"].documents]


def test_contexts_of_commands_tell_clusters_apart(tmp_path: Path) -> None:
    table = "NAME     STATUS   ROLES    AGE   VERSION\nnode-a   {}    <none>   20m   v1.34.4\n"
    session = (
        f"$ kubectl --context prod get nodes\n{table.format('Ready')}"
        f"$ kubectl --context staging get nodes\n{table.format('NotReady')}"
    )
    evidence = written(tmp_path, {"session.txt": session})
    names = [cluster.name for cluster in clusters_of(evidence.documents, evidence.facts)]
    assert names[:2] == ["context prod", "context staging"]


def test_the_fault_of_one_cluster_is_found_and_said_to_be_of_that_cluster(tmp_path: Path) -> None:
    both = {
        "prod/objects.json": recorded("crashloop-bad-command", "1111-aaaa"),
        "staging/objects.json": recorded("pvc-no-storageclass", "2222-bbbb"),
    }
    diagnosis = diagnose_evidence(written(tmp_path, both))
    roots = {cause.finding.condition.code: cause.finding.title for cause in diagnosis.root_causes}
    assert roots["container.command-not-found"].endswith("[prod/]")
    assert roots["storage.class-missing"].endswith("[staging/]")
    assert [cause.rank for cause in diagnosis.root_causes] == list(range(1, len(diagnosis.root_causes) + 1))
    ids = [finding.id for finding in diagnosis.findings]
    assert len(set(ids)) == len(ids)
    assert "2 clusters are kept apart: prod/, staging/" in diagnosis.notes
