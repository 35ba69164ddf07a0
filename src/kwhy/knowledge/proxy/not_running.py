"""kube-proxy does not run on a node."""

from __future__ import annotations

from kwhy.facts.processes import ProcessListing, ProcessSeen, same_program
from kwhy.knowledge.proxy.endpoints_stale import ENDPOINTS_STALE
from kwhy.knowledge.proxy.rules_missing import SERVICE_RULES_MISSING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.node import PROCESSES
from kwhy.probes.proxy import PROXY_STATE
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

PROXY_NOT_RUNNING = Condition(
    code="proxy.not-running",
    kind="Process",
    nature=Nature.ROOT,
    title="kube-proxy does not run on {node}, so its Service rules are out of date",
    summary="Nobody keeps the node's Service rules in step with Services and endpoints.",
    remedies=(
        Remedy(
            id="start-kube-proxy",
            title="Start kube-proxy on the node",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See how it is to run here: as a pod of a DaemonSet or as a unit of the host.",
                    "kubectl get pods -n kube-system -o wide --field-selector spec.nodeName={node}",
                ),
                Step("On {node}, read why it stopped.", "journalctl -u kube-proxy --since -2h --no-pager | tail -50"),
                Step(
                    "Start the unit; of a DaemonSet, delete the failed pod: it is made anew.",
                    "systemctl start kube-proxy",
                ),
            ),
            verify=(
                Step("The node has rules for every Service.", "iptables-save -t nat | grep -c KUBE-SERVICES"),
                Step("Callers on {node} get answers."),
            ),
            undo=(Step("Stop it again; the rules it wrote stay.", "systemctl stop kube-proxy"),),
        ),
    ),
)  # fmt: skip

#: Programs that do kube-proxy's work in its place.
REPLACEMENTS = ("cilium-agent", "kube-router", "antrea-agent", "ovnkube")


def _proxy_on(scene: Scene, node: Subject) -> list[Subject]:
    return [Subject("Process", "kube-proxy", node=node.name)]


KEPT_BY = Relation("is kept up to date by", _proxy_on)


@rule(
    PROXY_NOT_RUNNING,
    rows=("S2", "S3"),
    leads=(leads_to(SERVICE_RULES_MISSING, via=KEPT_BY), leads_to(ENDPOINTS_STALE, via=KEPT_BY)),
)
def proxy_not_running(proxy: ObjectView) -> Verdict:
    """kube-proxy does not run.

    What it means: Its rules stay as they were when it stopped: Services made or changed since are unknown to the node,
    endpoints that moved are called at their old addresses.
    How it shows: A list of all processes of the node without kube-proxy.
    What looks like it: A cluster that uses a replacement runs no kube-proxy at all; a kube-proxy that runs and cannot
    reach the API server leaves stale rules too.
    Source: Kubernetes v1.34 pkg/proxy/iptables/proxier.go (rules are written by syncProxyRules only and never removed
    on exit).
    """
    node = Subject("Node", proxy.subject.node or "")
    running = [p for p in proxy.scene.facts_on(node, ProcessSeen) if same_program(p.program, "kube-proxy")]
    alive = [p for p in running if not p.zombie]
    if alive:
        return Absent((Evidence(alive[0].at, f"kube-proxy runs as pid {alive[0].pid}"),))
    listing = next(iter(proxy.scene.facts_on(node, ProcessListing)), None)
    if listing is None:
        return Unsure((Gap(f"the processes of {node.name}", (PROCESSES.of(node=node.name),)),))
    for process in proxy.scene.facts_on(node, ProcessSeen):
        if any(same_program(process.program, name) for name in REPLACEMENTS):
            what = f"whether {process.program} replaces kube-proxy on {node.name}"
            return Unsure((Gap(what, (PROXY_STATE.of(node=node.name),)),), (Evidence(process.at, process.program),))
    says = f"{listing.count} processes are listed, and none is kube-proxy ({listing.because})"
    return Present((Evidence(listing.at, says),))
