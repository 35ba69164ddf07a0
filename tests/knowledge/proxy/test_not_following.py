"""A kube-proxy that runs on with yesterday's endpoints, and what looks like it."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, change, diagnosed, found, named, recorded, roots

STALE = ("proxy.not-following", "Process/node-a/kube-proxy")
SLICES = "objects/endpointslices.discovery.k8s.io.json"
RULES = "node-a/iptables-save.txt"


def _recorded() -> Files:
    return recorded("proxy/not_following/endpoints_replaced")


def _endpoints(files: Files, addresses: list[str], *, ready: bool = True) -> None:
    def edit(items: list[dict[str, object]]) -> None:
        named(items, "web-1")["endpoints"] = [{"addresses": [a], "conditions": {"ready": ready}} for a in addresses]

    change(files, SLICES, edit)


def test_the_recorded_fault_is_found(tmp_path: Path) -> None:
    assert roots(diagnosed(_recorded(), tmp_path)) == [STALE]


def test_an_endpoint_that_is_not_ready_is_not_gone(tmp_path: Path) -> None:
    files = _recorded()
    _endpoints(files, ["10.244.0.21", "10.244.0.22", "10.244.0.23"], ready=False)
    assert "proxy.endpoints-stale" not in found(diagnosed(files, tmp_path))


def test_in_the_middle_of_a_rollout_some_endpoints_prove_nothing(tmp_path: Path) -> None:
    files = _recorded()
    _endpoints(files, ["10.244.0.21", "10.244.0.25"])
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert "proxy.endpoints-stale" not in found(diagnosis)


def test_where_rules_are_a_day_younger_than_the_change_some_stale_endpoints_are_proof(tmp_path: Path) -> None:
    files = _recorded()

    def edit(items: list[dict[str, object]]) -> None:
        piece = named(items, "web-1")
        piece["endpoints"] = [{"addresses": [f"10.244.0.{number}"], "conditions": {}} for number in (21, 25)]
        piece["metadata"]["annotations"]["endpoints.kubernetes.io/last-change-trigger-time"] = "2026-11-21T02:00:00Z"

    change(files, SLICES, edit)
    assert roots(diagnosed(files, tmp_path)) == [STALE]


def test_without_the_processes_kube_proxy_is_asked_for(tmp_path: Path) -> None:
    files = _recorded()
    del files["node-a/ps.txt"]
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert "proxy.endpoints-stale" in found(diagnosis)
    assert any(step.command.startswith("ps ") for step in diagnosis.next_steps)


def test_without_the_rules_they_are_asked_for(tmp_path: Path) -> None:
    files = _recorded()
    del files[RULES]
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert any("iptables-save" in step.command for step in diagnosis.next_steps)


def test_rules_that_were_kept_up_to_date_clear_kube_proxy(tmp_path: Path) -> None:
    files = _recorded()
    for old, new in (
        (b"10.244.0.21", b"10.244.0.24"),
        (b"10.244.0.22", b"10.244.0.25"),
        (b"10.244.0.23", b"10.244.0.26"),
    ):
        files[RULES] = files[RULES].replace(old, new)
    diagnosis = diagnosed(files, tmp_path)
    assert "proxy.endpoints-stale" in {each.condition.code for each in diagnosis.ruled_out}


def test_stale_rules_of_nft_are_found_too(tmp_path: Path) -> None:
    """The rules as the same kube-proxy writes them in its nftables mode (tests/knowledge/netfilter)."""
    files = _recorded()
    del files[RULES]
    rules = Path(__file__).parents[1] / "netfilter" / "kube_proxy_v1.34_nftables.txt"
    files["node-a/nft-list-ruleset.txt"] = rules.read_bytes()
    assert roots(diagnosed(files, tmp_path)) == [STALE]
