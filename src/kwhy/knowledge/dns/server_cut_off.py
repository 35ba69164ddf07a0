"""A name server's pod reaches neither its upstreams nor the API server."""

from __future__ import annotations

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.dns.forwarding import ASKS_OF, ITSELF_AS_SERVER, Failure, failures_of, lost, lost_api
from kwhy.knowledge.dns.servers import logs_of
from kwhy.knowledge.dns.services_not_read import SERVICES_NOT_READ
from kwhy.knowledge.dns.upstream_fails import UPSTREAM_FAILS
from kwhy.knowledge.net.device_missing import DEVICE_MISSING, Devices, device_missing, devices_asked_for
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.relations import ITSELF, RUNS_ON
from kwhy.scene.views import PodView

SERVER_CUT_OFF = Condition(
    code="dns.server-cut-off",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} reaches neither its upstreams nor the API server{where}",
    summary="Not the DNS is at fault: the pod, or the node that it runs on, has lost its network.",
)


@rule(
    SERVER_CUT_OFF,
    rows=("D3",),
    leads=(
        leads_to(UPSTREAM_FAILS, via=ITSELF),
        leads_to(SERVICES_NOT_READ, via=ITSELF),
        leads_to(APP_ERRORS, via=ASKS_OF),
        leads_to(READINESS_FAILS, via=ITSELF_AS_SERVER),
        leads_to(LIVENESS_KILLS, via=ITSELF_AS_SERVER),
        leads_to(EXITS_WITH_ERROR, via=ITSELF_AS_SERVER),
    ),
)
def server_cut_off(pod: PodView, failures: list[Failure] = given(failures_of)) -> Verdict:
    """A name server's pod reaches neither its upstreams nor the API server.

    What it means: Two peers that have nothing to do with one another are lost at once: the fault is on this side, in
    the network of the pod or of its node.
    How it shows: CoreDNS logs time-outs to every upstream and, from plugin kubernetes, to the API server; it flaps.
    What looks like it: Time-outs to the upstream alone are the upstream's, or those of the way to it. The API server
    alone: the API server, or the address of Service kubernetes. A refusal proves that the network works.
    Source: CoreDNS v1.12.0 plugin/forward, plugin/kubernetes; field row D3.
    """
    scene = pod.scene
    silent = lost(failures)
    api = lost_api(scene, pod.subject)
    if silent and api is not None:
        node = pod.node_name
        where = f", from node {node.value}" if node.observed and node.value else ""
        because = (*(failure.evidence for failure in silent[:3]), api)
        return Present(because, {"where": where})
    logs = logs_of(scene, pod.subject)
    if logs and (silent or api is not None):
        return Absent((silent[0].evidence if silent else api or Evidence(logs[0].at, "its log"),))
    if logs:
        return Absent((Evidence(logs[0].at, "its log complains of neither upstream nor API server"),))
    return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))


@rule(DEVICE_MISSING, rows=("N29", "D3"), leads=(leads_to(SERVER_CUT_OFF, via=RUNS_ON),))
def device_of_its_node_missing(node: Subject, devices: Devices = given(devices_asked_for)) -> Verdict:
    """A network device of the name server's node is missing.

    What it means: What the node reached through that device leaves by another one, and is lost.
    How it shows: As for the device itself.
    What looks like it: A renamed device, one in another network namespace, a missing driver.
    Source: iproute2 v6.1 lib/utils.c (nodev).
    """
    return device_missing(node, devices)
