"""A node is cut off because it is down, or because the agent of its network plugin is."""

from __future__ import annotations

from kwhy.knowledge.cni.agent_not_running import AGENT_NOT_RUNNING, Agent, agent_not_running, agent_on
from kwhy.knowledge.cni.peers_unreachable import NODE_CUT_OFF
from kwhy.knowledge.node.not_ready import NODE_NOT_READY, not_ready
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import NodeView


@rule(NODE_NOT_READY, rows=("N31",), leads=(leads_to(NODE_CUT_OFF, via=ITSELF),))
def cut_off_node_not_ready(node: NodeView) -> Verdict:
    """The node that nobody reaches is not Ready.

    What it means: The host itself is down, or off the network: its agent cannot answer either.
    How it shows: As for any node.
    What looks like it: A node that is Ready and cut off has lost the plugin's network only.
    Source: As for the node itself.
    """
    return not_ready.judge(node)


@rule(AGENT_NOT_RUNNING, rows=("N31",), leads=(leads_to(NODE_CUT_OFF, via=ITSELF),))
def cut_off_agent_not_running(node: Subject, agent: Agent = given(agent_on)) -> Verdict:
    """The agent of the node that nobody reaches does not run.

    What it means: Nobody answers health checks there, and nobody tells the others about its pods.
    How it shows: As for any node.
    What looks like it: An agent that runs on a node that is cut off: the network between them fails.
    Source: As for the agent itself.
    """
    return agent_not_running.judge(node, agent)
