"""A gap names the permission or the error that keeps it open, and no other gap does."""

from __future__ import annotations

import msgspec

from kwhy.facts.collection import Collection, NotRead
from kwhy.ingest.refusals import unread_lines, with_refusals
from kwhy.model.condition import Condition, Nature
from kwhy.model.diagnosis import Coverage, Diagnosis, NextStep, Undetermined
from kwhy.model.document import Document
from kwhy.model.probe import ProbeCall
from kwhy.model.subject import Subject
from kwhy.model.verdict import Gap
from kwhy.probes.kubectl import LIST, LOGS, NODES
from kwhy.probes.node import KUBELET_LOG

AT = Document("kwhy-collection.json", b"").at()
SECRETS = NotRead(AT, "list", "secrets", "", "Secret", "secrets is forbidden: User …", "shop", forbidden=True)
NODE_LIST = NotRead(AT, "list", "nodes", "", "Node", "etcdserver: request timed out")
ONE_LOG = NotRead(AT, "get", "pods/log", "", "Pod", "dial tcp 10.0.0.4:10250: connection refused", "shop", "web-1")
CONDITION = Condition("config.secret-missing", "Secret", Nature.ROOT, "{subject} is missing", "…")


def gap_of(probe: ProbeCall, *not_read: NotRead) -> str:
    item = Undetermined(CONDITION, Subject("Secret", "db", "shop"), (Gap("whether it exists", (probe,)),))
    return with_refusals(diagnosis(undetermined=(item,)), not_read).undetermined[0].gaps[0].what


def diagnosis(**fields: object) -> Diagnosis:
    empty = Diagnosis(None, "insufficient-evidence", (), (), (), (), (), (), (), (), (), Coverage())
    return msgspec.structs.replace(empty, **fields)


def test_a_gap_names_the_permission_that_would_close_it() -> None:
    probe = LIST.of(kind="secrets", namespace="shop")
    assert gap_of(probe, SECRETS) == "whether it exists (the account may not list secrets in namespace shop)"


def test_a_gap_names_the_error_that_kept_it_open() -> None:
    told = "whether it exists (nodes in the whole cluster could not be read: etcdserver: request timed out)"
    assert gap_of(NODES.of(), NODE_LIST) == told


def test_the_permission_for_another_namespace_is_of_no_use() -> None:
    assert gap_of(LIST.of(kind="secrets", namespace="billing"), SECRETS) == "whether it exists"


def test_a_log_that_was_not_read_explains_the_gap_of_its_pod_only() -> None:
    assert "connection refused" in gap_of(LOGS.of(name="web-1", namespace="shop"), ONE_LOG)
    assert gap_of(LOGS.of(name="web-2", namespace="shop"), ONE_LOG) == "whether it exists"


def test_what_only_a_node_can_tell_has_nothing_to_do_with_permissions() -> None:
    assert gap_of(KUBELET_LOG.of(node="n1"), SECRETS, NODE_LIST, ONE_LOG) == "whether it exists"


def test_a_step_that_the_account_cannot_take_says_so() -> None:
    step = NextStep("kubectl get secrets -n shop -o yaml", "anywhere", "shows every secret", (), "seconds", "none")
    told = with_refusals(diagnosis(next_steps=(step,)), [SECRETS]).next_steps[0].why
    assert told == "shows every secret; needs leave to list secrets in namespace shop"


def test_a_reading_of_one_namespace_is_said_to_be_one() -> None:
    collection = Collection(AT, narrowed="Only namespace shop was read.", logs_left_out=3)
    notes = with_refusals(diagnosis(), [], [collection]).notes
    assert notes == (
        "Only namespace shop was read.",
        "3 more logs of suspicious containers were not read: there are too many.",
    )


def test_permissions_that_are_missing_alike_stand_in_one_line() -> None:
    config_maps = msgspec.structs.replace(SECRETS, resource="configmaps", kind="ConfigMap")
    assert unread_lines([SECRETS, config_maps, NODE_LIST]) == (
        "cluster: not read in namespace shop: secrets, configmaps (the account may not list)",
        "cluster: not read in the whole cluster: nodes (etcdserver: request timed out)",
    )
