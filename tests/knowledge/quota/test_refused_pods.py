"""Pods that the API server refuses, and in which words.

The recorded refusal (a quota that is used up) is replaced by what other parts of the API server say. Texts:
Kubernetes v1.34.4 pkg/quota/v1/evaluator/core/pods_test.go and plugin/pkg/admission/limitranger/admission.go,
k8s.io/pod-security-admission v0.34.4 admission/admission_test.go, k8s.io/apiserver v0.34.4
pkg/admission/plugin/policy/validating/dispatcher.go; v1.18.20 plugin/pkg/admission/securitycontext/scdeny/admission.go,
plugin/pkg/admission/security/podsecuritypolicy/admission.go.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.harness.changed import Files, diagnosed, found, objects_and_logs, recorded, roots

RECORDED = "exceeded quota: team-quota, requested: pods=1, used: pods=2, limited: pods=2"
MODEL = "Deployment/ml-serving/model"

MUST_SPECIFY = "failed quota: team-quota: must specify cpu for: bar,foo; memory for: bar,foo"
MUST_SPECIFY_1_18 = "failed quota: team-quota: must specify cpu,memory"
MAXIMUM = "maximum memory usage per Container is 128Mi, but limit is 256Mi"
SEVERAL = (
    "[minimum cpu usage per Pod is 1, but request is 100m, "
    "cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000]"
)
NO_LIMIT = "maximum cpu usage per Container is 1.  No limit is specified"
RESTRICTED = (
    'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "model" must set '
    "securityContext.allowPrivilegeEscalation=false)"
)
POLICY_1_18 = (
    "unable to validate against any pod security policy: [spec.containers[0].securityContext.privileged: "
    "Invalid value: true: Privileged containers are not allowed]"
)
CONTEXT_DENIED = "pod.Spec.SecurityContext.RunAsUser is forbidden"
EXPRESSION = "ValidatingAdmissionPolicy 'images' with binding 'images-all' denied request: image must be signed"
NO_ACCOUNT = 'error looking up service account ml-serving/scorer: serviceaccount "scorer" not found'

each_refusal = pytest.mark.parametrize(
    ("words", "condition", "said"),
    [
        (MUST_SPECIFY, "quota.requests-missing", "cpu for: bar,foo; memory for: bar,foo"),
        (MUST_SPECIFY_1_18, "quota.requests-missing", "cpu,memory"),
        (MAXIMUM, "quota.outside-limit-range", "128Mi, but limit is 256Mi"),
        (SEVERAL, "quota.outside-limit-range", "minimum cpu usage per Pod is 1"),
        (NO_LIMIT, "quota.outside-limit-range", "No limit is specified"),
        (RESTRICTED, "admission.pod-security", "restricted:latest"),
        (POLICY_1_18, "admission.pod-security", "PodSecurityPolicy"),
        (CONTEXT_DENIED, "admission.pod-security", "SecurityContextDeny"),
        (EXPRESSION, "admission.policy-denies", "image must be signed"),
        (NO_ACCOUNT, "access.service-account-missing", "scorer"),
    ],
)


def _refused(words: str, *, text_only: bool = False) -> Files:
    escaped = json.dumps(words)[1:-1]
    files = recorded("quota/exceeded/number_of_pods")
    files.pop("objects/resourcequotas.json")
    return {
        name: data.replace(RECORDED.encode(), (escaped if name.endswith(".json") else words).encode())
        for name, data in files.items()
        if not (text_only and name.startswith("objects/"))
    }


@each_refusal
def test_the_words_of_the_refusal_tell_the_causes_apart(words: str, condition: str, said: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(_refused(words), tmp_path)
    assert roots(diagnosis) == [(condition, MODEL)]
    assert said in diagnosis.root_causes[0].finding.title


@each_refusal
def test_what_kubectl_prints_is_enough(words: str, condition: str, said: str, tmp_path: Path) -> None:
    assert roots(diagnosed(_refused(words, text_only=True), tmp_path)) == [(condition, MODEL)]


def test_without_the_refusals_nothing_is_named(tmp_path: Path) -> None:
    files = objects_and_logs(_refused(MAXIMUM))
    for name in ("objects/events.json", "objects/replicasets.json"):
        files.pop(name)
    files["objects/deployments.json"] = files["objects/deployments.json"].replace(MAXIMUM.encode(), b"")
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_limit_range_with_the_bound_is_named_as_proof(tmp_path: Path) -> None:
    files = objects_and_logs(_refused(MAXIMUM))
    files["objects/limitranges.json"] = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "LimitRangeList",
            "items": [
                {
                    "metadata": {"name": "bounds", "namespace": "ml-serving"},
                    "spec": {"limits": [{"type": "Container", "max": {"memory": "131072Ki"}}]},
                }
            ],
        }
    ).encode()
    title = diagnosed(files, tmp_path).root_causes[0].finding.title
    assert "LimitRange ml-serving/bounds" in title


def test_an_account_that_was_created_meanwhile_is_not_missing(tmp_path: Path) -> None:
    files = objects_and_logs(_refused(NO_ACCOUNT))
    name = "objects/serviceaccounts.json"
    files[name] = files[name].replace(b'"name": "default"', b'"name": "scorer"')
    assert "access.service-account-missing" not in found(diagnosed(files, tmp_path))
