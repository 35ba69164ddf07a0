"""Calls that time out behind network policies: which policy is to blame, and when none is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, named, objects_and_logs, recorded, roots

POLICIES, DAEMON_SETS, NAMESPACES = (
    "objects/networkpolicies.json", "objects/daemonsets.json", "objects/namespaces.json"
)  # fmt: skip
PODS = "objects/pods.json"
DENY = "NetworkPolicy/np-deny/default-deny"
BLOCKED = "policy.blocks-calls"


def _denied() -> Files:
    """Recorded: default-deny in the callee's namespace, calls time out, calico-node runs."""
    return objects_and_logs(recorded("policy/blocks_calls/default_deny_ingress"))


def _add(files: Files, name: str, **spec: Any) -> None:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "np-deny"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"], **spec},
    }
    change(files, POLICIES, lambda items: items.append(policy))


def _without_policy_agents(files: Files) -> None:
    for name in (PODS, DAEMON_SETS):
        change(files, name, lambda items: items.__setitem__(slice(None), [i for i in items if "calico" not in str(i)]))


def _rename_agents(files: Files, name: str) -> None:
    for file in (PODS, DAEMON_SETS):
        files[file] = files[file].replace(b"calico-node", name.encode())


def _refuse(files: Files) -> None:
    """As a Go client writes it when the connection is rejected (recorded with a Service without endpoints)."""
    line = (
        '2026-11-22T02:39:{second:02d}.0Z ERROR upstream call failed: Get "http://web/": dial tcp 10.96.151.247:80: '
        "connect: connection refused\n"
    )
    for name in [n for n in files if n.startswith("logs/") and "frontend" in n]:
        files[name] = "".join(line.format(second=second) for second in range(0, 60, 3)).encode()


def test_the_denying_policy_is_the_cause(tmp_path: Path) -> None:
    assert roots(diagnosed(_denied(), tmp_path)) == [(BLOCKED, DENY)]


def test_a_policy_that_allows_the_caller_beside_it_acquits_both(tmp_path: Path) -> None:
    files = _denied()
    _add(files, "allow-frontend", ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "frontend"}}}]}])
    assert BLOCKED not in found(diagnosed(files, tmp_path))


def test_a_policy_that_nearly_allows_the_caller_is_blamed_before_the_one_that_denies_all(tmp_path: Path) -> None:
    files = _denied()
    rule = {"from": [{"podSelector": {"matchLabels": {"app": "frontend"}}}], "ports": [{"port": 80}]}
    _add(files, "allow-frontend", ingress=[rule])
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [(BLOCKED, "NetworkPolicy/np-deny/allow-frontend")]
    assert "only on port 80/TCP" in diagnosis.root_causes[0].finding.title


def test_without_all_policies_of_the_namespace_nothing_is_denied_and_they_are_asked_for(tmp_path: Path) -> None:
    files = _denied()
    policy = json.loads(files.pop(POLICIES))["items"][0]
    files["policy.json"] = json.dumps(policy).encode()
    diagnosis = diagnosed(files, tmp_path)
    assert BLOCKED not in found(diagnosis)
    probes = [probe.command for item in diagnosis.undetermined for gap in item.gaps for probe in gap.probes]
    assert any("networkpolicies" in command for command in probes)


def test_a_policy_in_a_cluster_whose_plugin_enforces_none_is_only_words(tmp_path: Path) -> None:
    files = _denied()
    _rename_agents(files, "kube-flannel-ds")
    for name in (PODS, DAEMON_SETS):
        files[name] = _everywhere(files[name])
    assert BLOCKED not in found(diagnosed(files, tmp_path))


def _everywhere(data: bytes) -> bytes:
    """The list as `kubectl get -A` gives it: of several namespaces."""
    listing = json.loads(data)
    listing["items"].append({**listing["items"][0], "metadata": {**listing["items"][0]["metadata"],
                             "name": "elsewhere-x2b9k", "namespace": "elsewhere", "uid": "1"}})  # fmt: skip
    return json.dumps(listing).encode()


def test_where_nothing_tells_whether_policies_are_enforced_the_cause_is_named_with_less_confidence(
    tmp_path: Path,
) -> None:
    sure = diagnosed(_denied(), tmp_path / "sure").root_causes[0].confidence
    files = _denied()
    _without_policy_agents(files)
    (cause,) = [c for c in diagnosed(files, tmp_path / "unsure").root_causes if c.role == "root-cause"]
    assert cause.finding.condition.code == BLOCKED
    assert cause.confidence < sure


def test_policies_of_other_kinds_leave_it_open(tmp_path: Path) -> None:
    files = _denied()
    other = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "allow", "namespace": "np-deny"},
    }
    files["cilium.json"] = json.dumps({"apiVersion": "v1", "kind": "List", "items": [other]}).encode()
    assert BLOCKED not in found(diagnosed(files, tmp_path))


def test_refused_calls_are_not_what_a_dropping_plugin_does(tmp_path: Path) -> None:
    files = _denied()
    _refuse(files)
    assert BLOCKED not in found(diagnosed(files, tmp_path))


def test_kube_router_refuses_what_it_forbids(tmp_path: Path) -> None:
    files = _denied()
    _rename_agents(files, "kube-router")
    _refuse(files)
    assert (BLOCKED, DENY) in roots(diagnosed(files, tmp_path))


def test_a_label_on_the_callers_namespace_opens_a_namespace_selector(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("policy/blocks_calls/namespace_without_label"))
    change(files, NAMESPACES, lambda items: named(items, "np-shopfront")["metadata"]["labels"].update(team="frontend"))
    assert BLOCKED not in found(diagnosed(files, tmp_path))


def test_unknown_labels_of_the_callers_namespace_leave_it_open_and_are_asked_for(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("policy/blocks_calls/namespace_without_label"))
    del files[NAMESPACES]
    diagnosis = diagnosed(files, tmp_path)
    assert BLOCKED not in found(diagnosis)
    assert any(
        "namespaces" in gap.what or "namespaces" in str(gap.probes) for u in diagnosis.undetermined for gap in u.gaps
    )


def test_dns_that_is_allowed_over_udp_resolves(tmp_path: Path) -> None:
    files = objects_and_logs(recorded("policy/blocks_calls/egress_without_dns"))
    dns = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}
    change(files, POLICIES, lambda items: items[0]["spec"]["egress"].append(dns))
    assert BLOCKED not in found(diagnosed(files, tmp_path))
    only_tcp = objects_and_logs(recorded("policy/blocks_calls/egress_without_dns"))
    dns["ports"] = [{"port": 53, "protocol": "TCP"}]
    change(only_tcp, POLICIES, lambda items: items[0]["spec"]["egress"].append(dns))
    assert BLOCKED in found(diagnosed(only_tcp, tmp_path / "tcp"))
