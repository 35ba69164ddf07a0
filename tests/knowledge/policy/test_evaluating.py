"""The evaluator against Kubernetes' own conformance tests, and against a plain model where everything is known."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.objects import NetworkPolicySpec
from kwhy.knowledge.policy.evaluating import Answer, Decision, Direction, End, Labels, Packet, Policy, decide
from kwhy.model.subject import Subject

Spec = dict[str, Any]
#: The pods of the e2e tests: a, b and c in namespaces x, y and z, each with servers on named ports.
PODS = [(namespace, pod) for namespace in "xyz" for pod in "abc"]
A: Spec = {"podSelector": {"matchLabels": {"pod": "a"}}}
NOT_X: Spec = {"matchExpressions": [{"key": "ns", "operator": "NotIn", "values": ["x"]}]}
IS_Y: Spec = {"matchLabels": {"ns": "y"}}


def ingress(*rules: Spec, **spec: Any) -> Spec:
    return {**A, "policyTypes": ["Ingress"], "ingress": list(rules), **spec}


def egress(*rules: Spec, **spec: Any) -> Spec:
    return {**A, "policyTypes": ["Egress"], "egress": list(rules), **spec}


def policy(spec: Spec, namespace: str = "x", *, whole: bool = True) -> Policy:
    return Policy(Subject("NetworkPolicy", "p", namespace), msgspec.convert(spec, NetworkPolicySpec), whole)


def end(namespace: str, pod: str) -> End:
    ports = {(f"serve-{port}-{protocol.lower()}", protocol): port for port in (80, 81) for protocol in ("TCP", "UDP")}
    return End(namespace, Labels({"pod": pod}), Labels({"ns": namespace}), ports=ports)


def reaches(policies: list[Policy], source: tuple[str, str], target: tuple[str, str], packet: Packet) -> bool:
    out = decide("egress", end(*source), end(*target), packet, policies)
    into = decide("ingress", end(*target), end(*source), packet, policies)
    assert Answer.UNKNOWN not in (out.answer, into.answer)
    return out.answer is into.answer is Answer.ALLOWED


Pair = tuple[tuple[str, str], tuple[str, str]]


def _to_xa(allowed: Callable[[str, str], bool]) -> Callable[[Pair], bool]:
    """Everything reaches everything, but x/a is reached only by the pods that ``allowed`` holds for."""
    return lambda pair: pair[1] != ("x", "a") or allowed(*pair[0])


def _from_xa(allowed: Callable[[str, str], bool]) -> Callable[[Pair], bool]:
    return lambda pair: pair[0] != ("x", "a") or allowed(*pair[1])


PORT_81: Spec = {"port": 81, "protocol": "TCP"}
PORT_80: Spec = {"port": 80, "protocol": "TCP"}
#: Kubernetes v1.34 test/e2e/network/netpol/network_policy.go: title, policies in namespace x, packet, what is reached.
CONFORMANCE: list[tuple[str, list[Spec], Packet, Callable[[Pair], bool]]] = [
    ("should support a 'default-deny-ingress' policy", [ingress(podSelector={})], Packet(80), lambda p: p[1][0] != "x"),
    (
        "should support a 'default-deny-all' policy",
        [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}],
        Packet(80),
        lambda p: "x" not in (p[0][0], p[1][0]),
    ),
    (
        "should enforce policy to allow traffic from pods within server namespace based on PodSelector",
        [ingress({"from": [{"podSelector": {"matchLabels": {"pod": "b"}}}]})],
        Packet(80),
        _to_xa(lambda ns, pod: (ns, pod) == ("x", "b")),
    ),
    (
        "should enforce policy to allow ingress traffic from pods in all namespaces",
        [ingress({"from": [{"namespaceSelector": {}}]})],
        Packet(80),
        _to_xa(lambda ns, pod: True),
    ),
    (
        "should enforce policy to allow traffic only from a different namespace, based on NamespaceSelector",
        [ingress({"from": [{"namespaceSelector": IS_Y}]})],
        Packet(80),
        _to_xa(lambda ns, pod: ns == "y"),
    ),
    (
        "should enforce policy based on PodSelector with MatchExpressions",
        [ingress({"from": [{"podSelector": {"matchExpressions": [
            {"key": "pod", "operator": "In", "values": ["b"]}]}}]})],
        Packet(80),
        _to_xa(lambda ns, pod: (ns, pod) == ("x", "b")),
    ),
    (
        "should enforce policy based on PodSelector or NamespaceSelector",
        [ingress({"from": [{"namespaceSelector": NOT_X}, {"podSelector": {"matchLabels": {"pod": "b"}}}]})],
        Packet(80),
        _to_xa(lambda ns, pod: ns != "x" or pod == "b"),
    ),
    (
        "should enforce policy based on PodSelector and NamespaceSelector",
        [ingress({"from": [{"namespaceSelector": NOT_X, "podSelector": {"matchLabels": {"pod": "b"}}}]})],
        Packet(80),
        _to_xa(lambda ns, pod: ns != "x" and pod == "b"),
    ),
    (
        "should enforce policy based on Multiple PodSelectors and NamespaceSelectors",
        [ingress({"from": [{"namespaceSelector": NOT_X, "podSelector": {"matchExpressions": [
            {"key": "pod", "operator": "In", "values": ["b", "c"]}]}}]})],
        Packet(80),
        _to_xa(lambda ns, pod: ns != "x" and pod != "a"),
    ),
    (
        "should enforce policy based on any PodSelectors",
        [ingress({"from": [{"podSelector": {"matchLabels": {"pod": pod}}} for pod in "bc"]})],
        Packet(80),
        _to_xa(lambda ns, pod: ns == "x" and pod in "bc"),
    ),
    (
        "should enforce policy based on Ports",
        [ingress({"from": [{"namespaceSelector": IS_Y}], "ports": [PORT_81]})],
        Packet(81),
        _to_xa(lambda ns, pod: ns == "y"),
    ),
    (
        "should enforce multiple, stacked policies with overlapping podSelectors (port 80 before)",
        [ingress({"from": [{"namespaceSelector": IS_Y}], "ports": [PORT_81]})],
        Packet(80),
        _to_xa(lambda ns, pod: False),
    ),
    (
        "should enforce multiple, stacked policies with overlapping podSelectors (port 80 after)",
        [ingress({"from": [{"namespaceSelector": IS_Y}], "ports": [port]}) for port in (PORT_81, PORT_80)],
        Packet(80),
        _to_xa(lambda ns, pod: ns == "y"),
    ),
    ("should support allow-all policy", [ingress({}, podSelector={})], Packet(80), lambda p: True),
    (
        "should allow ingress access on one named port (81)",
        [ingress({"ports": [{"port": "serve-81-tcp"}]}, podSelector={})],
        Packet(81),
        lambda p: True,
    ),
    (
        "should allow ingress access on one named port (80)",
        [ingress({"ports": [{"port": "serve-81-tcp"}]}, podSelector={})],
        Packet(80),
        lambda p: p[1][0] != "x",
    ),
    (
        "should allow egress access on one named port (80)",
        [egress({"ports": [{"port": "serve-80-tcp"}]}, podSelector={})],
        Packet(80),
        lambda p: True,
    ),
    (
        "should allow egress access on one named port (81)",
        [egress({"ports": [{"port": "serve-80-tcp"}]}, podSelector={})],
        Packet(81),
        lambda p: p[0][0] != "x",
    ),
    ("should deny egress from pods based on PodSelector", [egress()], Packet(80), _from_xa(lambda ns, pod: False)),
    (
        "should work with Ingress, Egress specified together (80)",
        [{**A, "policyTypes": ["Egress", "Ingress"], "egress": [{"ports": [{"port": 80}]}],
          "ingress": [{"from": [{"podSelector": {"matchLabels": {"pod": "b"}}}]}]}],
        Packet(80),
        _to_xa(lambda ns, pod: (ns, pod) == ("x", "b")),
    ),
    (
        "should enforce egress policy allowing traffic to a server in a different namespace",
        [egress({"to": [{"namespaceSelector": IS_Y, "podSelector": {"matchLabels": {"pod": "a"}}}]})],
        Packet(80),
        _from_xa(lambda ns, pod: (ns, pod) == ("y", "a")),
    ),
    (
        "should enforce ingress policy allowing any port traffic to a server on a specific protocol (UDP)",
        [ingress({"ports": [{"protocol": "TCP"}]})],
        Packet(80, "UDP"),
        _to_xa(lambda ns, pod: False),
    ),
    (
        "should not mistakenly treat 'protocol: SCTP' as 'protocol: TCP'",
        [ingress(podSelector={}), ingress({"ports": [{"port": 81, "protocol": "SCTP"}]})],
        Packet(81),
        lambda p: p[1][0] != "x",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("title", "specs", "packet", "expected"), CONFORMANCE, ids=[c[0] for c in CONFORMANCE])
def test_the_evaluator_agrees_with_the_conformance_test(
    title: str, specs: list[Spec], packet: Packet, expected: Callable[[Pair], bool]
) -> None:
    policies = [policy(spec) for spec in specs]
    pairs = [(source, target) for source in PODS for target in PODS if source != target]
    wrong = [pair for pair in pairs if reaches(policies, *pair, packet) != expected(pair)]
    assert not wrong, title


def test_an_address_outside_is_let_out_by_the_block_that_holds_it_and_not_by_its_exceptions() -> None:
    # kubernetes.io/docs/concepts/services-networking/network-policies: the example of ipBlock and except
    block = {"to": [{"ipBlock": {"cidr": "172.17.0.0/16", "except": ["172.17.1.0/24"]}}]}
    policies = [policy(egress(block))]

    def answer(address: str) -> Answer:
        outside = End(None, addresses=(address,))
        return decide("egress", end("x", "a"), outside, Packet(443), policies).answer

    assert [answer(a) for a in ("172.17.2.9", "172.17.1.9", "172.18.0.1")] == [
        Answer.ALLOWED,
        Answer.DENIED,
        Answer.DENIED,
    ]


def test_a_range_of_ports_holds_both_its_ends() -> None:
    # kubernetes.io/docs: "port: 32000, endPort: 32768"
    policies = [policy(egress({"ports": [{"port": 32000, "endPort": 32768}]}))]
    answers = [
        decide("egress", end("x", "a"), end("y", "b"), Packet(port), policies).answer
        for port in (31999, 32000, 32768, 32769)
    ]
    assert answers == [Answer.DENIED, Answer.ALLOWED, Answer.ALLOWED, Answer.DENIED]


def test_without_policy_types_a_policy_with_egress_rules_isolates_both_ways() -> None:
    both = policy({**A, "egress": [{}]})
    assert decide("ingress", end("x", "a"), end("y", "b"), Packet(80), [both]).answer is Answer.DENIED
    assert decide("egress", end("x", "a"), end("y", "b"), Packet(80), [both]).answer is Answer.ALLOWED
    inward = policy({**A, "ingress": [{}]})
    assert decide("egress", end("x", "a"), end("y", "b"), Packet(80), [inward]).answer is Answer.ALLOWED


def test_whether_a_block_holds_for_a_pods_address_is_left_to_the_plugin() -> None:
    policies = [policy(egress({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}))]
    pod = msgspec.structs.replace(end("y", "b"), addresses=("10.1.2.3",))
    assert decide("egress", end("x", "a"), pod, Packet(80), policies).answer is Answer.UNKNOWN


def test_what_policies_do_to_pods_in_the_hosts_network_is_not_known() -> None:
    pod = msgspec.structs.replace(end("x", "a"), host_network=True)
    assert decide("ingress", pod, end("y", "b"), Packet(80), [policy(ingress())]).answer is Answer.UNKNOWN


def test_nothing_is_denied_while_another_policy_may_allow_it() -> None:
    denied = decide("ingress", end("x", "a"), end("y", "b"), Packet(80), [policy(ingress())], all_shown=False)
    assert denied.answer is Answer.UNKNOWN
    half_shown = policy({"podSelector": {}}, whole=False)
    assert decide("ingress", end("x", "a"), end("y", "b"), Packet(80), [policy(ingress()), half_shown]).answer is (
        Answer.UNKNOWN
    )


# --- a plain model ----------------------------------------------------------------------------------------------------

_KEYS = ("app", "tier")
_VALUES = ("a", "b")
labels = st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(_VALUES), max_size=2)
requirements = st.fixed_dictionaries(
    {
        "key": st.sampled_from(_KEYS),
        "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        "values": st.lists(st.sampled_from(_VALUES), min_size=1, max_size=2),
    }
)
selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": labels, "matchExpressions": st.lists(requirements, max_size=2)}
)
ports = st.fixed_dictionaries(
    {}, optional={"protocol": st.sampled_from(["TCP", "UDP"]), "port": st.sampled_from([79, 80, 81, "http", "dns"])}
)
ranges = st.fixed_dictionaries({"port": st.just(79), "endPort": st.sampled_from([79, 80, 90])})
peers = st.one_of(
    st.fixed_dictionaries({"podSelector": selectors}),
    st.fixed_dictionaries({"namespaceSelector": selectors}),
    st.fixed_dictionaries({"podSelector": selectors, "namespaceSelector": selectors}),
)


def _rules(key: str) -> st.SearchStrategy[list[Spec]]:
    return st.lists(
        st.fixed_dictionaries(
            {}, optional={key: st.lists(peers, max_size=2), "ports": st.lists(st.one_of(ports, ranges), max_size=2)}
        ),
        max_size=3,
    )


specs = st.fixed_dictionaries(
    {"podSelector": selectors},
    optional={
        "ingress": _rules("from"),
        "egress": _rules("to"),
        "policyTypes": st.lists(st.sampled_from(["Ingress", "Egress"]), unique=True, min_size=1),
    },
)
policies_of = st.lists(st.tuples(specs, st.sampled_from(["n1", "n2"])), max_size=4)
ends = st.tuples(st.sampled_from(["n1", "n2"]), labels)
NAMESPACES: Mapping[str, Mapping[str, str]] = {"n1": {"app": "a"}, "n2": {"tier": "b"}}
NAMED = {("http", "TCP"): 80, ("dns", "UDP"): 81}


def _model_selects(selector: Spec, having: Mapping[str, str]) -> bool:
    wanted = [having.get(key) == value for key, value in selector.get("matchLabels", {}).items()]
    for one in selector.get("matchExpressions", []):
        value = having.get(one["key"])
        wanted.append(
            {
                "In": value in one["values"],
                "NotIn": value not in one["values"],
                "Exists": value is not None,
                "DoesNotExist": value is None,
            }[one["operator"]]
        )
    return all(wanted)


def _model(direction: str, pod: Any, peer: Any, packet: Packet, policies: list[tuple[Spec, str]]) -> bool:
    key = "from" if direction == "ingress" else "to"
    isolated = False
    for spec, namespace in policies:
        types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        if namespace != pod[0] or direction.capitalize() not in types:
            continue
        if not _model_selects(spec["podSelector"], pod[1]):
            continue
        isolated = True
        for rule in spec.get(direction, []):
            numbers = rule.get("ports") or [{"protocol": packet.protocol}]
            port_fits = any(
                number.get("protocol", "TCP") == packet.protocol
                and (
                    "port" not in number
                    or (
                        NAMED.get((number["port"], packet.protocol)) == packet.port
                        if isinstance(number["port"], str)
                        else packet.port in range(number["port"], number.get("endPort", number["port"]) + 1)
                    )
                )
                for number in numbers
            )
            peer_fits = not rule.get(key) or any(
                (
                    _model_selects(one["namespaceSelector"], NAMESPACES[peer[0]])
                    if "namespaceSelector" in one
                    else peer[0] == namespace
                )
                and _model_selects(one.get("podSelector", {}), peer[1])
                for one in rule[key]
            )
            if port_fits and peer_fits:
                return True
    return not isolated


def _known(of: tuple[str, Mapping[str, str]]) -> End:
    return End(of[0], Labels(of[1]), Labels(NAMESPACES[of[0]]), ports=NAMED)


def _decision(direction: Direction, pod: End, peer: End, packet: Packet, given_: list[tuple[Spec, str]]) -> Decision:
    return decide(direction, pod, peer, packet, [policy(spec, namespace) for spec, namespace in given_])


directions = st.sampled_from(["ingress", "egress"])
packets = st.builds(Packet, st.sampled_from([79, 80, 81, 90]), st.sampled_from(["TCP", "UDP"]))


@settings(deadline=None)
@given(directions, ends, ends, packets, policies_of)
def test_where_everything_is_known_the_evaluator_is_the_plain_model(
    direction: Direction,
    pod: tuple[str, dict[str, str]],
    peer: tuple[str, dict[str, str]],
    packet: Packet,
    given_: list[tuple[Spec, str]],
) -> None:
    decision = _decision(direction, _known(pod), _known(peer), packet, given_)
    expected = Answer.ALLOWED if _model(direction, pod, peer, packet, given_) else Answer.DENIED
    assert decision.answer is expected


@settings(deadline=None)
@given(directions, ends, ends, packets, policies_of, st.data())
def test_what_is_hidden_never_turns_an_answer_into_the_opposite(
    direction: Direction,
    pod: tuple[str, dict[str, str]],
    peer: tuple[str, dict[str, str]],
    packet: Packet,
    given_: list[tuple[Spec, str]],
    data: st.DataObject,
) -> None:
    def hidden(of: tuple[str, dict[str, str]]) -> End:
        shown = {key: value for key, value in of[1].items() if data.draw(st.booleans())}
        about = {key: value for key, value in NAMESPACES[of[0]].items() if data.draw(st.booleans())}
        named = NAMED if data.draw(st.booleans()) else None
        return End(of[0], Labels(shown, complete=False), Labels(about, complete=False), ports=named)

    answer = _decision(direction, hidden(pod), hidden(peer), packet, given_).answer
    truth = Answer.ALLOWED if _model(direction, pod, peer, packet, given_) else Answer.DENIED
    assert answer in (truth, Answer.UNKNOWN)


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_address_or_block_however_written_raises(cidr: str, address: str) -> None:
    policies = [policy(egress({"to": [{"ipBlock": {"cidr": cidr, "except": [cidr]}}]}))]
    outside = End(None, addresses=(address,))
    assert decide("egress", end("x", "a"), outside, Packet(1), policies).answer in Answer


@given(st.ip_addresses(), st.integers(0, 32))
def test_an_address_is_in_a_block_exactly_where_the_network_says_so(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    block = f"10.0.0.0/{length}"
    policies = [policy(egress({"to": [{"ipBlock": {"cidr": block}}]}))]
    inside = address in ipaddress.ip_network(block, strict=False)
    outside = End(None, addresses=(str(address),))
    answer = decide("egress", end("x", "a"), outside, Packet(1), policies).answer
    assert answer is (Answer.ALLOWED if inside else Answer.DENIED)
