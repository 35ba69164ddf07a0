"""What `kwhy inspect` shows of Corefiles, resolv.conf files and lookups."""

from pathlib import Path

from tests.harness.evidence import read_files

from kwhy.inspecting.parts import all_parts
from kwhy.model.inspection import Part
from kwhy.scene.scene import Scene

COREFILE = """.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . 10.0.0.2
}
"""


def parts(files: dict[str, bytes], folder: Path) -> dict[str, Part]:
    evidence = read_files(files, folder)
    scene = Scene(evidence.documents, evidence.facts)
    return {part.title: part for part in all_parts(evidence, scene, None)}


def test_a_corefile_shows_its_plugins_with_their_lines(tmp_path: Path) -> None:
    rows = parts({"Corefile": COREFILE.encode()}, tmp_path)["Corefile"].rows
    assert [(row.cells[1], row.place) for row in rows] == [
        ("errors", "line 2"), ("kubernetes", "line 3"), ("forward", "line 6"),
    ]  # fmt: skip
    assert rows[1].below == ("fallthrough in-addr.arpa ip6.arpa",)


def test_what_coredns_refuses_stands_first(tmp_path: Path) -> None:
    text = COREFILE.replace("forward", "forwad").replace("errors", "errors\n    cache 30\n    loop")
    rows = parts({"Corefile": text.encode()}, tmp_path)["Corefile"].rows
    assert (rows[0].cells[0], rows[0].place) == ("CoreDNS refuses it: Unknown directive 'forwad'", "Corefile:8")


def test_a_search_list_shows_what_it_costs(tmp_path: Path) -> None:
    text = b"search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    rows = parts({"resolv.conf": text}, tmp_path)["resolv.conf"].rows
    costs = next(row for row in rows if row.cells[0] == "for www.example.org")
    assert costs.cells[1].startswith("8 questions, 4 times")
    assert costs.below[-1] == "www.example.org."


def test_name_servers_that_libraries_do_not_ask_are_told(tmp_path: Path) -> None:
    text = b"nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n"
    rows = parts({"resolv.conf": text}, tmp_path)["resolv.conf"].rows
    assert ("ignored", "10.0.0.4: libraries take 3") in [row.cells for row in rows]


def test_lookups_show_server_and_answer(tmp_path: Path) -> None:
    text = b"Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n** server can't find web: NXDOMAIN\n"
    (row,) = parts({"nslookup.txt": text}, tmp_path)["Lookups"].rows
    assert row.cells[:4] == ("web", "", "10.96.0.10", "NXDOMAIN")
