"""A rollout may take no old pod away before a new one runs, and there is room for only one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from kwhy.facts.objects import Pod, RollingUpdate, UpdateStrategy
from kwhy.knowledge.scheduling.anti_affinity import ANTI_AFFINITY
from kwhy.knowledge.scheduling.fit import host_ports, requests_of, shown_pod
from kwhy.knowledge.scheduling.host_port_taken import HOST_PORT_TAKEN
from kwhy.knowledge.scheduling.nodes_full import NODES_FULL
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import owner_of, pods_of, replica_sets_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, WorkloadView

HAS_NO_ROOM = Condition(
    code="workload.rollout-has-no-room",
    kind="Deployment",
    nature=Nature.ROOT,
    title="{subject} may not stop an old pod before a new one runs (maxUnavailable {asked}), and both do not fit",
    summary="The rollout needs room for one pod more than the cluster has, and is not allowed to make it.",
    remedies=(
        Remedy(
            id="let-an-old-pod-go-first",
            title="Allow the rollout to stop an old pod first",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Set strategy.rollingUpdate.maxUnavailable to 1 (and maxSurge to 0), or strategy.type to Recreate: "
                    "there is one pod less, with a single replica none, until the new one is ready.",
                    "kubectl edit deployment {name} -n {namespace}",
                ),
                Step("Or make room for one pod more: a larger node, or less of what else runs there."),
            ),
            verify=(Step("The rollout completes.", "kubectl rollout status deployment/{name} -n {namespace}"),),
            undo=(Step("Set the former strategy again.", "kubectl edit deployment {name} -n {namespace}"),),
        ),
    ),
)


class Strategy(msgspec.Struct, frozen=True):
    """How many pods may be unavailable during the rollout. ``asked`` is as written."""

    may_go: int
    asked: str
    at: Locator


def strategy_of(scene: Scene, deployment: Subject) -> Strategy | None:
    """How many old pods the rollout may stop before new ones run; None where that was not shown"""
    view = WorkloadView(scene, deployment)
    strategy = view.spec("strategy", lambda s: s.strategy, UpdateStrategy())
    replicas = view.replicas
    if not strategy.observed or not replicas.observed:
        return None
    if strategy.value.type == "Recreate":
        return Strategy(replicas.value, "all: Recreate", strategy.place)
    rolling = strategy.value.rolling_update
    written = rolling.max_unavailable if isinstance(rolling, RollingUpdate) else "25%"
    written = written if isinstance(written, int | str) else "25%"
    text = str(written)
    # k8s.io/kubernetes v1.34 pkg/controller/deployment/util ResolveFenceposts: unavailable is rounded down
    share = text.removesuffix("%")
    if not share.isdecimal():
        return None
    may_go = math.floor(int(share) * replicas.value / 100) if text.endswith("%") else int(share)
    surge = rolling.max_surge if isinstance(rolling, RollingUpdate) else UNSET
    if may_go == 0 and surge in (0, "0", "0%"):
        may_go = 1  # both resolved to 0: one pod goes first
    asked = f"{text} of {replicas.value}, rounded down to 0" if text.endswith("%") else text
    return Strategy(may_go, asked, strategy.place.quoting(f"maxUnavailable: {text}"))


class Pair(msgspec.Struct, frozen=True):
    """A new pod that waits, and an old one that holds what it waits for."""

    new: Subject
    old: Subject
    says: str
    at: Locator


def held_by_old(scene: Scene, deployment: Subject) -> Pair | None:
    """A pending pod of the newest revision and a running one of a former revision that holds as much"""
    waiting: list[tuple[Subject, Pod]] = []
    running: list[tuple[Subject, Pod]] = []
    for pod in pods_of(scene, deployment):
        node = PodView(scene, pod).node_name
        shown = shown_pod(scene, pod)
        if shown is not None and node.observed:
            (running if node.value else waiting).append((pod, shown[0]))
    for new, asked in waiting:
        for old, held in running:
            if _revision(asked) != _revision(held) and (says := _holds(held, asked)) is not None:
                return Pair(new, old, f"{old.name} {says} that {new.name} waits for", scene.observations(old)[0].at)
    return None


def _revision(pod: Pod) -> str:
    labels = pod.metadata.labels
    return labels.get("pod-template-hash", "") if isinstance(labels, dict) else ""


def _holds(held: Pod, asked: Pod) -> str | None:
    if host_ports(held) & host_ports(asked):
        return "holds the host port"
    has, wants = requests_of(held), requests_of(asked)
    if wants and all(has.get(resource, 0) >= amount for resource, amount in wants.items()):
        return "requests as much as"
    return None


def _of_pod(scene: Scene, pod: Subject) -> Iterable[Subject]:
    owner = owner_of(scene, pod)
    if owner.kind == "Deployment" and len(replica_sets_of(scene, owner)) != 1:
        yield owner


ROLLED_OUT_BY = Relation("is rolled out by", _of_pod)


@rule(
    HAS_NO_ROOM,
    rows=("P10",),
    leads=(
        leads_to(NODES_FULL, via=ROLLED_OUT_BY),
        leads_to(HOST_PORT_TAKEN, via=ROLLED_OUT_BY),
        leads_to(ANTI_AFFINITY, via=ROLLED_OUT_BY),
    ),
)
def rollout_has_no_room(
    deployment: WorkloadView,
    strategy: Strategy | None = given(strategy_of),
    pair: Pair | None = given(held_by_old),
) -> Verdict:
    """The rollout waits for room that its own old pod occupies.

    What it means: maxUnavailable is 0, or a share that is rounded down to 0 (25 % of up to three replicas): the new pod
    must run before an old one stops, and only the old one's place would be free for it.
    How it shows: A pod of the newest revision is Pending for want of a resource, a port or another node, while a pod of
    a former revision requests as much, or holds the port.
    What looks like it: A cluster that is full for other reasons: the old pod's place would not be enough then. A first
    rollout has no old pods.
    Source: Kubernetes v1.34 pkg/controller/deployment/rolling.go (reconcileOldReplicaSets), util (ResolveFenceposts).
    """
    if strategy is None:
        return unsure(f"the strategy of {deployment.subject}", *deployment.probes())
    if strategy.may_go > 0:
        return Absent((Evidence(strategy.at, f"{strategy.may_go} old pods may stop first"),))
    pods = pods_of(deployment.scene, deployment.subject)
    if pair is None:
        if any(shown_pod(deployment.scene, pod) is None for pod in pods) or not pods:
            return unsure(f"the pods of {deployment.subject}", LIST.of(kind="pods", namespace=deployment.namespace))
        return Absent((Evidence(strategy.at, "no old pod holds what a new one waits for"),))
    because = (
        Evidence(strategy.at, f"maxUnavailable is {strategy.asked}"),
        Evidence(pair.at, pair.says),
    )
    return Present(because, {"asked": strategy.asked}, basis=Basis.RECOMPUTED)
