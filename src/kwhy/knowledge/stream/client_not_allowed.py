"""Kubelets do not allow the API server's own user what it asks for."""

from __future__ import annotations

from kwhy.facts.kubectl import StreamFailed
from kwhy.knowledge.stream.failures import evidence, failures_of_node
from kwhy.knowledge.stream.kubelet_not_reached import KUBELET_NOT_REACHED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import NodeView

CLIENT_NOT_ALLOWED = Condition(
    code="stream.api-server-not-allowed",
    kind="Node",
    nature=Nature.ROOT,
    title="Kubelets refuse the API server's user {user}: no role lets it {verb} nodes/proxy",
    summary="The kubelet asks the API server whether the caller may use its API; the API server's own user may not.",
    remedies=(
        Remedy(
            id="bind-the-role",
            title="Bind ClusterRole system:kubelet-api-admin to the API server's user",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "The user is the common name of --kubelet-client-certificate.",
                    "kubectl create clusterrolebinding kube-apiserver-to-kubelet "
                    "--clusterrole=system:kubelet-api-admin --user={user}",
                ),
            ),
            verify=(
                Step("It may.", "kubectl auth can-i {verb} nodes/proxy --as={user}"),
                Step("Logs of a pod can be read.", "kubectl logs POD -n NAMESPACE --tail=1"),
            ),
            undo=(Step("Delete the binding.", "kubectl delete clusterrolebinding kube-apiserver-to-kubelet"),),
        ),
    ),
)

# Forbidden (user=kubernetes, verb=create, resource=nodes, subresource=proxy)
_WHO = expression(r"user=(?P<user>[^,\s]{1,253}), verb=(?P<verb>\w{1,20})")


@rule(CLIENT_NOT_ALLOWED, rows=("N18", "C12"), leads=(leads_to(KUBELET_NOT_REACHED, via=ITSELF),))
def client_not_allowed(node: NodeView, failed: list[StreamFailed] = given(failures_of_node)) -> Verdict:
    """The kubelet refuses the API server's user.

    What it means: With webhook authorisation a kubelet asks for the rights of whoever calls it. The API server calls
    as the user of its kubelet client certificate, which some installers forget to give a role.
    How it shows: "Forbidden (user=…, verb=…, resource=nodes, subresource=proxy)": it is the kubelet's answer.
    What looks like it: "Forbidden: User … cannot get resource pods/log" is the API server's answer about the caller.
    Source: Kubernetes v1.34 pkg/kubelet/server/server.go (InstallAuthFilter), plugin/pkg/auth/authorizer/rbac/
    bootstrappolicy (system:kubelet-api-admin).
    """
    said = [one for one in failed if one.kind == "forbidden"]
    if not said:
        return Absent((evidence(failed[0]),)) if failed else unsure(f"what kubectl logs says for pods of {node.name}")
    who = next((match for one in said if (match := _WHO.search(one.detail)) is not None), None)
    if who is None:
        return unsure("as which user the API server calls kubelets")
    values = {"user": who["user"], "verb": who["verb"]}
    return Present((evidence(said[0]),), values, blames=Subject("User", who["user"]))
