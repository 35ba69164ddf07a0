"""Tables of `kubectl get`, as kubectl printed them, and as terminals and people changed them."""

# ruff: noqa: E501 - tables are as wide as kubectl prints them

from __future__ import annotations

import pytest
from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.kubectl import KubectlError, NotFound, ReadyEndpoints, created
from kwhy.facts.objects import ApiObject, Listing, Observation
from kwhy.ingest.kubectl.text import parse
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed
from kwhy.model.subject import Subject
from kwhy.model.time import at


def read(text: str, command: str | None = None) -> list[Parsed]:
    return list(parse(Document("x.txt", text.encode(), command=command)))


def objects(text: str, command: str | None = None) -> list[ApiObject]:
    return [fact.object for fact in read(text, command) if isinstance(fact, Observation)]


def observations(text: str, command: str | None = None) -> list[Observation]:
    return [fact for fact in read(text, command) if isinstance(fact, Observation)]


def pods(text: str, command: str | None = None) -> list[api.Pod]:
    found = objects(text, command)
    assert all(isinstance(item, api.Pod) for item in found)
    return [item for item in found if isinstance(item, api.Pod)]


# kubectl 1.34.4, `kubectl get pods -A -o wide`
WIDE = """\
NAMESPACE     NAME                        READY   STATUS    RESTARTS   AGE   IP            NODE     NOMINATED NODE   READINESS GATES
kube-system   coredns-cd7ddf6c9-gk5dp     1/1     Running   0          14m   10.244.0.10   node-a   <none>           <none>
shop          search-57f7558f74-64z4x     0/1     Pending   0          8s    <none>        <none>   <none>           <none>
"""


def test_a_pod_row_states_its_node_and_address_and_keeps_its_words() -> None:
    running, pending = observations(WIDE)
    assert isinstance(running.object, api.Pod)
    assert running.subject == Subject("Pod", "coredns-cd7ddf6c9-gk5dp", "kube-system")
    assert (running.object.spec.node_name, running.object.status.pod_ip) == ("node-a", "10.244.0.10")
    assert running.object.status.phase is UNSET
    assert not running.whole
    assert (running.line, pending.line) == (2, 3)
    assert running.printed is not None
    assert (running.printed["STATUS"], running.printed["READY"], running.printed["AGE"]) == ("Running", "1/1", "14m")
    assert isinstance(pending.object, api.Pod)
    assert pending.object.spec.node_name == ""  # shown, and none


def wrapped(text: str, width: int) -> str:
    lines = (line[start : start + width] for line in text.splitlines() for start in range(0, len(line), width))
    return "\n".join(lines)


@pytest.mark.parametrize(
    "changed",
    [
        WIDE,
        WIDE.replace("\n", "\r\n"),
        wrapped(WIDE, 80),
        "\n".join(line.rstrip() for line in wrapped(WIDE, 80).splitlines()),
        "\n".join("\t".join(cell for cell in line.split("  ") if cell.strip()) for line in WIDE.splitlines()),
        "\n".join(" ".join(line.split()) for line in WIDE.splitlines()),
        WIDE.replace(" ", "\u00a0"),
        WIDE.replace("NAMESPACE     NAME        ", "NAMESPACE     NAME   "),
        "```\n" + WIDE + "```\n",
        WIDE.replace("Running   0 ", "Running   0   ").replace("14m  ", "14m     "),
    ],
    ids=[
        "as is",
        "CRLF",
        "wrapped",
        "wrapped and trimmed",
        "tabs",
        "collapsed",
        "web page",
        "header shifted",
        "fenced",
        "row shifted",
    ],
)
def test_a_changed_table_reads_like_the_original(changed: str) -> None:
    assert pods(changed) == pods(WIDE)


def test_cells_that_a_terminal_cut_are_not_believed() -> None:
    cut = "\n".join(line[:100] for line in WIDE.splitlines())
    running, pending = pods(cut)
    assert running.spec.node_name is UNSET  # "node-" of node-a
    assert running.status.pod_ip == "10.244.0.10"
    assert pending.spec.node_name is UNSET or pending.spec.node_name == ""


def test_what_people_write_beside_and_between_rows_is_not_read_as_cells() -> None:
    # the remark stands behind the last column, the dots stand for rows left out
    text = """\
NAME    READY   STATUS    RESTARTS   AGE
web-1   1/1     Running   0          5m    <- 这个有问题
...
web-9   0/1     Error     0          5m
"""
    found = read(text)
    assert [fact.printed["AGE"] for fact in found if isinstance(fact, Observation) and fact.printed] == ["5m", "5m"]
    assert [fact.at.line for fact in found if isinstance(fact, Unparsed)] == [3]


def test_restarts_with_their_age_stay_one_cell() -> None:
    text = """\
NAME    READY   STATUS             RESTARTS       AGE
web-1   0/1     CrashLoopBackOff   12 (3m2s ago)   5m
"""
    for changed in (text, "\n".join(" ".join(line.split()) for line in text.splitlines())):
        (row,) = observations(changed)
        assert row.printed is not None
        assert row.printed["RESTARTS"] == "12 (3m2s ago)"


def test_rows_without_a_header_are_read_where_the_command_tells_the_kind() -> None:
    row = "shop   web-6f5c6d7f64-kplqg   0/1   CrashLoopBackOff   12 (3m2s ago)   20m   10.244.0.89   node-a   <none>   <none>\n"
    command = "kubectl get po -A -owide | grep -v Running"
    (pod,) = pods(row, command)
    assert (pod.metadata.namespace, pod.spec.node_name) == ("shop", "node-a")
    assert not any(isinstance(fact, Listing) for fact in read(row, command))
    assert objects(row) == []


# kubectl 1.9: no column NOMINATED NODE; deployments with DESIRED and CURRENT
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("NAME    READY     STATUS    RESTARTS   AGE       IP         NODE\nweb-1   1/1       Running   0          2d        10.1.1.1   n1\n", "Pod"),
        ("NAME      DESIRED   CURRENT   UP-TO-DATE   AVAILABLE   AGE\nnginx     3         3         3            2           5m\n", "Deployment"),
        ("NAME   READY   AGE\ndb     1/3     5d\n", "StatefulSet"),
        ("NAME   STATUS   AGE\nshop   Active   5d\n", "Namespace"),
        ("NAME    DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE\nagent   4         3         2       3            2           <none>          5d\n", "DaemonSet"),
        ("NAME   STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   AGE\nd1     Bound    pv-1     10Gi       RWO            fast           3m\n", "PersistentVolumeClaim"),
        ("NAME     CPU(cores)   CPU%   MEMORY(bytes)   MEMORY%\nnode-a   250m         12%    1800Mi          23%\n", "Node"),
    ],
)  # fmt: skip
def test_columns_that_only_one_kind_prints_tell_the_kind(text: str, kind: str) -> None:
    (row,) = observations(text)
    assert row.kind == kind


def test_columns_that_several_kinds_print_tell_nothing() -> None:
    # ReplicaSets and ReplicationControllers print the same columns
    text = "NAME    DESIRED   CURRENT   READY   AGE\nweb-1   2         2         0       8s\n"
    assert [type(fact) for fact in read(text)] == [Unparsed]
    (replica_set,) = objects(text, "kubectl get rs -n shop")
    assert isinstance(replica_set, api.ReplicaSet)
    assert (replica_set.spec.replicas, replica_set.status.replicas, replica_set.status.ready_replicas) == (2, 2, 0)


def test_not_ready_stays_a_word_and_a_cordon_becomes_a_field() -> None:
    text = "NAME   STATUS                        ROLES    AGE   VERSION\nn1     NotReady,SchedulingDisabled   <none>   5d    v1.9.1\nn2     NotReady                      <none>   5d    v1.9.1\n"
    first, second = observations(text)
    assert isinstance(first.object, api.Node)
    assert isinstance(second.object, api.Node)
    assert first.object.status.conditions is UNSET  # False or Unknown: the word does not tell
    assert (first.object.spec.unschedulable, second.object.spec.unschedulable) == (True, False)
    assert second.printed is not None
    assert second.printed["STATUS"] == "NotReady"


def test_empty_cells_in_the_middle_stay_empty() -> None:
    text = """\
NAME       STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE
forum-db   Pending                                      fast-ssd       <unset>                 3m
"""
    (claim,) = objects(text)
    assert isinstance(claim, api.PersistentVolumeClaim)
    assert (claim.status.phase, claim.spec.volume_name, claim.spec.storage_class_name) == ("Pending", "", "fast-ssd")


def test_custom_columns_are_read_by_their_paths_not_by_their_headings() -> None:
    text = "STATUS   POD     NODE\nnode-a   web-1   Running\n"
    command = "kubectl get pods -A -o custom-columns=STATUS:.spec.nodeName,POD:.metadata.name,NODE:.status.phase"
    (pod,) = pods(text, command)
    assert (pod.metadata.name, pod.spec.node_name, pod.status.phase) == ("web-1", "node-a", "Running")


def test_labels_are_read_from_show_labels() -> None:
    text = "NAME    READY   STATUS    RESTARTS   AGE   LABELS\nweb-1   1/1     Running   0          5m    app=web,tier=x\nweb-2   1/1     Running   0          5m    <none>\n"
    assert [pod.metadata.labels for pod in pods(text)] == [{"app": "web", "tier": "x"}, {}]


def test_ready_endpoints_say_how_many_more_there_are() -> None:
    text = """\
NAME   ENDPOINTS                                           AGE
a      10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...   5d
b      <none>                                              5d
"""
    found = [fact for fact in read(text, "kubectl get ep -n x") if isinstance(fact, ReadyEndpoints)]
    assert [(fact.service.name, len(fact.addresses), fact.more) for fact in found] == [("a", 3, 2), ("b", 0, 0)]


def listed(text: str, command: str | None) -> set[tuple[str, str | None]]:
    return {(fact.kind, fact.namespace) for fact in read(text, command) if isinstance(fact, Listing)}


ROW = "NAME    READY   STATUS    RESTARTS   AGE\nweb-1   1/1     Running   0          5m\n"


@pytest.mark.parametrize(
    ("command", "scope"),
    [
        ("kubectl get pods -A", {("Pod", None)}),
        ("kubectl -n shop get po", {("Pod", "shop")}),
        ("oc get po --namespace=shop", {("Pod", "shop")}),
        ("kubectl get pods", set()),
        ("kubectl get pods -n shop -l app=web", set()),
        ("kubectl get pods -A --field-selector status.phase=Running", set()),
        ("kubectl get pods -A | head", set()),
        ("kubectl get pod web-1 -n shop", set()),
        ("kubectl get pod/web-1 -n shop", set()),
        ("kubectl get pods -A -w", set()),
        (None, set()),
    ],
)
def test_only_a_command_for_all_objects_of_a_known_scope_makes_a_listing(
    command: str | None, scope: set[tuple[str, str | None]]
) -> None:
    assert listed(ROW, command) == scope


def test_kinds_that_were_asked_for_and_have_no_rows_are_listed() -> None:
    text = WIDE.replace("coredns", "pod/coredns").replace("search", "pod/search")
    found = listed(text, "kubectl get all,pvc -A -o wide")
    assert {("Pod", None), ("StatefulSet", None), ("PersistentVolumeClaim", None)} <= found


def test_nothing_found_is_a_listing_of_the_namespace_that_the_answer_names() -> None:
    assert listed("No resources found in shop namespace.\n", "kubectl get pods") == {("Pod", "shop")}
    assert listed("No resources found\n", "kubectl get events -A") == {("Event", None)}
    assert listed("", "kubectl get pods -A") == set()  # the answer may have gone to standard error
    assert [type(fact) for fact in read("No resources found.\n")] == [Unparsed]


def test_an_error_is_a_fact_and_takes_the_listing_away() -> None:
    text = 'Error from server (Forbidden): services is forbidden: User "x" cannot list resource "services"\n' + ROW
    found = read(text, "kubectl get pods,services -A")
    assert listed(text, "kubectl get pods,services -A") == set()
    errors = [fact for fact in found if isinstance(fact, KubectlError)]
    assert [(error.reason, error.at.line) for error in errors] == [("Forbidden", 1)]
    assert sum(isinstance(fact, Observation) for fact in found) == 1


def test_a_watch_shows_each_object_as_its_last_row_says() -> None:
    text = ROW + "web-1   0/1   Error   0   6m\n"
    (row,) = observations(text, "kubectl get pods -n shop -w")
    assert row.printed is not None
    assert (row.printed["STATUS"], row.line) == ("Error", 3)


def test_an_age_bounds_the_creation_only_where_the_time_of_the_document_is_known() -> None:
    (undated,) = observations(ROW)
    assert not created(undated).known
    (dated,) = (
        fact for fact in parse(Document("x", ROW.encode(), captured=at(10_000.0))) if isinstance(fact, Observation)
    )
    assert (created(dated).earliest, created(dated).latest) == (10_000.0 - 360.0, 10_000.0 - 300.0)


def test_a_session_with_several_commands_is_read_command_by_command() -> None:
    text = """\
[root@n1 ~]# kubectl get no
NAME   STATUS     ROLES    AGE   VERSION
n1     NotReady   master   5d    v1.18.3
[root@n1 ~]# k get po -n shop
NAME    READY   STATUS    RESTARTS   AGE
web-1   1/1     Running   0          5m
[root@n1 ~]#
"""
    assert listed(text, None) == {("Node", None), ("Pod", "shop")}
    assert [str(fact.subject) for fact in observations(text)] == ["Node n1", "Pod shop/web-1"]


def test_lines_are_those_of_the_source() -> None:
    document = Document("session.txt", ROW.encode(), first_line=41)
    assert [fact.line for fact in parse(document) if isinstance(fact, Observation)] == [42]


def test_what_the_api_server_does_not_find_is_said_to_be_missing() -> None:
    text = 'Error from server (NotFound): configmaps "mailer-config" not found\n'
    document = Document("paste.txt", text.encode(), command="kubectl get cm mailer-config -n mailer")
    assert [fact.about for fact in parse(document) if isinstance(fact, NotFound)] == [
        Subject("ConfigMap", "mailer-config", "mailer")
    ]


def test_a_kind_that_the_server_does_not_have_is_no_missing_object() -> None:
    text = 'error: the server doesn\'t have a resource type "widgets"\n'
    document = Document("paste.txt", text.encode(), command="kubectl get widgets web")
    assert not any(isinstance(fact, NotFound) for fact in parse(document))


@pytest.mark.parametrize("verb", ["get", "describe"])
def test_a_word_of_the_api_server_about_a_version_is_no_unread_line(verb: str) -> None:
    # kubectl 1.34.4
    said = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n"
    table = "NAME   ENDPOINTS        AGE\nweb    10.1.0.70:8080   3m47s\n"
    described = "Name:         web\nNamespace:    ing-port\nSubsets:\n  Addresses:          10.1.0.70\n"
    command = f"kubectl {verb} endpoints -n ing-port"
    parsed = read(said + (table if verb == "get" else described), command)
    assert not [fact for fact in parsed if isinstance(fact, Unparsed)]
    assert any(isinstance(fact, Observation) for fact in parsed)
