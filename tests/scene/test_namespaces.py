"""Text that leaves a namespace out is about the namespace that the rest of the evidence tells, or about none."""

from __future__ import annotations

from kwhy.facts.objects import Event, Observation
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.scene.namespaces import with_namespaces

#: `kubectl describe pod`, 1.34, of the recorded fault crashloop-bad-command (shortened).
DESCRIBED = """Name:             invoicer-5d8df8565b-6bhbp
Namespace:        billing
Node:             node-a/10.55.0.10
Status:           Running
Controlled By:    ReplicaSet/invoicer-5d8df8565b
Containers:
  invoicer:
    State:          Waiting
      Reason:       CrashLoopBackOff
QoS Class:                   BestEffort
"""
PODS = """NAME                        READY   STATUS             RESTARTS   AGE
invoicer-5d8df8565b-6bhbp   0/1     CrashLoopBackOff   5          3m8s
ledger-66bcdb54dc-mjjq9     1/1     Running            0          3m8s
"""
OTHER_PODS = """NAME                        READY   STATUS    RESTARTS   AGE
postgres-0                  1/1     Running   0          3m8s
"""
EVENTS = """LAST SEEN   TYPE     REASON      OBJECT                          MESSAGE
3m7s        Normal   Scheduled   pod/postgres-0   Successfully assigned data/postgres-0 to node-a
"""
NODES = """NAME     STATUS   ROLES    AGE   VERSION
node-a   Ready    <none>   20m   v1.34.4
"""


def read(*texts: str, commands: tuple[str | None, ...] = ()) -> dict[str, set[str]]:
    """The namespaces of the objects of each kind and name."""
    facts: dict[type, list[object]] = {}
    asked = commands or (None,) * len(texts)
    for number, (text, command) in enumerate(zip(texts, asked, strict=True)):
        document = Document(f"{number}.txt", text.encode(), command=command)
        for kind, found in read_document(document).facts.items():
            facts.setdefault(kind, []).extend(found)
    placed = with_namespaces(facts)  # type: ignore[arg-type]
    shown: dict[str, set[str]] = {}
    for observation in placed.get(Observation, ()):
        assert isinstance(observation, Observation)
        meta = observation.object.metadata
        shown.setdefault(f"{observation.kind} {meta.name}", set()).add(meta.namespace)
    return shown


def test_a_row_lies_where_the_same_pod_is_described() -> None:
    assert read(PODS, DESCRIBED)["Pod invoicer-5d8df8565b-6bhbp"] == {"billing"}


def test_a_table_without_namespaces_lists_one_namespace_so_its_other_rows_lie_there_too() -> None:
    assert read(PODS, DESCRIBED)["Pod ledger-66bcdb54dc-mjjq9"] == {"billing"}


def test_a_table_of_which_nothing_is_known_lies_in_the_only_namespace_there_is() -> None:
    assert read(DESCRIBED, OTHER_PODS)["Pod postgres-0"] == {"billing"}


def test_where_two_namespaces_are_named_a_table_of_neither_stays_unplaced() -> None:
    assert read(DESCRIBED, DESCRIBED.replace("billing", "audit"), OTHER_PODS)["Pod postgres-0"] == {""}


def test_a_pod_that_two_namespaces_have_is_given_to_neither() -> None:
    found = read(DESCRIBED, DESCRIBED.replace("billing", "audit"), PODS)
    assert found["Pod invoicer-5d8df8565b-6bhbp"] == {"billing", "audit", ""}


def test_an_event_says_where_its_pod_was_scheduled() -> None:
    assert read(DESCRIBED, EVENTS, OTHER_PODS)["Pod postgres-0"] == {"data"}


def test_nodes_lie_in_no_namespace() -> None:
    assert read(DESCRIBED, NODES)["Node node-a"] == {""}


def test_a_command_without_a_namespace_asked_for_the_current_one_and_not_for_another_commands() -> None:
    asked = ("kubectl describe pod -n billing invoicer-5d8df8565b-6bhbp", "kubectl get pods")
    assert read(DESCRIBED, OTHER_PODS, commands=asked)["Pod postgres-0"] == {""}


def test_what_places_one_answer_without_a_namespace_places_the_others() -> None:
    asked = ("kubectl describe pod -n billing invoicer-5d8df8565b-6bhbp", "kubectl get pods", "kubectl get pods -l db")
    assert read(DESCRIBED, PODS, OTHER_PODS, commands=asked)["Pod postgres-0"] == {"billing"}


def test_events_are_placed_like_rows() -> None:
    events = EVENTS.replace("pod/postgres-0 ", "pod/invoicer-5d8df8565b-6bhbp ")
    facts = read_document(Document("events.txt", (DESCRIBED + "\n\n" + events).encode())).facts
    placed = with_namespaces(facts)
    assert {event.about.namespace for event in placed[Event] if isinstance(event, Event)} == {"billing"}


#: `kubectl get pods -A -o custom-columns=…`, 1.34: several namespaces, and none is printed (recorded, shortened).
EVERYWHERE = """NAME                        STATUS      NODE
invoicer-5d8df8565b-6bhbp   Running     node-a
postgres-0                  Running     node-a
"""
ALL_COMMAND = "kubectl get pods -A -o custom-columns=NAME:.metadata.name,STATUS:.status.phase,NODE:.spec.nodeName"


def test_rows_of_all_namespaces_are_placed_one_by_one() -> None:
    shown = read(DESCRIBED, EVENTS, EVERYWHERE, commands=(None, None, ALL_COMMAND))
    assert shown["Pod invoicer-5d8df8565b-6bhbp"] == {"billing"}
    assert shown["Pod postgres-0"] == {"data"}
