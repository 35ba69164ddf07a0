"""What registries and runtimes answer, told apart by the words they really print."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

import pytest
from tests.knowledge.recorded_pods import (
    changed,
    commands,
    deepest,
    diagnosed,
    excluded,
    image_missing,
    roots,
    without_lines,
)

RECORDED = 'rpc error: code = NotFound desc = failed to pull and unpack image "registry.lab.example/shop/web:2.0.1": failed to resolve reference "registry.lab.example/shop/web:2.0.1": registry.lab.example/shop/web:2.0.1: not found'

#: Errors of pulls as people reported them: where, what, and how they are to be read.
ANSWERS = [
    (
        "FoundationDB/fdb-kubernetes-operator#2294",
        'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/foundationdb/fdb-kubernetes-operator:v2.6.0": no match for platform in manifest: not found',
        "image.platform-missing",
    ),
    (
        "pfnet/image-pull-secrets-provisioner#31",
        'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/controller:latest": failed to resolve reference "docker.io/library/controller:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
        "image.pull-denied",
    ),
    (
        "kubernetes/kubernetes#110678",
        'rpc error: code = Unknown desc = failed to pull and unpack image "registry.example/spm2fog/partsgo42:1": failed to resolve reference "registry.example/spm2fog/partsgo42:1": pulling from host registry.example failed with status code [manifests 1]: 401 Unauthorized',
        "image.pull-denied",
    ),
    (
        "stolostron/deploy#6 (CRI-O)",
        "rpc error: code = Unknown desc = Error reading manifest 1.0.0 in quay.io/open-cluster-management/multiclusterhub-operator-index: unauthorized: access to the requested resource is not authorized",
        "image.pull-denied",
    ),
    (
        "cri-o/cri-o#4388",
        "rpc error: code = Unknown desc = Error reading manifest latest in registry.mydomain/image: manifest unknown: manifest unknown",
        "image.not-found",
    ),
    (
        "kata-containers/kata-containers#10109",
        'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/busybox:latest": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/busybox/manifests/sha256:50aa: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit',
        "image.rate-limited",
    ),
    (
        "red-hat-storage/ocs-ci#4494 (CRI-O)",
        "rpc error: code = Unknown desc = Error reading manifest latest in docker.io/obsidiandynamics/kafdrop: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
        "image.rate-limited",
    ),
    (
        "kubernetes/minikube#12944 (docker)",
        'rpc error: code = Unknown desc = Error response from daemon: Get "https://registry-1.docker.io/v2/": x509: certificate signed by unknown authority',
        "image.registry-certificate-untrusted",
    ),
    (
        "rancher-sandbox/rancher-desktop#305",
        'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/moby/buildkit:v0.8.3": failed to resolve reference "docker.io/moby/buildkit:v0.8.3": failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token?scope=repository%3Amoby%2Fbuildkit%3Apull&service=registry.docker.io": x509: certificate signed by unknown authority',
        "image.registry-certificate-untrusted",
    ),
    (
        "Go net.DNSError as containerd wraps it",
        'rpc error: code = Unknown desc = failed to pull and unpack image "registry.exampel/web:1": failed to resolve reference "registry.exampel/web:1": failed to do request: Head "https://registry.exampel/v2/web/manifests/1": dial tcp: lookup registry.exampel on 10.0.0.2:53: no such host',
        "image.registry-unresolvable",
    ),
    (
        "Go net.OpError as containerd wraps it",
        'rpc error: code = DeadlineExceeded desc = failed to pull and unpack image "registry.example/web:1": failed to resolve reference "registry.example/web:1": failed to do request: Head "https://registry.example/v2/web/manifests/1": dial tcp 10.0.0.9:443: i/o timeout',
        "image.registry-unreachable",
    ),
    (
        "Go net/http as containerd wraps it",
        'rpc error: code = Unknown desc = failed to pull and unpack image "10.0.0.9:5000/web:1": failed to resolve reference "10.0.0.9:5000/web:1": failed to do request: Head "https://10.0.0.9:5000/v2/web/manifests/1": http: server gave HTTP response to HTTPS client',
        "image.registry-speaks-http",
    ),
]


@pytest.mark.parametrize(("error", "code"), [(e, c) for _, e, c in ANSWERS], ids=[o for o, _, _ in ANSWERS])
def test_each_answer_leads_to_its_own_cause(error: str, code: str) -> None:
    assert list(roots(diagnosed(changed(image_missing(), (RECORDED, error))))) == [code]


def test_an_error_that_is_no_known_answer_leaves_the_cause_open() -> None:
    # kubernetes/kubernetes#131521: the kubelet gave up on a slow registry.
    diagnosis = diagnosed(changed(image_missing(), (RECORDED, "rpc error: code = Canceled desc = context canceled")))
    assert not roots(diagnosis)
    assert "image.not-pulled" in deepest(diagnosis)


def test_without_the_error_text_the_events_are_asked_for() -> None:
    diagnosis = diagnosed(without_lines(image_missing(), "Failed to pull image"))
    assert not roots(diagnosis)
    assert "image.not-pulled" in deepest(diagnosis)
    assert "kubectl describe pod web-d65478d45" in commands(diagnosis)


def test_another_tag_of_the_repository_that_runs_is_named_as_what_may_be_meant() -> None:
    both = changed(image_missing(), ("registry.lab.example/shop/app:1.4.2", "registry.lab.example/shop/web:1.4.2"))
    title = roots(diagnosed(both))["image.not-found"]
    assert "registry.lab.example/shop/web:1.4.2 runs" in title


def test_a_never_pulled_image_asks_no_registry() -> None:
    # image_manager.go imageNotPresentOnNeverPolicyError (v1.34)
    text = changed(
        without_lines(image_missing(), "Failed to pull image"),
        ("Reason:       ImagePullBackOff", "Reason:       ErrImageNeverPull"),
        (
            "Error: ImagePullBackOff",
            'Container image "registry.lab.example/shop/web:2.0.1" is not present with pull policy of Never',
        ),
    )
    assert list(roots(diagnosed(text))) == ["image.never-present"]


def test_a_reference_that_cannot_be_parsed_is_named_as_such() -> None:
    # image_manager.go applyDefaultImageTag (v1.34), distribution/reference ErrReferenceInvalidFormat
    text = changed(
        without_lines(image_missing(), "Failed to pull image"),
        ("Reason:       ImagePullBackOff", "Reason:       InvalidImageName"),
        (
            "Error: ImagePullBackOff",
            'Failed to apply default image tag "registry.lab.example/shop/web:2.0.1": couldn\'t parse image name "registry.lab.example/shop/web:2.0.1": invalid reference format',
        ),
    )
    assert list(roots(diagnosed(text))) == ["image.name-invalid"]


def test_a_pod_whose_image_was_pulled_after_all_is_well() -> None:
    # The healthy twin in the same recording: the pod beside the failing ones.
    text = image_missing()
    healthy = text[text.index("Name:             cart-") : text.index("Name:             web-")]
    diagnosis = diagnosed("$ kubectl describe pods -n storefront\n" + healthy)
    assert not diagnosis.findings
    assert not roots(diagnosis)


def test_a_crash_loop_has_its_image() -> None:
    from tests.knowledge.recorded_pods import command_missing

    assert "image.not-pulled" in excluded(diagnosed(command_missing()))
