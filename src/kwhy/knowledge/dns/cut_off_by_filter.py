"""A name server's pod is cut off because its node drops packets: by a rule, or because it forwards none."""

from __future__ import annotations

from kwhy.facts.network import ConnectAttempt, Sysctl
from kwhy.knowledge.dns.server_cut_off import SERVER_CUT_OFF
from kwhy.knowledge.net.firewall_stops import FILTERED_BY, FIREWALL_DROPS, Stops, firewall_drops, stops_on
from kwhy.knowledge.net.forwarding_off import FORWARDING_OFF, asked_by_file, attempts_of_pods, forwarding_off
from kwhy.knowledge.net.losing import FORWARDED_BY
from kwhy.knowledge.net.sysctls import in_force
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict


@rule(FORWARDING_OFF, rows=("D3", "R3"), leads=(leads_to(SERVER_CUT_OFF, via=FORWARDED_BY),))
def node_of_name_server_does_not_forward(
    node: Subject,
    values: dict[str, Sysctl] = given(in_force),
    attempts: list[ConnectAttempt] = given(attempts_of_pods),
    asked: Sysctl | None = given(asked_by_file),
) -> Verdict:
    """The name server's node does not forward packets.

    What it means: Whatever its pods send beyond the node is dropped.
    How it shows: As for any node.
    What looks like it: A name server on the host network needs no forwarding.
    Source: As for the node itself.
    """
    return forwarding_off.judge(node, values, attempts, asked)


@rule(FIREWALL_DROPS, rows=("D3", "R11"), leads=(leads_to(SERVER_CUT_OFF, via=FILTERED_BY),))
def name_server_is_filtered(node: Subject, found: Stops = given(stops_on)) -> Verdict:
    """A firewall rule drops the name server's packets.

    What it means: Its questions to the upstreams, or their answers, meet a rule that drops them.
    How it shows: As for any connection.
    What looks like it: A tunnel that is blocked: upstreams outside the cluster are not reached through it.
    Source: As for the rule itself.
    """
    return firewall_drops.judge(node, found)
