"""The whole way on a real API server: `./task e2e`, with KWHY_LAB and KLAB as lab/README.md says.

The lab may be up already, then it stays up. Each fault is made, diagnosed live and from its bundle, and taken back.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAB = os.environ.get("KWHY_LAB", "")
#: Faults of single workloads that show within a minute; KWHY_E2E_FAULTS names others, separated by spaces.
FAULTS = os.environ.get("KWHY_E2E_FAULTS", "service-wrong-selector missing-configmap pending-insufficient-cpu").split()

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not LAB, reason="KWHY_LAB does not name the lab's folder (lab/README.md)"),
]

SETUP = """
kubectl create namespace kwhy-e2e
kubectl create serviceaccount reader -n kwhy-e2e
kubectl create serviceaccount stranger -n kwhy-e2e
kubectl apply -f -
release="sh.helm.release.v1.web.v1 --type=helm.sh/release.v1 --from-literal=release=planted"
kubectl create secret generic $release -n kwhy-e2e
kubectl create secret generic login -n kwhy-e2e --from-literal=password=planted
for role in kwhy-reader kwhy-reader-secrets; do
  kubectl create clusterrolebinding $role --clusterrole=$role --serviceaccount=kwhy-e2e:reader
done
for account in reader stranger; do
  token=$(kubectl create token $account -n kwhy-e2e)
  file=/run/kwhy-e2e-$account.json
  kubectl config view --raw -o json > $file
  kubectl --kubeconfig $file config set-credentials e2e --token=$token
  kubectl --kubeconfig $file config set-context --current --user=e2e --namespace=kube-system
done
"""
TEARDOWN = """
kubectl delete clusterrolebinding,clusterrole kwhy-reader kwhy-reader-secrets --ignore-not-found
kubectl delete namespace kwhy-e2e --ignore-not-found --wait=false
rm -f /run/kwhy-e2e-*.json
"""


def lab(*arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run([f"{LAB}/lab", *arguments], input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def kwhy(account: str, *arguments: str) -> bytes:
    """kwhy inside the lab, as the account."""
    kubeconfig = f"KUBECONFIG=/run/kwhy-e2e-{account}.json"
    return lab("exec", "env", kubeconfig, f"PYTHONPATH={ROOT / 'src'}", sys.executable, "-m", "kwhy", *arguments)


def diagnosed(account: str, *arguments: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(kwhy(account, "diagnose", "--format", "json", "--top", "0", *arguments))
    return report


def causes(report: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted(
        (cause["condition"], "/".join(filter(None, (cause["subject"][key] for key in ("kind", "namespace", "name")))))
        for cause in report["root_causes"]
        if cause["role"] == "root-cause"
    )


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    was_up = subprocess.run([f"{LAB}/lab", "exec", "true"], capture_output=True).returncode == 0
    if not was_up:
        lab("up")
    lab("exec", "bash", "-c", TEARDOWN)
    lab("exec", "bash", "-ec", SETUP, given=(ROOT / "manifests" / "kwhy-reader.yaml").read_bytes())
    try:
        yield
    finally:
        lab("exec", "bash", "-c", TEARDOWN)
        if not was_up:
            lab("down")


def test_the_published_role_is_enough_to_read_everything_and_for_nothing_else() -> None:
    assert diagnosed("reader")["coverage"]["unrecognised"] == []
    for forbidden in ("create pods", "delete pods", "patch deployments", "create pods/exec", "watch pods"):
        question = f"KUBECONFIG=/run/kwhy-e2e-reader.json kubectl auth can-i {forbidden} -A || true"
        assert lab("exec", "bash", "-c", question).split()[-1:] == [b"no"], forbidden


def test_an_account_without_rights_learns_which_it_lacks() -> None:
    report = diagnosed("stranger")
    assert report["verdict"] == "insufficient-evidence"
    assert any("pods, " in line and "the account may not list" in line for line in report["coverage"]["unrecognised"])


def test_of_secrets_the_keys_are_kept_and_of_releases_the_names() -> None:
    with tarfile.open(fileobj=io.BytesIO(kwhy("reader", "collect", "-q", "-n", "kwhy-e2e", "-o", "-"))) as bundle:
        member = bundle.extractfile("api/v1/namespaces/kwhy-e2e/secrets.json")
        assert member is not None
        shown = {item["metadata"]["name"]: item.get("data") for item in json.load(member)["items"]}
    assert shown == {"login": {"password": ""}, "sh.helm.release.v1.web.v1": None}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_live_and_in_the_bundle(fault: str, tmp_path: Path) -> None:
    lab("fault", fault)
    try:
        truth = json.loads(lab("exec", "cat", f"/run/faults/{fault}/truth.json"))
        live = diagnosed("reader")
        bundle = tmp_path / "bundle.tgz"
        bundle.write_bytes(kwhy("reader", "collect", "-q", "-o", "-"))
    finally:
        lab("fault", "--undo", fault)
    assert truth["object"] in [subject for _, subject in causes(live)]
    offline = subprocess.run(
        [sys.executable, "-m", "kwhy", "diagnose", "--format", "json", "--top", "0", str(bundle)],
        capture_output=True,
        check=True,
    )
    assert causes(json.loads(offline.stdout)) == causes(live)
