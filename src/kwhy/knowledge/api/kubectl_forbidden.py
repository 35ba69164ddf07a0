"""kubectl may not do what it was asked."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.kubectl import KubectlError
from kwhy.knowledge.access.refusals import Refused, newest_scoped, refused_to, subject_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.expressions import expression
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.controlplane import KUBECONFIG
from kwhy.scene.scene import Scene

KUBECTL_FORBIDDEN = Condition(
    code="api.kubectl-forbidden",
    kind="User",
    nature=Nature.EFFECT,
    title="kubectl may not {what}: it asks as {who} (403)",
    summary="The API server knows who asks and does not allow it.",
)

# User "jane" cannot list resource "pods"
_USER = expression(r"is forbidden: User \"(?P<user>[^\"]{1,253})\"")


def _refused(scene: Scene) -> Iterable[Subject]:
    """As whom kubectl was refused, where nothing else was shown: beside other evidence it is who collected it."""
    if not scene.facts(KubectlError) or scene.subjects("Pod") or scene.subjects("Node"):
        return ()
    said = (_USER.search(e.message) for e in scene.facts(KubectlError) if e.reason == "Forbidden")
    return dict.fromkeys(subject_of(match["user"]) for match in said if match is not None)


@rule(KUBECTL_FORBIDDEN, rows=("C1", "C12"), among=_refused, symptom=True)
def kubectl_forbidden(account: Subject, refused: list[Refused] = given(refused_to)) -> Verdict:
    """kubectl is refused for want of a permission.

    What it means: Authentication succeeded (else it would be 401); no role bound to the user allows the request.
    How it shows: 'Error from server (Forbidden): … is forbidden: User "…" cannot VERB resource "…"'.
    What looks like it: "Forbidden" without "Error from server" is a proxy's. "is forbidden: exceeded quota" and answers
    that name an admission plugin are refusals of the object, not of the user. Another context asks as another user.
    Source: k8s.io/apiserver v0.34 pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage).
    """
    if not refused:
        return unsure(f"what {account.name} was refused", KUBECONFIG.of())
    first = newest_scoped(refused)
    because = (Evidence(first.at, f"{account.name} cannot {first.what}"),)
    return Present(because, {"what": first.what, "who": account.name})
