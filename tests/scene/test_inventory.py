from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.objects import ApiObject, Generic, Node, ObjectBatch, ObjectMeta, Observation, Pod, PodSpec, Service
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.scene.inventory import Inventory, Key, kind_of
from kwhy.scene.relations import pods_of, pods_on
from kwhy.scene.scene import Scene

DOCUMENT = Document("objects.json", b"")
metas = st.builds(ObjectMeta, name=st.sampled_from("abc"), namespace=st.sampled_from(["", "x", "y"]))
objects = st.one_of(
    st.builds(Pod, metas), st.builds(Service, metas), st.builds(Generic, st.sampled_from(["Pod", "Widget"]), metas)
)
batches = st.lists(st.builds(ObjectBatch, st.lists(objects, max_size=8), st.just(DOCUMENT)), max_size=4)
observations = st.lists(st.builds(Observation, objects, st.just(DOCUMENT), st.booleans()), max_size=6)


def naive(shown: list[ObjectBatch], rows: list[Observation], kind: str) -> dict[Key, list[ApiObject]]:
    """Every struct of a kind by name, in document order: batches first."""
    found: dict[Key, list[ApiObject]] = {}
    for struct in [struct for batch in shown for struct in batch.objects] + [row.object for row in rows]:
        if kind_of(struct) == kind:
            found.setdefault((struct.metadata.namespace, struct.metadata.name), []).append(struct)
    return found


@given(batches, observations, st.sampled_from(["Pod", "Service", "Widget", "Node"]))
def test_an_inventory_holds_what_a_walk_over_everything_finds(
    shown: list[ObjectBatch], rows: list[Observation], kind: str
) -> None:
    inventory, expected = Inventory(shown, rows), naive(shown, rows, kind)
    assert list(inventory.keys(kind)) == list(expected)
    assert [struct for same in expected.values() for struct in same] == [
        view.object for key in expected for view in inventory.observations(kind, key)
    ]
    assert all(inventory.contains(kind, key) for key in expected)
    assert not inventory.contains(kind, ("nowhere", "nobody"))
    walked = [*inventory.served(kind), *(row.object for row in inventory.rows(kind))]
    assert sorted(map(id, walked)) == sorted(id(struct) for same in expected.values() for struct in same)
    for key, struct in inventory.lone_structs(kind):
        assert struct is None or [id(struct)] == [id(one) for one in expected[key]]


def test_pods_are_found_by_node_and_owner_whether_shown_once_or_twice() -> None:
    listed = Document(
        "pods.json",
        b'{"kind":"PodList","apiVersion":"v1","items":['
        b'{"metadata":{"name":"a","namespace":"x","ownerReferences":[{"kind":"Job","name":"j","controller":true}]},'
        b'"spec":{"nodeName":"n1"}},{"metadata":{"name":"b","namespace":"x"},"spec":{}},'
        b'{"metadata":{"name":"c","namespace":"x"},"spec":{"nodeName":"n1"}}]}',
    )
    evidence = read_document(listed)
    again = Observation(Pod(ObjectMeta("c", "x"), PodSpec(node_name="n2")), Document("row.txt", b""), whole=False)
    scene = Scene(evidence.documents, {**evidence.facts, Observation: [again]})
    a, b, c = (Subject("Pod", name, "x") for name in "abc")
    assert pods_on(scene, Subject("Node", "n1")) == [a]
    assert pods_of(scene, Subject("Job", "j", "x")) == [a]
    assert pods_of(scene, b) == [b]
    assert c in scene.subjects("Pod")


def test_nodes_are_named_by_their_objects_and_by_pods_bound_to_them() -> None:
    pods = ObjectBatch([Pod(ObjectMeta("a", "x"), PodSpec(node_name="n1")), Node(ObjectMeta("n2"))], DOCUMENT)
    assert Scene([DOCUMENT], {ObjectBatch: [pods]}).node_names == {"n1", "n2"}
