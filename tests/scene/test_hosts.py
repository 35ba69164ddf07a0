"""Whose host a document is: two hosts in one folder are never taken for one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.scene.hosts import By, Hosts, Role, assign_hosts

N1, N2 = Subject("Node", "n1"), Subject("Node", "n2")
KUBELET = "log of kubelet"
PROCESSES = "process list"


def documents(*sources: str) -> dict[str, Document]:
    return {source: Document(source, b"") for source in sources}


def hosts(
    shown: Mapping[str, Document],
    *,
    stated: Mapping[str, str] | None = None,
    nodes: tuple[str, ...] = (),
    roles: Mapping[str, tuple[str, str]] | None = None,
) -> Hosts:
    """``roles``: source → (what it is on its host, what identifies the one)."""
    named = {id(shown[source]): name for source, name in (stated or {}).items()}
    known = {id(shown[source]): Role(name, frozenset({mark})) for source, (name, mark) in (roles or {}).items()}
    return assign_hosts(list(shown.values()), named, frozenset(nodes), lambda d: known.get(id(d)))


def found(assigned: Hosts, shown: Mapping[str, Document]) -> dict[str, tuple[str, By]]:
    return {s: (assigned.of(document).name, assigned.known_by(document)) for s, document in shown.items()}


def test_a_document_that_states_its_host_is_believed() -> None:
    shown = documents("a.log")
    assert found(hosts(shown, stated={"a.log": "n1"}), shown) == {"a.log": ("n1", By.STATED)}


def test_a_command_inside_a_session_comes_from_the_sessions_host() -> None:
    session = Document("session.txt", b"", host="n1")
    inside = Document("session.txt", b"", first_line=7, parent=session)
    assigned = assign_hosts([session, inside], {}, frozenset(), lambda d: None)
    assert assigned.of(inside) == N1


@pytest.mark.parametrize(
    ("source", "node"),
    [
        ("n1/kubelet.log", "n1"),
        ("kubelet-n1.log", "n1"),
        ("collected/n1_ps.txt", "n1"),
        ("n1.example.com/ps.txt", "n1"),
    ],
)
def test_a_path_may_name_the_node(source: str, node: str) -> None:
    shown = documents(source)
    assert found(hosts(shown, nodes=("n1", "n2")), shown) == {source: (node, By.NAMED)}


def test_a_name_inside_another_word_names_nothing() -> None:
    shown = documents("n10/kubelet.log", "vlan1/ps.txt")
    assigned = found(hosts(shown, nodes=("n1", "n2")), shown)
    assert {by for _, by in assigned.values()} == {By.ANONYMOUS}


def test_the_longer_of_two_names_that_a_path_holds_is_meant() -> None:
    shown = documents("n1.example/kubelet.log")
    assigned = hosts(shown, nodes=("n1", "n1.example"))
    assert found(assigned, shown) == {"n1.example/kubelet.log": ("n1.example", By.NAMED)}


def test_a_short_host_name_is_the_node_of_the_long_name() -> None:
    shown = documents("a.log")
    assert hosts(shown, stated={"a.log": "n1"}, nodes=("n1.example.com", "n2.example.com")).of(
        shown["a.log"]
    ) == Subject("Node", "n1.example.com")


def test_documents_beside_one_of_a_known_host_come_from_it() -> None:
    shown = documents("node/kubelet.log", "node/ps.txt", "node/stacks/1.txt")
    assigned = hosts(
        shown,
        stated={"node/kubelet.log": "n1"},
        nodes=("n1", "n2"),
        roles={"node/kubelet.log": (KUBELET, "pid 7"), "node/ps.txt": (PROCESSES, "7 kubelet")},
    )
    assert found(assigned, shown) == {
        "node/kubelet.log": ("n1", By.STATED),
        "node/ps.txt": ("n1", By.NEIGHBOURS),
        "node/stacks/1.txt": ("n1", By.NEIGHBOURS),
    }


def test_two_named_nodes_in_one_folder_do_not_share_their_neighbours() -> None:
    shown = documents("logs/n1-kubelet.log", "logs/n2-kubelet.log", "logs/ps.txt")
    assigned = found(
        hosts(
            shown,
            nodes=("n1", "n2"),
            roles={
                "logs/n1-kubelet.log": (KUBELET, "pid 7"),
                "logs/n2-kubelet.log": (KUBELET, "pid 9"),
                "logs/ps.txt": (PROCESSES, "7 kubelet"),
            },
        ),
        shown,
    )
    assert assigned["logs/n1-kubelet.log"] == ("n1", By.NAMED)
    assert assigned["logs/n2-kubelet.log"] == ("n2", By.NAMED)
    assert assigned["logs/ps.txt"][1] is By.ANONYMOUS


def test_two_nodes_without_names_in_one_folder_never_merge() -> None:
    shown = documents("kubelet-a.log", "kubelet-b.log")
    assigned = hosts(shown, roles={"kubelet-a.log": (KUBELET, "pid 7"), "kubelet-b.log": (KUBELET, "pid 9")})
    one, other = (assigned.of(document) for document in shown.values())
    assert one != other


def test_the_first_word_of_file_names_keeps_the_documents_of_two_unnamed_hosts_apart() -> None:
    shown = documents("x-kubelet.log", "x-ps.txt", "y-kubelet.log", "y-ps.txt")
    assigned = hosts(
        shown,
        roles={
            "x-kubelet.log": (KUBELET, "pid 7"),
            "y-kubelet.log": (KUBELET, "pid 9"),
            "x-ps.txt": (PROCESSES, "7 kubelet"),
            "y-ps.txt": (PROCESSES, "9 kubelet"),
        },
    )
    assert assigned.of(shown["x-kubelet.log"]) == assigned.of(shown["x-ps.txt"])
    assert assigned.of(shown["y-kubelet.log"]) == assigned.of(shown["y-ps.txt"])
    assert assigned.of(shown["x-ps.txt"]) != assigned.of(shown["y-ps.txt"])


def test_two_logs_of_one_kubelet_are_of_one_host() -> None:
    shown = documents("kubelet-1.log", "kubelet-2.log")
    assigned = hosts(shown, roles={"kubelet-1.log": (KUBELET, "pid 7"), "kubelet-2.log": (KUBELET, "pid 7")})
    assert len(assigned.all) == 1


def test_unnamed_documents_of_two_directories_are_of_two_hosts() -> None:
    shown = documents("x/kubelet.log", "x/ps.txt", "y/ps.txt")
    assigned = hosts(shown)
    assert assigned.of(shown["x/kubelet.log"]) == assigned.of(shown["x/ps.txt"])
    assert assigned.of(shown["x/ps.txt"]) != assigned.of(shown["y/ps.txt"])


def test_the_only_node_is_assumed_and_said_to_be() -> None:
    shown = documents("dump.txt")
    assert found(hosts(shown, nodes=("n1",)), shown) == {"dump.txt": ("n1", By.ONLY_CANDIDATE)}


def test_with_two_nodes_nothing_is_assumed() -> None:
    shown = documents("dump.txt")
    assert found(hosts(shown, nodes=("n1", "n2")), shown)["dump.txt"][1] is By.ANONYMOUS


def test_a_second_log_of_a_kubelet_is_not_assumed_to_come_from_the_only_node() -> None:
    shown = documents("a/kubelet.log", "b/kubelet.log")
    assigned = hosts(
        shown,
        stated={"a/kubelet.log": "n1"},
        nodes=("n1",),
        roles={"a/kubelet.log": (KUBELET, "pid 7"), "b/kubelet.log": (KUBELET, "pid 9")},
    )
    assert assigned.of(shown["b/kubelet.log"]) != N1


def test_thousands_of_unnamed_documents_are_told_apart_in_a_moment() -> None:
    shown = documents(*(f"pods/{number % 100}/{number}.log" for number in range(5000)))
    assert len(hosts(shown, nodes=("n1", "n2")).all) == 100
