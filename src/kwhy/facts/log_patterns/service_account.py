"""What clients of the Kubernetes API print when their pod has no token."""

from __future__ import annotations

from kwhy.facts.logs import LogPattern

TOKEN_MISSING = LogPattern(
    "own-container.token-missing",
    "",
    ("serviceaccount/token", "Service token file does not exist"),
    r"open /var/run/secrets/kubernetes\.io/serviceaccount/token: no such file or directory"
    r"|No such file or directory: '/var/run/secrets/kubernetes\.io/serviceaccount/token'"
    r"|ENOENT: no such file or directory, open '/var/run/secrets/kubernetes\.io/serviceaccount/token'"
    r"|Service token file does not exist",
    (
        # client-go v0.34 rest/config.go (InClusterConfig); recorded
        "2026-11-22T02:55:25.403465334Z 2026/11/22 02:55:25.403164 unable to load in-cluster configuration: open "
        "/var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
        # kubernetes-client/python base/config/incluster_config.py (_load_config)
        "kubernetes.config.config_exception.ConfigException: Service token file does not exist.",
        # CPython's open and Node.js' fs name the path in their own ways
        "FileNotFoundError: [Errno 2] No such file or directory: '/var/run/secrets/kubernetes.io/serviceaccount/token'",
        "Error: ENOENT: no such file or directory, open '/var/run/secrets/kubernetes.io/serviceaccount/token'",
    ),
    "The clients named beside the examples.",
)
