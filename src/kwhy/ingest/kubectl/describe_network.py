"""`kubectl describe` of ingresses, ingress classes and network policies.

Source: describeIngressV1, describeBackendV1, describeIngressTLSV1, describeIngressClassV1, describeNetworkPolicySpec,
printNetworkPolicySpecIngressFrom (k8s.io/kubectl v0.34.4 pkg/describe/describe.go; the same texts since v1.12).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.kubectl import IngressBackendShown
from kwhy.facts.objects import Maybe, ObjectMeta
from kwhy.ingest.kubectl.tree import Entries, Lines
from kwhy.ingest.kubectl.words import EMPTY, selector
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject

Marks = dict[str, int]
Printed = dict[str, str]

#: "web:80 (10.0.0.1:8080,10.0.0.2:8080)", 'web:http (<error: services "web" not found>)', "web:80 ()".
_BACKEND = expression(r"(?P<service>[a-z0-9](?:[-a-z0-9.]{0,252})):(?P<port>[\w-]{1,63}) \((?P<says>[^\n]{0,4000})\)")
#: "tls terminates shop.example,www.shop.example"; "SNI routes shop.example".
_TLS = expression(r"(?:(?P<secret>\S{1,253}) terminates|SNI routes) ?(?P<hosts>\S{0,4000})")
#: "                /   web:80 (…)", "                    web:80 (…)": a path may be empty.
_PATH_ROW = expression(
    r"\s+(?:(?P<path>\S{1,4000})\s+)?(?P<backend>\S{1,320} \([^\n]{0,4000}\)|APIGroup: [^\n]{1,600})\s*"
)
_HOST_ROW = expression(r"\s+(?P<host>\S{1,253})\s*")


def read_ingress(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.Ingress:
    for key in ("Address", "Ingress Class", "Default backend"):
        if (value := entries.value(key)) is not None:
            printed[key] = value
    for key, place in (("Ingress Class", "spec.ingressClassName"), ("Default backend", "spec.defaultBackend"),
                       ("TLS", "spec.tls"), ("Rules", "spec.rules"), ("Address", "status.loadBalancer")):  # fmt: skip
        if (entry := entries.get(key)) is not None:
            lines[place] = entry.line
    if (rules := entries.get("Rules")) is not None:
        printed["Rules"] = "\n".join(line.strip() for _, line in rules.below)
    class_name, address = entries.value("Ingress Class"), entries.value("Address")
    default = entries.value("Default backend")
    backend = None if default is None or default in EMPTY or default == "<default>" else _backend(default)
    spec = api.IngressSpec(
        ingress_class_name=UNSET if class_name is None else "" if class_name in EMPTY else class_name,
        default_backend=UNSET if default is None else backend,
        rules=UNSET if rules is None else _rules(rules.below, lines),
        tls=_tls(entries, lines),
    )
    return api.Ingress(_annotated(metadata, entries), spec, exposed(address))


def _annotated(metadata: ObjectMeta, entries: Entries) -> ObjectMeta:
    """printAnnotationsMultiline: one "key: value" per line; values with line ends of their own are not shown."""
    entry = entries.get("Annotations")
    if entry is None:
        return metadata
    pairs = [line.partition(": ") for line in entry.values if line.strip() not in EMPTY]
    if not all(middle for _, middle, _ in pairs):
        return metadata
    return msgspec.structs.replace(metadata, annotations={key.strip(): value for key, _, value in pairs})


def exposed(address: str | None) -> api.ExposedStatus:
    """Where a controller says that the object can be reached; "" and "<none>" are nowhere."""
    if address is None:
        return api.ExposedStatus()
    places = [] if address in EMPTY else [api.LoadBalancerIngress(hostname=place) for place in address.split(",")]
    return api.ExposedStatus(api.LoadBalancerStatus(places))


def _backend(text: str) -> api.IngressBackend:
    matched = _BACKEND.fullmatch(text.strip())
    if matched is None:
        return api.IngressBackend(resource=api.BackendResource())
    port = matched["port"]
    number = int(port) if port.isdecimal() else 0
    return api.IngressBackend(
        api.BackendService(matched["service"], api.BackendPort("" if number else port, number)),
    )


def _rules(below: Lines, lines: Marks) -> list[api.IngressRule]:
    found: list[tuple[str, list[api.IngressPath]]] = []
    for number, line in below:
        if line.split()[:1] in (["Host"], ["----"]) or not line.strip():
            continue
        if (row := _PATH_ROW.fullmatch(line)) and (found or row["path"] == "*"):
            if not found:
                continue  # "*  *  <default>": no rule at all
            host, paths = found[-1]
            lines[f"spec.rules[{len(found) - 1}].http.paths[{len(paths)}]"] = number
            paths.append(api.IngressPath(row["path"] or "", backend=_backend(row["backend"])))
        elif host_row := _HOST_ROW.fullmatch(line):
            host = host_row["host"]
            found.append(("" if host == "*" else host, []))
    return [api.IngressRule(host, api.IngressPaths(paths)) for host, paths in found if paths]


def _tls(entries: Entries, lines: Marks) -> Maybe[list[api.IngressTLS]]:
    entry = entries.get("TLS")
    if entry is None:
        # It is printed before the rules, where there is any.
        return [] if "Rules" in entries and "Default backend" in entries else UNSET
    found: list[api.IngressTLS] = []
    for number, line in entry.below:
        if (matched := _TLS.fullmatch(line.strip())) is not None:
            lines[f"spec.tls[{len(found)}]"] = number
            found.append(api.IngressTLS([h for h in matched["hosts"].split(",") if h], matched["secret"] or ""))
    return found


def backends_shown(ingress: Subject, entries: Entries, document: Document) -> Iterator[IngressBackendShown]:
    """What kubectl found out about each backend while it described the Ingress."""
    rows: list[tuple[int, str]] = []
    if (default := entries.get("Default backend")) is not None:
        rows.append((default.line, default.value))
    if (rules := entries.get("Rules")) is not None:
        rows += [
            (number, row["backend"]) for number, line in rules.below if (row := _PATH_ROW.fullmatch(line)) is not None
        ]
    for number, text in rows:
        if (matched := _BACKEND.fullmatch(text.strip())) is not None:
            service = Subject("Service", matched["service"], ingress.namespace)
            at = document.at(number, excerpt=document.line(number).strip())
            yield IngressBackendShown(ingress, service, matched["port"], matched["says"], at)


def read_ingress_class(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.IngressClass:
    metadata = _annotated(metadata, entries)
    controller = entries.get("Controller")
    if controller is None:
        return api.IngressClass(metadata)
    lines["spec.controller"] = controller.line
    return api.IngressClass(metadata, api.IngressClassSpec(controller.value))


#: "To Port: 80/TCP", "To Port: http/TCP", "To Port: <nil>/UDP", "To Port Range: 8000-8100/TCP".
_PORT = expression(r"To Port(?: Range)?: (?P<port>[\w-]{1,63}?|<nil>)(?:-(?P<end>\d{1,5}))?/(?P<protocol>[A-Z]{3,4})")
_RANGE = expression(r"To Port Range: (?P<port>\d{1,5})-(?P<end>\d{1,5})/(?P<protocol>[A-Z]{3,4})")


@dataclass
class _Rule:
    ports: list[api.NetworkPolicyPort] = field(default_factory=list)
    peers: list[dict[str, object]] = field(default_factory=list)


@dataclass
class _Side:
    """The rules for one direction, as far as they were read; ``whole`` once the text behind them began."""

    applies: bool
    rules: list[_Rule] = field(default_factory=list)
    whole: bool = False


def read_network_policy(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.NetworkPolicy:
    """A side that was cut off or holds a line of another form is not shown: half a policy allows too little."""
    spec = entries.get("Spec")
    if spec is None:
        return api.NetworkPolicy(metadata)
    lines["spec"] = spec.line
    chosen: Maybe[api.LabelSelector] = UNSET
    sides: dict[str, _Side] = {}
    types: list[str] = []
    current: _Side | None = None
    for number, raw in spec.below:
        line = raw.strip()
        if line.startswith("PodSelector:") and not sides:
            lines["spec.podSelector"] = number
            text = line.partition(":")[2].strip()
            chosen = selector("<none>" if text.startswith("<none>") else text)
        elif (direction := _direction(line)) is not None:
            if current is not None:
                current.whole = True
            lines[f"spec.{direction}"] = number
            current = sides[direction] = _Side(applies=line.startswith("Allowing"))
        elif line.startswith("Policy Types:"):
            lines["spec.policyTypes"] = number
            types = [word.strip() for word in line.partition(":")[2].split(",") if word.strip() not in EMPTY]
            if current is not None:
                current.whole = True
            current = None
        elif current is not None and line and not _take(current, line):
            del sides[next(name for name, side in sides.items() if side is current)]
            current = None
    return api.NetworkPolicy(metadata, _policy_spec(chosen, sides, types))


def _direction(line: str) -> str | None:
    for direction in ("ingress", "egress"):
        if line in (f"Allowing {direction} traffic:", f"Not affecting {direction} traffic"):
            return direction
    return None


def _take(side: _Side, line: str) -> bool:
    """Add one line to the rules; False where it has no form that is known."""
    if line.startswith("<none> (Selected pods are isolated"):
        return True
    if line == "----------":
        side.rules.append(_Rule())
        return True
    if not side.rules:
        side.rules.append(_Rule())
    rule = side.rules[-1]
    key, _, value = line.partition(":")
    value = value.strip()
    if key in ("To Port", "To Port Range") and value.startswith("<any>"):
        return True
    if (matched := _RANGE.fullmatch(line) or _PORT.fullmatch(line)) is not None:
        port = matched["port"]
        number: int | str | None = None if port == "<nil>" else int(port) if port.isdecimal() else port
        end = int(matched["end"]) if matched["end"] else None
        rule.ports.append(api.NetworkPolicyPort(matched["protocol"], number, end))
        return True
    if key in ("From", "To"):
        if not value:
            rule.peers.append({})
        return not value or value.startswith("<any>")
    if not rule.peers:
        return False
    return _take_peer(rule.peers[-1], key, value)


def _take_peer(peer: dict[str, object], key: str, value: str) -> bool:
    if key in ("PodSelector", "NamespaceSelector"):
        chosen = selector(value)
        if not isinstance(chosen, api.LabelSelector):
            return False
        peer["pod_selector" if key == "PodSelector" else "namespace_selector"] = chosen
        return True
    if key == "IPBlock":
        return True
    if key == "CIDR":
        peer["ip_block"] = api.IPBlock(value)
        return True
    block = peer.get("ip_block")
    if key == "Except" and isinstance(block, api.IPBlock):
        peer["ip_block"] = api.IPBlock(block.cidr, [part.strip() for part in value.split(",") if part.strip()] or None)
        return True
    return False


def _policy_spec(chosen: Maybe[api.LabelSelector], sides: dict[str, _Side], types: list[str]) -> api.NetworkPolicySpec:
    """The stated types decide: kubectl before v1.19 prints "Allowing egress traffic" of every policy."""
    inward, outward = sides.get("ingress"), sides.get("egress")
    if not types and inward is not None and outward is not None:
        types = [name for name, side in (("Ingress", inward), ("Egress", outward)) if side.applies]
    return api.NetworkPolicySpec(
        pod_selector=chosen,
        policy_types=types or UNSET,
        ingress=UNSET
        if inward is None or not inward.whole
        else [api.NetworkPolicyIngressRule(rule.ports or None, _peers(rule)) for rule in inward.rules],
        egress=UNSET
        if outward is None or not outward.whole
        else [api.NetworkPolicyEgressRule(rule.ports or None, _peers(rule)) for rule in outward.rules],
    )


def _peers(rule: _Rule) -> list[api.NetworkPolicyPeer] | None:
    return [api.NetworkPolicyPeer(**peer) for peer in rule.peers] or None  # type: ignore[arg-type]  # by _take_peer
