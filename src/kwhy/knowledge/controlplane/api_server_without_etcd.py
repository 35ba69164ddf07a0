"""The API server does not start because it does not reach etcd."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.controlplane.starting import SERVED_FROM_STORAGE, Reason, without_etcd
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.controlplane import API_SERVER_LOG, CONTROL_PLANE_CONTAINERS
from kwhy.probes.etcd import ETCD_LOG
from kwhy.scene.scene import Scene

WITHOUT_ETCD = Condition(
    code="controlplane.api-server-without-etcd",
    kind="Process",
    nature=Nature.EFFECT,
    title="{subject} does not start, for it does not reach etcd: {error}",
    summary="The API server gives up after 20 s without its storage, and is started again.",
)


def _waiting(scene: Scene) -> Iterable[Subject]:
    """API servers whose last words are about etcd."""
    return scene.derive_once(without_etcd)


def _reasons(scene: Scene, server: Subject) -> list[Reason]:
    """The last words of the API server"""
    return scene.derive_once(without_etcd).get(server, [])


@rule(
    WITHOUT_ETCD,
    rows=("C5", "C1"),
    leads=(leads_to(KUBECTL_FAILS, via=SERVED_FROM_STORAGE),),
    among=_waiting,
    symptom=True,
)
def api_server_without_etcd(server: Subject, said: list[Reason] = given(_reasons)) -> Verdict:
    """The API server does not reach etcd.

    What it means: Without storage it serves nothing and ends; the cause lies with etcd, its address (--etcd-servers),
    or the certificates between them.
    How it shows: "Error creating leases: error creating storage factory: context deadline exceeded" as its last line,
    before it "dial tcp …:2379" with the reason.
    What looks like it: An API server that ends for its own flags or files says so before it dials anything.
    Source: Kubernetes v1.34 pkg/controlplane/instance.go; k8s.io/apiserver v0.34 pkg/storage/storagebackend/factory.
    """
    if not said:
        return unsure(
            "the last words of the API server", API_SERVER_LOG.of(), ETCD_LOG.of(), CONTROL_PLANE_CONTAINERS.of()
        )
    return Present(tuple(r.evidence for r in said), {"error": said[0].says}, since=said[0].since)
