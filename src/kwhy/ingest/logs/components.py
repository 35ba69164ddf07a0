"""Who printed a line, and whose a log is: by the program's name, by klog's source file, by words only one program
uses."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from kwhy.facts.logs import Component
from kwhy.ingest.logs.frames import Frame
from kwhy.model.expressions import expression


class Writer(NamedTuple):
    """Who printed lines of one series."""

    component: Component | None
    program: str | None
    host: str | None


#: Components that have patterns, or whose error words are no symptom of an application.
SYSTEM = frozenset(
    {
        "kubelet",
        "containerd",
        "dockerd",
        "crio",
        "kernel",
        "systemd",
        "kube-scheduler",
        "kube-controller-manager",
        "kube-apiserver",
        "kube-proxy",
        "etcd",
    }
)
#: Names under which journals and syslog know them; "k3s" and "rke2" hold several, told apart by klog's source file.
_PROGRAMS = {
    "kubelet": "kubelet",
    "hyperkube": "kubelet",
    "containerd": "containerd",
    "docker-containerd": "containerd",
    "containerd-shim": "containerd",
    "dockerd": "dockerd",
    "dockerd-current": "dockerd",
    "docker": "dockerd",
    "crio": "crio",
    "cri-o": "crio",
    "kernel": "kernel",
    "systemd": "systemd",
    "systemd-logind": "systemd",
    "dbus-daemon": "systemd",
    "dbus": "systemd",
    "kube-scheduler": "kube-scheduler",
    "kube-controller-manager": "kube-controller-manager",
    "kube-controller": "kube-controller-manager",
    "kube-apiserver": "kube-apiserver",
    "kube-proxy": "kube-proxy",
    "etcd": "etcd",
    "coredns": "coredns",
}
#: Source files of klog headers that belong to one component only (kubernetes v1.18 and v1.34).
_FILES = {
    name: component
    for component, names in {
        "kubelet": "kubelet.go kubelet_node_status.go kubelet_pods.go kubelet_network_linux.go kubelet_getters.go "
        "pod_workers.go "
        "eviction_manager.go image_gc_manager.go container_manager_linux.go remote_runtime.go remote_image.go "
        "setters.go "
        "prober.go prober_manager.go pod_container_deletor.go scope.go cri_stats_provider.go fs_resource_analyzer.go "
        "pod_startup_latency_tracker.go plugin_watcher.go desired_state_of_world_populator.go volume_manager.go "
        "status_manager.go "
        "cpu_manager.go memory_manager.go topology_manager.go kuberuntime_manager.go kuberuntime_sandbox.go "
        "nodeinfomanager.go "
        "kuberuntime_container.go docker_service.go docker_sandbox.go container_gc.go oom_watcher_linux.go "
        "csi_plugin.go cni.go",
        "kube-scheduler": "schedule_one.go scheduling_queue.go preemption.go default_preemption.go volume_binding.go",
        "kube-controller-manager": "controllermanager.go node_lifecycle_controller.go replica_set.go "
        "garbagecollector.go "
        "graph_builder.go taint_eviction.go taint_manager.go deployment_controller.go job_controller.go "
        "topologycache.go "
        "endpointslice_controller.go endpoints_controller.go attach_detach_controller.go disruption.go horizontal.go "
        "namespace_controller.go resource_quota_controller.go pv_controller.go daemon_controller.go stateful_set.go",
        "kube-proxy": "proxier.go server_others.go server_linux.go conntrack.go healthcheck.go "
        "endpointslicecache.go topology.go",
        "kube-apiserver": "cacher.go cidrallocator.go httplog.go apf_controller.go alloc.go genericapiserver.go "
        "aggregator.go "
        "available_controller.go remote_available_controller.go local_available_controller.go instance.go",
    }.items()
    for name in names.split()
}
#: Words of messages that only one program prints, tried where neither a name nor a source file decides.
_WORDS = (
    # msg="RunPodSandbox for &PodSandboxMetadata{…}" runtime=io.containerd.runc.v2 — containerd 1.6, 2.1
    ("containerd", expression(r"io\.containerd\.|namespace=k8s\.io|PodSandboxMetadata|containerd successfully "
    r"booted|ttrpc")),
    ("containerd", expression(r"^msg=\"(?:Stop|Remove|Start|Create)(?:PodSandbox|Container)[ \"]")),
    ("containerd", expression(r"^msg=\"(?:TearDown network for sandbox|Forcibly stopping sandbox|shim "
    r"disconnected|cleaning up dead shim|Stop container )")),
    # msg="failed to reload cni configuration after receiving fs change event(…" — containerd 1.6, cni_conf_syncer.go
    ("containerd", expression(r"^msg=\"failed to (?:load|reload) cni (?:during init|configuration)")),
    # "Deleting pod" logger="replicaset-controller" … — contextual loggers of Kubernetes 1.28 to 1.34
    ("kube-controller-manager", expression(r"logger=\"[a-z-]{3,40}-controller\"")),
    # msg="…" module=libcontainerd, msg="Handler for GET /v1.38/…" — dockerd 18.09, 28.3
    ("dockerd", expression(r"module=libcontainerd|libnetwork|^msg=\"(?:Handler for [A-Z]|Daemon has completed|API "
    r"listen on)")),
    # id=… name=/runtime.v1.RuntimeService/RunPodSandbox — CRI-O 1.2x
    ("crio", expression(r"name=/runtime\.v1\w*\.\w+Service/|file=\"[\w/.-]{1,80}\.go:\d+\"")),
    # [ERROR] plugin/errors: 2 web. A: … — CoreDNS 1.12
    ("coredns", expression(r"^\[(?:INFO|WARNING|ERROR)\] plugin/|^CoreDNS-\d|^\.:53$")),
    ("kernel", expression(r"^(?:INFO: task .{1,60} blocked for more|watchdog: BUG|rcu: INFO|oom-kill:constraint"
    r"|EXT4-fs|XFS \()")),
)  # fmt: skip
_ETCD_CALLER = expression(
    r"^(?:etcdserver|rafthttp|wal|mvcc|embed|raft|membership|txn|schema|version|backend|snap|lease)/\w+\.go:"
)


def component_of(frame: Frame) -> Component | None:
    """Who printed the line; None where nothing in it says so. Programs of no Kubernetes component keep their name."""
    named = _PROGRAMS.get(frame.program) if frame.program else None
    if named is not None and named != "systemd":
        return named
    if frame.caller:
        by_file = _FILES.get(frame.caller.partition(":")[0].rpartition("/")[2])
        if by_file is not None:
            return by_file
        if _ETCD_CALLER.match(frame.caller):
            return "etcd"
    if named is not None:
        return named
    by_words = next((component for component, words in _WORDS if words.search(frame.text)), None)
    return by_words or frame.program


def main_component(votes: Counter[Component], lines: int) -> Component | None:
    """The one that printed most lines; "journal" where several share the document; None without votes."""
    if not votes:
        return None
    (winner, count), total = votes.most_common(1)[0], votes.total()
    if count * 5 >= total * 4:
        return winner
    return "journal"
