"""The chain of a name server whose node lacks a device, and what is left of it without one part of the evidence."""

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

DEVICE = ("net.device-missing", "Node/node-a")


def files() -> Files:
    return objects_and_logs(recorded("dns/server_cut_off"))


def test_one_replica_is_a_weakness_and_no_cause(tmp_path: Path) -> None:
    diagnosis = diagnosed(files(), tmp_path)
    assert roots(diagnosis) == [DEVICE]
    assert "dns.single-server" in {finding.condition.code for finding in diagnosis.contributing}


def test_two_replicas_are_no_weakness(tmp_path: Path) -> None:
    shown = files()

    def edit(items: list[Any]) -> None:
        items[0]["spec"]["replicas"] = 2

    change(shown, "objects/deployments.json", edit)
    assert "dns.single-server" not in found(diagnosed(shown, tmp_path))


def test_without_the_node_the_lost_network_is_as_far_as_the_proof_goes(tmp_path: Path) -> None:
    shown = files()
    del shown["node-a-session.txt"]
    diagnosis = diagnosed(shown, tmp_path)
    assert roots(diagnosis) == []
    assert "dns.server-cut-off" in {c.finding.condition.code for c in diagnosis.root_causes}


def test_upstreams_that_answer_others_are_never_blamed(tmp_path: Path) -> None:
    shown = files()
    del shown["node-a-session.txt"]
    assert "dns.upstream-not-answering" not in found(diagnosed(shown, tmp_path))
    del shown["bastion-session.txt"]
    assert "dns.upstream-not-answering" not in found(diagnosed(shown, tmp_path / "without"))
