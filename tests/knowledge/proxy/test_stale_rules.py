"""Service rules that a node lacks, and who is to blame."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import Files, diagnosed, found, recorded, roots

PROXY = ("proxy.not-running", "Process/node-a/kube-proxy")
ROW = "  33449       1       01:03 Ssl  do_epoll_wait  /usr/local/bin/{program} --config=/etc/{program}.yaml\n"


def _recorded() -> Files:
    return recorded("proxy/not_running/service_recreated")


def _running(files: Files, program: str) -> None:
    files["node/ps.txt"] += ROW.format(program=program).encode()


def test_a_proxy_that_runs_is_not_blamed_for_the_rules_that_are_missing(tmp_path: Path) -> None:
    files = _recorded()
    _running(files, "kube-proxy")
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert "proxy.service-rules-missing" in found(diagnosis)


def test_where_something_replaces_kube_proxy_its_absence_proves_nothing(tmp_path: Path) -> None:
    files = _recorded()
    _running(files, "cilium-agent")
    assert roots(diagnosed(files, tmp_path)) == []


def test_without_the_rules_the_missing_process_is_no_proof_and_they_are_asked_for(tmp_path: Path) -> None:
    files = _recorded()
    del files["node/iptables-save.txt"]
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert "iptables-save" in [step.command for step in diagnosis.next_steps]


def test_without_the_process_list_it_is_asked_for(tmp_path: Path) -> None:
    files = _recorded()
    del files["node/ps.txt"]
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert any(step.command.startswith("ps ") for step in diagnosis.next_steps)


def test_rules_for_the_address_that_is_called_clear_the_proxy(tmp_path: Path) -> None:
    files = _recorded()
    rules = files["node/iptables-save.txt"]
    files["node/iptables-save.txt"] = rules.replace(b"10.96.137.196/32", b"10.96.203.244/32")
    diagnosis = diagnosed(files, tmp_path)
    assert PROXY not in roots(diagnosis)
    assert "proxy.service-rules-missing" in {ruled_out.condition.code for ruled_out in diagnosis.ruled_out}


def test_a_cut_table_does_not_prove_that_a_rule_is_missing(tmp_path: Path) -> None:
    files = _recorded()
    rules = files["node/iptables-save.txt"]
    files["node/iptables-save.txt"] = rules[: rules.index(b"-A KUBE-SERVICES -d 10.96.137.196")]
    assert roots(diagnosed(files, tmp_path)) == []
