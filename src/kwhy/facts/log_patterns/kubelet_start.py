"""kubelet: starting, failing to start, stopping."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

STARTED = LogPattern(
    "kubelet.started",
    "kubelet",
    ("Starting kubelet main sync loop",),
    r"Starting kubelet main sync loop",
    ('I1121 21:28:24.120000    4552 kubelet.go:2428] "Starting kubelet main sync loop"',),
    "pkg/kubelet/kubelet.go syncLoop:2428 (v1.34), :1846 (v1.18). Follows soon after the process started.",
)
VERSION = LogPattern(
    "kubelet.version",
    "kubelet",
    ("Kubelet version",),
    r'Kubelet version(?:" kubeletVersion="|: )(?P<version>v[\w.+-]{1,60})',
    ('I1121 21:28:23.870000    4552 server.go:529] "Kubelet version" kubeletVersion="v1.34.4"',),
    "cmd/kubelet/app/server.go Run:529 (v1.34). The first message after the flags.",
)
RUNTIME_VERSION = LogPattern(
    "kubelet.runtime-version",
    "kubelet",
    ("ontainer runtime initialized",),
    r'Container runtime initialized" containerRuntime="(?P<runtime>[\w-]{1,40})" version="(?P<version>[^"]{1,80})"',
    (
        'I1121 21:28:23.900000    4552 kuberuntime_manager.go:291] "Container runtime initialized" '
        'containerRuntime="containerd" version="1.6.20~ds1" apiVersion="v1"',
    ),
    "pkg/kubelet/kuberuntime/kuberuntime_manager.go NewKubeGenericRuntimeManager:291 (v1.34)",
)
CANNOT_RUN = LogPattern(
    "kubelet.cannot-run",
    "kubelet",
    ("failed to run Kubelet",),
    r"failed to run Kubelet: (?P<error>.{0,2000})",
    (
        'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to run Kubelet: running with swap on is not '
        'supported, please disable swap or set --fail-swap-on flag to false"',
        "F0729 17:08:22.299597    1636 server.go:274] failed to run Kubelet: misconfiguration: kubelet cgroup driver: "
        '"cgroupfs" is different from docker cgroup driver: "systemd"',
    ),
    "cmd/kubelet/app/server.go Run:537 (v1.34), :422 (v1.18); k8s.io/component-base cli/run.go",
)
SWAP_ON = LogPattern(
    "kubelet.swap-on",
    "kubelet",
    ("unning with swap on is not supported",),
    r"[Rr]unning with swap on is not supported",
    (
        'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to run Kubelet: running with swap on is not '
        'supported, please disable swap or set --fail-swap-on flag to false"',
    ),
    "pkg/kubelet/cm/container_manager_linux.go NewContainerManager:221 (v1.34)",
)
CGROUP_DRIVER_MISMATCH = LogPattern(
    "kubelet.cgroup-driver-mismatch",
    "kubelet",
    ("kubelet cgroup driver",),
    r'kubelet cgroup driver: \\?"(?P<kubelet_driver>\w{1,20})\\?" is different from docker cgroup driver: '
    r'\\?"(?P<runtime_driver>\w{1,20})',
    (
        "F0729 17:08:22.299597    1636 server.go:274] failed to run Kubelet: misconfiguration: kubelet cgroup driver: "
        '"cgroupfs" is different from docker cgroup driver: "systemd"',
    ),
    "pkg/kubelet/dockershim/docker_service.go NewDockerService:272 (v1.18)",
)
CGROUP_V1_REFUSED = LogPattern(
    "kubelet.cgroup-v1-refused",
    "kubelet",
    ("configured to not run on a host using cgroup v1",),
    r"kubelet is configured to not run on a host using cgroup v1",
    (
        'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to validate kubelet configuration, error: '
        'kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is in maintenance mode, path: x"',
    ),
    "pkg/kubelet/apis/config/validation/validation_linux.go:37 (v1.34; failCgroupV1 is the default from v1.35)",
)
CLIENT_CERTIFICATE_EXPIRED = LogPattern(
    "kubelet.client-certificate-expired",
    "kubelet",
    ("art of the existing bootstrap client certificate", "The currently active client certificate has expired"),
    r"art of the existing bootstrap client certificate in (?P<path>\S{1,300}) is expired: (?P<not_after>[^\"\n]{1,60})"
    r"|The currently active client certificate has expired",
    (
        'E0101 10:00:00.000000    1000 bootstrap.go:266] "Unhandled Error" err="part of the existing bootstrap client '
        'certificate in /etc/kubernetes/kubelet.conf is expired: 2025-11-21 10:00:00 +0000 UTC" logger="UnhandledError"',
        'E0101 10:00:00.000000    1000 transport.go:130] "The currently active client certificate has expired and the '
        'server is responsive, exiting."',
    ),
    "pkg/kubelet/certificate/bootstrap/bootstrap.go:266, pkg/kubelet/certificate/transport.go:130,133 (v1.34)",
)
CONFIG_INVALID = LogPattern(
    "kubelet.config-invalid",
    "kubelet",
    (
        "failed to load kubelet config file",
        "failed to load Kubelet config file",
        "failed to validate kubelet flags",
        "failed to validate kubelet configuration",
        "failed to parse kubelet flag",
    ),
    r"failed to (?P<what>load [Kk]ubelet config file|validate kubelet (?:flags|configuration)|parse kubelet flag)\b"
    r"(?P<error>.{0,2000})",
    (
        'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to load kubelet config file, path: '
        "/var/lib/kubelet/config.yaml, error: failed to load Kubelet config file /var/lib/kubelet/config.yaml, error failed "
        'to read kubelet config file \\"/var/lib/kubelet/config.yaml\\", error: no such file or directory"',
        'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to validate kubelet configuration, error: '
        'kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is in maintenance mode, path: x"',
    ),
    "cmd/kubelet/app/server.go NewKubeletCommand:181-256 (v1.34)",
)
FATAL_COMPONENT = LogPattern(
    "kubelet.fatal-component",
    "kubelet",
    (
        "Failed to start ContainerManager",
        "Failed to start cAdvisor",
        "Kubelet failed to get node info",
        "Failed to initialize internal modules",
    ),
    r"(?P<what>Failed to start (?:ContainerManager|cAdvisor)|Kubelet failed to get node info|Failed to initialize internal modules)"
    r"(?P<error>.{0,2000})",
    (
        'E0101 10:00:00.000000    1000 kubelet.go:1704] "Failed to start ContainerManager" err="failed to initialize top '
        "level QOS containers: root container [kubepods] doesn't exist\"",
    ),
    "pkg/kubelet/kubelet.go initializeRuntimeDependentModules:1687-1776 (v1.34), :1384 (v1.18); the kubelet exits",
    key=("what",),
)
NO_RUNTIME_CONNECTION = LogPattern(
    "kubelet.no-runtime-connection",
    "kubelet",
    ("validate service connection", "unable to determine runtime API version"),
    r"(?P<what>validate service connection|unable to determine runtime API version)(?P<error>.{0,2000})",
    (
        'E0101 10:00:00.000000    1000 run.go:72] "command failed" err="failed to run Kubelet: validate service connection: '
        'validate CRI v1 runtime API for endpoint \\"unix:///run/containerd/containerd.sock\\": rpc error: code = '
        'Unimplemented desc = unknown service runtime.v1.RuntimeService"',
    ),
    "k8s.io/cri-client pkg/remote_runtime.go NewRemoteRuntimeService (v0.34)",
)
