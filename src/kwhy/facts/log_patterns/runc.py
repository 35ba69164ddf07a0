"""runc, and the OCI runtime errors that containerd and dockerd hand on."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import Q
from kwhy.facts.logs import LogPattern

CREATE_FAILED = LogPattern(
    "runc.create-failed",
    "runc",
    ("runc create failed", "OCI runtime create failed"),
    r"OCI runtime create failed: (?P<oci_error>[^\n]{0,2000})|runc create failed: (?P<error>[^\n]{0,2000})",
    (
        'time="2026-11-21T21:24:06Z" level=error msg="StartContainer for \\"29\\" failed" error="failed to create containerd '
        "task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
        'exec: \\"nope\\": executable file not found in $PATH: unknown"',
    ),
    "runc create.go:69, libcontainer/container_linux.go:345 (v1.3.0); containerd pkg/process/init.go:146 (1.6.38)",
)
CGROUP_ADD_FAILED = LogPattern(
    "runc.cgroup-add-failed",
    "runc",
    ("to cgroups caused", "to cgroups:"),
    rf"adding pid (?P<pid>\d{{1,10}}) to cgroups(?: caused|:) [^\n]{{0,200}}?failed to write[^\n]{{0,900}}?: (?P<error>[a-z ]{{3,60}}){Q}",
    (
        "Liveness probe failed: rpc error: code = 2 desc = oci runtime error: exec failed: container_linux.go:262: starting "
        'container process caused "process_linux.go:86: adding pid 30968 to cgroups caused \\"failed to write 30968 to '
        "cgroup.procs: write /sys/fs/cgroup/cpu,cpuacct/kubepods.slice/docker-0447.scope/cgroup.procs: invalid "
        'argument\\""',
    ),
    "libcontainer/process_linux.go (runc 1.0-rc; the text stands in pod messages of kubelet v1.7 to v1.9)",
)
SYSTEMD_TIMED_OUT = LogPattern(
    "runc.systemd-timed-out",
    "runc",
    ("Timed out while waiting for systemd to remove", "Timed out while waiting for StartTransientUnit"),
    r"Timed out while waiting for (?:systemd to remove (?P<unit>[^\s\"]{1,300})|StartTransientUnit\((?P<old_unit>[^)\n]{1,300})\))",
    (
        'time="2026-11-21T21:24:06Z" level=warning msg="Timed out while waiting for systemd to remove '
        'kubepods-besteffort-podfe4cc065.slice"',
        'time="2019-07-29T17:08:22Z" level=warning msg="Timed out while waiting for StartTransientUnit(docker-0447.scope) '
        'completion signal from dbus. Continuing..."',
    ),
    "github.com/opencontainers/cgroups systemd/common.go stopUnit:201 (v0.0.4); runc 1.0-rc5 apply_systemd.go",
)
SYSTEMD_UNIT_FAILED = LogPattern(
    "runc.systemd-unit-failed",
    "runc",
    ("error creating systemd unit", "unable to start unit"),
    rf"(?:error creating systemd unit `(?P<unit>[^`\n]{{1,300}})`: got `(?P<result>[^`\n]{{1,40}})`"
    rf"|unable to start unit {Q}(?P<start_unit>[^\"\\\s]{{1,300}}){Q} \(properties [^\n]{{0,3000}}?\): (?P<error>[^\n]{{0,500}}))",
    (
        "runc create failed: unable to start container process: unable to apply cgroup configuration: unable to start unit "
        '"cri-containerd-0447.scope" (properties [{Name:Description Value:"libcontainer container 0447"}]): Message recipient '
        "disconnected from message bus without replying",
        "runc create failed: unable to apply cgroup configuration: error creating systemd unit `cri-containerd-0447.scope`: "
        "got `timeout`",
    ),
    "github.com/opencontainers/cgroups systemd/common.go startUnit:173, systemd/v2.go:331 (v0.0.4)",
)
