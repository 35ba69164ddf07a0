"""What components print when something happens, as constants by component; :func:`all_patterns` lists them."""

from __future__ import annotations

from types import ModuleType

from kwhy.facts.log_patterns import (
    application,
    cni,
    containerd,
    control_plane,
    coredns,
    crio,
    dockerd,
    etcd,
    ingress_nginx,
    kernel,
    kubelet,
    kubelet_node,
    kubelet_start,
    own_container,
    own_limits,
    own_program,
    runc,
    service_account,
    static_pods,
    systemd,
    transport,
)
from kwhy.facts.logs import LogPattern

_MODULES: tuple[ModuleType, ...] = (
    kubelet,
    kubelet_node,
    kubelet_start,
    containerd,
    dockerd,
    crio,
    runc,
    cni,
    control_plane,
    coredns,
    etcd,
    ingress_nginx,
    kernel,
    systemd,
    transport,
    application,
    own_container,
    own_limits,
    own_program,
    service_account,
    static_pods,
)


def all_patterns() -> tuple[LogPattern, ...]:
    """Every pattern constant of the modules above, in their order."""
    return tuple(value for module in _MODULES for value in vars(module).values() if isinstance(value, LogPattern))
