"""One registry that several workloads miss, images that are still pulled, pull secrets, full disks."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import change, objects_and_logs, recorded
from tests.harness.changed import diagnosed as diagnosed_files
from tests.knowledge.recorded_pods import changed, deepest, diagnosed, image_missing, roots, without_lines

from kwhy.model.diagnosis import Diagnosis

RECORDED = 'rpc error: code = NotFound desc = failed to pull and unpack image "registry.lab.example/shop/web:2.0.1": failed to resolve reference "registry.lab.example/shop/web:2.0.1": registry.lab.example/shop/web:2.0.1: not found'
#: kubernetes/minikube#13756 and rancher/rke2#1889, with the recorded image.
UNRESOLVABLE = 'rpc error: code = Unknown desc = failed to pull and unpack image "registry.lab.example/shop/web:2.0.1": failed to resolve reference "registry.lab.example/shop/web:2.0.1": failed to do request: Head "https://registry.lab.example/v2/shop/web/manifests/2.0.1": dial tcp: lookup registry.lab.example on 10.0.0.2:53: no such host'
UNREACHABLE = UNRESOLVABLE.replace(
    "dial tcp: lookup registry.lab.example on 10.0.0.2:53: no such host", "dial tcp 10.0.0.9:443: i/o timeout"
)


def web(error: str) -> str:
    """The failing pods alone: nothing of the registry runs beside them."""
    text = changed(image_missing(), (RECORDED, error))
    head, _, rest = text.partition("\n")
    return head + "\n" + rest[rest.index("Name:             web-") :]


def shop(error: str) -> str:
    """The same of another workload in another namespace."""
    return changed(
        web(error), ("web-d65478d45", "till-d65478d46"), ("storefront", "checkout"), ("shop/web", "shop/till")
    )


def subjects(diagnosis: Diagnosis) -> list[str]:
    return [str(cause.finding.subject) for cause in diagnosis.root_causes if cause.role == "root-cause"]


@pytest.mark.parametrize("error", [UNRESOLVABLE, UNREACHABLE])
def test_a_registry_that_two_workloads_miss_is_one_fault(error: str) -> None:
    diagnosis = diagnosed(web(error), shop(error))
    assert subjects(diagnosis) == ["Registry registry.lab.example"]
    assert "2 workloads wait for images from it" in diagnosis.root_causes[0].finding.title


ALL_PODS = """$ kubectl get pods -A
NAMESPACE    NAME                  READY   STATUS             RESTARTS   AGE
storefront   web-d65478d45-f7qc2   0/1     ImagePullBackOff   0          2m43s
storefront   web-d65478d45-l8792   0/1     ImagePullBackOff   0          2m43s
"""


def test_a_name_that_only_one_workload_of_the_cluster_uses_may_be_misspelt_there() -> None:
    assert subjects(diagnosed(web(UNRESOLVABLE), ALL_PODS)) == ["Deployment storefront/web"]


def test_a_registry_that_cannot_be_reached_is_not_misspelt() -> None:
    assert subjects(diagnosed(web(UNREACHABLE), ALL_PODS)) == ["Registry registry.lab.example"]


def test_a_registry_whose_images_run_has_worked() -> None:
    diagnosis = diagnosed(changed(image_missing(), (RECORDED, UNRESOLVABLE)))
    assert subjects(diagnosis) == ["Registry registry.lab.example"]


def test_a_registry_of_a_similar_name_that_works_is_pointed_out() -> None:
    text = changed(
        image_missing(),
        (RECORDED, UNRESOLVABLE),
        ("registry.lab.example/shop/app", "registry.lab.example.org/shop/app"),
    )
    diagnosis = diagnosed(text)
    assert subjects(diagnosis) == ["Deployment storefront/web"]
    assert "(registry.lab.example.org is in use)" in diagnosis.root_causes[0].finding.title


def test_an_image_that_one_registry_lacks_stays_the_workloads_fault() -> None:
    diagnosis = diagnosed(web(RECORDED), shop(RECORDED.replace("shop/web", "shop/web")))
    assert subjects(diagnosis) == ["Deployment checkout/till", "Deployment storefront/web"]


def test_a_pull_that_goes_on_has_not_failed() -> None:
    text = changed(
        without_lines(web(RECORDED), "Failed ", "BackOff "),
        ("Reason:       ImagePullBackOff", "Reason:       ContainerCreating"),
    )
    diagnosis = diagnosed(text)
    assert not roots(diagnosis)
    assert deepest(diagnosis) == {"image.still-pulling"}


def test_a_node_without_room_for_the_image_is_to_be_cleared() -> None:
    # containerd/containerd#4698
    error = 'rpc error: code = Unknown desc = failed to pull and unpack image "registry.lab.example/shop/web:2.0.1": failed to extract layer sha256:9eb82f04c782: write /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/42/fs/usr/lib/x: no space left on device: unknown'
    diagnosis = diagnosed(web(error))
    assert subjects(diagnosis) == ["Node node-a"]
    assert list(roots(diagnosis)) == ["image.no-space-on-node"]


DENIED = "image/pull_denied/private_registry"


def with_secret(tmp_path: Path, **secret: Any) -> tuple[str, str]:
    """The recorded refusal, with a Secret of the name that the pod gives as its pull secret."""
    files = objects_and_logs(recorded(DENIED))

    def name_it(items: list[Any]) -> None:
        for item in items:
            item["spec"]["imagePullSecrets"] = [{"name": "regcred"}]

    change(files, "objects/pods.json", name_it)
    import json

    namespace = next(
        i["metadata"]["namespace"]
        for i in json.loads(files["objects/pods.json"])["items"]
        if i["status"]["phase"] == "Pending"
    )
    item = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "regcred", "namespace": namespace},
        "type": "Opaque",
    }
    item["metadata"].update(secret.pop("metadata", {}))  # type: ignore[attr-defined]
    files["objects/secrets.json"] = json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": [{**item, **secret}]}
    ).encode()
    diagnosis = diagnosed_files(files, tmp_path)
    finding = next(c.finding for c in diagnosis.root_causes if c.finding.condition.code == "image.pull-denied")
    return finding.subject.kind, finding.title


def test_a_pull_secret_of_another_type_holds_no_account(tmp_path: Path) -> None:
    kind, title = with_secret(tmp_path)
    assert kind == "Secret"
    assert "is of type Opaque" in title


def test_a_pull_secret_of_the_right_type_is_not_called_wrong(tmp_path: Path) -> None:
    kind, title = with_secret(tmp_path, type="kubernetes.io/dockerconfigjson")
    assert kind == "Deployment"
    assert "regcred" not in title
