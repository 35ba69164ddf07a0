"""Described objects: what is read, where it stands, and what free text must not break."""

# ruff: noqa: E501 - text is as wide as kubectl prints it

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.kubectl import EventsShown, NodeAllocation, ReadyEndpoints
from kwhy.facts.objects import Event, Listing, Observation
from kwhy.ingest.kubectl.text import parse
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed

DATA = Path(__file__).parent / "data"


def text_of(archive: str, name: str) -> str:
    with tarfile.open(DATA / archive) as members:
        file = members.extractfile(name)
        assert file is not None
        return file.read().decode()


def read(text: str, command: str | None = None) -> list[Parsed]:
    return list(parse(Document("x.txt", text.encode(), command=command)))


def only(text: str, command: str | None = None) -> Observation:
    (observation,) = [fact for fact in read(text, command) if isinstance(fact, Observation)]
    return observation


def line_with(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def test_a_message_with_a_line_at_the_left_margin_does_not_end_the_container() -> None:
    pod = only(text_of("described.tar.xz", "pod.txt")).object
    assert isinstance(pod, api.Pod)
    assert isinstance(pod.status.container_statuses, list)
    first, second = pod.status.container_statuses
    assert isinstance(first.last_state, api.ContainerState)
    ended = first.last_state.terminated
    assert ended is not None
    assert (ended.exit_code, ended.reason, ended.message) == (137, "OOMKilled", "line one\nline two: x")
    assert (first.restart_count, second.name, second.ready) == (7, "side", True)


def test_a_terminating_pod_keeps_its_phase_unknown_and_its_word() -> None:
    observation = only(text_of("described.tar.xz", "pod.txt"))
    assert isinstance(observation.object, api.Pod)
    assert observation.object.status.phase is UNSET
    assert observation.object.metadata.deletion_timestamp is UNSET  # "lasts 14h" is no time
    assert observation.printed is not None
    assert observation.printed["Status"].startswith("Terminating")


def test_an_argument_with_line_ends_is_not_taken_for_several() -> None:
    pod = only(text_of("described.tar.xz", "pod.txt")).object
    assert isinstance(pod, api.Pod)
    assert isinstance(pod.spec.containers, list)
    assert pod.spec.containers[0].command is UNSET


def test_references_of_the_environment_are_kept_and_values_are_not() -> None:
    workload = only(text_of("described.tar.xz", "statefulset.txt")).object
    assert isinstance(workload, api.StatefulSet)
    assert isinstance(workload.spec.template, api.PodTemplate)
    assert isinstance(workload.spec.template.spec.containers, list)
    container = workload.spec.template.spec.containers[0]
    assert isinstance(container.env, list)
    assert all(variable.value is UNSET for variable in container.env)
    assert {variable.name: variable.value_from for variable in container.env if variable.value_from is not UNSET} == {
        "POSTGRES_PASSWORD": {"secretKeyRef": {"name": "db-auth", "key": "password"}},
        "SETTINGS": {"configMapKeyRef": {"name": "db-conf", "key": "settings", "optional": True}},
        "POD_IP": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}},
        "CPUS": {"resourceFieldRef": {"resource": "limits.cpu"}},
    }
    assert container.env_from == [
        {"configMapRef": {"name": "db-env"}},
        {"secretRef": {"name": "db-extra", "optional": True}, "prefix": "S_"},
    ]


def test_a_port_without_a_name_in_old_text_may_have_one() -> None:
    # kubectl 1.32 prints "5432/TCP, 9187/TCP", since 1.33 "5432/TCP (sql), 9187/TCP (metrics)"
    text = text_of("described.tar.xz", "statefulset.txt")
    for shown, expected in (
        (text, None),
        (text.replace("5432/TCP, 9187/TCP", "5432/TCP (sql), 9187/TCP (metrics)"), "sql"),
    ):
        workload = only(shown).object
        assert isinstance(workload, api.StatefulSet)
        assert isinstance(workload.spec.template, api.PodTemplate)
        assert isinstance(workload.spec.template.spec.containers, list)
        ports = workload.spec.template.spec.containers[0].ports
        assert isinstance(ports, list)
        assert [port.container_port for port in ports] == [5432, 9187]
        assert ports[0].name == expected


def test_a_config_map_is_one_object_whatever_its_data_look_like() -> None:
    config = only(text_of("described.tar.xz", "cm.txt")).object
    assert isinstance(config, api.ConfigMap)
    assert isinstance(config.data, dict)
    assert config.data["Name"] == "\n\nName: not an object\nevents\n"
    assert config.data["Corefile"].endswith("    loop\n}\n")


def test_each_field_is_located() -> None:
    text = text_of("recorded.tar.xz", "kubelet-stopped/nodes.txt").partition("\n")[2]
    observation = next(fact for fact in read(text, "kubectl describe nodes") if isinstance(fact, Observation))
    assert observation.lines is not None
    assert observation.lines["spec.taints"] == line_with(text, "Taints:")
    assert observation.lines["status.conditions[3]"] == line_with(text, "  Ready  ")
    assert observation.field_at("status.conditions[3]").line == line_with(text, "  Ready  ")


def test_a_node_shows_its_lease_and_what_its_pods_request() -> None:
    found = read(text_of("recorded.tar.xz", "kubelet-stopped/nodes.txt").partition("\n")[2], "kubectl describe nodes")
    lease = next(fact.object for fact in found if isinstance(fact, Observation) and isinstance(fact.object, api.Lease))
    assert (lease.metadata.name, lease.metadata.namespace, lease.spec.holder_identity) == (
        "node-a",
        "kube-node-lease",
        "node-a",
    )
    (allocation,) = [fact for fact in found if isinstance(fact, NodeAllocation)]
    assert allocation.node == "node-a"
    assert allocation.pods is not None
    assert allocation.total == len(allocation.pods)
    assert {"cpu", "memory", "ephemeral-storage"} <= set(allocation.requests)
    on_node = [fact for fact in found if isinstance(fact, Observation) and isinstance(fact.object, api.Pod)]
    assert len(on_node) == allocation.total


def test_what_stands_behind_each_port_of_a_service_is_read() -> None:
    found = [fact for fact in read(text_of("described.tar.xz", "svc.txt")) if isinstance(fact, ReadyEndpoints)]
    assert [(fact.port, len(fact.addresses), fact.more) for fact in found] == [("sql", 3, 1), ("m", 0, 0)]


def test_no_events_is_said_and_differs_from_events_cut_off() -> None:
    text = text_of("described.tar.xz", "svc.txt")
    assert [fact.none for fact in read(text) if isinstance(fact, EventsShown)] == [True]
    cut = text.partition("Events:")[0] + "Events:\n"
    assert not any(isinstance(fact, EventsShown) for fact in read(cut))


def test_a_custom_resource_shows_its_kind_and_conditions_and_nothing_of_its_spec() -> None:
    observation = only(text_of("described.tar.xz", "certificate.txt"))
    assert observation.kind == "Certificate"
    assert isinstance(observation.object, api.Generic)
    conditions = observation.object.status.conditions
    assert isinstance(conditions, list)
    assert [(item.type, item.status, item.reason) for item in conditions] == [
        ("Ready", "False", "DoesNotExist"),
        ("Issuing", "True", "DoesNotExist"),
    ]


def test_quotas_of_a_described_namespace_are_objects_of_their_own() -> None:
    found = [fact.object for fact in read(text_of("described.tar.xz", "ns.txt")) if isinstance(fact, Observation)]
    assert [type(item) for item in found] == [api.Namespace, api.ResourceQuota]
    quota = found[1]
    assert isinstance(quota, api.ResourceQuota)
    assert (quota.metadata.namespace, quota.metadata.name) == ("data", "compute")
    assert quota.status.used == {"limits.memory": "6Gi", "pods": "3", "requests.cpu": "1500m"}


def test_the_kind_is_found_without_the_command() -> None:
    for name in ("statefulset", "daemonset", "job", "pv", "pvc", "sc", "cm", "secret", "ing", "netpol", "endpoints", "svc",
                 "endpointslice", "hpa", "pdb", "pod", "node", "ns", "quota", "sa"):  # fmt: skip
        assert not any(
            isinstance(fact, Unparsed) and "kind" in fact.why
            for fact in read(text_of("described.tar.xz", f"{name}.txt"))
        )


# kubectl 1.6, whose columns are aligned with tabs; kubernetes/kubernetes#47627
OLD_NODE = """\
Name:\t\t\tk8s-node-0
Role:\t\t\t
Labels:\t\t\tbeta.kubernetes.io/arch=amd64
\t\t\tkubernetes.io/hostname=k8s-node-0
Annotations:\t\tnode.alpha.kubernetes.io/ttl=0
Taints:\t\t\t<none>
CreationTimestamp:\tTue, 13 Jun 2017 10:46:07 +0000
Phase:\t\t\t
Conditions:
  Type\t\t\tStatus\tLastHeartbeatTime\t\t\tLastTransitionTime\t\t\tReason\t\t\t\tMessage
  ----\t\t\t------\t-----------------\t\t\t------------------\t\t\t------\t\t\t\t-------
  OutOfDisk \t\tFalse \tThu, 15 Jun 2017 06:51:47 +0000 \tTue, 13 Jun 2017 10:46:07 +0000 \tKubeletHasSufficientDisk \tkubelet has sufficient disk space available
  Ready \t\tTrue \tThu, 15 Jun 2017 06:51:47 +0000 \tTue, 13 Jun 2017 10:46:07 +0000 \tKubeletReady \t\t\tkubelet is posting ready status
Addresses:\t\t10.192.145.157,10.192.145.157,k8s-node-0
Capacity:
 cpu:\t\t4
 memory:\t8178904Ki
 pods:\t\t110
Allocatable:
 cpu:\t\t4
 memory:\t8076504Ki
 pods:\t\t110
Non-terminated Pods:\t\t(1 in total)
  Namespace\t\t\tName\t\t\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits
  ---------\t\t\t----\t\t\t\t------------\t----------\t---------------\t-------------
  default\t\t\trc-nginx-single1-f01k7\t\t100m (2%)\t0 (0%)\t\t0 (0%)\t\t0 (0%)
Allocated resources:
  (Total limits may be over 100 percent, i.e., overcommitted.)
  CPU Requests\tCPU Limits\tMemory Requests\tMemory Limits
  ------------\t----------\t---------------\t-------------
  100m (2%)\t0 (0%)\t\t0 (0%)\t\t0 (0%)
Events:\t\t<none>
"""


def test_a_node_described_by_an_old_kubectl_is_read() -> None:
    found = read(OLD_NODE)
    node = next(fact.object for fact in found if isinstance(fact, Observation))
    assert isinstance(node, api.Node)
    assert isinstance(node.status.conditions, list)
    assert [(item.type, item.status, item.reason) for item in node.status.conditions] == [
        ("OutOfDisk", "False", "KubeletHasSufficientDisk"),
        ("Ready", "True", "KubeletReady"),
    ]
    assert node.metadata.labels == {"beta.kubernetes.io/arch": "amd64", "kubernetes.io/hostname": "k8s-node-0"}
    assert node.status.allocatable == {"cpu": "4", "memory": "8076504Ki", "pods": "110"}
    assert node.spec.taints == []
    (allocation,) = [fact for fact in found if isinstance(fact, NodeAllocation)]
    assert (allocation.requests["cpu"].amount, allocation.requests["cpu"].percent) == ("100m", 2)
    assert not any(isinstance(fact, Unparsed) for fact in found)


# kubectl 1.15 in a Chinese time zone; kubernetes/kubernetes#84272
OLD_POD = """\
Name:         test-6
Namespace:    default
Priority:     0
Node:         node02/192.168.0.63
Start Time:   Thu, 24 Oct 2019 12:21:42 +0800
Labels:       run=test
Annotations:  kubectl.kubernetes.io/last-applied-configuration:
                {"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{},"creationTimestamp":null,"labels":{"run":"test"},"name":"test-6","namespace":...
Status:       Running
IP:           10.244.2.126
Containers:
  test:
    Container ID:  docker://8907e25a7617698875e92f98be99232fd62de22499baa6627b93f75820623c92
    Image:         busybox
    Port:          <none>
    Host Port:     <none>
    Command:
      sh
      -c
      sleep 99999
    State:          Running
      Started:      Thu, 24 Oct 2019 12:29:50 +0800
    Ready:          True
    Restart Count:  0
    Environment:    <none>
    Mounts:
      /var/run/secrets/kubernetes.io/serviceaccount from default-token-pmrjd (ro)
"""


def test_a_pod_cut_behind_its_containers_shows_what_stands_above() -> None:
    pod = only(OLD_POD).object
    assert isinstance(pod, api.Pod)
    assert (pod.spec.node_name, pod.status.host_ip, pod.status.phase) == ("node02", "192.168.0.63", "Running")
    assert pod.status.start_time == "2019-10-24T04:21:42Z"
    assert pod.status.conditions is UNSET
    assert pod.spec.tolerations is UNSET
    assert isinstance(pod.spec.containers, list)
    assert pod.spec.containers[0].command == ["sh", "-c", "sleep 99999"]


@pytest.mark.parametrize("lines", range(1, 70, 3))
def test_a_describe_cut_anywhere_states_nothing_that_the_whole_one_denies(lines: int) -> None:
    text = text_of("recorded.tar.xz", "missing-configmap/pods-mailer.txt").partition("\n")[2]
    whole = next(fact.object for fact in read(text) if isinstance(fact, Observation))
    assert isinstance(whole, api.Pod)
    cut = "\n".join(text.splitlines()[:lines])
    for fact in read(cut, "kubectl describe pods -n mailer | head"):
        assert not isinstance(fact, Listing)
        if isinstance(fact, Observation) and isinstance(fact.object, api.Pod) and fact.line == 1:
            for name in ("phase", "pod_ip", "qos_class"):
                assert getattr(fact.object.status, name) in (UNSET, getattr(whole.status, name))
            for name in ("node_name", "tolerations", "node_selector"):
                value = getattr(fact.object.spec, name)
                assert value in (UNSET, getattr(whole.spec, name)) or value == getattr(whole.spec, name)[: len(value)]


def test_event_messages_may_hold_line_ends() -> None:
    (event,) = [fact for fact in read(text_of("described.tar.xz", "job.txt")) if isinstance(fact, Event)]
    assert event.message == "Job has reached the specified backoff limit\nsecond line of the message"
