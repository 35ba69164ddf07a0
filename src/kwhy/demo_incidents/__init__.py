"""Recorded incidents that ship with kwhy, and what was found to be true of them."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Incident(msgspec.Struct, frozen=True):
    """An archive of evidence. ``truth`` is what the people who solved it found; kwhy does not read it."""

    name: str
    title: str
    origin: str
    truth: str

    @property
    def archive(self) -> Path:
        return Path(__file__).with_name(f"{self.name}.tar.xz")


NODE_NOTREADY = Incident(
    name="node-notready",
    title="A node goes NotReady about every 20 days; after a kubelet restart it is Ready for three minutes",
    origin="outputs printed in a published field report: kubelet log and dump, plugin and daemon dumps, kernel stack",
    truth="The CNI daemon terwayd waits for a netlink answer that the kernel never gives. It holds the lock that every "
    "pod set-up and tear-down needs; CNI plugins, the runtime's PodSandboxStatus and the kubelet's PLEG wait in turn.",
)
PLEG_CNI_HANG = Incident(
    name="pleg-cni-hang",
    title="A node goes NotReady after a deployment was rolled out",
    origin="recorded on Kubernetes 1.34.4 with containerd 1.6.20: API objects, component logs, dumps, kernel stacks",
    truth="The CNI daemon netfabricd sent a netlink request without asking for an acknowledgement and waits for it for "
    "ever, holding the lock that every sandbox status needs; PLEG relist takes longer than three minutes.",
)
INCIDENTS = {incident.name: incident for incident in (NODE_NOTREADY, PLEG_CNI_HANG)}
