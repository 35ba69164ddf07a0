"""systemd and the message bus: services that start, fail and restart; a manager that does not answer."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

UNIT_STARTED = LogPattern(
    "systemd.unit-started",
    "systemd",
    ("Started ",),
    r"^Started (?:(?P<unit>(?:kubelet|containerd|docker|crio|cri-o)\.service)\b|kubelet|containerd|Docker|Container Runtime Interface)"
    r"[^\n]{0,120}$",
    (
        "Nov 21 21:28:23 node-a systemd[1]: Started kubelet.service - kubelet: The Kubernetes Node Agent.",
        "Jul 29 17:05:21 node-a systemd[1]: Started kubelet: The Kubernetes Node Agent.",
    ),
    "systemd 219 to 255, src/core/unit.c; unit descriptions of kubelet, containerd and docker packages",
)
UNIT_STOPPED = LogPattern(
    "systemd.unit-stopped",
    "systemd",
    ("Stopped ", "Stopping ", "Deactivated successfully", ".service: Succeeded"),
    r"^(?:Stopp(?:ed|ing) (?:(?P<unit>(?:kubelet|containerd|docker|crio|cri-o)\.service)\b|kubelet|containerd|Docker|Container Runtime "
    r"Interface)[^\n]{0,120}|(?P<ended>(?:kubelet|containerd|docker|crio)\.service): (?:Deactivated successfully|Succeeded)\.?)$",
    (
        "Nov 21 21:28:23 node-a systemd[1]: Stopping kubelet.service - kubelet: The Kubernetes Node Agent...",
        "Nov 21 21:28:23 node-a systemd[1]: kubelet.service: Deactivated successfully.",
    ),
    "systemd 219 to 255, src/core/unit.c, src/core/service.c",
)
MAIN_PROCESS_EXITED = LogPattern(
    "systemd.main-process-exited",
    "systemd",
    (": main process exited", ": Main process exited"),
    r"(?P<unit>[\w@.\\-]{1,200}\.service): [Mm]ain process exited, code=(?P<code>\w{1,12}), status=(?P<status>[\w/-]{1,40})",
    (
        "Nov 21 21:28:23 node-a systemd[1]: kubelet.service: Main process exited, code=exited, status=1/FAILURE",
        "Jul 29 17:05:21 node-a systemd[1]: kubelet.service: main process exited, code=killed, status=6/ABRT",
    ),
    "systemd 219 to 255, src/core/service.c service_sigchld_event",
    key=("unit", "status"),
)
RESTART_SCHEDULED = LogPattern(
    "systemd.restart-scheduled",
    "systemd",
    ("restart counter is at",),
    r"(?P<unit>[\w@.\\-]{1,200}\.service): Scheduled restart job, restart counter is at (?P<counter>\d{1,9})",
    ("Nov 21 21:28:33 node-a systemd[1]: kubelet.service: Scheduled restart job, restart counter is at 5.",),
    "systemd 235 to 255, src/core/service.c service_enter_restart",
    key=("unit",),
)
START_LIMIT = LogPattern(
    "systemd.start-limit",
    "systemd",
    ("equest repeated too quickly",),
    r"(?:(?P<unit>[\w@.\\-]{1,200}\.service)[: ].{0,30}?)?[Rr]equest repeated too quickly",
    ("Nov 21 21:28:43 node-a systemd[1]: kubelet.service: Start request repeated too quickly.",),
    "systemd 219 to 255, src/core/unit.c unit_test_start_limit",
    key=("unit",),
)
BUS_NO_ANSWER = LogPattern(
    "systemd.bus-no-answer",
    "",
    (
        "Failed to activate service",
        "Failed to list units",
        "Failed to get properties",
        "Failed to start session scope",
        "Failed to subscribe to activation signal",
        "Message recipient disconnected from message bus",
        "Failed to propagate agent release message",
        "failed to connect to dbus",
        "Failed to get D-Bus connection",
    ),
    r"(?P<what>Failed to activate service 'org\.freedesktop\.(?:systemd1|login1)': timed out"
    r"|Failed to (?:list units|get properties|start session scope \S{1,80}|subscribe to activation signal|get D-Bus connection)"
    r"(?=: (?:Connection (?:timed out|reset by peer|refused)|Transport endpoint|Operation not permitted|Failed to activate|Timer))"
    r"|Message recipient disconnected from message bus|Failed to propagate agent release message|failed to connect to dbus)"
    r"(?P<error>.{0,300})",
    (
        "Jul 29 17:08:22 node-a systemd-logind[800]: Failed to start session scope session-123.scope: Connection timed out",
        "Failed to list units: Connection timed out",
        "Failed to list units: Connection reset by peer",
        "Jul 29 17:08:22 node-a dbus[700]: [system] Failed to activate service 'org.freedesktop.systemd1': timed out",
        "runc create failed: unable to start container process: unable to apply cgroup configuration: unable to start unit "
        '"cri-containerd-0447.scope" (properties [{Name:Description Value:"libcontainer container 0447"}]): Message recipient '
        "disconnected from message bus without replying",
    ),
    "systemd 219 to 255: src/systemctl, src/login/logind-session.c, src/core/dbus.c; dbus-daemon bus/activation.c; "
    "github.com/opencontainers/cgroups systemd/dbus.go:60",
)
FROZEN = LogPattern(
    "systemd.frozen",
    "systemd",
    ("Freezing execution",),
    r"Freezing execution",
    ("Jul 29 17:08:22 node-a systemd[1]: Freezing execution.",),
    "systemd 219 to 255, src/core/main.c freeze_or_exit_or_reboot: PID 1 crashed and does nothing any more",
)
REEXECUTED = LogPattern(
    "systemd.reexecuted",
    "systemd",
    ("Reexecuting",),
    r"^Reexecuting\b",
    ("Nov 21 21:40:00 node-a systemd[1]: Reexecuting.",),
    "systemd 219 to 255, src/core/main.c: systemctl daemon-reexec",
)
