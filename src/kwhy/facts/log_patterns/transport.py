"""Errors that every component hands on: dialling, deadlines, certificates, authorisation."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import RPC_CODE
from kwhy.facts.logs import LogPattern

DIAL_FAILED = LogPattern(
    "transport.dial-failed",
    "",
    (
        "connect: connection refused",
        "connect: no route to host",
        "connect: no such file or directory",
        "connect: network is unreachable",
        "i/o timeout",
        "no such host",
    ),
    r"dial (?P<network>tcp|udp|unix) (?P<address>[^\s\"\\]{1,300}?): (?:lookup (?P<name>\S{1,253})(?: on \S{1,60})?: )?"
    r"(?:connect: )?(?P<how>connection refused|no route to host|no such file or directory|network is unreachable|i/o timeout|no such host)",
    (
        'E0101 10:00:00.000000    1000 kubelet_node_status.go:107] "Unable to register node with API server" err="Post '
        '\\"https://10.0.0.1:6443/api/v1/nodes\\": dial tcp 10.0.0.1:6443: connect: connection refused" node="node-a"',
        'E0101 10:00:00.000000    1000 kubelet.go:2997] "Container runtime sanity check failed" err="rpc error: code = '
        'Unavailable desc = connection error: desc = \\"transport: Error while dialing: dial unix '
        '/run/containerd/containerd.sock: connect: connection refused\\""',
    ),
    "Go net package, OpError.Error() (go1.9 to go1.26)",
    key=("network", "address", "how"),
)
DEADLINE_EXCEEDED = LogPattern(
    "transport.deadline-exceeded",
    "",
    ("context deadline exceeded", "DeadlineExceeded"),
    r"context deadline exceeded|code = DeadlineExceeded",
    (
        'E1121 21:23:32.703377     402 log.go:32] "RunPodSandbox from runtime service failed" err="rpc error: code = '
        'DeadlineExceeded desc = context deadline exceeded"',
    ),
    "Go context.DeadlineExceeded; google.golang.org/grpc status",
)
RPC_UNAVAILABLE = LogPattern(
    "transport.rpc-unavailable",
    "",
    ("code = Unavailable",),
    rf"{RPC_CODE} desc = (?P<error>(?:error reading from server|transport is closing|connection error|all SubConns|closing transport).{{0,500}})",
    (
        '{"ts":1753121321286.793,"caller":"internal/log.go:32","msg":"ListContainerStats with filter from runtime service '
        'failed","filter":"&ContainerStatsFilter{Id:,PodSandboxId:,LabelSelector:map[string]string{},}","err":"rpc error: '
        "code = Unavailable desc = error reading from server: read unix @->/run/containerd/containerd.sock: read: "
        'connection reset by peer"}',
    ),
    "google.golang.org/grpc internal/transport (v1.26 to v1.7x; kubernetes#61117)",
)
CERTIFICATE_TIME = LogPattern(
    "transport.certificate-time",
    "",
    ("certificate has expired or is not yet valid",),
    r"x509: certificate has expired or is not yet valid(?:: current time (?P<now>\S{1,40}) is (?P<relation>after|before) (?P<bound>\S{1,40}))?",
    (
        'E0101 10:00:00.000000    1000 reflector.go:205] "Failed to watch" err="Get \\"https://10.0.0.1:6443/api/v1/nodes\\": '
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time "
        '2026-11-21T21:31:41Z is after 2026-11-20T00:00:00Z"',
    ),
    "Go crypto/x509 verify.go CertificateInvalidError (go1.14 to go1.26)",
)
CERTIFICATE_UNKNOWN_AUTHORITY = LogPattern(
    "transport.certificate-unknown-authority",
    "",
    ("certificate signed by unknown authority",),
    r"x509: certificate signed by unknown authority",
    (
        'E0101 10:00:00.000000    1000 reflector.go:205] "Failed to watch" err="Get \\"https://10.0.0.1:6443/api/v1/nodes\\": '
        'tls: failed to verify certificate: x509: certificate signed by unknown authority"',
    ),
    "Go crypto/x509 verify.go UnknownAuthorityError (go1.9 to go1.26)",
)
FORBIDDEN = LogPattern(
    "transport.forbidden",
    "",
    ("is forbidden: User",),
    r"(?P<resource>[a-z.]{1,100}) (?:\\{0,7}\"[^\"\\]{1,253}\\{0,7}\" )?is forbidden: User \\{0,7}\"(?P<user>[^\"\\]{1,253})\\{0,7}\" cannot "
    r"(?P<verb>\w{1,30}) resource \\{0,7}\"(?P<what>[^\"\\]{1,253})"
    r"(?:\\{0,7}\" in API group \\{0,7}\"(?P<group>[^\"\\]{0,253})\\{0,7}\" "
    r"(?:in the namespace \\{0,7}\"(?P<namespace>[^\"\\]{1,63})|at the (?P<cluster>cluster) scope))?",
    (
        '2026-11-21T21:36:50.801742235Z 2026-11-21T21:36:50.801Z INFO /api/v1/namespaces/operator/secrets -> 403 {"kind":'
        '"Status","message":"secrets is forbidden: User \\"system:serviceaccount:operator:widget-operator\\" cannot list '
        'resource \\"secrets\\" in API group \\"\\" in the namespace \\"operator\\""}',
    ),
    "k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go forbiddenMessage (v1.14 to v1.34)",
    key=("user", "verb", "what", "group", "namespace", "cluster"),
)
UNAUTHORIZED = LogPattern(
    "transport.unauthorized",
    "",
    ("Unauthorized",),
    r"\berr(?:or)?=\"[^\"\n]{0,200}?Unauthorized\"|: Unauthorized$",
    (
        'E0101 10:00:00.000000    1000 reflector.go:205] "Failed to watch" err="failed to list *v1.Node: Unauthorized" '
        'logger="UnhandledError"',
    ),
    "k8s.io/apimachinery api/errors NewUnauthorized (v1.14 to v1.34)",
)
NO_SUCH_KIND = LogPattern(
    "transport.no-such-kind",
    "",
    ("no matches for kind",),
    r"no matches for kind \\{0,7}\"(?P<kind>[A-Z]\w{0,62})\\{0,7}\" in version \\{0,7}\"(?P<version>[a-z0-9.-]{1,253}(?:/v\w{1,30})?)\\{0,7}\"",
    (
        # recorded: kubectl 1.34.4 against Kubernetes 1.34.4
        'error: resource mapping not found for name: "web" namespace: "old-charts" from "STDIN": no matches for kind '
        '"PodDisruptionBudget" in version "policy/v1beta1"',
    ),
    "k8s.io/apimachinery pkg/api/meta/errors.go NoKindMatchError (v0.16 to v0.34)",
    key=("kind", "version"),
)
