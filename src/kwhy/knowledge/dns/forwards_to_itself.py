"""CoreDNS forwards queries to itself."""

from __future__ import annotations

import ipaddress

import msgspec

from kwhy.facts.corefile import Directive, address_of
from kwhy.facts.dns import ResolvConf
from kwhy.facts.log_patterns.coredns import LOOP_DETECTED
from kwhy.facts.logs import LogHit
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.dns.forwarding import ITSELF_AS_SERVER, is_own_address
from kwhy.knowledge.dns.servers import Config, config_maps_of, config_of, said_by
from kwhy.knowledge.dns.upstream_fails import UPSTREAM_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

NODE_RESOLV_CONF = Probe("cat /etc/resolv.conf", unlocks="the name servers of the node", where="node {node}")

FORWARDS_TO_ITSELF = Condition(
    code="dns.forwards-to-itself",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} makes CoreDNS forward queries to itself: {what}",
    summary="Every query that CoreDNS cannot answer comes back to it; plugin loop ends the program for that.",
    remedies=(
        Remedy(
            id="forward-elsewhere",
            title="Forward to name servers that are not CoreDNS",
            when="now",
            risk="medium",
            steps=(
                Step("{mend}.", "{command}"),
                Step("Start CoreDNS anew.", "kubectl rollout restart deployment coredns -n kube-system"),
            ),
            verify=(
                Step("The DNS pods stay up.", "kubectl get pods -n kube-system -l k8s-app=kube-dns"),
                Step("No loop is logged.", "kubectl logs -n kube-system -l k8s-app=kube-dns --tail=20"),
            ),
            undo=(Step("Write the former settings again."),),
        ),
    ),
)


class Target(msgspec.Struct, frozen=True):
    """What the Corefile forwards to, and what was logged about it."""

    config: Config | None
    directive: Directive | None
    loops: list[LogHit]


def target_of(scene: Scene, pod: Subject) -> Target:
    """Where the Corefile forwards, and what CoreDNS says about loops"""
    found = [c for m in config_maps_of(scene, pod) if (c := scene.derive(config_of, m)) is not None]
    config = found[0] if found else None
    loops = said_by(scene, pod, LOOP_DETECTED)
    forwards = [d for block in config.corefile.blocks for d in block.all("forward")] if config is not None else []
    wanted = [d for d in forwards if any(_loops(scene, word) for word in d.arguments[1:])]
    from_file = [d for d in forwards if any(word.startswith("/") for word in d.arguments[1:])]
    chosen = wanted or (from_file if loops else [])
    return Target(config, chosen[0] if chosen else None, loops)


def _loops(scene: Scene, word: str) -> bool:
    place = address_of(word)
    if place is None:
        return False
    return is_own_address(scene, place[0]) or ipaddress.ip_address(place[0].partition("%")[0]).is_loopback


@rule(
    FORWARDS_TO_ITSELF,
    rows=("D3",),
    leads=(
        leads_to(EXITS_WITH_ERROR, via=ITSELF_AS_SERVER),
        leads_to(APP_ERRORS, via=ITSELF_AS_SERVER),
        leads_to(UPSTREAM_FAILS, via=ITSELF),
    ),
)
def forwards_to_itself(pod: PodView, target: Target = given(target_of)) -> Verdict:
    """CoreDNS forwards queries to itself.

    What it means: `forward . /etc/resolv.conf` reads the node's file (the pod's dnsPolicy is Default); where that names
    127.0.0.53 (systemd-resolved) or 127.0.0.1 (dnsmasq), inside the pod this is CoreDNS. Or the Corefile names the
    cluster's own DNS.
    How it shows: "[FATAL] plugin/loop: Loop (127.0.0.1:PORT -> :53) detected for zone …", and exit code 1; the Corefile
    forwards to an address that leads back, or to /etc/resolv.conf.
    What looks like it: An upstream that forwards back to the cluster: then the loop comes from its address. A node
    whose file was corrected after the pod was made: the pod keeps the old one.
    Source: CoreDNS v1.12.0 plugin/loop/loop.go, plugin/loop/README.md (Troubleshooting Loops In Kubernetes Clusters).
    """
    scene = pod.scene
    said = tuple(Evidence(hit.locate(hit.last), "CoreDNS met its own query again") for hit in target.loops[:2])
    config, directive = target.config, target.directive
    if config is None:
        probes = (OBJECT.of(kind="configmap", name="coredns", namespace=pod.namespace),)
        return unsure(f"what {pod.subject} forwards to", *probes)
    if directive is None:
        if target.loops:
            return unsure(f"which of its upstreams leads back to {pod.subject}")
        return Absent((Evidence(config.at, "it forwards to nothing that leads back"),))
    written = Evidence(config.line_at(directive.line), f"it forwards to {' '.join(directive.arguments[1:])}")
    word = next((w for w in directive.arguments[1:] if _loops(scene, w)), None)
    if word is not None:
        what = f"line {directive.line} forwards to {word}, the cluster's own DNS"
        values = {
            "what": what,
            "mend": f"Name another upstream than {word} in line {directive.line}",
            "command": f"kubectl edit configmap {config.config_map.name} -n {config.config_map.namespace}",
        }
        basis = Basis.STATED if said else Basis.RECOMPUTED
        return Present((written, *said), values, basis=basis, blames=config.config_map)
    return _by_node(pod, target, (*said, written))


def _by_node(pod: PodView, target: Target, because: tuple[Evidence, ...]) -> Verdict:
    """The Corefile forwards to what the node's resolv.conf names, and a loop was met."""
    nodes = node_of_pod(pod.scene, pod.subject)
    sender = target.loops[0].last.fields.get("sender", "")
    if not nodes:
        return unsure(f"the node of {pod.subject}", *pod.probes())
    shown = [conf for conf in pod.scene.facts_on(nodes[0], ResolvConf) if conf.netns is None]
    loopback = [conf for conf in shown if any(_is_loopback(server) for server in conf.nameservers)]
    if not loopback and not sender.startswith(("127.", "[::1]")):
        return unsure("which name server the node names", NODE_RESOLV_CONF.of(node=nodes[0].name))
    proof = tuple(Evidence(conf.at, f"the node names {', '.join(conf.nameservers)}") for conf in loopback[:1])
    server = loopback[0].nameservers[0] if loopback else "a loopback address"
    values = {
        "what": f"its resolv.conf names {server}, which inside the pod is CoreDNS itself",
        "mend": "Let the kubelet's resolvConf name the file with the real upstreams",
        "command": "sed -i s,^resolvConf:.*,resolvConf: /run/systemd/resolve/resolv.conf, /var/lib/kubelet/config.yaml",
    }
    return Present((*because, *proof), values, blames=nodes[0])


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
