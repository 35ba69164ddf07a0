"""kube-scheduler, kube-controller-manager, and the leader election that both share."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import ERR, POD
from kwhy.facts.logs import LogPattern

UNSCHEDULABLE = LogPattern(
    "scheduler.unschedulable",
    "kube-scheduler",
    ("Unable to schedule",),
    rf'Unable to schedule pod; (?:no fit; waiting" {POD} err="(?P<message>(?:[^"\\]|\\.){{0,4000}})'
    r'|(?P<no_nodes>no nodes are registered to the cluster); waiting" pod="(?P<waiting_pod>[^"\s]{1,400})")'
    r"|Unable to schedule (?P<old_pod>[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}): no fit: (?P<old_message>.{0,4000}?); waiting",
    (
        'I1121 21:53:35.891574   30507 schedule_one.go:1077] "Unable to schedule pod; no fit; waiting" pod="shop/web-6f5c6d7'
        'f64-n2gnl" err="0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, '
        'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."',
        "I0729 17:08:22.299597       1 factory.go:462] Unable to schedule shop/web-1: no fit: 0/3 nodes are available: 3 "
        "Insufficient cpu.; waiting",
    ),
    "pkg/scheduler/schedule_one.go handleSchedulingFailure:1073,1077 (v1.34), factory.go:462 (v1.18)",
    key=("pod", "waiting_pod", "old_pod"),
)
SCHEDULING_ERROR = LogPattern(
    "scheduler.error",
    "kube-scheduler",
    ("Error scheduling",),
    rf'Error scheduling pod; retrying" {ERR}" (?:logger="\w{{1,40}}" )?{POD}'
    r"|Error scheduling (?P<old_pod>[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}): (?P<old_error>.{0,2000}); retrying",
    (
        'E0101 10:00:00.000000       1 schedule_one.go:1079] "Error scheduling pod; retrying" err="running PreBind plugin '
        '\\"VolumeBinding\\": binding volumes: context deadline exceeded" logger="UnhandledError" pod="shop/db-0"',
    ),
    "pkg/scheduler/schedule_one.go handleSchedulingFailure:1079 (v1.34), factory.go:478 (v1.18)",
    key=("pod", "old_pod"),
)
BOUND = LogPattern(
    "scheduler.bound",
    "kube-scheduler",
    ("Successfully bound pod to node",),
    rf'Successfully bound pod to node" {POD} node="(?P<node>[^"]{{1,253}})"',
    (
        'I1121 21:28:43.442380     226 schedule_one.go:346] "Successfully bound pod to node" pod="shop/web-6f5c6d7f64-wgmmb"'
        ' node="node-a" evaluatedNodes=1 feasibleNodes=1',
    ),
    "pkg/scheduler/schedule_one.go bindingCycle:346 (v1.34)",
)
SCHEDULER_STARTED = LogPattern(
    "scheduler.started",
    "kube-scheduler",
    ("Starting Kubernetes Scheduler",),
    r"Starting Kubernetes Scheduler",
    ('I1121 21:18:14.500000     226 server.go:175] "Starting Kubernetes Scheduler" version="v1.34.4"',),
    "cmd/kube-scheduler/app/server.go Run:175 (v1.34)",
)
LEADER_ACQUIRED = LogPattern(
    "leader-election.acquired",
    "",
    ("successfully acquired lease",),
    r"successfully acquired lease (?P<lease>\S{1,300})",
    ("I1121 21:18:16.000000     226 leaderelection.go:271] successfully acquired lease kube-system/kube-scheduler",),
    "k8s.io/client-go tools/leaderelection/leaderelection.go acquire:271 (v0.34)",
    key=("lease",),
)
LEADER_RENEW_FAILED = LogPattern(
    "leader-election.renew-failed",
    "",
    ("failed to renew lease", "error retrieving resource lock", "Failed to update lock"),
    r"(?P<what>failed to renew lease|error retrieving resource lock|Failed to update lock)(?: optimistically)?:? "
    r"(?:(?P<lease>[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}): )?(?P<error>.{0,2000})",
    (
        "I0101 10:00:00.000000     226 leaderelection.go:297] failed to renew lease kube-system/kube-scheduler: context "
        "deadline exceeded",
        "E0101 10:00:00.000000     226 leaderelection.go:448] error retrieving resource lock kube-system/kube-scheduler: Get "
        '"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler?timeout=5s": '
        "context deadline exceeded",
    ),
    "k8s.io/client-go tools/leaderelection/leaderelection.go renew:297, tryAcquireOrRenew:409,448 (v0.34)",
    key=("what",),
)
LEADER_LOST = LogPattern(
    "leader-election.lost",
    "",
    ("eaderelection lost", "leader election lost"),
    r"[Ll]eader ?election lost",
    (
        'E0101 10:00:00.000000     226 server.go:319] "Leaderelection lost"',
        'E0101 10:00:00.000000     225 controllermanager.go:343] "leaderelection lost"',
        "F0729 17:08:22.299597       1 server.go:244] leaderelection lost",
    ),
    "cmd/kube-scheduler/app/server.go:319, cmd/kube-controller-manager/app/controllermanager.go:343 (v1.34), :244 (v1.18)",
)
NODE_NOT_READY = LogPattern(
    "node-lifecycle.not-ready",
    "kube-controller-manager",
    ("Adding it to the Taint queue",),
    r'Node is NotReady\. Adding it to the Taint queue" .{0,80}?node="(?P<node>[^"]{1,253})"'
    r"|Node (?P<old_node>\S{1,253}) is NotReady as of .{1,100}\. Adding it to the Taint queue",
    (
        'I1121 21:32:09.820555     225 node_lifecycle_controller.go:781] "Node is NotReady. Adding it to the Taint queue" '
        'logger="node-lifecycle-controller" node="node-a" timeStamp="2026-11-21 21:32:09.820528793 +0000 UTC m=+835.471"',
        "I0729 17:08:22.299597       1 node_lifecycle_controller.go:876] Node node-a is NotReady as of 2019-07-29 "
        "17:08:22.299597 +0800 CST m=+835.47. Adding it to the Taint queue.",
    ),
    "pkg/controller/nodelifecycle/node_lifecycle_controller.go processTaintBaseEviction:781 (v1.34), :876 (v1.18)",
    key=("node", "old_node"),
)
NODE_UNRESPONSIVE = LogPattern(
    "node-lifecycle.unresponsive",
    "kube-controller-manager",
    ("Adding it to the Taint queue",),
    r'Node is unresponsive\. Adding it to the Taint queue" .{0,80}?node="(?P<node>[^"]{1,253})"'
    r"|Node (?P<old_node>\S{1,253}) is unresponsive as of .{1,100}\. Adding it to the Taint queue",
    (
        'I1121 21:51:26.479223   30586 node_lifecycle_controller.go:791] "Node is unresponsive. Adding it to the Taint queue"'
        ' logger="node-lifecycle-controller" node="node-a" timeStamp="2026-11-21 21:51:26.479200931 +0000 UTC m=+471.909"',
    ),
    "pkg/controller/nodelifecycle/node_lifecycle_controller.go processTaintBaseEviction:791 (v1.34), :889 (v1.18)",
    key=("node", "old_node"),
)
NODE_NOT_UPDATED = LogPattern(
    "node-lifecycle.not-updated",
    "kube-controller-manager",
    ("been updated",),
    r'Node hasn\'t been updated" .{0,80}?node="(?P<node>[^"]{1,253})" duration="(?P<silent>[^"]{1,40})" '
    r'nodeConditionType="(?P<condition>\w{1,60})"'
    r"|node (?P<old_node>\S{1,253}) hasn't been updated for (?P<old_silent>[\w.]{1,40})\. Last (?P<old_condition>\w{1,60}) is",
    (
        'I1121 21:51:26.473057   30586 node_lifecycle_controller.go:952] "Node hasn\'t been updated" logger="node-lifecycle-'
        'controller" node="node-a" duration="50.007651745s" nodeConditionType="Ready" currentCondition="&NodeCondition{Type:'
        'Ready,Status:True,LastHeartbeatTime:2026-11-21 21:50:33 +0000 UTC}"',
    ),
    "pkg/controller/nodelifecycle/node_lifecycle_controller.go tryUpdateNodeHealth:952 (v1.34), :1127 (v1.18)",
    key=("node", "old_node", "condition", "old_condition"),
)
NODE_STATUS_CHANGE = LogPattern(
    "node-lifecycle.status-change",
    "kube-controller-manager",
    ("Recording status change",),
    r'Recording status change event message for node" .{0,80}?status="(?P<status>\w{1,60})" node="(?P<node>[^"]{1,253})"'
    r"|Recording status change (?P<old_status>\w{1,60}) event message for node (?P<old_node>\S{1,253})",
    (
        'I1121 21:51:26.480257   30586 controller_utils.go:186] "Recording status change event message for node" '
        'logger="node-lifecycle-controller" status="NodeNotReady" node="node-a"',
    ),
    "pkg/controller/util/node/controller_utils.go RecordNodeStatusChange:186 (v1.34)",
    key=("status", "old_status", "node", "old_node"),
)
NODE_HEALTHY_AGAIN = LogPattern(
    "node-lifecycle.healthy-again",
    "kube-controller-manager",
    ("is healthy again",),
    r'Node is healthy again, removed all taints" .{0,80}?node="(?P<node>[^"]{1,253})"'
    r"|Node (?P<old_node>\S{1,253}) is healthy again, removing all taints",
    (
        'I1121 21:46:38.000000   30586 node_lifecycle_controller.go:799] "Node is healthy again, removed all taints" '
        'logger="node-lifecycle-controller" node="node-a"',
    ),
    "pkg/controller/nodelifecycle/node_lifecycle_controller.go processTaintBaseEviction:799 (v1.34), :900 (v1.18)",
    key=("node", "old_node"),
)
ALL_NODES_NOT_READY = LogPattern(
    "node-lifecycle.all-nodes-not-ready",
    "kube-controller-manager",
    ("master disruption mode",),
    r"Controller detected that all Nodes are not-Ready\. Entering master disruption mode",
    (
        'I1121 21:51:26.543873   30586 node_lifecycle_controller.go:1025] "Controller detected that all Nodes are not-Ready. '
        'Entering master disruption mode" logger="node-lifecycle-controller"',
    ),
    "pkg/controller/nodelifecycle/node_lifecycle_controller.go handleDisruption:1025 (v1.34), :1199 (v1.18)",
)
