"""An account lacks a permission that a program needs."""

from __future__ import annotations

from kwhy.knowledge.access.refusals import IS_KNOWN_AS, Refused, newest_scoped, refused_to, words_of
from kwhy.knowledge.api.kubectl_forbidden import KUBECTL_FORBIDDEN
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.access import CAN_I_LIST
from kwhy.scene.relations import ITSELF, owner_of
from kwhy.scene.views import ObjectView

FORBIDDEN_TO = Condition(
    code="access.forbidden",
    kind="ServiceAccount",
    nature=Nature.EFFECT,
    title="{subject} may not {what}",
    summary="Authorisation refuses a request that the program needs.",
)


@rule(
    FORBIDDEN_TO, rows=("C12",), leads=(leads_to(APP_ERRORS, via=IS_KNOWN_AS), leads_to(KUBECTL_FORBIDDEN, via=ITSELF))
)
def forbidden(account: ObjectView, refused: list[Refused] = given(refused_to)) -> Verdict:
    """An account may not do what its program asks for.

    What it means: The API server knows who asks (401 would say that it does not) and nothing allows it.
    How it shows: 403 with 'User "…" cannot VERB resource "…"', and the log goes on with it.
    What looks like it: A wrong or expired token (401 Unauthorized); an admission plugin that refuses (its message names
    the plugin); a permission that was granted meanwhile: then the log does not go on with the refusal.
    Source: k8s.io/apiserver v0.34 pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage).
    """
    who = account.subject
    if not refused:
        return unsure(f"which request of {who} was refused", CAN_I_LIST.of(namespace=who.namespace, name=who.name))
    first = newest_scoped(refused)
    callers = {r.caller for r in refused if r.caller is not None}
    owners = tuple(sorted({owner_of(account.scene, caller) for caller in callers}))
    because = (Evidence(first.at, f"{who} cannot {first.what}, {first.count} times"),)
    return Present(because, words_of(first), affected=owners)
