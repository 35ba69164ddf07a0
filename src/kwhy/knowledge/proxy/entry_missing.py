"""A node has kube-proxy's rules, and nothing sends packets to them."""

from __future__ import annotations

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.netfilter.services import ServiceRules
from kwhy.knowledge.proxy.failing_services import STARTS_AT
from kwhy.knowledge.proxy.rules_missing import CARRIED_BY, CalledAddress, called_addresses
from kwhy.knowledge.proxy.rules_on_node import service_rules_on
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.proxy import IPTABLES
from kwhy.scene.views import NodeView

ENTRY_MISSING = Condition(
    code="proxy.entry-missing",
    kind="Node",
    nature=Nature.ROOT,
    title="The Service rules of {subject} are there, but nothing in {hooks} leads to them",
    summary="Something flushed the built-in chains of the packet filter and left kube-proxy's own.",
    remedies=(
        Remedy(
            id="write-the-rules-anew",
            title="Let kube-proxy on {node} write its rules anew",
            when="now",
            risk="low",
            steps=(
                Step("See that kube-proxy's chains are there and what leads to them.",
                     "iptables-save -t nat | grep -E -- '-j KUBE-(SERVICES|POSTROUTING)$'"),
                Step("Restart kube-proxy: it puts the missing jumps back.",
                     "kubectl delete pod -n kube-system -l k8s-app=kube-proxy --field-selector spec.nodeName={node}"),
            ),
            verify=(
                Step("All jumps are there.", "iptables-save -t nat | grep -cE -- '-j KUBE-(SERVICES|POSTROUTING)$'"),
                Step("Callers on {node} get answers."),
            ),
            undo=(Step("Nothing to undo."),),
        ),
        Remedy(
            id="stop-the-flusher",
            title="Find what flushes the built-in chains, and stop it",
            when="lasting",
            risk="none",
            steps=(
                Step("Firewall services and scripts that load a whole table (firewalld, iptables-persistent, ufw) do.",
                     "systemctl list-units | grep -iE 'firewall|iptables|nftables|ufw'"),
                Step("Let them add and remove rules of their own only."),
            ),
            verify=(Step("The jumps stay after that service is restarted.",
                         "iptables-save -t nat | grep -- '-j KUBE-SERVICES'"),),
            undo=(Step("Enable it again."),),
        ),
    ),
)  # fmt: skip


@rule(
    ENTRY_MISSING,
    rows=("S10", "S3"),
    leads=(leads_to(APP_ERRORS, via=CARRIED_BY), leads_to(CONNECTION_FAILS, via=STARTS_AT)),
)
def entry_missing(
    node: NodeView,
    services: list[ServiceRules] = given(service_rules_on),
    called: list[CalledAddress] = given(called_addresses),
) -> Verdict:
    """Nothing leads to the Service rules.

    What it means: Packets to a Service's address pass the node as if there were no Services: they go out by the default
    route, and nobody answers.
    How it shows: The table nat holds kube-proxy's chains, and PREROUTING (for pods) or OUTPUT (for the node itself)
    have no rule that jumps to KUBE-SERVICES.
    What looks like it: A table that is cut, or went through grep, lacks rules too: only a whole table counts. Without
    KUBE-SERVICES, Services are kept elsewhere (IPVS, nftables, eBPF).
    Source: Kubernetes v1.34 pkg/proxy/iptables/proxier.go (iptablesJumpChains; syncProxyRules writes them on a full
    synchronisation only, and the canary chains are missed only when a whole table is flushed).
    """
    for rules in services:
        # What pods send passes PREROUTING, what the node itself sends OUTPUT.
        hooks = [entry.partition(" ")[0] for entry in rules.missing_entries]
        concerns = "PREROUTING" in hooks or ("OUTPUT" in hooks and not called)
        other = any(each is not rules and each.family == rules.family for each in services)
        if concerns and rules.portals and rules.complete and not other:
            portal = next(iter(rules.portals.values()))
            because = (
                Evidence(rules.at, f"no rule leads from {' and '.join(rules.missing_entries)}"),
                Evidence(portal.at, "kube-proxy's own rules are there"),
            )
            values = {"hooks": " and ".join(hooks)}
            return Present(because, values, basis=Basis.RECOMPUTED)
    whole = [rules for rules in services if rules.complete and not rules.missing_entries]
    if whole:
        return Absent(tuple(Evidence(rules.at, "its hooks lead to kube-proxy's chains") for rules in whole))
    return unsure(f"the Service rules of {node.name}", IPTABLES.of(node=node.name))
