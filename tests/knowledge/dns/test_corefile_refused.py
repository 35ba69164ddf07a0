"""Looks alike: a Corefile that was put right, a word that another build knows, a log alone, a text alone."""

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, named, objects_and_logs, recorded, roots

ROOT = ("dns.corefile-refused", "ConfigMap/kube-system/coredns")
CASE = "dns/corefile_refused/misspelt_plugin"


def files() -> Files:
    return objects_and_logs(recorded(CASE))


def without_coredns_logs(shown: Files) -> Files:
    return {name: data for name, data in shown.items() if not name.startswith("logs/kube-system_coredns")}


def replaced(shown: Files, word: str, by: str) -> Files:
    def edit(items: list[Any]) -> None:
        data = named(items, "coredns")["data"]
        data["Corefile"] = data["Corefile"].replace(word, by)

    change(shown, "objects/configmaps.json", edit)
    return shown


def test_the_text_alone_tells_it_where_the_word_is_misspelt(tmp_path: Path) -> None:
    assert roots(diagnosed(without_coredns_logs(files()), tmp_path)) == [ROOT]


def test_the_log_alone_tells_it(tmp_path: Path) -> None:
    shown = {name: data for name, data in files().items() if name != "objects/configmaps.json"}
    assert roots(diagnosed(shown, tmp_path)) == [ROOT]


def test_a_corefile_that_was_corrected_since_is_not_blamed(tmp_path: Path) -> None:
    assert ROOT not in roots(diagnosed(replaced(files(), "kubernets", "kubernetes"), tmp_path))


def test_a_word_that_resembles_no_plugin_may_belong_to_another_build(tmp_path: Path) -> None:
    shown = replaced(without_coredns_logs(files()), "kubernets cluster.local", "netbox example.org")
    assert ROOT[0] not in found(diagnosed(shown, tmp_path))


# kubectl 1.34.4 describe configmap
DESCRIBED = """Name:         coredns
Namespace:    kube-system
Labels:       <none>
Annotations:  <none>

Data
====
Corefile:
----
.:53 {
    errors
    health
    ready
    kubernets cluster.local in-addr.arpa ip6.arpa {
      fallthrough in-addr.arpa ip6.arpa
    }
    cache 30
    forward . 10.55.0.10:5354
}



BinaryData
====

Events:  <none>
"""


def test_a_described_config_map_tells_it_with_the_line_of_the_description(tmp_path: Path) -> None:
    shown = without_coredns_logs(files()) | {"describe-configmap.txt": DESCRIBED.encode()}
    del shown["objects/configmaps.json"]
    diagnosis = diagnosed(shown, tmp_path)
    assert roots(diagnosis) == [ROOT]
    (evidence,) = diagnosis.root_causes[0].finding.evidence
    assert (evidence.at.line, evidence.at.excerpt.split()[0]) == (14, "kubernets")
