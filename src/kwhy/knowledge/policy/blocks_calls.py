"""A network policy keeps a program from what it calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kwhy.facts.objects import NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.policy.enforcing import Enforcement, enforcement
from kwhy.knowledge.policy.evaluating import (
    Answer,
    Policy,
    PolicyRule,
    matches,
    peer_matches,
    port_matches,
    rules_of,
)
from kwhy.knowledge.policy.flows import Flow, flows_of, needed
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

BLOCKS_CALLS = Condition(
    code="policy.blocks-calls",
    kind="NetworkPolicy",
    nature=Nature.ROOT,
    title="{subject} does not let {caller} reach {peer} on port {port}: {why}",
    summary="A network policy isolates a pod, and no rule of any policy allows a connection that a program needs.",
    remedies=(
        Remedy(
            id="allow-the-connection",
            title="Allow the connection in a policy",
            when="now",
            risk="medium",
            steps=(
                Step("See every policy that selects the pod.", "kubectl describe networkpolicy -n {namespace}"),
                Step(
                    "Add a rule, here or in a policy of its own, that allows {direction} between {caller} and {peer} "
                    "on port {port}; for names, port 53 over UDP and TCP to the DNS pods.",
                    "kubectl edit networkpolicy {name} -n {namespace}",
                ),
            ),
            verify=(Step("The caller's log shows answers again."),),
            undo=(Step("Take the rule out again.", "kubectl edit networkpolicy {name} -n {namespace}"),),
        ),
    ),
)

ENFORCING_PLUGIN = Probe(
    "kubectl get daemonsets -A -o wide", unlocks="whether a network plugin is there that enforces network policies"
)


def _policies(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """Policies that isolate the caller, or a pod that it calls, in the direction that its failing calls take."""
    for flow in scene.derive(flows_of, caller):
        if flow.decision.answer is not Answer.ALLOWED:
            yield from (p.subject for p in (*flow.decision.isolating, *flow.decision.open))


LET_THROUGH_BY = Relation("is let through by", _policies)


def flows_through(scene: Scene, policy: Subject) -> Sequence[Flow]:
    """Failing calls whose way the policy may decide, and every policy beside it"""
    return scene.derive_once(needed).get(policy, ())


def who_enforces(scene: Scene, policy: Subject) -> Enforcement:
    """Which network plugin runs"""
    return scene.derive_once(enforcement)


@rule(BLOCKS_CALLS, rows=("S9",), leads=(leads_to(APP_ERRORS, via=LET_THROUGH_BY),))
def blocks_calls(
    policy: ObjectView,
    flows: Sequence[Flow] = given(flows_through),
    plugin: Enforcement = given(who_enforces),
) -> Verdict:
    """A network policy blocks what a program calls.

    What it means: A pod that some policy selects is isolated in that policy's directions: only what a rule allows gets
    through. Forbidden packets are dropped, so calls time out (kube-router refuses them).
    How it shows: Calls time out, all policies of the namespace are shown, at least one selects the caller (egress) or
    the called pod (ingress), and none has a rule whose peers and ports fit. Port means the pod's, behind the Service.
    What looks like it: A plugin that enforces nothing (Flannel alone): policies are words there. A Service without
    endpoints or a wrong port refuses, it does not time out. Lookups time out too where the DNS is down. A namespace
    without the label that a namespaceSelector asks for; a DNS that was forgotten in a list of egress rules.
    Source: k8s.io/api v0.34 networking/v1 types.go (NetworkPolicySpec); kubernetes.io/docs network-policies.
    """
    if not flows:
        return unsure(f"which failing calls {policy.subject} decides", LIST.of(kind="pods", namespace=policy.namespace))
    denied = [flow for flow in flows if flow.decision.answer is Answer.DENIED]
    mine = [flow for flow in denied if _to_blame(flow).subject == policy.subject]
    if mine:
        return _present(policy, mine, plugin)
    if denied:
        other = _to_blame(denied[0])
        place = policy.scene.observations(other.subject)[0].at
        return Absent((Evidence(place, f"{other.subject} is nearer to the cause: {_why(denied[0], other)}"),))
    open_ones = [flow for flow in flows if flow.decision.answer is Answer.UNKNOWN]
    if open_ones:
        probes = tuple(dict.fromkeys(probe for flow in open_ones for probe in flow.gaps))
        flow = open_ones[0]
        return Unsure((Gap(f"whether policies let {flow.caller} reach {flow.peer}", probes),))
    return Absent((Evidence(policy.observations[0].at, "some rule allows every connection that fails"),))


def _present(policy: ObjectView, flows: Sequence[Flow], plugin: Enforcement) -> Verdict:
    if plugin.enforced is False:
        return Absent(plugin.evidence)
    flow = next((f for f in flows if f.direction == "egress"), flows[0])
    blamed = _to_blame(flow)
    errors = flow.call.errors
    owner = owner_of(policy.scene, flow.caller)
    calls = {id(f.call.errors): f.call.errors for f in flows}
    because = (
        _selecting(policy, flow),
        *_side(policy, flow, blamed),
        *(Evidence(e.locate(e.last), f"{owner}: {e.complaint}, {e.count} times") for e in list(calls.values())[:3]),
        *plugin.evidence,
    )
    port = f"{flow.packet.port or '?'}/{flow.packet.protocol}"
    peer = flow.peer if flow.direction == "egress" else str(owner_of(policy.scene, flow.pod))
    values = {
        "caller": owner,
        "peer": peer,
        "port": port,
        "why": _why(flow, blamed),
        "direction": "egress" if flow.direction == "egress" else "ingress",
    }
    if plugin.enforced is None:
        return Present(because, values, basis=Basis.INFERRED)
    return Present(because, values, basis=Basis.RECOMPUTED if errors.count else Basis.INFERRED)


def _selecting(policy: ObjectView, flow: Flow) -> Evidence:
    observation = policy.observations[0]
    spec = observation.object.spec if isinstance(observation.object, NetworkPolicy) else None
    chosen = getattr(spec, "pod_selector", None)
    labels = ", ".join(f"{k}={v}" for k, v in (getattr(chosen, "match_labels", None) or {}).items())
    everything = not labels and not getattr(chosen, "match_expressions", None)
    says = "it selects every pod of the namespace" if everything else f"it selects {labels or 'by expressions'}"
    at = observation.field_at("spec.podSelector", f"podSelector: {labels or '{}'}")
    return Evidence(at, f"{says}, {flow.pod} among them")


def _side(policy: ObjectView, flow: Flow, blamed: Policy) -> Iterable[Evidence]:
    observation = policy.observations[0]
    rules = rules_of(blamed, flow.direction)
    path = f"spec.{flow.direction}" if rules else "spec.policyTypes"
    yield Evidence(
        observation.field_at(path, f"{path}: {len(rules or ())} rules" if rules else path), _why(flow, blamed)
    )


def _to_blame(flow: Flow) -> Policy:
    """Of the policies that isolate the pod the one that comes nearest to allowing, else one that allows nothing."""
    isolating = sorted(flow.decision.isolating, key=lambda policy: policy.subject)
    near = [policy for policy in isolating if _near(policy, flow) is not None]
    if near:
        return near[0]
    return next((policy for policy in isolating if not rules_of(policy, flow.direction)), isolating[0])


def _near(policy: Policy, flow: Flow) -> str | None:
    """What a rule of the policy lacks to allow the flow: the port, or the other end."""
    to = flow.end if flow.direction == "ingress" else flow.other
    for one in rules_of(policy, flow.direction) or ():
        peers, ports = peer_matches(one, policy, flow.other), port_matches(one, flow.packet, to)
        if peers and ports is False and one.peers:
            return f"it allows {_other(flow)} only on {_ports(one)}"
        if ports and peers is False and one.ports:
            return f"it allows that port only for {_peers(one, flow)}"
        if ports and peers is False and (missing := _namespace_label(one, flow)):
            return f"it allows only {missing}"
    return None


def _why(flow: Flow, policy: Policy) -> str:
    near = _near(policy, flow)
    if near is not None:
        return near
    rules = rules_of(policy, flow.direction)
    if not rules:
        return f"it has no {flow.direction} rule, and no other policy allows it"
    if flow.packet.port == 53 and flow.direction == "egress":
        return "none of its egress rules allows the DNS"
    return f"none of its {flow.direction} rules fits, and no other policy allows it"


def _other(flow: Flow) -> str:
    return "the caller" if flow.direction == "ingress" else flow.peer


def _ports(one: PolicyRule) -> str:
    return " and ".join(f"port {_port(port)}" for port in one.ports or ()) or "every port"


def _port(port: NetworkPolicyPort) -> str:
    number = "any" if port.port is None else str(port.port)
    return f"{number}{f'-{port.end_port}' if port.end_port else ''}/{port.protocol or 'TCP'}"


def _peers(one: PolicyRule, flow: Flow) -> str:
    label = _namespace_label(one, flow)
    return label or " or ".join(_peer(peer) for peer in one.peers or ())


def _namespace_label(one: PolicyRule, flow: Flow) -> str | None:
    """The labels of a namespaceSelector that the other end's namespace lacks."""
    for peer in one.peers or ():
        chosen = peer.namespace_selector
        if chosen is None or matches(chosen, flow.other.namespace_labels) is not False:
            continue
        if peer.pod_selector is not None and not matches(peer.pod_selector, flow.other.labels):
            continue
        known = flow.other.namespace_labels.known
        lacking = [f"{k}={v}" for k, v in (chosen.match_labels or {}).items() if known.get(k) != v]
        if lacking:
            return f"namespaces with {', '.join(lacking)}, and namespace {flow.other.namespace} has no such label"
    return None


def _peer(peer: NetworkPolicyPeer) -> str:
    if peer.ip_block is not None:
        return peer.ip_block.cidr
    words = []
    for noun, chosen in (("pods", peer.pod_selector), ("namespaces", peer.namespace_selector)):
        if chosen is not None:
            pairs = [f"{k}={v}" for k, v in (chosen.match_labels or {}).items()]
            pairs += [f"{e.key} {e.operator}" for e in chosen.match_expressions or ()]
            words.append(f"{noun} with {', '.join(pairs)}" if pairs else f"all {noun}")
    return " in ".join(words)
