"""Whose host a document is, by what the document itself shows, however lonely it lies beside one Node object."""

from __future__ import annotations

from kwhy.ingest.reading import Evidence, read_document
from kwhy.model.document import Document
from kwhy.scene.hosts import By
from kwhy.scene.scene import Scene

#: A Node object of Kubernetes 1.34.4, shortened.
NODE = b"""{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-a"},
 "status": {"addresses": [{"type": "InternalIP", "address": "10.55.0.10"}, {"type": "Hostname", "address": "node-a"}]}}
"""
#: `ip addr` of iproute2 6.1 on a host of another cluster.
ADDRESSES = b"""1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff
    inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0
       valid_lft forever preferred_lft forever
"""
#: kubelet 1.34.4.
KUBELET = (
    b'I1121 21:28:24.229000    4552 kubelet_node_status.go:75] "Attempting to register node" node="node-b"\n'
    b'I1121 21:28:24.239000    4552 kubelet_node_status.go:78] "Successfully registered node" node="node-b"\n'
    b'E1121 21:31:09.021000    4552 pleg.go:183] "PLEG: Unable to retrieve pods" err="context deadline exceeded"\n'
)


def hosts(*documents: Document) -> dict[str, tuple[str, By]]:
    read: list[Evidence] = [read_document(document) for document in documents]
    facts: dict[type, list[object]] = {}
    for evidence in read:
        for kind, each in evidence.facts.items():
            facts.setdefault(kind, []).extend(each)
    scene = Scene([each for evidence in read for each in evidence.documents], facts)  # type: ignore[arg-type]
    return {document.source: (scene.host_of(document).name, scene.hosts.known_by(document)) for document in documents}


def test_addresses_without_the_nodes_own_come_from_another_host() -> None:
    found = hosts(Document("node.json", NODE), Document("addresses.txt", ADDRESSES))
    assert found["addresses.txt"] == ("the node of addresses.txt", By.ANONYMOUS)


def test_addresses_with_the_nodes_own_are_assumed_to_be_the_nodes() -> None:
    own = ADDRESSES.replace(b"172.17.0.2/16", b"10.55.0.10/16")
    found = hosts(Document("node.json", NODE), Document("addresses.txt", own))
    assert found["addresses.txt"] == ("node-a", By.ONLY_CANDIDATE)


def test_a_kubelet_that_speaks_of_another_node_runs_there() -> None:
    found = hosts(Document("node.json", NODE), Document("log.txt", KUBELET))
    assert found["log.txt"] == ("node-b", By.STATED)
