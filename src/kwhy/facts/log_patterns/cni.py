"""CNI: libcni's errors and go-cni's configuration, as runtimes print them."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import Q
from kwhy.facts.logs import LogPattern

PLUGIN_FAILED = LogPattern(
    "cni.plugin-failed",
    "",
    ("failed (add)", "failed (delete)", "failed (check)"),
    rf"plugin type={Q}(?P<plugin>[\w.-]{{1,80}}){Q}(?: name={Q}(?P<network>[^\"\\]{{1,80}}){Q})? failed \((?P<verb>add|delete|check)\): "
    r"(?P<error>[^\n]{0,2000})",
    (
        'time="2026-11-21T21:24:05.327641Z" level=error msg="StopPodSandbox for \\"ca1923ddc0df\\" failed" error="failed to '
        'destroy network for sandbox \\"ca1923ddc0df\\": plugin type=\\"netfabric\\" failed (delete): netplugin failed with '
        'no error message: signal: killed"',
        'Feb 15 20:28:32 kind-worker containerd[3929]: time="2024-02-15T20:28:32.075190807Z" level=error msg="RunPodSandbox '
        "for &PodSandboxMetadata{Name:server,Uid:eb9891c8-0b47-426b-8456-10a210f1115f,Namespace:default,Attempt:0,} failed, "
        'error" error="failed to setup network for sandbox \\"1341f1c7aa620238\\": plugin type=\\"cilium-cni\\" failed '
        '(add): netplugin failed: \\"ts=1708028912.027259, to retry\\\\n\\""',
    ),
    "github.com/containernetworking/cni libcni/api.go:521,606 (v1.3.0; since v1.1)",
    key=("plugin", "verb"),
)
PLUGIN_MISSING = LogPattern(
    "cni.plugin-missing",
    "",
    ("failed to find plugin",),
    rf"failed to find plugin {Q}(?P<plugin>[\w.-]{{1,80}}){Q} in path \[?(?P<path>[^\]\n\"\\]{{1,300}})",
    (
        'E0101 10:00:00.000000     402 log.go:32] "RunPodSandbox from runtime service failed" err="rpc error: code = Unknown '
        'desc = failed to setup network for sandbox \\"ca19\\": failed to find plugin \\"bridge\\" in path [/opt/cni/bin]"',
    ),
    "github.com/containernetworking/cni pkg/invoke/find.go:47 (v1.3.0)",
    key=("plugin",),
)
NO_CONFIG = LogPattern(
    "cni.no-config",
    "",
    ("no network config found in", "No networks found in", "no networks found in", "no valid networks found in"),
    r"[Nn]o (?:network config|networks|valid networks) found in (?P<directory>[^\s:\"\\]{1,300})",
    (
        'time="2026-11-21T21:21:20.000000000Z" level=error msg="failed to load cni during init, please check CRI plugin '
        'status before setting up network for pods" error="cni config load failed: no network config found in '
        '/etc/cni/net.d: cni plugin not initialized: failed to load cni config"',
        "W0729 17:08:22.299597    1636 cni.go:237] Unable to update cni config: no networks found in /etc/cni/net.d",
    ),
    "github.com/containerd/go-cni opts.go:218,269 (v1.1.12); pkg/kubelet/dockershim/network/cni/cni.go:237 (v1.18)",
    key=("directory",),
)
LOAD_FAILED = LogPattern(
    "cni.load-failed",
    "containerd",
    ("failed to load cni during init", "failed to reload cni configuration"),
    r'failed to (?P<what>load cni during init|reload cni configuration after receiving fs change event).{0,300}?" error="'
    r'(?P<error>[^"\\]{0,4000}(?:\\.[^"\\]{0,4000}){0,400})',
    (
        'time="2026-11-21T21:21:20.000000000Z" level=error msg="failed to load cni during init, please check CRI plugin '
        'status before setting up network for pods" error="cni config load failed: no network config found in '
        '/etc/cni/net.d: cni plugin not initialized: failed to load cni config"',
        'time="2026-11-21T21:43:40.000000000Z" level=error msg="failed to reload cni configuration after receiving fs change '
        'event(REMOVE        \\"/etc/cni/net.d/10-netfabric.conflist\\")" error="cni config load failed: no network config '
        'found in /etc/cni/net.d: cni plugin not initialized: failed to load cni config"',
    ),
    "pkg/cri/server/cni_conf_syncer.go:73,103 (1.6.38), internal/cri/server/cni_conf_syncer.go:73,108 (2.1.4)",
    key=("what",),
)
NOT_INITIALIZED = LogPattern(
    "cni.not-initialized",
    "",
    ("cni plugin not initialized", "cni config uninitialized"),
    r"cni (?:plugin not initialized|config uninitialized)",
    (
        'E1121 21:43:49.000000   7384 kubelet.go:3012] "Container runtime network not ready" networkReady="NetworkReady='
        'false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"',
    ),
    "github.com/containerd/go-cni errors.go:24; pkg/kubelet/dockershim/network/cni/cni.go:257 (v1.18)",
)
