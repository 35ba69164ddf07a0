"""Looks alike: another Service that has the address, Services that were not listed."""

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, named, objects_and_logs, recorded, roots

ROOT = ("dns.service-missing", "Service/kube-system/kube-dns")


def files() -> Files:
    return objects_and_logs(recorded("dns/service_missing/deleted"))


def test_the_listing_without_it_is_the_proof(tmp_path: Path) -> None:
    assert roots(diagnosed(files(), tmp_path)) == [ROOT]


def test_a_service_of_another_name_with_that_address_serves_the_dns(tmp_path: Path) -> None:
    shown = files()

    def edit(items: list[Any]) -> None:
        service = named(items, "web")
        service["metadata"].update(name="rke2-coredns-rke2-coredns", namespace="kube-system")
        service["spec"].update(clusterIP="10.96.0.10", ports=[{"port": 53, "protocol": "UDP"}])

    change(shown, "objects/services.json", edit)
    assert ROOT not in roots(diagnosed(shown, tmp_path))


def test_services_that_were_not_listed_may_exist(tmp_path: Path) -> None:
    shown = files()
    del shown["objects/services.json"]
    assert ROOT not in roots(diagnosed(shown, tmp_path))
