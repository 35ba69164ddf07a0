"""kubelet: its main loop, PLEG, the container runtime, sandboxes, eviction, probes."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import DURATION, ERR, OLD_POD, POD, RPC_CODE, Q
from kwhy.facts.logs import LogPattern

PLEG_NOT_HEALTHY = LogPattern(
    "kubelet.pleg-not-healthy",
    "kubelet",
    ("pleg was last seen active",),
    rf"[Ss]kipping pod synchronization\b.{{0,4000}}?PLEG is not healthy: pleg was last seen active (?P<age>{DURATION}) ago;"
    rf" threshold is (?P<threshold>{DURATION})",
    (
        'E1121 21:32:07.427265    4552 kubelet.go:2452] "Skipping pod synchronization" err="PLEG is not healthy: '
        'pleg was last seen active 3m27.207092683s ago; threshold is 3m0s"',
        "17:08:22.299597 kubelet skipping pod synchronization - [PLEG is not healthy: pleg was last seen active "
        "3m0.000091019s ago; threshold is 3m0s]",
        "E1008 16:30:35.465844    1636 kubelet.go:1846] skipping pod synchronization - PLEG is not healthy: pleg was last "
        "seen active 5m24.923916247s ago; threshold is 3m0s",
    ),
    "pkg/kubelet/kubelet.go syncLoop, pkg/kubelet/pleg/generic.go Healthy (v1.9 to v1.34; k3s#2370)",
)
PLEG_NEVER_SUCCEEDED = LogPattern(
    "kubelet.pleg-never-succeeded",
    "kubelet",
    ("pleg has yet to be successful",),
    r"[Ss]kipping pod synchronization\b.{0,4000}?pleg has yet to be successful",
    (
        'E1121 21:28:24.120329    4552 kubelet.go:2452] "Skipping pod synchronization" err="[container runtime status '
        'check may not have completed yet, PLEG is not healthy: pleg has yet to be successful]"',
    ),
    "pkg/kubelet/pleg/generic.go Healthy (v1.18, v1.34)",
)
SYNC_SKIPPED = LogPattern(
    "kubelet.sync-skipped",
    "kubelet",
    ("kipping pod synchronization",),
    r'[Ss]kipping pod synchronization(?:" err="| - )\[?(?P<reasons>[^"\n]{0,2000})',
    (
        'E0101 10:00:00.000000    1000 kubelet.go:2452] "Skipping pod synchronization" err="container runtime is down"',
        "E1008 16:30:35.465844    1636 kubelet.go:1846] skipping pod synchronization - container runtime is down",
    ),
    "pkg/kubelet/kubelet.go syncLoop:2452 (v1.34), :1870 (v1.18)",
)
RUNTIME_DOWN = LogPattern(
    "kubelet.runtime-down",
    "kubelet",
    ("container runtime is down",),
    r"container runtime is down",
    ('E0101 10:00:00.000000    1000 kubelet.go:2452] "Skipping pod synchronization" err="container runtime is down"',),
    "pkg/kubelet/runtime.go runtimeErrors:124 (v1.34), :97 (v1.18)",
)
RUNTIME_SANITY_FAILED = LogPattern(
    "kubelet.runtime-sanity-failed",
    "kubelet",
    ("Container runtime sanity check failed",),
    rf'Container runtime sanity check failed(?:" {ERR}|: (?P<old_error>.{{0,2000}}))',
    (
        'E0101 10:00:00.000000    1000 kubelet.go:2997] "Container runtime sanity check failed" err="rpc error: code = '
        'Unavailable desc = connection error: desc = \\"transport: Error while dialing: dial unix '
        '/run/containerd/containerd.sock: connect: connection refused\\""',
    ),
    "pkg/kubelet/kubelet.go updateRuntimeUp:2997 (v1.34), :2199 (v1.18)",
)
RUNTIME_NOT_READY = LogPattern(
    "kubelet.runtime-not-ready",
    "kubelet",
    ("ontainer runtime not ready",),
    r"[Cc]ontainer runtime not ready.{0,40}?RuntimeReady=false reason:(?P<reason>\S{0,100}) message:(?P<message>[^\"\n]{0,1000})",
    (
        'E0101 10:00:00.000000    1000 kubelet.go:3019] "Container runtime not ready" runtimeReady="RuntimeReady=false '
        'reason:ContainerdNotReady message:not ready"',
    ),
    "pkg/kubelet/kubelet.go updateRuntimeUp:3019, pkg/kubelet/container/runtime.go RuntimeCondition.String (v1.34)",
    key=("reason", "message"),
)
NETWORK_NOT_READY = LogPattern(
    "kubelet.network-not-ready",
    "kubelet",
    ("ontainer runtime network not ready",),
    r"[Cc]ontainer runtime network not ready.{0,40}?NetworkReady=false reason:(?P<reason>\S{0,100}) "
    r"message:(?P<message>[^\"\n\]]{0,1000})",
    (
        'E1121 21:43:49.000000   7384 kubelet.go:3012] "Container runtime network not ready" networkReady="NetworkReady='
        'false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"',
        'E1121 21:43:57.500000    7384 pod_workers.go:1324] "Error syncing pod, skipping" err="network is not ready: '
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin "
        'returns error: cni plugin not initialized" pod="shop/web-1" podUID="29"',
        "E0729 17:08:22.299597    1636 kubelet.go:2212] Container runtime network not ready: NetworkReady=false "
        "reason:NetworkPluginNotReady message:docker: network plugin is not ready: cni config uninitialized",
    ),
    "pkg/kubelet/kubelet.go updateRuntimeUp:3012 (v1.34), :2212 (v1.18); dockershim/network/cni/cni.go:257 (v1.18)",
    key=("reason", "message"),
)
CRI_CALL_FAILED = LogPattern(
    "kubelet.cri-call-failed",
    "kubelet",
    ("from runtime service failed", "from image service failed"),
    rf"\b(?P<method>[A-Z]\w{{2,40}})(?: of| with filter| in sandbox)?[^\n]{{0,600}}? from (?P<service>runtime|image) service "
    rf"failed[\s\S]{{0,400}}?{RPC_CODE} desc = (?P<error>[^\n]{{0,2000}})",
    (
        'E1121 21:23:32.703377     402 log.go:32] "RunPodSandbox from runtime service failed" err="rpc error: code = '
        'DeadlineExceeded desc = context deadline exceeded"',
        "E1008 16:30:34.358595    1636 remote_runtime.go:277] ListContainers with filter &ContainerFilter{Id:,State:nil,"
        "PodSandboxId:,LabelSelector:map[string]string{},} from runtime service failed: rpc error: code = DeadlineExceeded "
        "desc = context deadline exceeded",
        'E1121 21:24:05.327641    402 log.go:32] "StopPodSandbox from runtime service failed" err="rpc error: code = '
        'DeadlineExceeded desc = context deadline exceeded" podSandboxID="db4c9779b819"',
    ),
    "k8s.io/cri-client pkg/remote_runtime.go, remote_image.go (v0.34); pkg/kubelet/remote (v1.18; k3s#2370)",
    key=("method", "code"),
)
SANDBOX_STATUS_FAILED = LogPattern(
    "kubelet.sandbox-status-failed",
    "kubelet",
    ("PodSandboxStatus of sandbox", "Failed to get pod sandbox status"),
    rf'(?:Failed to get pod sandbox status; Skipping pod|PodSandboxStatus of sandbox for pod)" {ERR}'
    rf"|PodSandboxStatus of sandbox {Q}(?P<sandbox>[0-9a-f]{{8,64}}){Q} for pod {OLD_POD} error: (?P<old_error>.{{0,2000}})",
    (
        'E1121 21:30:39.834308    4552 kuberuntime_manager.go:1360] "Failed to get pod sandbox status; Skipping pod" err='
        '"rpc error: code = DeadlineExceeded desc = context deadline exceeded" pod="shop/cart-6f766bf7fb-vk689"',
        'E1121 21:30:40.223388    4552 kuberuntime_manager.go:1744] "PodSandboxStatus of sandbox for pod" err="rpc error: '
        'code = DeadlineExceeded desc = stream terminated by RST_STREAM with error code: CANCEL" '
        'podSandboxID="ca1923ddc0df" pod="shop/cart-6f766bf7fb-5jtxv"',
    ),
    "pkg/kubelet/kuberuntime/kuberuntime_manager.go SyncPod:1360, GetPodStatus:1744 (v1.34), :954 (v1.18)",
)
PLEG_WRITE_STATUS_FAILED = LogPattern(
    "kubelet.pleg-write-status-failed",
    "kubelet",
    ("PLEG: Write status",),
    rf'PLEG: Write status" {ERR}" {POD}',
    (
        'E0101 10:00:00.000000    4552 generic.go:455] "PLEG: Write status" err="rpc error: code = DeadlineExceeded desc = '
        'context deadline exceeded" pod="shop/web-1"',
    ),
    "pkg/kubelet/pleg/generic.go updateCache:455 (v1.34)",
)
PLEG_RELIST_FAILED = LogPattern(
    "kubelet.pleg-relist-failed",
    "kubelet",
    ("GenericPLEG: Unable to retrieve pods",),
    rf'GenericPLEG: Unable to retrieve pods(?:" {ERR}|: (?P<old_error>.{{0,2000}}))',
    (
        'E0101 10:00:00.000000    4552 generic.go:254] "GenericPLEG: Unable to retrieve pods" err="rpc error: code = '
        'DeadlineExceeded desc = context deadline exceeded"',
        "E1008 16:30:36.000000    1636 generic.go:205] GenericPLEG: Unable to retrieve pods: rpc error: code = Unknown desc "
        "= Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    ),
    "pkg/kubelet/pleg/generic.go Relist:254 (v1.34), relist:205 (v1.18)",
)
CONTAINER_STARTED = LogPattern(
    "kubelet.pleg-container-event",
    "kubelet",
    ("SyncLoop (PLEG): event for pod", "SyncLoop (PLEG)"),
    rf'SyncLoop \(PLEG\): event for pod" {POD} event=\{{"ID":"(?P<uid>[^"]{{1,64}})","Type":"(?P<type>\w{{1,40}})"'
    rf"|SyncLoop \(PLEG\): {OLD_POD}, event: .{{0,200}}?Type:{Q}(?P<old_type>\w{{1,40}})",
    (
        'I1121 21:28:39.208532    4552 kubelet.go:2546] "SyncLoop (PLEG): event for pod" pod="shop/web-6f5c6d7f64-jw8fr" '
        'event={"ID":"f6fd2568-4048-4185-9970-c09ca0282419","Type":"ContainerStarted","Data":"54f5997d615c"}',
    ),
    "pkg/kubelet/kubelet.go syncLoopIteration:2546 (v1.34), :1977 (v1.18). Shows that a relist pass ended.",
)
SANDBOX_CREATE_FAILED = LogPattern(
    "kubelet.sandbox-create-failed",
    "kubelet",
    ("CreatePodSandbox for pod", "Failed to create sandbox for pod"),
    rf'(?:CreatePodSandbox for pod failed|Failed to create sandbox for pod)" {ERR}" {POD}'
    rf"|CreatePodSandbox for pod {OLD_POD} failed: (?P<old_error>.{{0,2000}})",
    (
        'E1121 21:23:32.703498     402 kuberuntime_manager.go:1343] "CreatePodSandbox for pod failed" err="rpc error: code '
        '= DeadlineExceeded desc = context deadline exceeded" pod="shop/web-6f5c6d7f64-tkb7d"',
        'E0729 17:08:22.299597    1636 kuberuntime_sandbox.go:67] CreatePodSandbox for pod "web_shop(29)" failed: rpc '
        "error: code = DeadlineExceeded desc = context deadline exceeded",
    ),
    "pkg/kubelet/kuberuntime/kuberuntime_manager.go:1343, kuberuntime_sandbox.go:71 (v1.34), :67 (v1.18)",
)
POD_SYNC_FAILED = LogPattern(
    "kubelet.pod-sync-failed",
    "kubelet",
    ("Error syncing pod",),
    rf"Error syncing pod(?:, skipping\" err=\"| .{{0,400}}?, skipping: )(?:failed to {Q}(?P<operation>\w{{1,40}}){Q} for )?"
    r"(?P<error>.{0,2000})",
    (
        'E1121 21:30:39.834395    4552 pod_workers.go:1324] "Error syncing pod, skipping" err="failed to SyncPod: rpc error:'
        ' code = DeadlineExceeded desc = context deadline exceeded" pod="shop/cart-6f766bf7fb-vk689" podUID="e029da20"',
        'E1121 21:24:05.328000     402 pod_workers.go:1324] "Error syncing pod, skipping" err="failed to '
        '\\"KillPodSandbox\\" for \\"fe4cc065\\" with KillPodSandboxError: \\"rpc error: code = DeadlineExceeded desc = '
        'context deadline exceeded\\"" pod="shop/web-1" podUID="fe4cc065"',
        'E0729 17:08:22.299597    1636 pod_workers.go:191] Error syncing pod 29 ("web_shop(29)"), skipping: failed to '
        '"CreatePodSandbox" for "web_shop(29)" with CreatePodSandboxError: "x"',
    ),
    "pkg/kubelet/pod_workers.go:1324 (v1.34), :191 (v1.18)",
    key=("operation",),
)
SANDBOX_STOP_FAILED = LogPattern(
    "kubelet.sandbox-stop-failed",
    "kubelet",
    ("Failed to stop sandbox",),
    r'Failed to stop sandbox" podSandboxID=\{"Type":"\w{1,40}","ID":"(?P<sandbox>[0-9a-f]{1,64})"\}'
    rf"|Failed to stop sandbox {Q}(?P<old_sandbox>[0-9a-f]{{1,64}})",
    (
        'E1121 21:24:05.327900     402 kuberuntime_manager.go:1665] "Failed to stop sandbox" podSandboxID={"Type":'
        '"containerd","ID":"ca1923ddc0df90da431f3747b14bdeb0c358ee9fd337eb1f39dba25a78d2c798"}',
    ),
    "pkg/kubelet/kuberuntime/kuberuntime_manager.go killPodWithSyncResult:1665 (v1.34)",
)
VOLUMES_NOT_MOUNTED = LogPattern(
    "kubelet.volumes-not-mounted",
    "kubelet",
    ("Unable to attach or mount volumes for pod",),
    rf'Unable to attach or mount volumes for pod(?:; skipping pod" {ERR}" {POD}| {OLD_POD}: (?P<old_error>.{{0,2000}}))',
    (
        'E0101 10:00:00.000000    1000 kubelet.go:2076] "Unable to attach or mount volumes for pod; skipping pod" err='
        '"unmounted volumes=[data], unattached volumes=[], failed to process volumes=[]: context deadline exceeded" '
        'pod="shop/db-0"',
    ),
    "pkg/kubelet/kubelet.go SyncPod:2076 (v1.34), :1703 (v1.18)",
)
CONTAINER_GC_FAILED = LogPattern(
    "kubelet.container-gc-failed",
    "kubelet",
    ("Container garbage collection failed",),
    rf'Container garbage collection failed(?:" {ERR}|: (?P<old_error>.{{0,2000}}))',
    (
        'E0101 10:00:00.000000    1000 kubelet.go:1583] "Container garbage collection failed" err="rpc error: code = '
        'DeadlineExceeded desc = context deadline exceeded"',
    ),
    "pkg/kubelet/kubelet.go StartGarbageCollection:1583 (v1.34), :1293 (v1.18)",
)
IMAGE_GC_FAILED = LogPattern(
    "kubelet.image-gc-failed",
    "kubelet",
    ("Image garbage collection failed",),
    rf'Image garbage collection failed (?P<times>once|multiple times in a row)[^"\n:]{{0,80}}(?:" {ERR}|: (?P<old_error>.{{0,2000}}))',
    (
        'E1121 21:28:24.000000    4552 kubelet.go:1615] "Image garbage collection failed once. Stats initialization may not '
        'have completed yet" err="invalid capacity 0 on image filesystem"',
        'E0101 10:00:00.000000    1000 kubelet.go:1611] "Image garbage collection failed multiple times in a row" err='
        '"failed to garbage collect required amount of images. Wanted to free 5182058496 bytes, but freed 0 bytes"',
    ),
    'pkg/kubelet/kubelet.go StartGarbageCollection:1611 (v1.34), :1317 (v1.18). "once" is normal right after a start.',
    key=("times",),
)
IMAGE_FS_OVER_THRESHOLD = LogPattern(
    "kubelet.image-fs-over-threshold",
    "kubelet",
    ("isk usage on image filesystem is",),
    r"[Dd]isk usage on image filesystem is (?:over the high threshold, .{0,100}? usage=(?P<usage>\d{1,3})\b"
    r"|at (?P<old_usage>\d{1,3})% which is over the high threshold)",
    (
        'I0101 10:00:00.000000    1000 image_gc_manager.go:391] "Disk usage on image filesystem is over the high threshold, '
        'trying to free bytes down to the low threshold" usage=91 highThreshold=85 amountToFree=5182058496 lowThreshold=80',
    ),
    "pkg/kubelet/images/image_gc_manager.go GarbageCollect:391 (v1.34), :305 (v1.18)",
)
EVICTION_RECLAIM = LogPattern(
    "kubelet.eviction-reclaim",
    "kubelet",
    ("viction manager: attempting to reclaim",),
    r'viction manager: attempting to reclaim(?:" resourceName="(?P<resource>[\w-]{1,60})"| (?P<old_resource>[\w-]{1,60}))',
    (
        'I1121 21:53:29.000000    7384 eviction_manager.go:376] "Eviction manager: attempting to reclaim" '
        'resourceName="ephemeral-storage"',
        "W0729 17:08:22.299597    1636 eviction_manager.go:344] eviction manager: attempting to reclaim ephemeral-storage",
    ),
    "pkg/kubelet/eviction/eviction_manager.go synchronize:376 (v1.34), :344 (v1.18)",
    key=("resource", "old_resource"),
)
EVICTION_NOTHING_TO_EVICT = LogPattern(
    "kubelet.eviction-nothing-to-evict",
    "kubelet",
    ("viction manager: unable to evict any pods",),
    r"viction manager: unable to evict any pods from the node",
    (
        'I1121 21:53:29.000000    7384 eviction_manager.go:439] "Eviction manager: unable to evict any pods from the node"',
    ),
    "pkg/kubelet/eviction/eviction_manager.go synchronize:439 (v1.34), :396 (v1.18)",
)
POD_EVICTED = LogPattern(
    "kubelet.pod-evicted",
    "kubelet",
    ("viction manager: pod",),
    rf'viction manager: pod (?:is evicted successfully" {POD}|(?P<old_pod>\S{{1,400}}) is evicted successfully)',
    (
        'I1121 21:53:30.000000    7384 eviction_manager.go:629] "Eviction manager: pod is evicted successfully" '
        'pod="shop/web-6f5c6d7f64-zc54v"',
    ),
    "pkg/kubelet/eviction/eviction_manager.go evictPod:629 (v1.34), :590 (v1.18)",
)
EVICTION_NO_STATS = LogPattern(
    "kubelet.eviction-no-stats",
    "kubelet",
    ("viction manager: failed to get summary stats", "Eviction manager: failed to get HasDedicatedImageFs"),
    rf'viction manager: failed to get (?:summary stats|HasDedicatedImageFs)(?:" {ERR}|: (?P<old_error>.{{0,2000}}))',
    (
        'E0101 10:00:00.000000    1000 eviction_manager.go:292] "Eviction manager: failed to get summary stats" err="failed '
        'to get node info: node "node-a" not found"',
    ),
    "pkg/kubelet/eviction/eviction_manager.go synchronize:259,292 (v1.34), :260 (v1.18)",
)
HOUSEKEEPING_SLOW = LogPattern(
    "kubelet.housekeeping-slow",
    "kubelet",
    ("Housekeeping took longer than expected",),
    r'Housekeeping took longer than expected".{0,100}? actual="(?P<actual>[^"]{1,40})"',
    (
        'E0101 10:00:00.000000    1000 kubelet.go:2618] "Housekeeping took longer than expected" err="housekeeping took too '
        'long" expected="1s" actual="3.456s"',
    ),
    "pkg/kubelet/kubelet.go syncLoopIteration:2618 (v1.34)",
)
PROBE_FAILED = LogPattern(
    "kubelet.probe-failed",
    "kubelet",
    ("Probe failed", "Probe errored"),
    rf'Probe (?P<how>failed|errored)"(?: {ERR}")? probeType="(?P<probe>\w{{1,20}})" {POD}',
    (
        'I0101 10:00:00.000000    1000 prober.go:120] "Probe failed" probeType="Readiness" pod="shop/web-1" podUID="29" '
        'containerName="app" probeResult="failure" output="HTTP probe failed with statuscode: 500"',
    ),
    "pkg/kubelet/prober/prober.go probe:104,120 (v1.34)",
    key=("probe", "pod"),
)
