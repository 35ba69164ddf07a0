"""What CoreDNS prints (node-local-dns is CoreDNS too), and dnsmasq where nodes run it as their cache."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

COREFILE_REFUSED = LogPattern(
    "coredns.corefile-refused",
    "coredns",
    (
        " - Error during parsing: ",
        " - Syntax error: ",
        "not an IP address or file: ",
        "this plugin can only be used once per Server Block",
        "cannot serve dns://",
        "error inspecting server blocks: ",
    ),
    r"^(?:plugin/(?P<plugin>\w{1,40}): )?(?P<file>/?\S{0,250}?Corefile\S{0,60}|/\S{1,250}):(?P<line>\d{1,6}) - (?:Error during parsing|Syntax error): (?P<what>.{1,300})"
    r"|plugin/(?P<refusing>\w{1,40}): (?P<why>not an IP address or file: .{1,200}|this plugin can only be used once per Server Block)"
    r"|(?P<served>cannot serve dns://\S{1,253} - .{1,120}|error inspecting server blocks: .{1,250})",
    (
        # recorded with CoreDNS 1.12.0
        "2026-11-22T03:52:18.948176813Z /etc/coredns/Corefile:5 - Error during parsing: Unknown directive 'kubernets'",
        "/etc/coredns/Corefile:3 - Syntax error: Unexpected token '127.0.0.1:5398', expecting '}'",
        "plugin/forward: /etc/coredns/Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '.'",
        'plugin/forward: not an IP address or file: "dns.example.org"',
        "plugin/kubernetes: this plugin can only be used once per Server Block",
        "cannot serve dns://.:5399 - it is already defined",
        "error inspecting server blocks: zone is not a valid domain name: .:5399{",
    ),
    "coredns/caddy v1.1.2 caddyfile/dispenser.go (Err, SyntaxErr); CoreDNS v1.12.0 core/dnsserver/register.go, plugin/plugin.go (Error)",
)
LOOP_DETECTED = LogPattern(
    "coredns.loop-detected",
    "coredns",
    ("plugin/loop: Loop (",),
    r"plugin/loop: Loop \((?P<sender>[0-9a-fA-F.:\[\]]{2,60}) -> (?P<server>[^)]{1,80})\) detected for zone \"(?P<zone>[^\"]{1,253})\"",
    (
        # recorded with CoreDNS 1.12.0
        '2026-11-22T05:54:09.469118182Z [FATAL] plugin/loop: Loop (127.0.0.1:35015 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 7155534535854087391.2920789851490665409."',
    ),
    "CoreDNS v1.12.0 plugin/loop/loop.go (ServeDNS)",
    key=("zone",),
)
UPSTREAM_FAILED = LogPattern(
    "coredns.upstream-failed",
    "coredns",
    ("plugin/errors: 2 ",),
    r"plugin/errors: 2 (?P<name>\S{1,260}) (?P<type>[A-Z0-9]{1,10}): (?:(?:read|write|dial) (?P<network>udp|tcp)[46]? (?:(?P<from>[0-9a-fA-F.:\[\]]{2,60})->)?(?P<upstream>[0-9a-fA-F.:\[\]]{2,60}): "
    r"(?:(?:connect|read|write): )?(?P<how>i/o timeout|connection refused|no route to host|network is unreachable|connection reset by peer|operation not permitted)"
    r"|(?P<unhealthy>no healthy proxies|no upstream host|(?:context )?deadline exceeded)|(?P<none>plugin/\w{1,40}: no next plugin found))",
    (
        # recorded with CoreDNS 1.12.0
        "[ERROR] plugin/errors: 2 rates.example.com. A: read udp 10.244.0.14:40034->10.55.0.99:53: i/o timeout",
        "[ERROR] plugin/errors: 2 rates.example.com. AAAA: read udp 10.244.0.14:40034->10.55.0.10:5354: read: connection refused",
        "[ERROR] plugin/errors: 2 rates.example.com. A: plugin/kubernetes: no next plugin found",
        # node-local-dns
        "[ERROR] plugin/errors: 2 www.example.org. A: dial tcp 172.20.0.10:53: i/o timeout",
    ),
    "CoreDNS v1.12.0 plugin/errors/errors.go (ServeDNS), plugin/forward/forward.go (ErrNoHealthy), plugin/plugin.go (NextOrFailure); Go net OpError",
    key=("upstream", "how", "unhealthy", "none"),
)
TOO_MANY_FORWARDS = LogPattern(
    "coredns.too-many-forwards",
    "coredns",
    ("concurrent queries exceeded maximum",),
    r"plugin/errors: \d{1,2} (?P<name>\S{1,260}) (?P<type>[A-Z0-9]{1,10}): concurrent queries exceeded maximum (?P<most>\d{1,9})",
    ("[ERROR] plugin/errors: 5 w4.example.org. A: concurrent queries exceeded maximum 2",),
    "CoreDNS v1.12.0 plugin/forward/setup.go (ErrLimitExceeded)",
    key=("most",),
)
RELOAD_REFUSED = LogPattern(
    "coredns.reload-refused",
    "coredns",
    ("Corefile changed but reload failed: ", "Corefile parse failed: "),
    r"plugin/reload: Corefile (?:changed but reload|parse) failed: (?P<what>.{1,400})",
    (
        "[ERROR] plugin/reload: Corefile changed but reload failed: starting with listener file descriptors: Corefile:2 - Error during parsing: Unknown directive 'errorz'",
    ),
    "CoreDNS v1.12.0 plugin/reload/reload.go (hook)",
)
UNSYNCED = LogPattern(
    "coredns.unsynced",
    "coredns",
    ("starting server with unsynced Kubernetes API", "Still waiting on: "),
    r"plugin/(?:kubernetes: starting server with (?P<unsynced>unsynced) Kubernetes API|ready: Still waiting on: \"?(?P<waiting>[\w,]{1,60}))",
    (
        "[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API",
        '[INFO] plugin/ready: Still waiting on: "kubernetes"',
    ),
    "CoreDNS v1.12.0 plugin/kubernetes/kubernetes.go (InitKubeCache), plugin/ready/ready.go",
    key=("unsynced", "waiting"),
)
LIST_FAILED = LogPattern(
    "coredns.list-failed",
    "coredns",
    ("plugin/kubernetes: ",),
    r"plugin/kubernetes: .{0,200}?failed to list \*v1(?:beta1)?\.(?P<kind>Service|EndpointSlice|Endpoints|Namespace|Pod): (?:(?P<what>[a-z0-9.]{1,100} is forbidden: User .{1,500})|Get \"?(?P<url>https?://[^\"\s?]{1,200})[^:]{0,300}: (?P<why>.{1,300}))",
    (
        # recorded with CoreDNS 1.12.0
        '2026-11-22T05:51:04.822092552Z [INFO] plugin/kubernetes: k8s.io/client-go@v0.31.2/tools/cache/reflector.go:243: failed to list *v1.Service: services is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list resource "services" in API group "" at the cluster scope',
        '2026-11-22T06:35:50.690259809Z [INFO] plugin/kubernetes: k8s.io/client-go@v0.31.2/tools/cache/reflector.go:243: failed to list *v1.Service: Get "https://10.20.0.9:6443/api/v1/services?limit=500&resourceVersion=0": dial tcp 10.20.0.9:6443: i/o timeout',
    ),
    "client-go v0.31 tools/cache/reflector.go (list), which CoreDNS v1.12.0 plugin/kubernetes/logger.go prints",
    key=("kind",),
)
DNSMASQ_FULL = LogPattern(
    "dnsmasq.too-many-queries",
    "dnsmasq",
    ("Maximum number of concurrent DNS queries reached",),
    r"Maximum number of concurrent DNS queries reached \(max: (?P<most>\d{1,9})\)",
    ("dnsmasq[412]: Maximum number of concurrent DNS queries reached (max: 150)",),
    "dnsmasq 2.90 src/forward.c (query_full)",
)
