"""containerd (CRI plugin, shims); versions 1.6, 1.7 and 2.x print the same unless a pattern says otherwise."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import LOGRUS_ERROR, Q
from kwhy.facts.logs import LogPattern

SANDBOX_RUN_FAILED = LogPattern(
    "containerd.sandbox-run-failed",
    "containerd",
    ("PodSandboxMetadata{Name:",),
    r"RunPodSandbox for &PodSandboxMetadata\{Name:(?P<pod>[^,\s]{1,253}),Uid:(?P<uid>[^,\s]{1,64}),"
    r"Namespace:(?P<namespace>[^,\s]{1,63}),Attempt:(?P<attempt>\d{1,9}),\} failed, error"
    rf'" {LOGRUS_ERROR}',
    (
        'time="2026-11-21T21:24:06.000000000Z" level=error msg="RunPodSandbox for &PodSandboxMetadata{Name:api-5b,Uid:29,'
        'Namespace:shop,Attempt:0,} failed, error" error="failed to reserve sandbox name \\"api-5b_shop_29_0\\": name '
        '\\"api-5b_shop_29_0\\" is reserved for \\"ca1923ddc0df\\""',
    ),
    "pkg/cri/server/instrumented_service.go RunPodSandbox (1.6.38), internal/cri/instrument (2.1.4)",
)
SANDBOX_RUN_BEGAN = LogPattern(
    "containerd.sandbox-run-began",
    "containerd",
    ("PodSandboxMetadata{Name:",),
    r"RunPodSandbox for &PodSandboxMetadata\{Name:(?P<pod>[^,\s]{1,253}),Uid:(?P<uid>[^,\s]{1,64}),"
    r'Namespace:(?P<namespace>[^,\s]{1,63}),Attempt:(?P<attempt>\d{1,9}),\}"$',
    (
        'time="2026-11-21T21:28:38.440058297Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:web-6f5c6d7f64-'
        '2nx8q,Uid:dbdcd95e-6835-4f0d-844a-2c514637c448,Namespace:shop,Attempt:0,}"',
    ),
    "pkg/cri/server/instrumented_service.go RunPodSandbox (1.6.38). Compare with sandbox-run-returned.",
)
SANDBOX_RUN_RETURNED = LogPattern(
    "containerd.sandbox-run-returned",
    "containerd",
    ("PodSandboxMetadata{Name:",),
    r"RunPodSandbox for &PodSandboxMetadata\{Name:(?P<pod>[^,\s]{1,253}),Uid:(?P<uid>[^,\s]{1,64}),"
    rf"Namespace:(?P<namespace>[^,\s]{{1,63}}),Attempt:(?P<attempt>\d{{1,9}}),\}} returns sandbox id {Q}(?P<sandbox>[0-9a-f]{{1,64}})",
    (
        'time="2026-11-21T21:28:38.571883548Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:web-6f5c6d7f64-'
        '2nx8q,Uid:dbdcd95e-6835-4f0d-844a-2c514637c448,Namespace:shop,Attempt:0,} returns sandbox id \\"db4c9779b819b1f4\\""',
    ),
    "pkg/cri/server/instrumented_service.go RunPodSandbox (1.6.38), internal/cri/instrument (2.1.4)",
)
CALL_FAILED = LogPattern(
    "containerd.call-failed",
    "containerd",
    # Every failed call is logged at this level; the methods' own names also stand in millions of good lines.
    ("level=error",),
    r"(?P<method>(?:Stop|Remove)PodSandbox|PodSandboxStatus|ListPodSandbox(?:Stats)?|(?:Stop|Start|Remove|List|Create)Containers?"
    rf"|ContainerStatus|ExecSync|ImageFsInfo)(?: (?:for|within sandbox) {Q}(?P<id>[0-9a-f]{{1,64}}){Q}[^\n]{{0,300}}?"
    rf'| with filter [^\n]{{0,300}}?)? failed" {LOGRUS_ERROR}',
    (
        'time="2026-11-21T21:24:05.327641Z" level=error msg="StopPodSandbox for \\"ca1923ddc0df\\" failed" error="failed to '
        'destroy network for sandbox \\"ca1923ddc0df\\": plugin type=\\"netfabric\\" failed (delete): netplugin failed with '
        'no error message: signal: killed"',
        'time="2026-11-21T21:24:05.327641Z" level=error msg="ImageFsInfo failed" error="context deadline exceeded"',
    ),
    "pkg/cri/server/instrumented_service.go (1.6.38), internal/cri/instrument/instrumented_service.go (2.1.4)",
    key=("method",),
)  # fmt: skip
NETWORK_SETUP_FAILED = LogPattern(
    "containerd.network-setup-failed",
    "containerd",
    ("failed to setup network for sandbox",),
    rf"failed to setup network for sandbox {Q}(?P<sandbox>[0-9a-f]{{1,64}}){Q}: (?P<error>[^\n]{{0,2000}})",
    (
        'Feb 15 20:28:32 kind-worker containerd[3929]: time="2024-02-15T20:28:32.075190807Z" level=error msg="RunPodSandbox '
        "for &PodSandboxMetadata{Name:server,Uid:eb9891c8-0b47-426b-8456-10a210f1115f,Namespace:default,Attempt:0,} failed, "
        'error" error="failed to setup network for sandbox \\"1341f1c7aa620238\\": plugin type=\\"cilium-cni\\" failed '
        '(add): netplugin failed: \\"ts=1708028912.027259, to retry\\\\n\\""',
    ),
    "pkg/cri/server/sandbox_run.go RunPodSandbox:332 (1.6.38), internal/cri/server/sandbox_run.go:262 (2.1.4)",
)
NETWORK_DESTROY_FAILED = LogPattern(
    "containerd.network-destroy-failed",
    "containerd",
    ("failed to destroy network for sandbox",),
    rf"failed to destroy network for sandbox {Q}(?P<sandbox>[0-9a-f]{{1,64}}){Q}: (?P<error>[^\n]{{0,2000}})",
    (
        'time="2026-11-21T21:24:05.327641Z" level=error msg="StopPodSandbox for \\"ca1923ddc0df\\" failed" error="failed to '
        'destroy network for sandbox \\"ca1923ddc0df\\": plugin type=\\"netfabric\\" failed (delete): netplugin failed with '
        'no error message: signal: killed"',
    ),
    "pkg/cri/server/sandbox_stop.go stopPodSandbox:103 (1.6.38), internal/cri/server/sandbox_stop.go:119 (2.1.4)",
)
NAME_RESERVED = LogPattern(
    "containerd.name-reserved",
    "containerd",
    ("failed to reserve sandbox name", "failed to reserve container name"),
    rf"failed to reserve (?P<what>sandbox|container) name {Q}(?P<name>[^\"\\\s]{{1,400}}){Q}: name [^\n]{{1,420}}? is reserved for "
    rf"{Q}(?P<holder>[0-9a-f]{{1,64}})",
    (
        'time="2026-11-21T21:24:06.000000000Z" level=error msg="RunPodSandbox for &PodSandboxMetadata{Name:api-5b,Uid:29,'
        'Namespace:shop,Attempt:0,} failed, error" error="failed to reserve sandbox name \\"api-5b_shop_29_0\\": name '
        '\\"api-5b_shop_29_0\\" is reserved for \\"ca1923ddc0df\\""',
        'E1121 21:24:06.000300     402 log.go:32] "RunPodSandbox from runtime service failed" err="rpc error: code = Unknown '
        'desc = failed to reserve sandbox name \\"web-6f_shop_29_0\\": name \\"web-6f_shop_29_0\\" is reserved for '
        '\\"db4c9779b819\\""',
    ),
    "pkg/cri/server/sandbox_run.go:83, container_create.go:79 (1.6.38). An earlier attempt still runs: it hangs.",
)
TASK_NOT_CREATED = LogPattern(
    "containerd.task-not-created",
    "containerd",
    ("failed to create containerd task", "failed to create shim task", "failed to start sandbox"),
    rf"failed to (?:create (?:containerd|shim) task|start sandbox(?: container task)?(?: {Q}[0-9a-f]{{1,64}}{Q})?): (?P<error>[^\n]{{0,2000}})",
    (
        'time="2026-11-21T21:24:06Z" level=error msg="StartContainer for \\"29\\" failed" error="failed to create containerd '
        "task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
        'exec: \\"nope\\": executable file not found in $PATH: unknown"',
    ),
    "pkg/cri/server/container_start.go:131, runtime/v2/manager.go:395 (1.6.38), core/runtime/v2/task_manager.go:185 (2.1.4)",
)
TTRPC_CLOSED = LogPattern(
    "containerd.ttrpc-closed",
    "containerd",
    ("ttrpc: closed", "ttrpc: server closed"),
    r"ttrpc: (?:server )?closed",
    (
        'time="2026-11-21T21:24:06Z" level=error msg="failed to delete task" error="ttrpc: closed: unknown" id=ca1923ddc0df',
    ),
    "github.com/containerd/ttrpc errors.go:32,35 (v1.2.7): the shim's end of the connection is gone",
)
SHIM_DISCONNECTED = LogPattern(
    "containerd.shim-disconnected",
    "containerd",
    ("shim disconnected", "shim reaped", "cleaning up after shim dead"),
    r'msg="(?:shim disconnected|shim reaped|cleaning up after shim (?:disconnected|dead))".{0,300}?\bid=(?P<id>[0-9a-f]{1,64})',
    (
        'time="2026-11-21T21:22:05.500000000Z" level=info msg="shim disconnected" id=ca1923ddc0df90da',
        'time="2019-07-29T17:08:22.299597Z" level=info msg="shim reaped" id=ca1923ddc0df90da',
    ),
    "runtime/v2/manager.go:216, runtime/v1/linux/runtime.go:202 (1.6.38). Normal when a container ends.",
)
SHIM_CLEANUP_FAILED = LogPattern(
    "containerd.shim-cleanup-failed",
    "containerd",
    ("failed to clean up after shim disconnected",),
    rf'failed to clean up after shim disconnected" {LOGRUS_ERROR}',
    (
        'time="2026-11-21T21:24:06Z" level=warning msg="failed to clean up after shim disconnected" error="context deadline '
        'exceeded" id=ca1923ddc0df namespace=k8s.io',
    ),
    "runtime/v2/shim.go:150 (1.6.38), core/runtime/v2/shim.go:144 (2.1.4)",
)
EXIT_EVENT_UNHANDLED = LogPattern(
    "containerd.exit-event-unhandled",
    "containerd",
    ("TaskExit event",),
    rf'[Ff]ailed to handle (?:(?:sandbox|container) TaskExit|backOff) event[^\n]{{0,600}}?" {LOGRUS_ERROR}',
    (
        'time="2026-11-21T21:24:06Z" level=error msg="failed to handle container TaskExit event &TaskExit{ContainerID:ca19,'
        'ID:ca19,Pid:4683,ExitStatus:137,ExitedAt:2026-11-21 21:24:04 +0000 UTC,}" error="failed to stop container: '
        'failed to delete task: context deadline exceeded: unknown"',
    ),
    "pkg/cri/server/events.go:150,201 (1.6.38), internal/cri/server/events.go:88,157 (2.1.4)",
)
STARTED = LogPattern(
    "containerd.started",
    "containerd",
    ("starting containerd", "containerd successfully booted"),
    r'msg="(?:starting containerd".{0,200}? version="?(?P<version>[^"\s]{1,60})|containerd successfully booted in)',
    (
        'time="2026-11-21T21:21:20.000000000Z" level=info msg="starting containerd" revision="1.6.20~ds1-1+deb12u1" '
        'version="1.6.20~ds1"',
        'time="2026-11-21T21:21:20.100000000Z" level=info msg="containerd successfully booted in 0.023s"',
    ),
    "cmd/containerd/command/main.go:180,285 (1.6.38), :192,297 (2.1.4)",
)
DUMP_WRITTEN = LogPattern(
    "containerd.dump-written",
    "containerd",
    ("goroutine stack dump written to",),
    r"goroutine stack dump written to (?P<path>[^\s\"]{1,300})",
    (
        'time="2026-11-21T21:32:20.441031052Z" level=info msg="goroutine stack dump written to /tmp/containerd.777.stacks.log"',
    ),
    "cmd/containerd/command/main.go dumpStacks:390 (1.6.38), :404 (2.1.4)",
)
