"""Rows of `kubectl get`: which kind a column set shows, and which API fields its cells state without doubt.

A cell becomes an API field only where the printer is injective in it. A node's STATUS is not: printNode writes
"NotReady" for Ready False and for Ready Unknown alike, "Unknown" where there is no Ready condition, and appends
",SchedulingDisabled" exactly where spec.unschedulable is true. A pod's STATUS and READY are words computed from several
fields. They stay in ``Observation.printed``.

Source: k8s.io/kubernetes v1.34.4 pkg/printers/internalversion/printers.go; columns of older versions as noted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.objects import ApiObject, Maybe, ObjectMeta
from kwhy.ingest.kubectl.kinds import bare
from kwhy.ingest.kubectl.words import EMPTY, count_or_percent, label_list, selector, whole
from kwhy.model.expressions import expression

Row = Mapping[str, str]

#: Columns that only one kind prints. The first set that is contained decides.
_TELLING: tuple[tuple[str, frozenset[str]], ...] = (
    ("Pod", frozenset({"READY", "STATUS", "RESTARTS"})),
    ("Node", frozenset({"STATUS", "ROLES", "VERSION"})),
    ("Node", frozenset({"STATUS", "VERSION", "AGE", "EXTERNAL-IP", "OS-IMAGE"})),  # before v1.8 without ROLES
    ("Service", frozenset({"CLUSTER-IP", "EXTERNAL-IP", "PORT(S)"})),
    ("DaemonSet", frozenset({"DESIRED", "CURRENT", "READY", "UP-TO-DATE", "NODE SELECTOR"})),
    ("DaemonSet", frozenset({"DESIRED", "CURRENT", "READY", "UP-TO-DATE", "NODE-SELECTOR"})),  # before v1.9
    ("Deployment", frozenset({"READY", "UP-TO-DATE", "AVAILABLE"})),
    ("Deployment", frozenset({"DESIRED", "CURRENT", "UP-TO-DATE", "AVAILABLE"})),  # before v1.15
    ("Job", frozenset({"COMPLETIONS", "DURATION"})),
    ("Job", frozenset({"DESIRED", "SUCCESSFUL"})),  # before v1.12
    ("CronJob", frozenset({"SCHEDULE", "SUSPEND", "LAST SCHEDULE"})),
    ("PersistentVolume", frozenset({"CAPACITY", "CLAIM"})),
    ("PersistentVolumeClaim", frozenset({"STATUS", "VOLUME", "CAPACITY"})),
    ("HorizontalPodAutoscaler", frozenset({"REFERENCE", "MINPODS", "MAXPODS"})),
    ("PodDisruptionBudget", frozenset({"MIN AVAILABLE", "ALLOWED DISRUPTIONS"})),
    ("PodDisruptionBudget", frozenset({"MIN-AVAILABLE", "ALLOWED-DISRUPTIONS"})),  # before v1.9
    ("ResourceQuota", frozenset({"REQUEST", "LIMIT"})),
    ("Ingress", frozenset({"HOSTS", "ADDRESS", "PORTS"})),
    ("EndpointSlice", frozenset({"ADDRESSTYPE", "ENDPOINTS"})),
    ("IngressClass", frozenset({"CONTROLLER", "PARAMETERS"})),
    ("NetworkPolicy", frozenset({"POD-SELECTOR"})),
    ("StorageClass", frozenset({"PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE"})),
    ("Node", frozenset({"CPU(CORES)", "CPU(%)", "MEMORY(BYTES)"})),
    ("Node", frozenset({"CPU(CORES)", "CPU%", "MEMORY(BYTES)"})),  # kubectl top node before v1.33
    ("Pod", frozenset({"CPU(CORES)", "MEMORY(BYTES)"})),
)
#: Kinds whose whole column set is telling only together with what stands in it.
_EXACT: tuple[tuple[str, frozenset[str], str, re.Pattern[str]], ...] = (
    ("StatefulSet", frozenset({"NAME", "READY", "AGE"}), "READY", expression(r"\d+/\d+")),
    ("StatefulSet", frozenset({"NAME", "READY", "AGE", "CONTAINERS", "IMAGES"}), "READY", expression(r"\d+/\d+")),
    ("Namespace", frozenset({"NAME", "STATUS", "AGE"}), "STATUS", expression(r"Active|Terminating")),
    ("ConfigMap", frozenset({"NAME", "DATA", "AGE"}), "DATA", expression(r"\d+")),
    ("Secret", frozenset({"NAME", "TYPE", "DATA", "AGE"}), "DATA", expression(r"\d+")),
    ("ServiceAccount", frozenset({"NAME", "SECRETS", "AGE"}), "SECRETS", expression(r"\d+")),
    ("Endpoints", frozenset({"NAME", "ENDPOINTS", "AGE"}), "ENDPOINTS", expression(r".*")),
    ("Lease", frozenset({"NAME", "HOLDER", "AGE"}), "HOLDER", expression(r".*")),
    ("Node", frozenset({"NAME", "STATUS", "AGE", "VERSION"}), "STATUS", expression(r"(?:Not)?Ready.*|Unknown.*")),
    (
        "ComponentStatus",
        frozenset({"NAME", "STATUS", "MESSAGE", "ERROR"}),
        "STATUS",
        expression(r"(?:Unh|H)ealthy|Unknown"),
    ),
    (
        "APIService",
        frozenset({"NAME", "SERVICE", "AVAILABLE", "AGE"}),
        "AVAILABLE",
        expression(r"(?:True|False|Unknown).*"),
    ),
    # A ReplicationController prints the same columns; only a Deployment's ReplicaSet selects by pod-template-hash.
    (
        "ReplicaSet",
        frozenset({"NAME", "DESIRED", "CURRENT", "READY", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"}),
        "SELECTOR",
        expression(r".*pod-template-hash.*"),
    ),
)
#: Columns that any table may have besides.
_EXTRA = frozenset({"NAMESPACE", "LABELS"})

#: The columns of `kubectl get KIND --no-headers`, then those of -o wide (v1.34).
HEADLESS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Pod": (("NAME", "READY", "STATUS", "RESTARTS", "AGE"), ("IP", "NODE", "NOMINATED NODE", "READINESS GATES")),
    "Node": (
        ("NAME", "STATUS", "ROLES", "AGE", "VERSION"),
        ("INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"),
    ),
    "Service": (("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"), ("SELECTOR",)),
    "Deployment": (("NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"), ("CONTAINERS", "IMAGES", "SELECTOR")),
    "ReplicaSet": (("NAME", "DESIRED", "CURRENT", "READY", "AGE"), ("CONTAINERS", "IMAGES", "SELECTOR")),
    "StatefulSet": (("NAME", "READY", "AGE"), ("CONTAINERS", "IMAGES")),
    "DaemonSet": (
        ("NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"),
        ("CONTAINERS", "IMAGES", "SELECTOR"),
    ),
    "Namespace": (("NAME", "STATUS", "AGE"), ()),
    "Endpoints": (("NAME", "ENDPOINTS", "AGE"), ()),
    "Event": (("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"), ()),
}  # fmt: skip


def kind_by_columns(names: Sequence[str], rows: Sequence[Row]) -> str | None:
    """The kind that alone prints these columns; None where several do."""
    shown = frozenset(names)
    for kind, telling in _TELLING:
        if telling <= shown:
            return kind
    for kind, exact, column, pattern in _EXACT:
        if exact == shown - _EXTRA and rows and all(pattern.fullmatch(row.get(column, "")) for row in rows):
            return kind
    return None


def api_object(kind: str, metadata: ObjectMeta, row: Row) -> ApiObject:
    """What the cells of ``row`` state about an object of ``kind``."""
    read = _READERS.get(kind)
    return bare(kind, metadata) if read is None else read(metadata, row)


def _text(row: Row, column: str) -> Maybe[str]:
    """A cell that is the field itself; "" where it was shown empty."""
    cell = row.get(column)
    return UNSET if cell is None or cell == "<unknown>" else "" if cell in EMPTY else cell


def _number(row: Row, *columns: str) -> Maybe[int]:
    for column in columns:
        if column in row:
            return whole(row[column]) if row[column] else UNSET
    return UNSET


_FRACTION = expression(r"(\d{1,9})/(\d{1,9})")


def _fraction(row: Row, column: str) -> tuple[Maybe[int], Maybe[int]]:
    matched = _FRACTION.fullmatch(row.get(column, ""))
    return (int(matched[1]), int(matched[2])) if matched else (UNSET, UNSET)


def _pod(metadata: ObjectMeta, row: Row) -> ApiObject:
    status = api.PodStatus(
        phase=_text(row, "status.phase"),  # -o custom-columns
        pod_ip=_text(row, "IP"),
        nominated_node_name=_text(row, "NOMINATED NODE"),
    )
    return api.Pod(metadata, api.PodSpec(node_name=_text(row, "NODE")), status)


#: printNode: the Ready condition's word, then whether scheduling is disabled.
_NODE_STATUS = expression(r"(?:Ready|NotReady|Unknown)(?P<cordoned>,SchedulingDisabled)?")


def _node(metadata: ObjectMeta, row: Row) -> ApiObject:
    matched = _NODE_STATUS.fullmatch(row.get("STATUS", ""))
    info = api.NodeSystemInfo(
        kubelet_version=_text(row, "VERSION"),
        container_runtime_version=_text(row, "CONTAINER-RUNTIME"),
        kernel_version=_text(row, "KERNEL-VERSION"),
        os_image=_text(row, "OS-IMAGE"),
    )
    return api.Node(
        metadata,
        api.NodeSpec(unschedulable=matched["cordoned"] is not None if matched else UNSET),
        api.NodeStatus(node_info=info),  # INTERNAL-IP is the first of several addresses: printed, no list
    )


def _deployment(metadata: ObjectMeta, row: Row) -> ApiObject:
    ready, desired = _fraction(row, "READY")
    spec = api.WorkloadSpec(replicas=_number(row, "DESIRED") if "DESIRED" in row else desired, selector=_selector(row))
    status = api.WorkloadStatus(
        ready_replicas=ready,
        replicas=_number(row, "CURRENT"),
        updated_replicas=_number(row, "UP-TO-DATE"),
        available_replicas=_number(row, "AVAILABLE"),
    )
    return api.Deployment(metadata, spec, status)


def _selector(row: Row) -> Maybe[api.LabelSelector]:
    return selector(row["SELECTOR"]) if "SELECTOR" in row else UNSET


def _replica_set(metadata: ObjectMeta, row: Row) -> ApiObject:
    status = api.WorkloadStatus(replicas=_number(row, "CURRENT"), ready_replicas=_number(row, "READY"))
    return api.ReplicaSet(metadata, api.WorkloadSpec(replicas=_number(row, "DESIRED"), selector=_selector(row)), status)


def _replication_controller(metadata: ObjectMeta, row: Row) -> ApiObject:
    status = api.WorkloadStatus(replicas=_number(row, "CURRENT"), ready_replicas=_number(row, "READY"))
    return api.ReplicationController(metadata, api.ControllerSpec(replicas=_number(row, "DESIRED")), status)


def _stateful_set(metadata: ObjectMeta, row: Row) -> ApiObject:
    ready, desired = _fraction(row, "READY")
    if "DESIRED" in row:  # before v1.14
        return api.StatefulSet(
            metadata,
            api.WorkloadSpec(replicas=_number(row, "DESIRED")),
            api.WorkloadStatus(replicas=_number(row, "CURRENT")),
        )
    return api.StatefulSet(metadata, api.WorkloadSpec(replicas=desired), api.WorkloadStatus(ready_replicas=ready))


def _daemon_set(metadata: ObjectMeta, row: Row) -> ApiObject:
    status = api.WorkloadStatus(
        desired_number_scheduled=_number(row, "DESIRED"),
        current_number_scheduled=_number(row, "CURRENT"),
        number_ready=_number(row, "READY"),
        number_available=_number(row, "AVAILABLE"),
    )
    return api.DaemonSet(metadata, api.WorkloadSpec(selector=_selector(row)), status)


def _job(metadata: ObjectMeta, row: Row) -> ApiObject:
    succeeded, completions = _fraction(row, "COMPLETIONS")
    # printJob writes "0/1" also where completions is not set.
    wanted = completions if isinstance(completions, int) and completions > 1 else UNSET
    return api.Job(metadata, api.WorkloadSpec(completions=wanted), api.WorkloadStatus(succeeded=succeeded))


def _cron_job(metadata: ObjectMeta, row: Row) -> ApiObject:
    suspended = {"True": True, "False": False}.get(row.get("SUSPEND", ""), UNSET)
    spec = api.CronJobSpec(schedule=_text(row, "SCHEDULE"), time_zone=_text(row, "TIMEZONE"), suspend=suspended)
    return api.CronJob(metadata, spec)


def _service(metadata: ObjectMeta, row: Row) -> ApiObject:
    type_ = _text(row, "TYPE")
    external = _text(row, "EXTERNAL-IP") if type_ == "ExternalName" else UNSET
    spec = api.ServiceSpec(
        type=type_,
        cluster_ip=_text(row, "CLUSTER-IP"),
        selector=label_list(row["SELECTOR"]) if "SELECTOR" in row else UNSET,
        external_name=external,
    )
    return api.Service(metadata, spec, _exposed(row, type_))


def _exposed(row: Row, type_: Maybe[str]) -> api.ServiceStatus:
    """getServiceExternalIP: of a LoadBalancer "<pending>" exactly where it has neither an address nor externalIPs."""
    if type_ == "LoadBalancer" and row.get("EXTERNAL-IP") == "<pending>":
        return api.ServiceStatus(api.LoadBalancerStatus([]))
    return api.ServiceStatus()


def _ingress(metadata: ObjectMeta, row: Row) -> ApiObject:
    address = row.get("ADDRESS")
    status = api.ExposedStatus(api.LoadBalancerStatus([])) if address == "" else api.ExposedStatus()
    class_name = _text(row, "CLASS")
    return api.Ingress(
        metadata, api.IngressSpec(ingress_class_name=class_name or (None if class_name == "" else UNSET)), status
    )


def _ingress_class(metadata: ObjectMeta, row: Row) -> ApiObject:
    return api.IngressClass(metadata, api.IngressClassSpec(_text(row, "CONTROLLER")))


def _network_policy(metadata: ObjectMeta, row: Row) -> ApiObject:
    return api.NetworkPolicy(
        metadata, api.NetworkPolicySpec(selector(row["POD-SELECTOR"]) if "POD-SELECTOR" in row else UNSET)
    )


def _endpoints(metadata: ObjectMeta, row: Row) -> ApiObject:
    # formatEndpoints writes "<none>" exactly where there is no subset.
    return api.Endpoints(metadata, [] if row.get("ENDPOINTS") == "<none>" else UNSET)


def _phase(row: Row) -> Maybe[str]:
    status = row.get("STATUS", "")
    return UNSET if status in ("", "Terminating") else status


def _claim(metadata: ObjectMeta, row: Row) -> ApiObject:
    spec = api.ClaimSpec(storage_class_name=row.get("STORAGECLASS") or UNSET, volume_name=_text(row, "VOLUME"))
    return api.PersistentVolumeClaim(metadata, spec, api.ClaimStatus(phase=_phase(row)))


ACCESS_MODES = {"RWO": "ReadWriteOnce", "ROX": "ReadOnlyMany", "RWX": "ReadWriteMany", "RWOP": "ReadWriteOncePod"}


def access_modes(text: str) -> list[str] | None:
    """GetAccessModesAsString: "RWO,ROX"."""
    modes = [ACCESS_MODES.get(word.strip(), "") for word in text.split(",") if word.strip()]
    return None if "" in modes else modes


def _volume(metadata: ObjectMeta, row: Row) -> ApiObject:
    namespace, slash, name = row.get("CLAIM", "").partition("/")
    modes = access_modes(row.get("ACCESS MODES", row.get("ACCESSMODES", "")))
    spec = api.PersistentVolumeSpec(
        storage_class_name=_text(row, "STORAGECLASS"),
        capacity={"storage": row["CAPACITY"]} if row.get("CAPACITY") else UNSET,
        access_modes=modes or UNSET,
        claim_ref=api.ObjectReference("PersistentVolumeClaim", namespace, name)
        if slash
        else None
        if "CLAIM" in row
        else UNSET,
    )
    return api.PersistentVolume(metadata, spec, api.ClaimStatus(phase=_phase(row)))


def _namespace(metadata: ObjectMeta, row: Row) -> ApiObject:
    return api.Namespace(metadata, status=api.ConditionsStatus(phase=_text(row, "STATUS")))


def _storage_class(metadata: ObjectMeta, row: Row) -> ApiObject:
    return api.StorageClass(metadata, _text(row, "PROVISIONER"), _text(row, "VOLUMEBINDINGMODE"))


#: printResourceQuota: "pods: 2/2, requests.memory: 16Mi/1Gi".
_QUOTA_ENTRY = expression(r"(?P<resource>[\w./-]+): (?P<used>[^/,\s]+)/(?P<hard>[^/,\s]+)")


def _quota(metadata: ObjectMeta, row: Row) -> ApiObject:
    hard: dict[str, api.Quantity] = {}
    used: dict[str, api.Quantity] = {}
    for entry in _QUOTA_ENTRY.finditer(f"{row.get('REQUEST', '')}, {row.get('LIMIT', '')}"):
        hard[entry["resource"]], used[entry["resource"]] = entry["hard"], entry["used"]
    return api.ResourceQuota(metadata, status=api.QuotaStatus(hard or UNSET, used or UNSET))


def _budget(metadata: ObjectMeta, row: Row) -> ApiObject:
    spec = api.BudgetSpec(
        min_available=count_or_percent(row["MIN AVAILABLE"]) if "MIN AVAILABLE" in row else UNSET,
        max_unavailable=count_or_percent(row["MAX UNAVAILABLE"]) if "MAX UNAVAILABLE" in row else UNSET,
    )
    allowed = _number(row, "ALLOWED DISRUPTIONS", "ALLOWED-DISRUPTIONS")
    return api.PodDisruptionBudget(metadata, spec, api.BudgetStatus(disruptions_allowed=allowed))


def _autoscaler(metadata: ObjectMeta, row: Row) -> ApiObject:
    kind, slash, name = row.get("REFERENCE", "").partition("/")
    spec = api.AutoscalerSpec(
        scale_target_ref=api.ScaleTargetRef(kind, name) if slash else UNSET,
        min_replicas=_number(row, "MINPODS"),
        max_replicas=_number(row, "MAXPODS"),
    )
    return api.HorizontalPodAutoscaler(metadata, spec)


def _lease(metadata: ObjectMeta, row: Row) -> ApiObject:
    return api.Lease(metadata, api.LeaseSpec(holder_identity=_text(row, "HOLDER")))


_READERS: dict[str, Callable[[ObjectMeta, Row], ApiObject]] = {
    "Pod": _pod,
    "Node": _node,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "ReplicationController": _replication_controller,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "Endpoints": _endpoints,
    "Ingress": _ingress,
    "IngressClass": _ingress_class,
    "NetworkPolicy": _network_policy,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "Namespace": _namespace,
    "StorageClass": _storage_class,
    "ResourceQuota": _quota,
    "PodDisruptionBudget": _budget,
    "HorizontalPodAutoscaler": _autoscaler,
    "Lease": _lease,
}
