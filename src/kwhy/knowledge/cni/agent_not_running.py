"""The network plugin's agent does not run on a node."""

from __future__ import annotations

from typing import NamedTuple

from kwhy.knowledge.cni.agents import agent_pods_on, agents
from kwhy.knowledge.cni.config_missing import CONFIG_MISSING
from kwhy.knowledge.cni.not_initialized import CNI_NOT_INITIALIZED
from kwhy.knowledge.pod.failing import POD_FAILING, failing
from kwhy.knowledge.runtime.sandbox_fails_at_once import SANDBOX_FAILS, sandbox_errors_on, saying
from kwhy.model.condition import Condition, Nature
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST_ALL
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

AGENT_NOT_RUNNING = Condition(
    code="cni.agent-not-running",
    kind="Node",
    nature=Nature.EFFECT,
    title="The network plugin's agent does not run on {subject}: {how}",
    summary="The agent that configures and serves the node's CNI plugin is not there.",
)

#: What plugins say whose agent has not come up on the node.
# 'stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has
# mounted /var/lib/calico/' (calico cni-plugin/pkg/plugin/plugin.go; projectcalico/calico#6309)
# 'open /run/flannel/subnet.env: no such file or directory' (flannel cni-plugin flannel_linux.go loadFlannelSubnetEnv)
# 'unable to connect to Cilium agent: failed to create cilium agent client after 30.000000 seconds timeout: …' or
# 'Cilium API client timeout exceeded' with '/var/run/cilium/cilium.sock: connect: …' (cilium plugins/cilium-cni)
# 'add cmd: Error received from AddNetwork gRPC call: … dial tcp 127.0.0.1:50051: connect: connection refused'
# (amazon-vpc-cni-k8s cmd/routed-eni-cni-plugin/cni.go)
# 'Post "http://127.0.0.1:6784/ip/…": dial tcp 127.0.0.1:6784: connect: connection refused' (weave plugin/net, api)
_AGENT_AWAY = expression(
    r"check that the calico/node container is running"
    r"|/run/flannel/subnet\.env: no such file or directory"
    r"|(?:unable to connect to Cilium (?:agent|daemon)|/var/run/cilium/cilium\.sock: connect)"
    r"|dial tcp (?:127\.0\.0\.1|\[::1\]):(?:50051|6784): connect: connection refused"
)


def _agent_pods(scene: Scene, node: Subject) -> list[Subject]:
    return agent_pods_on(scene, node)


AGENT_PODS = Relation("is served by", _agent_pods)


class Agent(NamedTuple):
    """What shows that the agent of a node is away, and how; and what shows that it runs or that there is none."""

    away: tuple[tuple[str, Evidence], ...]
    runs: tuple[Evidence, ...]


def agent_on(scene: Scene, node: Subject) -> Agent:
    """The CNI DaemonSet's pod on the node, and the errors of the plugin there"""
    away = [
        ("its plugin says so", evidence)
        for message, evidence in sandbox_errors_on(scene, node)
        if _AGENT_AWAY.search(message)
    ]
    runs: list[Evidence] = []
    pods = agent_pods_on(scene, node)
    for pod in pods:
        verdict = failing.judge(PodView(scene, pod))
        if isinstance(verdict, Present):
            away.append((f"{pod.name} is {verdict.values.get('state', 'failing')}", verdict.because[0]))
        elif isinstance(verdict, Absent):
            runs.append(verdict.because[0])
    listing = scene.listing("Pod", None)
    expected = agents(scene)
    if not pods and expected and listing is not None:
        away.append((f"{expected[0].name} has no pod there", Evidence(listing.at, "no pod of it is on this node")))
    none = scene.listing("DaemonSet", None)
    if not expected and not pods and none is not None:
        runs.append(Evidence(none.at, "the cluster has no DaemonSet of a known network plugin"))
    return Agent(tuple(away), tuple(runs))


@rule(
    AGENT_NOT_RUNNING,
    rows=("N23", "N24", "N31"),
    leads=(
        leads_to(CONFIG_MISSING, via=ITSELF),
        leads_to(CNI_NOT_INITIALIZED, via=ITSELF),
        leads_to(SANDBOX_FAILS, via=saying(_AGENT_AWAY)),
    ),
)
def agent_not_running(node: Subject, agent: Agent = given(agent_on)) -> Verdict:
    """The network plugin's agent does not run here.

    What it means: The agent writes the CNI configuration when it starts, and most plugins ask it for each pod.
    How it shows: The DaemonSet's pod on this node is missing, Pending or failing; the plugin's error names the agent.
    What looks like it: An agent that runs and hangs: then plugins wait instead of failing. Clusters with a static
    configuration have no agent at all.
    Source: the projects' manifests (cni/agents.py); error texts as quoted beside the pattern.
    """
    if agent.runs:
        return Absent(agent.runs)
    if agent.away:
        return Present(tuple(evidence for _, evidence in agent.away), {"how": agent.away[-1][0]})
    return unsure(f"the network plugin's pod on {node.name}", LIST_ALL.of(kind="daemonsets,pods"))


@rule(POD_FAILING, rows=("N23",), leads=(leads_to(AGENT_NOT_RUNNING, via=AGENT_PODS),))
def agent_pod_failing(pod: PodView) -> Verdict:
    """The network plugin's own pod does not run.

    What it means: What keeps the agent's pod from running keeps every pod of its node from getting a network.
    How it shows: As for any pod: Pending, failing, or restarting.
    What looks like it: The agent uses the host's network, so it does not wait for the network that it provides.
    Source: the projects' manifests (hostNetwork: true).
    """
    return failing.judge(pod)
