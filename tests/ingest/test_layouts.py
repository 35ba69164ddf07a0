"""Known layouts say which command made a file and on which host; other paths say nothing."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from kwhy.facts.objects import Listing
from kwhy.ingest.layouts import Said, said_by_path
from kwhy.ingest.reading import read

SOS = "sosreport-node-a-2026-11-21-qwertyu"
PODS = Path(__file__).parent.parent / "fixtures" / "api_objects" / "pods.json"
UID = "1214b9d1-3843-418a-8c74-27f89f14b730"


@pytest.mark.parametrize(
    ("path", "command", "host"),
    [
        (f"{SOS}/sos_commands/networking/ip_route_show_table_all", "ip route show table all", "node-a"),
        (f"{SOS}/sos_commands/process/ps_auxwwwm", "ps auxwwwm", "node-a"),
        (f"{SOS}/sos_commands/logs/journalctl_--no-pager_--boot", "journalctl --no-pager --boot", "node-a"),
        (f"{SOS}/sos_commands/networking/ip_netns_exec_ns1_ip_rule_list", "ip netns exec ns1 ip rule list", "node-a"),
        (f"{SOS}/etc/resolv.conf", None, "node-a"),
        ("must-gather/quay/namespaces/shop/core/pods.yaml", "kubectl get pods -n shop -o yaml", None),
        ("quay/namespaces/shop/apps/deployments.yaml", "kubectl get deployments -n shop -o yaml", None),
        (
            "quay/namespaces/shop/pods/web-0/app/app/logs/previous.log",
            "kubectl logs -n shop web-0 -c app --previous",
            None,
        ),
        ("bundle/cluster-resources/pods/shop.json", "kubectl get pods -n shop -o json", None),
        ("bundle/cluster-resources/nodes.json", "kubectl get nodes -A -o json", None),
        ("bundle/cluster-resources/pods/logs/shop/web-0/app.log", "kubectl logs -n shop web-0 -c app", None),
        ("dump/kube-system/pods.json", "kubectl get pods -n kube-system -o json", None),
        ("cluster/api/v1/pods.json", "kubectl get pods -A -o json", None),
        ("api/v1/namespaces/shop/pods.json", "kubectl get pods -n shop -o json", None),
        ("apis/apps/v1/namespaces/shop/deployments.json", "kubectl get deployments -n shop -o json", None),
        ("apis/policy/v1beta1/poddisruptionbudgets.json", "kubectl get poddisruptionbudgets -A -o json", None),
        ("dump/kube-system/coredns-x/logs.txt", "kubectl logs -n kube-system coredns-x --all-containers", None),
        (f"var/log/pods/shop_web-0_{UID}/app/3.log", "kubectl logs -n shop web-0 -c app", None),
        (f"var/log/containers/web-0_shop_app-{'ab' * 32}.log", "kubectl logs -n shop web-0 -c app", None),
        ("logs/shop_web-0_app_previous.log", "kubectl logs -n shop web-0 -c app --previous", None),
        ("objects/pods.json", None, None),
        ("node/kubelet.log", None, None),
        ("pods.json", None, None),
    ],
)
def test_what_a_path_says(path: str, command: str | None, host: str | None) -> None:
    assert said_by_path(path) == Said(command, host)


def test_files_of_a_sosreport_know_their_command_and_host(tmp_path: Path) -> None:
    routes = b"default via 10.55.0.1 dev eth0 \nlocal 10.55.0.10 dev eth0 table local proto kernel scope host \n"
    with tarfile.open(tmp_path / "sos.tar.xz", "w:xz") as archive:
        info = tarfile.TarInfo(f"{SOS}/sos_commands/networking/ip_route_show_table_all")
        info.size = len(routes)
        archive.addfile(info, io.BytesIO(routes))
    (document,) = read([str(tmp_path / "sos.tar.xz")]).documents
    assert (document.command, document.host, document.format) == ("ip route show table all", "node-a", "ip-route")


def test_an_empty_list_of_a_support_bundle_says_that_there_are_none(tmp_path: Path) -> None:
    folder = tmp_path / "cluster-resources" / "pods"
    folder.mkdir(parents=True)
    (folder / "shop.json").write_text(json.dumps({"kind": "PodList", "apiVersion": "v1", "items": []}))
    (folder / "old.json").write_text('[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"old"}}]')
    listings = read([str(tmp_path)]).of(Listing)
    assert {(listing.kind, listing.namespace) for listing in listings} == {("Pod", "shop"), ("Pod", "old")}


def test_a_folder_that_is_no_namespace_is_not_taken_for_one(tmp_path: Path) -> None:
    folder = tmp_path / "incident"
    folder.mkdir()
    (folder / "pods.json").write_bytes(PODS.read_bytes())
    evidence = read([str(tmp_path)])
    assert evidence.documents[0].command is None
    assert [(listing.kind, listing.namespace) for listing in evidence.of(Listing)] == [("Pod", None)]
