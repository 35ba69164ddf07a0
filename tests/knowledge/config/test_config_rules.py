"""What containers are configured with, and what of it is missing."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

import pytest
from tests.knowledge.recorded_pods import (
    changed,
    commands,
    configmap_missing,
    deepest,
    diagnosed,
    excluded,
    roots,
    without_lines,
)

MOUNT = 'MountVolume.SetUp failed for volume "c" : configmap "mailer-config" not found'

#: The kubelet's words as people reported them.
WORDS = [
    ("eirini-release#111 (v1.14)", 'Error: secrets "secrets-2.16.4-1" not found', "config.secret-missing"),
    ("infrahq/infra#1730", 'Error: secret "infra-access-key" not found', "config.secret-missing"),
    (
        "shieldworks/aegis#293",
        "Error: couldn't find key VALUE in Secret default/aegis-secret-aegis-workload-demo",
        "config.key-missing",
    ),
    (
        "v1.34 pkg/volume/configmap/configmap.go",
        'MountVolume.SetUp failed for volume "c" : configmap references non-existent config key: app.conf',
        "config.key-missing",
    ),
    (
        "CPU-Manager-for-Kubernetes#299",
        'Error: container has runAsNonRoot and image will run as root (pod: "cmk-cluster-init-pod_cmk-namespace(fa1d4889-e80e-4506-ab08-40e0c50305cf)", container: cmk-cluster-init-pod)',
        "config.run-as-non-root",
    ),
    (
        "kubernetes-event-exporter#52",
        'Error: container has runAsNonRoot and image has non-numeric user (nonroot), cannot verify user is non-root (pod: "event-exporter-54df879f78-m9njp_monitoring(2290c8e3-e8f2-4476-8d11-c6a938f16830)", container: event-exporter)',
        "config.run-as-non-root",
    ),
]


@pytest.mark.parametrize(("words", "code"), [(w, c) for _, w, c in WORDS], ids=[o for o, _, _ in WORDS])
def test_the_kubelets_words_name_the_cause(words: str, code: str) -> None:
    text = changed(
        configmap_missing(),
        (MOUNT, words),
        ("FailedMount", "Failed     "),
        ("Reason:       ContainerCreating", "Reason:       CreateContainerConfigError"),
    )
    assert list(roots(diagnosed(text))) == [code]


def test_a_kubelet_that_cannot_reach_the_api_server_lacks_nothing() -> None:
    # rancher-sandbox/rancher-desktop#305
    words = 'MountVolume.SetUp failed for volume "certs-ca" : failed to sync secret cache: timed out waiting for the condition'
    assert not roots(diagnosed(changed(configmap_missing(), (MOUNT, words))))


def test_without_the_event_the_list_of_configmaps_is_asked_for() -> None:
    diagnosis = diagnosed(without_lines(configmap_missing(), "FailedMount"))
    assert not roots(diagnosis)
    assert "pod.failing" in deepest(diagnosis)
    assert "kubectl describe pod mailer-fbfd78d55-dnc7k" in commands(diagnosis)


LIST = "$ kubectl get cm -n mailer\nNAME               DATA   AGE\nkube-root-ca.crt   1      3m4s\n"


def test_a_list_without_the_configmap_proves_it() -> None:
    diagnosis = diagnosed(without_lines(configmap_missing(), "FailedMount"), LIST)
    assert list(roots(diagnosis)) == ["config.configmap-missing"]


def test_the_authority_of_every_namespace_is_not_missing_for_a_list_without_it() -> None:
    # such a list was cut, or is older than the namespace; the kubelet's word counts
    cut = "$ kubectl get cm -n mailer\nNAME               DATA   AGE\nmailer-config      1      3m4s\n"
    silent = without_lines(configmap_missing(), "FailedMount")
    assert "kube-root-ca.crt" in silent
    assert not roots(diagnosed(silent, cut))
    said = changed(configmap_missing(), (MOUNT, MOUNT.replace("mailer-config", "kube-root-ca.crt")))
    assert list(roots(diagnosed(said, cut))) == ["config.configmap-missing"]


def test_a_configmap_that_was_made_meanwhile_is_not_missing() -> None:
    diagnosis = diagnosed(configmap_missing(), LIST + "mailer-config      1      1s\n")
    assert not roots(diagnosis)
    assert "config.configmap-missing" in excluded(diagnosis)


def test_a_name_that_differs_by_little_is_pointed_out() -> None:
    diagnosis = diagnosed(configmap_missing(), LIST + "mailer-cfg         1      1s\nmailer-configs     1      1s\n")
    assert "(mailer-configs exists)" in roots(diagnosis)["config.configmap-missing"]


def test_an_optional_reference_does_not_stop_a_pod() -> None:
    text = changed(without_lines(configmap_missing(), "FailedMount"), ("Optional:  false", "Optional:  true"))
    assert not roots(diagnosed(text, LIST))
