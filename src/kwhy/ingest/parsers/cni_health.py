"""Health as the agents of network plugins print it: `cilium status`, `cilium-health status`, `calicoctl node status`.

Source: cilium pkg/client/client.go FormatStatusResponse (v1.8 to v1.17), pkg/health/client/client.go
formatNodeStatus, formatConnectivityStatus ("ICMP to stack:   OK, RTT=…"); calicoctl commands/node/status.go
printBGPPeers (v3.x; tablewriter).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kwhy.facts.cni_health import AgentComplaint, PeerListing, PeerReport
from kwhy.facts.network import NetworkNamespace
from kwhy.ingest.invocation import invocation
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: Cluster health:          2/4 reachable             (2024-07-17T12:45:45Z)     cilium 1.17
_CLUSTER: Final = expression(r"^Cluster health: +(?P<reached>\d{1,6})/(?P<peers>\d{1,6}) reachable\b")
#:   Name            IP              Reachable   Endpoints reachable            cilium 1.8
#:   Name            IP              Node          Endpoints                    cilium 1.13
_COLUMNS: Final = expression(r"^ +Name +IP +(?:Reachable +Endpoints reachable|Node +Endpoints)\s*$")
#:   kind/worker (localhost)   172.19.0.4,fc00:c111::4   reachable     reachable      ·      1/1     0/1 (cilium 1.17)
_PEER: Final = expression(
    r"^ +(?P<name>\S{1,253})(?P<local> \(localhost\))? +(?P<address>[0-9a-fA-F.:,]{2,120}|<unknown>) +"
    r"(?P<host>true|false|reachable|unreachable|\d{1,3}/\d{1,3})"
    r"(?: +(?P<endpoints>true|false|reachable|unreachable|\d{1,3}/\d{1,3}))?\s*$"
)
#: KVStore:                 Ok   Disabled      ·      Kubernetes:   Failure   Err: …
_PART: Final = expression(r"^(?P<part>[A-Z][A-Za-z0-9 /-]{2,40}): {1,60}(?P<says>\S.{0,1000})$")
_BAD: Final = expression(r"^(?:Failure|Warning|Disconnected)\b|^\w{1,20} daemon unreachable")
#: Controller Status:       54/56 healthy
_CONTROLLERS: Final = expression(r"^(?P<good>\d{1,6})/(?P<all>\d{1,6}) healthy")
#:   i-0a6635708701f63de (localhost):
_NODE: Final = expression(r"^  (?P<name>\S{1,253})(?P<local> \(localhost\))?:\s*$")
#:     Host connectivity to 10.9.5.224:      ·      Endpoint connectivity to 100.96.94.134:
_WHAT: Final = expression(r"^ {4}(?P<what>Host|Endpoint) connectivity to (?P<address>[0-9a-fA-F.:]{2,45}):\s*$")
#:       ICMP to stack:   OK, RTT=1.268091ms      ·      HTTP to agent:   Get "http://…": context deadline exceeded
_PROBE: Final = expression(r"^ {6}(?P<probe>ICMP to stack|HTTP to agent|HTTP via L3): +(?P<says>\S.{0,400})$")
_PROBE_TIME: Final = expression(r"^Probe time: +\S")
#: | 192.168.63.204 | node-to-node mesh | start | 17:19:38 | Active Socket: Connection      |
_BGP: Final = expression(
    r"^\| *(?P<address>[0-9a-fA-F.:]{2,45})? *\| *(?P<type>[\w -]{0,40}?) *\| *(?P<state>[A-Za-z]{0,12}) *\|"
    r"[^|]{0,30}\| *(?P<info>[^|]{0,200}?) *\|\s*$"
)
_BGP_HEADER: Final = expression(r"^\| +(?i:peer address) +\| +(?i:peer type) +\| +(?i:state) +\|")
_BGP_OTHER: Final = expression(
    r"^(?:Calico process is (?P<not>not )?running|calico[-/]node container is|IPv[46] BGP status"
    r"|No IPv[46] (?:peers|address)|IP: |Running felix|\+-[-+]{5,400}"
    r"|The BGP backend process \(BIRD\) is (?P<bird>not )?running|Using \w+ as)"
)
_CILIUM_PARTS: Final = ("KVStore:", "Kubernetes:", "Cilium:", "NodeMonitor:", "Controller Status:", "Cluster health:")


def recognise(head: Head) -> float:
    lines = head_lines(head)
    if any(_BGP_HEADER.match(line) for line in lines) or lines[:1] == ["Calico process is not running."]:
        return 0.95
    if any(_PROBE_TIME.match(line) for line in lines[:3]) and any(_NODE.match(line) for line in lines):
        return 0.95
    named = sum(1 for line in lines if line.startswith(_CILIUM_PARTS))
    if named >= 3 or (named and any(_COLUMNS.match(line) for line in lines)):
        return 0.95
    return 0.0


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    head = bytes(document.data[:20000]).decode("utf-8", "replace").split("\n")
    if any(_BGP_HEADER.match(line) or line.startswith(("Calico process", "IPv4 BGP")) for line in head):
        yield from _calico(document, netns)
    elif any(_PROBE_TIME.match(line) for line in head[:5]) and not any(_COLUMNS.match(line) for line in head):
        yield from _probes(document, netns)
    else:
        yield from _cilium(document, netns)


FORMAT = Format("cni-health", recognise, parse)


def _cilium(document: Document, netns: NetworkNamespace | None) -> Iterator[Parsed]:
    listing = False
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].rstrip()
        at = document.at(number, excerpt=line.strip())
        if cluster := _CLUSTER.match(line):
            reached, peers = int(cluster["reached"]), int(cluster["peers"])
            yield PeerListing(at=at, agent="cilium", reached=reached, peers=peers, netns=netns)
            listing = True
        elif _COLUMNS.match(line):
            listing = True
        elif listing and (peer := _PEER.match(line)):
            yield _peer(peer, at, netns)
        elif part := _PART.match(line):
            listing = False
            says = part["says"]
            controllers = _CONTROLLERS.match(says) if part["part"] == "Controller Status" else None
            if _BAD.match(says) or (controllers is not None and controllers["good"] != controllers["all"]):
                yield AgentComplaint(at=at, agent="cilium", part=part["part"], says=says, netns=netns)


def _peer(match: re.Match[str], at: Locator, netns: NetworkNamespace | None) -> PeerReport:
    known = address(match["address"].split(",")[0])
    return PeerReport(
        at=at,
        agent="cilium",
        name=match["name"].rpartition("/")[2],
        address=known[0] if known else None,
        host=_answers(match["host"]),
        endpoints=_answers(match["endpoints"]) if match["endpoints"] else None,
        local=match["local"] is not None,
        netns=netns,
    )


def _answers(word: str) -> bool:
    good, slash, whole = word.partition("/")
    return good == whole and good != "0" if slash else word in ("true", "reachable")


def _probes(document: Document, netns: NetworkNamespace | None) -> Iterator[Parsed]:
    """`cilium-health status`: per node, host and endpoint, each by ICMP and by HTTP; one that answers is enough."""
    found: dict[str, tuple[Locator, bool, dict[str, list[str]], str | None]] = {}
    order: list[str] = []
    what = ""
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].rstrip()
        at = document.at(number, excerpt=line.strip())
        if node := _NODE.match(line):
            order.append(node["name"])
            found[node["name"]] = (at, node["local"] is not None, {"Host": [], "Endpoint": []}, None)
        elif order and (asked := _WHAT.match(line)):
            what = asked["what"]
            place, local, answers, known = found[order[-1]]
            found[order[-1]] = (place, local, answers, known or (asked["address"] if what == "Host" else None))
        elif order and what and (probe := _PROBE.match(line)):
            found[order[-1]][2][what].append(probe["says"])
        elif not _PROBE_TIME.match(line) and line != "Nodes:" and not line.startswith("   "):
            yield not_understood(document, number, raw, "a node and how it answers (ICMP to stack:   OK, RTT=1ms)")
    for name in order:
        place, local, answers, host_address = found[name]
        bad = [says for kind in answers.values() for says in kind if not says.startswith("OK")]
        yield PeerReport(
            at=place,
            agent="cilium",
            name=name.rpartition("/")[2],
            address=host_address,
            host=_any_ok(answers["Host"]),
            endpoints=_any_ok(answers["Endpoint"]),
            local=local,
            detail=bad[0] if bad else "",
            netns=netns,
        )


def _any_ok(answers: list[str]) -> bool | None:
    return any(says.startswith("OK") for says in answers) if answers else None


def _calico(document: Document, netns: NetworkNamespace | None) -> Iterator[Parsed]:
    last: PeerReport | None = None
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].rstrip()
        at = document.at(number, excerpt=line.strip())
        row = None if _BGP_HEADER.match(line) else _BGP.match(line)
        if row and row["address"]:
            if last is not None:
                yield last
            known = address(row["address"])
            up = row["state"].lower() == "up"
            last = PeerReport(
                at=at,
                agent="calico",
                name=None,
                address=known[0] if known else None,
                host=up,
                endpoints=None,
                detail="" if up else f"BGP {row['state']}: {row['info']}",
                netns=netns,
            )
        elif row and last is not None and row["info"] and last.detail:  # the cell of the row above goes on
            last = PeerReport(
                at=last.at, agent="calico", name=None, address=last.address, host=False, endpoints=None,
                detail=f"{last.detail} {row['info']}", netns=netns,
            )  # fmt: skip
        elif other := _BGP_OTHER.match(line):
            if other["not"] or other["bird"]:
                yield AgentComplaint(at=at, agent="calico", part="calico-node", says=line, netns=netns)
        elif not _BGP_HEADER.match(line) and not row:
            yield not_understood(document, number, raw, "a BGP peer (| 10.0.0.2 | node-to-node mesh | up | …)")
    if last is not None:
        yield last
