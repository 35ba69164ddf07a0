"""CRI-O."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import Q
from kwhy.facts.logs import LogPattern

NETWORK_SETUP_FAILED = LogPattern(
    "crio.network-setup-failed",
    "crio",
    ("to CNI network",),
    rf"[Ee]rror adding pod (?P<pod>\S{{1,320}}) to CNI network {Q}(?P<network>[^\"\\]{{1,100}}){Q}: (?P<error>[^\n]{{0,2000}})",
    (
        "FATA[0000] run pod sandbox: rpc error: code = Unknown desc = failed to create pod network sandbox "
        'k8s_nginx_default_hd_1(4338cd100cc1): error adding pod default_nginx to CNI network "k8s-pod-network": pods "nginx" '
        "not found",
    ),
    "github.com/cri-o/ocicni pkg/ocicni/ocicni.go SetUpPod (containerd#7689 shows CRI-O 1.22's text)",
)
NETWORK_STATUS_FAILED = LogPattern(
    "crio.network-status-failed",
    "crio",
    ("failed to get network status for pod sandbox",),
    r"failed to get network status for pod sandbox (?P<sandbox>\S{1,400}): (?P<error>[^\n]{0,2000})",
    (
        'time="2023-05-20 10:00:00.000000000Z" level=error msg="failed to get network status for pod sandbox '
        "k8s_argocd-server_argo-cd_2b09_0(d283503be062): error checking pod argo-cd_argocd-server for CNI network crio: "
        'Interface veth53193e1d Mac does not match"',
    ),
    "internal/lib, server/sandbox_network.go networkStart (cri-o#7008 shows 1.26's text)",
)
