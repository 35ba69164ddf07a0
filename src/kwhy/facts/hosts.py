"""Which host a document was taken on, by the host's own word."""

from __future__ import annotations

import msgspec

from kwhy.model.document import Locator


class HostName(msgspec.Struct, frozen=True, gc=False):
    """The host calls itself ``name`` (hostname, uname -n, /etc/hostname)."""

    name: str
    at: Locator


class MachineId(msgspec.Struct, frozen=True, gc=False):
    """/etc/machine-id, which the kubelet reports as nodeInfo.machineID."""

    id: str
    at: Locator


class KernelRelease(msgspec.Struct, frozen=True, gc=False):
    """The running kernel ("6.1.0-18-amd64"), which the kubelet reports as nodeInfo.kernelVersion."""

    release: str
    machine: str
    at: Locator
