"""kubelet: registration, node status, leases, node events."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import ERR, Q
from kwhy.facts.logs import LogPattern

REGISTERING = LogPattern(
    "kubelet.registering",
    "kubelet",
    ("Attempting to register node",),
    r'Attempting to register node(?:" node="(?P<node>[^"]{1,253})"| (?P<old_node>\S{1,253}))',
    (
        'I1121 21:28:24.229000    4552 kubelet_node_status.go:75] "Attempting to register node" node="node-a"',
        "I0729 17:05:22.000000    1636 kubelet_node_status.go:70] Attempting to register node node-a",
    ),
    "pkg/kubelet/kubelet_node_status.go registerWithAPIServer:75 (v1.34), :70 (v1.18)",
)
REGISTERED = LogPattern(
    "kubelet.registered",
    "kubelet",
    ("uccessfully registered node", "was previously registered"),
    r'(?:Successfully registered node|Node was previously registered)" node="(?P<node>[^"]{1,253})"'
    r"|(?:Successfully registered node (?P<old_node>\S{1,253})|Node (?P<known_node>\S{1,253}) was previously registered)",
    (
        'I1121 21:28:24.239000    4552 kubelet_node_status.go:78] "Successfully registered node" node="node-a"',
        "I0729 17:05:22.100000    1636 kubelet_node_status.go:112] Node node-a was previously registered",
    ),
    "pkg/kubelet/kubelet_node_status.go registerWithAPIServer:78, tryRegisterWithAPIServer:124 (v1.34), :73,:112 (v1.18)",
)
NOT_REGISTERED = LogPattern(
    "kubelet.not-registered",
    "kubelet",
    ("Unable to register node",),
    rf'Unable to register node (?:with API server[^"\n]{{0,80}}" {ERR}|{Q}[^"\n]{{1,253}}{Q} with API server: (?P<old_error>.{{0,2000}}))',
    (
        'E0101 10:00:00.000000    1000 kubelet_node_status.go:107] "Unable to register node with API server" err="Post '
        '\\"https://10.0.0.1:6443/api/v1/nodes\\": dial tcp 10.0.0.1:6443: connect: connection refused" node="node-a"',
    ),
    "pkg/kubelet/kubelet_node_status.go tryRegisterWithAPIServer:103,107,113 (v1.34), :92 (v1.18)",
)
STATUS_NOT_UPDATED = LogPattern(
    "kubelet.status-not-updated",
    "kubelet",
    ("Unable to update node status", "Error updating node status"),
    rf'(?P<what>Unable to update node status|Error updating node status, will retry)(?:[^"\n:]{{0,40}}" {ERR}|: (?P<old_error>.{{0,2000}}))',
    (
        'E0101 10:00:00.000000    1000 kubelet_node_status.go:486] "Error updating node status, will retry" err="error '
        'getting node \\"node-a\\": Get \\"https://10.0.0.1:6443/api/v1/nodes/node-a\\": context deadline exceeded"',
        'E0101 10:00:00.000000    1000 kubelet_node_status.go:473] "Unable to update node status" err="update node status '
        'exceeds retry count"',
    ),
    "pkg/kubelet/kubelet_node_status.go syncNodeStatus:473, updateNodeStatus:486 (v1.34), :389,:402 (v1.18)",
    key=("what",),
)
LEASE_NOT_RENEWED = LogPattern(
    "kubelet.lease-not-renewed",
    "kubelet",
    (
        "Failed to update lease",
        "Will retry updating lease",
        "Failed to ensure lease exists",
        "failed to update node lease",
        "failed to ensure node lease exists",
        "failed to ensure lease exists",
    ),
    rf'(?:Failed to update lease|Will retry updating lease|Failed to ensure lease exists, will retry)" {ERR}'
    r"|failed to (?:update node lease|ensure (?:node )?lease exists)(?:, will retry in \S{1,20})?, error: (?P<old_error>.{0,2000})",
    (
        'E0101 10:00:00.000000    1000 controller.go:195] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/'
        'coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-a?timeout=10s\\": context deadline exceeded"',
        "E0729 17:08:22.299597    1636 controller.go:178] failed to update node lease, error: etcdserver: request timed out",
    ),
    "k8s.io/component-helpers apimachinery/lease/controller.go:123,145,195 (v0.34); pkg/kubelet/nodelease (v1.18)",
)
BECAME_NOT_READY = LogPattern(
    "kubelet.became-not-ready",
    "kubelet",
    ("Node became not ready",),
    r'Node became not ready" node="(?P<node>[^"]{1,253})" condition=\{.{0,300}?"reason":"(?P<reason>\w{1,80})",'
    r'"message":"(?P<message>[^"\\]{0,4000}(?:\\.[^"\\]{0,4000}){0,400})"'
    r"|Node became not ready: \{.{0,300}?Reason:(?P<old_reason>\w{1,80}) Message:(?P<old_message>[^}\n]{0,2000})",
    (
        'I1121 21:31:42.000000    4552 setters.go:543] "Node became not ready" node="node-a" condition={"type":"Ready",'
        '"status":"False","lastHeartbeatTime":"2026-11-21T21:31:42Z","lastTransitionTime":"2026-11-21T21:31:42Z","reason":'
        '"KubeletNotReady","message":"PLEG is not healthy: pleg was last seen active 3m1.0s ago; threshold is 3m0s"}',
        "I0729 17:08:22.299597    1636 setters.go:559] Node became not ready: {Type:Ready Status:False LastHeartbeatTime:"
        "2019-07-29 17:08:22 +0800 CST LastTransitionTime:2019-07-29 17:08:22 +0800 CST Reason:KubeletNotReady "
        "Message:container runtime is down}",
    ),
    "pkg/kubelet/nodestatus/setters.go ReadyCondition:543 (v1.34), :559 (v1.18)",
)
NODE_EVENT = LogPattern(
    "kubelet.node-event",
    "kubelet",
    ("event message for node",),
    r'Recording event message for node" node="(?P<node>[^"]{1,253})" event="(?P<event>\w{1,60})"'
    r"|Recording (?P<old_event>\w{1,60}) event message for node (?P<old_node>\S{1,253})",
    (
        'I1121 21:28:24.228000    4552 kubelet_node_status.go:755] "Recording event message for node" node="node-a" '
        'event="NodeHasSufficientMemory"',
        "I0729 17:05:22.000000    1636 kubelet_node_status.go:486] Recording NodeReady event message for node node-a",
    ),
    "pkg/kubelet/kubelet_node_status.go recordNodeStatusEvent (v1.34), recordEvent:486 (v1.18)",
    key=("event", "old_event", "node", "old_node"),
)
