"""Pods of a Deployment's newest revision fail where those of the former revision work."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.pod.failing import failing
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.knowledge.workload.templates import Revision, revisions, template_changes
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, at
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import owner_of, pods_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, WorkloadView

NEWEST_REVISION_FAILS = Condition(
    code="workload.newest-revision-fails",
    kind="Deployment",
    nature=Nature.ROOT,
    title="{subject} fails since revision {revision}{since} ({changed}); revision {former} works beside it",
    summary="What the newest template changed breaks the program: pods of the former one work in the same place.",
    remedies=(
        Remedy(
            id="undo-the-rollout",
            title="Go back to the revision that works",
            when="now",
            risk="low",
            steps=(
                Step("See the revisions.", "kubectl rollout history deployment/{name} -n {namespace}"),
                Step(
                    "Go back. Ask first whether the new revision has changed data that the former one cannot read.",
                    "kubectl rollout undo deployment/{name} -n {namespace} --to-revision={former}",
                ),
            ),
            verify=(Step("The rollout completes.", "kubectl rollout status deployment/{name} -n {namespace}"),),
            undo=(
                Step(
                    "Roll the new revision out again.",
                    "kubectl rollout undo deployment/{name} -n {namespace} --to-revision={revision}",
                ),
            ),
        ),
        Remedy(
            id="correct-the-change",
            title="Correct what the revision changed",
            when="lasting",
            risk="low",
            steps=(Step("It changed: {changed}. Correct that in the template, and in the source that it comes from."),),
            verify=(Step("The next rollout completes."),),
            undo=(Step("Return to the former template.", "kubectl rollout undo deployment/{name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip


#: Programs take up to about two minutes to start; before that, not to be ready says nothing (seconds). The recorded
#: progress deadline of a Deployment is ten minutes by default, which would be long to wait for.
STARTING = 90.0


class Comparison(msgspec.Struct, frozen=True):
    """A pod of the newest revision that fails, and one of the former revision that is ready on the same node."""

    new: Revision
    former: Revision
    failing: Evidence
    working: Evidence


def comparison(scene: Scene, deployment: Subject) -> Comparison | None:
    """Pods of two revisions on one node, of which the newer fails and the older is ready"""
    known = scene.derive(revisions, deployment)
    if len(known) < 2:
        return None
    broken = dict(_pods_that_are(Present, scene, known[0]))
    for former in known[1:] if broken else ():
        for node, works in _pods_that_are(Absent, scene, former):
            if node in broken:
                return Comparison(known[0], former, broken[node], works)
    return None


def _pods_that_are(
    judged: type[Present] | type[Absent], scene: Scene, revision: Revision
) -> list[tuple[str, Evidence]]:
    """The nodes of the revision's pods that fail (Present) or run as asked (Absent), with what shows it."""
    found = []
    for pod in pods_of(scene, revision.replica_set):
        view = PodView(scene, pod)
        if not view.node_name.observed or not view.node_name.value or not _had_time(view):
            continue
        try:
            verdict = failing(view)
        except NotObserved:
            continue
        if isinstance(verdict, judged):
            found.append((view.node_name.value, verdict.because[0]))
    return found


def _had_time(pod: PodView) -> bool:
    """Whether the pod is older than a program takes to start."""
    began = pod.seen("status.startTime", lambda p: p.status.start_time, "")
    start = parse_timestamp(began.value) if began.observed else None
    return start is not None and pod.scene.as_of is not None and pod.scene.as_of - start >= STARTING


def _deployment_of(scene: Scene, pod: Subject) -> list[Subject]:
    owner = owner_of(scene, pod)
    return [owner] if owner.kind == "Deployment" else []


ROLLED_OUT_BY = Relation("is rolled out by", _deployment_of)


@rule(
    NEWEST_REVISION_FAILS,
    rows=("P10",),
    leads=(
        leads_to(READINESS_FAILS, via=ROLLED_OUT_BY),
        leads_to(EXITS_WITH_ERROR, via=ROLLED_OUT_BY),
        leads_to(LIVENESS_KILLS, via=ROLLED_OUT_BY),
    ),
)
def newest_revision_fails(
    deployment: WorkloadView,
    known: tuple[Revision, ...] = given(revisions),
    pair: Comparison | None = given(comparison),
) -> Verdict:
    """The newest revision fails, and the former one works.

    What it means: Both run on the same node, with the same Services, secrets and time; what differs is the template.
    How it shows: A pod of the newest revision fails and one of a former revision is ready on the same node; the
    templates of their ReplicaSets differ.
    What looks like it: Pods that have just been started; a node on which everything fails; a former revision that is
    gone, so that nobody knows whether it would work; a change of configuration outside the template, which new pods
    meet first: it is then named as well.
    Source: Kubernetes v1.34 pkg/controller/deployment/util/deployment_util.go (revision annotation).
    """
    if len(known) < 2:
        if deployment.observations and known:
            return Absent((Evidence(known[0].at, "no other revision is shown"),))
        return unsure(
            f"the revisions of {deployment.subject}", LIST.of(kind="replicasets", namespace=deployment.namespace)
        )
    if pair is None:
        return Absent((Evidence(known[0].at, "no pod of a former revision works where one of the newest fails"),))
    differ = template_changes(pair.former.template, pair.new.template)
    if not differ:
        return Absent((Evidence(pair.new.at, "the templates that were shown do not differ"),))
    words = "; ".join(change.words for change in differ[:4])
    began = parse_timestamp(pair.new.created)
    values = {
        "revision": pair.new.number,
        "former": pair.former.number,
        "changed": words,
        "since": f", {pair.new.created}" if pair.new.created else "",
    }
    because = (Evidence(pair.new.at.quoting(words), f"revision {pair.new.number}: {words}"), pair.failing, pair.working)
    return Present(because, values, since=UNKNOWN_MOMENT if began is None else at(began), basis=Basis.INFERRED)
