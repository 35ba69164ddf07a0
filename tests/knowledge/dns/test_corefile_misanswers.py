"""Looks alike: an override that agrees with the Service, names that fall through, files that are not shown."""

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, named, objects_and_logs, recorded, roots

from kwhy.facts.corefile import parse_corefile
from kwhy.knowledge.dns.answering import answered

ROOT = ("dns.corefile-misanswers", "ConfigMap/kube-system/coredns")
CASE = "dns/corefile_misanswers/"


def edited(name: str, edit: Any) -> Files:
    shown = objects_and_logs(recorded(CASE + name))

    def change_text(items: list[Any]) -> None:
        data = named(items, "coredns")["data"]
        data["Corefile"] = edit(data["Corefile"])

    change(shown, "objects/configmaps.json", change_text)
    return shown


def test_hosts_that_give_the_address_of_the_service_are_not_blamed(tmp_path: Path) -> None:
    shown = edited("hosts_answers", lambda text: text.replace("10.96.200.200", "10.96.181.95"))
    assert ROOT[0] not in found(diagnosed(shown, tmp_path))


def test_hosts_for_another_name_that_fall_through_are_not_blamed(tmp_path: Path) -> None:
    shown = edited("hosts_answers", lambda text: text.replace(" web.shop", " wiki.shop"))
    assert ROOT[0] not in found(diagnosed(shown, tmp_path))


def test_an_import_may_hold_the_missing_forward(tmp_path: Path) -> None:
    shown = edited(
        "no_forward", lambda text: text.replace("errors", "import /etc/coredns/custom/*.override\n    errors")
    )
    assert ROOT[0] not in found(diagnosed(shown, tmp_path))


def test_without_the_corefile_the_fault_is_not_guessed(tmp_path: Path) -> None:
    shown = objects_and_logs(recorded(CASE + "other_cluster_domain"))
    del shown["objects/configmaps.json"]
    assert roots(diagnosed(shown, tmp_path)) == []


def test_a_corefile_without_kubernetes_plugin_knows_no_service(tmp_path: Path) -> None:
    shown = edited("other_cluster_domain", lambda text: text.replace("kubernetes cluster.lan in-addr.arpa", "file x y"))
    assert roots(diagnosed(shown, tmp_path)) == [ROOT]


COREFILE = """corp.example:53 {
    errors
    forward . 10.150.0.1
}
.:53 {
    hosts {
        10.0.0.9 wiki.example
        fallthrough
    }
    rewrite name suffix .old.example. .svc.cluster.local.
    rewrite name regex (.*)\\.alias\\.example {1}.shop.svc.cluster.local
    template ANY ANY blocked.example {
        rcode NXDOMAIN
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . /etc/resolv.conf {
        except lan.example
    }
}
"""


@pytest.mark.parametrize(("name", "by", "line"), [
    ("ledger.corp.example", "forward", 3),
    ("wiki.example", "hosts", 7),
    ("web.shop.svc.cluster.local", "kubernetes", 15),
    ("web.shop.old.example", "kubernetes", 15),
    ("web.alias.example", "kubernetes", 15),
    ("ads.blocked.example", "template", 12),
    ("www.example.org", "forward", 19),
    ("printer.lan.example", "unanswered", 5),
])  # fmt: skip
def test_a_name_is_followed_to_the_plugin_that_answers(name: str, by: str, line: int) -> None:
    answer = answered(parse_corefile(COREFILE), name)
    assert (answer.by, answer.line) == (by, line)


def test_a_name_that_no_block_serves_is_refused() -> None:
    assert answered(parse_corefile("corp.example {\n    forward . 10.0.0.1\n}"), "www.example.org").by == "refused"


def test_where_nobody_states_the_domain_the_corefile_is_believed(tmp_path: Path) -> None:
    shown = objects_and_logs(recorded(CASE + "other_cluster_domain"))
    del shown["node/kubelet-config.yaml"]
    assert ROOT[0] not in found(diagnosed(shown, tmp_path))
