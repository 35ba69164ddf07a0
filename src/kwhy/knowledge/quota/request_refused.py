"""Somebody could not create an object, because a quota refuses it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from kwhy.facts.kubectl import KubectlError
from kwhy.facts.resources import kind_of
from kwhy.knowledge.quota.exceeded import EXCEEDED, QUOTA_EXCEEDED, quota_verdict
from kwhy.model.condition import Condition, Nature
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

REQUEST_REFUSED = Condition(
    code="quota.request-refused",
    kind="Object",
    nature=Nature.EFFECT,
    title="{subject} cannot be created: {message}",
    summary="The API server refuses a request of a person, because it would exceed a quota.",
)

# services "web-2" is forbidden: exceeded quota: team-e, requested: services=1, used: services=1, limited: services=1
_NAMED = expression(r"(?P<resource>[a-z][a-z.]{1,100}) \"(?P<name>[^\"]{1,253})\" is forbidden: ")
# kubectl -n team-e expose deployment web; kubectl create -f x --namespace=team-e
_NAMESPACE = expression(r"\s(?:-n|--namespace)[ =]?(?P<namespace>[a-z0-9][a-z0-9-]{0,62})(?:\s|$)")


class Refusal(msgspec.Struct, frozen=True):
    """What kubectl said: the object that was to be made, the quota, and the sum."""

    named: Subject
    quota: Subject
    match: re.Match[str]
    evidence: Evidence


def _refusals(scene: Scene) -> list[Refusal]:
    found = []
    for error in scene.facts(KubectlError):
        match, named = EXCEEDED.search(error.message), _NAMED.search(error.message)
        if match is None or named is None:
            continue
        told = _NAMESPACE.search(error.command or "")
        known = scene.subjects_named("ResourceQuota", match["quota"])
        namespace = told["namespace"] if told else known[0].namespace if len(known) == 1 else None
        found.append(
            Refusal(
                Subject(kind_of(named["resource"].partition(".")[0]), named["name"], namespace),
                Subject("ResourceQuota", match["quota"], namespace),
                match,
                Evidence(error.at, error.message),
            )
        )
    return found


def _named(scene: Scene) -> Iterable[Subject]:
    return dict.fromkeys(refusal.named for refusal in scene.derive_once(_refusals))


def refusals_of(scene: Scene, subject: Subject) -> list[Refusal]:
    """What kubectl said that it may not create, for a quota"""
    return [refusal for refusal in scene.derive_once(_refusals) if subject in (refusal.named, refusal.quota)]


def _quotas(scene: Scene, subject: Subject) -> Iterable[Subject]:
    return dict.fromkeys(refusal.quota for refusal in refusals_of(scene, subject))


QUOTAS = Relation("is limited by", _quotas)


@rule(REQUEST_REFUSED, rows=("Q1",), among=_named, symptom=True)
def request_refused(named: Subject, refusals: list[Refusal] = given(refusals_of)) -> Verdict:
    """A person may not create the object.

    What it means: Nothing was created; quotas count Services, claims, Secrets and other objects as well as pods.
    How it shows: kubectl prints "exceeded quota" with what was requested, used and limited.
    What looks like it: "is forbidden: User … cannot" is a missing permission.
    Source: k8s.io/apiserver v0.34 pkg/admission/plugin/resourcequota/controller.go (CheckRequest).
    """
    if not refusals:
        return unsure(f"whether {named} was refused", LIST.of(kind="resourcequotas", namespace=named.namespace))
    return Present((refusals[0].evidence,), {"message": refusals[0].evidence.says})


@rule(QUOTA_EXCEEDED, rows=("Q1",), leads=(leads_to(REQUEST_REFUSED, via=QUOTAS),))
def quota_refuses(quota: ObjectView, refusals: list[Refusal] = given(refusals_of)) -> Verdict:
    """The quota is used up, as kubectl was told.

    What it means: Used plus requested would exceed hard.
    How it shows: The refusal names the quota with requested, used and limited; the quota's status shows the same sum.
    What looks like it: LimitRange refuses single values.
    Source: k8s.io/apiserver v0.34 pkg/admission/plugin/resourcequota/controller.go (CheckRequest).
    """
    if not refusals:
        return unsure(
            f"refusals that name {quota.subject}", LIST.of(kind="resourcequotas", namespace=quota.subject.namespace)
        )
    return quota_verdict(quota, refusals[0].match, refusals[0].evidence)
