"""dockerd."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import Q
from kwhy.facts.logs import LogPattern

CONTAINER_DOES_NOT_EXIT = LogPattern(
    "dockerd.container-does-not-exit",
    "dockerd",
    ("ontainer failed to exit within", "failed to exit within"),
    r"[Cc]ontainer (?:(?P<old_id>[0-9a-f]{12,64}) )?failed to exit within (?P<wait>[\w.]{1,20}(?: seconds)?) of (?:signal \d{1,2}|kill)",
    (
        'time="2026-11-21T21:24:06Z" level=info msg="Container failed to exit within 30s of signal 15 - using the force" '
        "container=ca1923ddc0df",
        'time="2019-07-29T17:08:22.299597+08:00" level=info msg="Container ca1923ddc0df failed to exit within 30 seconds of '
        'signal 15 - using the force"',
    ),
    "daemon/stop.go:113, daemon/kill.go:187 (28.3)",
)
API_ERROR = LogPattern(
    "dockerd.api-error",
    "dockerd",
    ("Handler for ",),
    r"Handler for (?P<verb>[A-Z]{3,7}) (?P<path>/\S{1,200}) returned error: (?P<error>[^\n]{0,1000})",
    (
        'time="2019-07-29T17:08:22.299597+08:00" level=error msg="Handler for GET /v1.38/containers/ca1923/json returned '
        'error: context deadline exceeded"',
    ),
    "api/server/server.go makeHTTPHandler (18.09), api/server/httputils (28.3)",
)
DUMP_WRITTEN = LogPattern(
    "dockerd.dump-written",
    "dockerd",
    ("goroutine stacks written to",),
    r"goroutine stacks written to (?P<path>[^\s\"]{1,300})",
    (
        'time="2019-07-29T17:08:22.299597+08:00" level=info msg="goroutine stacks written to '
        '/var/run/docker/goroutine-stacks-2019-07-29T170822+0800.log"',
    ),
    "daemon/debugtrap_unix.go:24 (28.3)",
)
STARTED = LogPattern(
    "dockerd.started",
    "dockerd",
    ("Daemon has completed initialization",),
    r"Daemon has completed initialization",
    ('time="2026-11-21T21:24:06Z" level=info msg="Daemon has completed initialization"',),
    "cmd/dockerd/daemon.go:318 (28.3)",
)
STOPPING = LogPattern(
    "dockerd.stopping",
    "dockerd",
    ("Processing signal", "Daemon shutdown complete"),
    r"Processing signal '(?P<signal>[\w -]{1,30})'|Daemon shutdown complete",
    ('time="2026-11-21T21:24:06Z" level=info msg="Processing signal \'terminated\'"',),
    "cmd/dockerd/trap/trap.go:33, cmd/dockerd/daemon.go:367 (28.3)",
)
CANNOT_START = LogPattern(
    "dockerd.cannot-start",
    "dockerd",
    ("failed to start daemon",),
    r"failed to start daemon(?:, ensure docker is not running or delete \S{1,100})?: (?P<error>[^\n]{0,1000})",
    (
        "failed to start daemon: error initializing graphdriver: driver not supported",
        'time="2026-11-21T21:24:06Z" level=fatal msg="failed to start daemon: Error initializing network controller: error '
        'obtaining controller instance"',
    ),
    "cmd/dockerd/daemon.go:146,267 (28.3)",
)
NOT_REACHABLE = LogPattern(
    "dockerd.not-reachable",
    "",
    ("Cannot connect to the Docker daemon at",),
    rf"Cannot connect to the Docker daemon at (?P<socket>[^\s\"]{{1,200}}?)\.(?: Is the docker daemon running\?|{Q}|$)",
    (
        "E1008 16:30:36.000000    1636 generic.go:205] GenericPLEG: Unable to retrieve pods: rpc error: code = Unknown desc "
        "= Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    ),
    "client/errors.go ErrorConnectionFailed (28.3; kubernetes#72533)",
)
