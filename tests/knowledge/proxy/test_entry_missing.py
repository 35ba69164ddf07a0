"""Service rules to which nothing leads, and what looks like it."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, found, recorded, roots

FLUSHED = ("proxy.entry-missing", "Node/node-a")
RULES = "node-a/iptables-save.txt"


def _recorded() -> Files:
    return recorded("proxy/entry_missing/built_in_chains_flushed")


def test_flushed_built_in_chains_are_found(tmp_path: Path) -> None:
    assert roots(diagnosed(_recorded(), tmp_path)) == [FLUSHED]


def test_a_table_that_is_cut_proves_nothing(tmp_path: Path) -> None:
    files = _recorded()
    files[RULES] = files[RULES][: files[RULES].rindex(b"COMMIT")]
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []


def test_without_kube_proxys_chains_services_are_kept_elsewhere(tmp_path: Path) -> None:
    files = _recorded()
    files[RULES] = b"\n".join(line for line in files[RULES].split(b"\n") if b"KUBE-SERVICES" not in line)
    assert "proxy.entry-missing" not in found(diagnosed(files, tmp_path))


def test_a_call_that_works_is_no_reason_to_look(tmp_path: Path) -> None:
    files = _recorded()
    files["node-a/curl.txt"] = recorded("proxy/entry_missing/healthy_twin")["node-a/curl.txt"]
    assert roots(diagnosed(files, tmp_path)) == []


def test_rules_of_another_mode_beside_them_make_them_leftovers(tmp_path: Path) -> None:
    files = _recorded()
    rules = Path(__file__).parents[1] / "netfilter" / "kube_proxy_v1.34_nftables.txt"
    files["node-a/nft-list-ruleset.txt"] = rules.read_bytes()
    assert FLUSHED not in roots(diagnosed(files, tmp_path))
