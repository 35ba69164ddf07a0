"""Which program printed a dump, and with which Go, as far as its frames tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kwhy.facts.goroutines import Frame, ProgramFrom
from kwhy.ingest.goroutines.syntax import Stack
from kwhy.model.expressions import expression

#: ``/srv/lab/netfabric/cmd/netfabricd/main.go``, ``k8s.io/kubernetes@v1.34.4/cmd/kubelet/kubelet.go``
_COMMAND_FILE = expression(r"(?:^|/)cmd/(?P<name>[\w.\-]+)/[\w.\-]+\.go$")
#: ``/go/src/github.com/flannel-io/flannel/main.go``, ``github.com/x/tool@v1.2.0/main.go``
_MAIN_FILE = expression(r"(?:^|/)(?P<name>[\w.\-]+?)(?:@[^/]{1,200})?/main\.go$")
#: ``k8s.io/kubernetes/cmd/kubelet/app``, ``github.com/containerd/containerd/cmd/containerd/command``
_COMMAND_PACKAGE = expression(r"(?:^|/)cmd/(?P<name>[\w.\-]+)(?:/|$)")
#: Directories that are not programs' names.
_PLACES = frozenset({"app", "main", "src", "cmd", "server", "daemon", "agent", "work", "workspace", "build", "code"})

#: Packages that only one component runs (paths from the projects' repositories, current and former).
_COMPONENTS: tuple[tuple[str, str], ...] = (
    ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
    ("k8s.io/kubernetes/pkg/kubelet/pleg", "kubelet"),
    ("k8s.io/kubernetes/pkg/kubelet/kuberuntime", "kubelet"),
    ("k8s.io/kubernetes/pkg/kubelet/dockershim", "kubelet"),
    ("k8s.io/kubernetes/pkg/kubelet/server", "kubelet"),
    ("k8s.io/kubernetes/cmd/kube-proxy", "kube-proxy"),
    ("k8s.io/kubernetes/pkg/proxy/iptables", "kube-proxy"),
    ("k8s.io/kubernetes/pkg/proxy/ipvs", "kube-proxy"),
    ("k8s.io/kubernetes/cmd/kube-apiserver", "kube-apiserver"),
    ("k8s.io/kubernetes/cmd/kube-controller-manager", "kube-controller-manager"),
    ("k8s.io/kubernetes/cmd/kube-scheduler", "kube-scheduler"),
    ("github.com/Mirantis/cri-dockerd", "cri-dockerd"),
    ("github.com/cri-o/cri-o/server", "crio"),
    ("github.com/kubernetes-incubator/cri-o/server", "crio"),
    ("github.com/containerd/containerd/runtime/v2/shim", "containerd-shim"),
    ("github.com/containerd/containerd/pkg/shim", "containerd-shim"),
    ("github.com/containerd/containerd/v2/pkg/shim", "containerd-shim"),
    ("github.com/containerd/containerd/pkg/cri", "containerd"),
    ("github.com/containerd/containerd/v2/internal/cri", "containerd"),
    ("github.com/containerd/containerd/services/server", "containerd"),
    ("github.com/containerd/containerd/v2/cmd/containerd/server", "containerd"),
    ("github.com/containerd/cri/pkg/server", "containerd"),
    ("github.com/docker/docker/api/server", "dockerd"),
    ("github.com/docker/docker/daemon", "dockerd"),
    ("github.com/cilium/cilium/daemon", "cilium-agent"),
    ("github.com/projectcalico/calico/felix", "calico-node"),
    ("github.com/projectcalico/felix", "calico-node"),
)


def components_of(stacks: Sequence[tuple[Frame, ...]]) -> tuple[str, ...]:
    """The known components whose code runs in the process (several in all-in-one binaries), in order of the list."""
    packages = {frame.package for frames in stacks for frame in frames}
    found = {
        component
        for path, component in _COMPONENTS
        if any(package == path or package.startswith(path + "/") for package in packages)
    }
    return tuple(dict.fromkeys(component for _, component in _COMPONENTS if component in found))


def name_program(
    stacks: Sequence[tuple[Frame, ...]], projects: Counter[str], prefix: str | None
) -> tuple[str | None, ProgramFrom | None]:
    """The program's name and what it rests on."""
    components = components_of(stacks)
    if len(components) == 1:
        return components[0], "known package"
    from_file = _from_main_file(stacks)
    if from_file:
        return from_file, "main file"
    commands = Counter(
        found["name"] for frames in stacks for frame in frames if (found := _COMMAND_PACKAGE.search(frame.package))
    )
    if commands:
        return commands.most_common(1)[0][0], "command package"
    if components:
        return components[0], "known package"
    # A CNI plugin's trace comes out in the journal of whoever executed it: there the prefix names another program.
    is_plugin = any(frame.package.endswith("cni/pkg/skel") for frames in stacks for frame in frames)
    if prefix and not is_plugin:
        return prefix, "log prefix"
    if projects:
        return projects.most_common(1)[0][0].rpartition("/")[2], "project"
    return (prefix, "log prefix") if prefix else (None, None)


def _from_main_file(stacks: Sequence[tuple[Frame, ...]]) -> str | None:
    for frames in stacks:
        for frame in frames:
            if frame.package != "main" or not frame.file:
                continue
            found = _COMMAND_FILE.search(frame.file) or _MAIN_FILE.search(frame.file)
            if found and found["name"] not in _PLACES:
                return found["name"]
    return None


def go_at_least(stack: Stack) -> int:
    """The oldest Go 1.x that prints such a stack, 0 where it could be any.

    Go 1.24 moved the mutex to internal/sync, 1.21 names the creating goroutine, 1.20 names the kind of lock in the
    state, 1.18 marks uncertain arguments with "?", 1.17 prints aggregates in braces.
    """
    if any(call.function.startswith("internal/sync.") for call in stack.calls):
        return 24
    if stack.created_in is not None or stack.runtime_details:
        return 21
    if stack.header is not None and stack.header.state.startswith(("sync.Mutex.", "sync.RWMutex.")):
        return 20
    if any("?" in call.arguments for call in stack.calls):
        return 18
    return 17 if any("{" in call.arguments for call in stack.calls) else 0
