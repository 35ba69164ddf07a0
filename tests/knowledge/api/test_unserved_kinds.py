# ruff: noqa: E501 - lines as the programs print them
"""Kinds that the API server does not serve: removed versions, and custom kinds that nobody defined."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.changed import diagnosed, recorded, roots

from kwhy.knowledge.api.removals import REMOVALS, is_custom

CASE = "api/version_removed/three_manifests"
# github.com/hasura/hasura-k8s-stack/issues/10
BEFORE_1_24 = (
    b"kubectl apply -f ingress.yaml\n"
    b'error: unable to recognize "ingress.yaml": no matches for kind "Ingress" in version "extensions/v1beta1"\n'
)
# github.com/labring/sealos/issues/420, Kubernetes v1.18.0
SEVERAL = (
    b'unable to recognize "manifests/alertmanager-alertmanager.yaml": no matches for kind "Alertmanager" in version '
    b'"monitoring.coreos.com/v1"\n'
    b'unable to recognize "manifests/grafana-serviceMonitor.yaml": no matches for kind "ServiceMonitor" in version '
    b'"monitoring.coreos.com/v1"\n'
)
# github.com/redhat-cop/vault-config-operator/issues/221
HELM = (
    b"$ helm install vault-config-operator/vault-config-operator --generate-name\n"
    b"Error: INSTALLATION FAILED: unable to build kubernetes objects from release manifest: resource mapping not found for "
    b'name: "vault-config-operator-controller-manager-metrics-monitor" namespace: "default" from "": no matches for kind '
    b'"ServiceMonitor" in version "monitoring.coreos.com/v1"\nensure CRDs are installed first\n'
)


def test_a_removed_version_is_named_with_what_takes_its_place(tmp_path: Path) -> None:
    diagnosis = diagnosed(recorded(CASE), tmp_path)
    titles = {cause.finding.subject.kind: cause.finding.title for cause in diagnosis.root_causes}
    assert "Kubernetes 1.25 removed; policy/v1 takes its place" in titles["PodDisruptionBudget"]
    assert "Kubernetes 1.22 removed; networking.k8s.io/v1 takes its place" in titles["Ingress"]


def test_a_server_older_than_the_removal_has_not_removed_it(tmp_path: Path) -> None:
    files = dict(recorded(CASE))
    files["text/version.txt"] = files["text/version.txt"].replace(
        b"Server Version: v1.34.4", b"Server Version: v1.20.4"
    )
    found = {subject for _, subject in roots(diagnosed(files, tmp_path))}
    assert found == set()


def test_the_words_of_older_kubectl_are_read(tmp_path: Path) -> None:
    assert roots(diagnosed({"session.txt": BEFORE_1_24}, tmp_path)) == [("api.version-removed", "Ingress/ingress.yaml")]


def test_a_custom_kind_needs_its_definition(tmp_path: Path) -> None:
    assert set(roots(diagnosed({"session.txt": SEVERAL}, tmp_path))) == {
        ("api.definition-missing", "Alertmanager/manifests/alertmanager-alertmanager.yaml"),
        ("api.definition-missing", "ServiceMonitor/manifests/grafana-serviceMonitor.yaml"),
    }


def test_helm_says_it_too(tmp_path: Path) -> None:
    name = "ServiceMonitor/default/vault-config-operator-controller-manager-metrics-monitor"
    assert roots(diagnosed({"session.txt": HELM}, tmp_path)) == [("api.definition-missing", name)]


def test_a_version_that_an_old_server_may_not_have_yet_needs_the_servers_version(tmp_path: Path) -> None:
    files = {
        "session.txt": BEFORE_1_24.replace(b'"Ingress"', b'"FlowSchema"').replace(
            b"extensions/", b"flowcontrol.apiserver.k8s.io/"
        )
    }
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert "kubectl version" in [step.command for step in diagnosis.next_steps]


@pytest.mark.parametrize("version", ["monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1", "cluster.x-k8s.io/v1"])
def test_custom_groups(version: str) -> None:
    assert is_custom(version)


def test_no_removed_version_is_of_a_custom_group() -> None:
    assert not [version for version, _ in REMOVALS if is_custom(version)]
