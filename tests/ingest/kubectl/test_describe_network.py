"""Described ingresses and network policies say what the objects say, and a part of one never says more."""

from __future__ import annotations

import tarfile
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.kubectl import IngressBackendShown
from kwhy.facts.objects import ObjectBatch, Observation
from kwhy.ingest.api.json_documents import parse_json
from kwhy.ingest.kubectl.text import parse
from kwhy.model.document import Document
from kwhy.model.parsing import Parsed

ARCHIVE = Path(__file__).parent / "data" / "described-network.tar.xz"


@cache
def text_of(name: str) -> str:
    with tarfile.open(ARCHIVE) as members:
        file = members.extractfile(name)
        assert file is not None
        return file.read().decode()


def read(text: str, command: str | None = None) -> list[Parsed]:
    return list(parse(Document("x.txt", text.encode(), command=command)))


def described(text: str) -> dict[str, Observation]:
    return {fact.object.metadata.name: fact for fact in read(text) if isinstance(fact, Observation)}


def served(kind: type) -> dict[str, api.ApiObject]:
    facts = parse_json(Document("objects.json", text_of("objects.json").encode()))
    objects = [struct for batch in facts if isinstance(batch, ObjectBatch) for struct in batch.objects]
    return {struct.metadata.name: struct for struct in objects if isinstance(struct, kind)}


def _plain(policy: object) -> tuple[object, ...]:
    assert isinstance(policy, api.NetworkPolicy)
    spec = policy.spec
    chosen = spec.pod_selector
    assert isinstance(chosen, api.LabelSelector)
    return chosen.match_labels, _expressions(chosen), spec.policy_types, _rules(spec.ingress), _rules(spec.egress)


def _expressions(selector: api.LabelSelector) -> set[tuple[str, str, tuple[str, ...]]]:
    found = selector.match_expressions or ()
    return {(one.key, one.operator, tuple(sorted(one.values or ()))) for one in found}


def _rules(rules: object) -> list[tuple[object, ...]]:
    return [
        (
            [(port.protocol or "TCP", port.port, port.end_port) for port in rule.ports or ()],
            [
                (
                    peer.pod_selector and (peer.pod_selector.match_labels or {}),
                    peer.namespace_selector and (peer.namespace_selector.match_labels or {}),
                    peer.ip_block,
                )
                for peer in rule.peers or ()
            ],
        )
        for rule in (rules if isinstance(rules, list) else ())
    ]


def test_every_described_policy_allows_what_its_object_allows() -> None:
    objects, texts = served(api.NetworkPolicy), described(text_of("networkpolicy.txt"))
    assert set(texts) == set(objects) == {"deny-all", "allow-all", "web", "ingress-only"}
    for name, struct in objects.items():
        assert _plain(texts[name].object) == _plain(struct), name


def test_a_policy_that_is_cut_off_does_not_show_the_side_that_it_is_cut_in() -> None:
    text = text_of("networkpolicy.txt")
    start = text.index("Name:         web")
    policy = described(text[start : text.index("      NamespaceSelector: <none>")])["web"].object
    assert isinstance(policy, api.NetworkPolicy)
    assert (policy.spec.ingress, policy.spec.egress, policy.spec.policy_types) == (UNSET, UNSET, UNSET)


def test_the_stated_types_decide_where_an_old_kubectl_prints_both_directions() -> None:
    text = text_of("networkpolicy.txt").replace(
        "  Not affecting egress traffic\n",
        "  Allowing egress traffic:\n    <none> (Selected pods are isolated for egress connectivity)\n",
    )
    policy = described(text)["ingress-only"].object
    assert isinstance(policy, api.NetworkPolicy)
    assert policy.spec.policy_types == ["Ingress"]


def test_a_line_of_unknown_form_hides_its_side_and_no_other() -> None:
    text = text_of("networkpolicy.txt").replace("CIDR: 10.0.0.0/8", "Fqdn: example.com")
    policy = described(text)["web"].object
    assert isinstance(policy, api.NetworkPolicy)
    assert policy.spec.ingress is UNSET
    assert isinstance(policy.spec.egress, list)


def test_the_paths_of_a_described_ingress_lead_to_the_services_of_its_object() -> None:
    def plain(struct: object) -> list[tuple[str, list[tuple[object, ...]]]]:
        assert isinstance(struct, api.Ingress)
        rules = struct.spec.rules if isinstance(struct.spec.rules, list) else []
        return [
            (rule.host, [(path.path or "", path.backend.service) for path in rule.http.paths or ()])
            for rule in rules
            if rule.http is not None
        ]

    objects, texts = served(api.Ingress), described(text_of("ingress.txt"))
    assert set(texts) == set(objects)
    for name, struct in objects.items():
        assert plain(texts[name].object) == plain(struct), name


def test_class_certificate_address_and_annotations_of_an_ingress_are_read_with_their_lines() -> None:
    text = text_of("ingress.txt")
    observation = described(text)["storefront"]
    struct = observation.object
    assert isinstance(struct, api.Ingress)
    assert struct.spec.ingress_class_name == "nginx"
    assert isinstance(struct.spec.tls, list)
    assert [tls.secret_name for tls in struct.spec.tls] == ["shop-tls", ""]
    assert struct.metadata.annotations == {"nginx.ingress.kubernetes.io/rewrite-target": "/"}
    line = observation.field_at("spec.rules[0].http.paths[1]").line
    assert line is not None
    assert "cart:8080" in text.splitlines()[line - 1]
    plain = described(text)["plain"].object
    assert isinstance(plain, api.Ingress)
    assert (plain.spec.ingress_class_name, plain.spec.tls) == ("", [])


def test_what_kubectl_found_out_about_each_backend_is_kept() -> None:
    shown = [fact for fact in read(text_of("ingress.txt")) if isinstance(fact, IngressBackendShown)]
    missing = {(fact.service.name, fact.port) for fact in shown if fact.says.startswith("<error:")}
    assert missing == {("assets", "http"), ("nothing", "80")}
    assert ("web", "81", "") in {(fact.service.name, fact.port, fact.says) for fact in shown}


def test_an_ingress_class_is_read_with_its_controller_and_whether_it_is_the_default() -> None:
    struct = described(text_of("ingressclass.txt"))["nginx"].object
    assert isinstance(struct, api.IngressClass)
    assert struct.spec.controller == "k8s.io/ingress-nginx"
    assert struct.metadata.annotations == {"ingressclass.kubernetes.io/is-default-class": "true"}


@given(st.data())
def test_mutilated_descriptions_never_raise(data: st.DataObject) -> None:
    lines = text_of(data.draw(st.sampled_from(["ingress.txt", "networkpolicy.txt"]))).splitlines()
    start = data.draw(st.integers(0, len(lines) - 1))
    kept = lines[start : data.draw(st.integers(start, len(lines)))]
    position = data.draw(st.integers(0, len(kept)))
    kept.insert(position, data.draw(st.text(max_size=40)))
    read("\n".join(kept), "kubectl describe networkpolicy")
