"""The workload's pods name a service account that does not exist."""

from __future__ import annotations

from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED
from kwhy.knowledge.workload.refused import REFUSED_ITSELF, Refused, evidence_of, matching, not_said, refused, since_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.views import WorkloadView

SERVICE_ACCOUNT_MISSING = Condition(
    code="access.service-account-missing",
    kind="Deployment",
    nature=Nature.ROOT,
    title="{subject} runs as ServiceAccount {account}, which does not exist",
    summary="The API server refuses pods whose service account is not there.",
    remedies=(
        Remedy(
            id="create-or-correct-the-account",
            title="Create the service account, or name the right one",
            when="now",
            risk="low",
            steps=(
                Step("See which there are.", "kubectl get serviceaccounts -n {namespace}"),
                Step("Where the name is wrong, correct it.", "kubectl edit {kind} {name} -n {namespace}"),
                Step(
                    "Where the account was forgotten or deleted, create it, and its RoleBindings.",
                    "kubectl create serviceaccount {account} -n {namespace}",
                ),
            ),
            verify=(Step("The pods are created.", "kubectl get {kind} {name} -n {namespace}"),),
            undo=(Step("Delete the account again.", "kubectl delete serviceaccount {account} -n {namespace}"),),
        ),
    ),
)

# pods "web-6f5c6d7f64-" is forbidden: error looking up service account shop/web: serviceaccount "web" not found
# Kubernetes v1.18 to v1.34 plugin/pkg/admission/serviceaccount/admission.go Admit
_NOT_FOUND = expression(
    r"error looking up service account (?P<namespace>[^/\s]{1,63})/(?P<account>[^:\s]{1,253}): "
    r'serviceaccounts? "[^"]{1,253}" not found'
)


@rule(SERVICE_ACCOUNT_MISSING, rows=("C13",), leads=(leads_to(PODS_NOT_CREATED, via=REFUSED_ITSELF),))
def service_account_missing(workload: WorkloadView, said: list[Refused] = given(refused)) -> Verdict:
    """The service account that the workload's pods name does not exist.

    What it means: No pod can be created; the account "default" is made by a controller of every namespace.
    How it shows: "error looking up service account" with "not found" in FailedCreate events or ReplicaFailure.
    What looks like it: The account was created meanwhile, and the controller has not tried again yet; an API server
    that has not synchronised its caches says "error looking up" without "not found".
    Source: Kubernetes v1.34 plugin/pkg/admission/serviceaccount/admission.go (Admit, getServiceAccount).
    """
    found = matching(said, _NOT_FOUND)
    if not found:
        return not_said(workload.subject, said)
    match = found[0][0]
    account = Subject("ServiceAccount", match["account"], match["namespace"])
    if workload.scene.exists(account):
        at = workload.scene.observations(account)[0].at
        return Absent((Evidence(at, f"{account} exists"),))
    because = list(evidence_of(found))
    listing = workload.scene.listing("ServiceAccount", match["namespace"])
    if listing is not None:
        because.append(Evidence(listing.at, f"no ServiceAccount {match['account']} is listed"))
    return Present(tuple(because), {"account": match["account"]}, since=since_of(found))
