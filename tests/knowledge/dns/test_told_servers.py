"""Looks alike: node-local caches, settings of the pod's own, settings that do not hurt, evidence that is not there."""

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, named, objects_and_logs, recorded, roots

KUBELET = ("dns.kubelet-names-other-server", "Node/node-a")
SERVICE = ("dns.service-has-other-address", "Service/kube-system/kube-dns")
POD = ("dns.pod-resolver-wrong", "Deployment/shop/frontend")


def files(name: str) -> Files:
    return objects_and_logs(recorded("dns/" + name))


def replaced(shown: Files, old: str, new: str) -> Files:
    return {name: data.replace(old.encode(), new.encode()) for name, data in shown.items()}


def test_the_configuration_of_the_only_kubelet_is_enough(tmp_path: Path) -> None:
    shown = files("kubelet_names_other_server")
    del shown["dns-session.txt"]
    assert roots(diagnosed(shown, tmp_path)) == [KUBELET]


def test_a_pods_resolv_conf_is_enough(tmp_path: Path) -> None:
    shown = files("kubelet_names_other_server")
    del shown["node/kubelet-config.yaml"]
    assert roots(diagnosed(shown, tmp_path)) == [KUBELET]


def test_a_node_local_cache_is_no_wrong_server(tmp_path: Path) -> None:
    shown = replaced(files("kubelet_names_other_server"), "10.96.0.100", "169.254.20.10")
    assert roots(diagnosed(shown, tmp_path)) == []


def test_without_the_service_of_the_api_nobody_says_which_address_is_right(tmp_path: Path) -> None:
    shown = files("service_has_other_address")
    change(shown, "objects/services.json", lambda items: items.remove(named(items, "kubernetes")))
    assert roots(diagnosed(shown, tmp_path)) == []


def test_the_service_with_the_address_that_pods_ask_is_not_blamed(tmp_path: Path) -> None:
    shown = replaced(files("service_has_other_address"), "10.96.0.77", "10.96.0.10")
    assert SERVICE[0] not in found(diagnosed(shown, tmp_path))


def with_settings(settings: dict[str, Any], name: str = "pod_resolver_wrong/no_search_list") -> Files:
    shown = files(name)

    def edit(items: list[Any]) -> None:
        pod = next(item for item in items if item["metadata"]["name"].startswith("frontend"))
        pod["spec"].update(settings)

    change(shown, "objects/pods.json", edit)
    return shown


def test_cluster_first_is_right(tmp_path: Path) -> None:
    assert POD[0] not in found(diagnosed(with_settings({"dnsPolicy": "ClusterFirst", "dnsConfig": {}}), tmp_path))


def test_a_host_network_pod_with_the_policy_for_it_is_right(tmp_path: Path) -> None:
    shown = with_settings({"dnsPolicy": "ClusterFirstWithHostNet"}, "pod_resolver_wrong/host_network")
    assert POD[0] not in found(diagnosed(shown, tmp_path))


def test_own_settings_with_server_and_search_list_are_right(tmp_path: Path) -> None:
    config = {"nameservers": ["10.96.0.10"], "searches": ["shop.svc.cluster.local", "svc.cluster.local"]}
    assert POD[0] not in found(diagnosed(with_settings({"dnsConfig": config}), tmp_path))


def test_default_gives_the_servers_of_the_node(tmp_path: Path) -> None:
    assert roots(diagnosed(with_settings({"dnsPolicy": "Default", "dnsConfig": {}}), tmp_path)) == [POD]


def test_one_program_with_a_resolver_of_its_own_does_not_speak_for_the_kubelet(tmp_path: Path) -> None:
    shown = files("kubelet_names_other_server")
    del shown["dns-session.txt"], shown["node/kubelet-config.yaml"]
    name = next(name for name in shown if "payments" in name)
    said = b"dial tcp: lookup rates.example.com on 192.0.2.53:53: server misbehaving"
    start = b"context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    shown[name] = shown[name].replace(start, said)
    assert roots(diagnosed(shown, tmp_path)) == []
