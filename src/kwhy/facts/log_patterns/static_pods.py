"""Components of the control plane that do not start, and manifests of static pods that the kubelet cannot read.

Recorded: the components of Kubernetes 1.34.4, started with the fault that the example shows.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.log_patterns.fragments import QUOTED
from kwhy.facts.logs import LogPattern

MANIFEST_INVALID = LogPattern(
    "kubelet.manifest-invalid",
    "kubelet",
    ("process manifest file",),
    rf'Could not process manifest file" err="(?P<error>{QUOTED})" path="(?P<path>[^"]{{1,400}})"'
    rf'|Can\'t process manifest file \\?"(?P<old_path>[^"\\]{{1,400}})\\?": (?P<old_error>.{{1,2000}})',
    (
        'E1122 06:34:20.823412     913 file.go:187] "Could not process manifest file" err="/etc/kubernetes/manifests/kube-scheduler.yaml: couldn\'t parse as pod(yaml: line 15: found a tab character that violates indentation), please check config file" path="/etc/kubernetes/manifests/kube-scheduler.yaml"',
        # v1.18.20 pkg/kubelet/config/file.go:187: klog.Errorf("Can't process manifest file %q: %v", path, err)
        "E0729 17:08:22.299597    1000 file.go:187] Can't process manifest file \"/etc/kubernetes/manifests/etcd.yaml\": /etc/kubernetes/manifests/etcd.yaml: couldn't parse as pod(yaml: line 12: did not find expected key), please check config file",
    ),
    "pkg/kubelet/config/file.go extractFromDir:187 (v1.34), :187 (v1.18)",
    key=("path", "old_path"),
)
START_REFUSED = LogPattern(
    "component.start-refused",
    "",
    ("command failed", "unknown flag: --", "invalid argument"),
    rf'"command failed" err="(?P<error>{QUOTED})"'
    r"|^(?:Error: |error: )?(?P<flag_error>unknown flag: --(?P<flag>[\w-]{1,100})|"
    r'invalid argument "[^"]{0,400}" for "--(?P<valued>[\w-]{1,100})" flag: .{1,400})$',
    (
        'E1122 06:30:40.641716   30288 run.go:72] "command failed" err="failed to parse service-account-issuer-key-file: open /etc/kubernetes/pki/sa.key: no such file or directory"',
        'E1122 06:31:04.346483   30476 run.go:72] "command failed" err="failed to create listener: failed to listen on 127.0.0.1:16444: listen tcp 127.0.0.1:16444: bind: address already in use"',
        "Error: unknown flag: --bogus-flag",
        'Error: invalid argument "maybe" for "--allocate-node-cidrs" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ),
    "k8s.io/component-base cli/run.go Run:72 (v0.34); github.com/spf13/cobra, spf13/pflag",
)
WITHOUT_ETCD = LogPattern(
    "apiserver.without-etcd",
    "kube-apiserver",
    ("error creating storage factory",),
    r"(?:Error creating leases: )?error creating storage factory: (?P<error>.{1,400})",
    (
        "F1122 06:31:03.157548   30340 instance.go:232] Error creating leases: error creating storage factory: context deadline exceeded",
    ),
    "pkg/controlplane/instance.go:232 (v1.34)",
)
