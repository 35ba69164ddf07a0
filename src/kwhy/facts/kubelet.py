"""What the kubelet of a node is configured to do."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kwhy.model.document import Locator


class KubeletConfig(msgspec.Struct, frozen=True, gc=False):
    """A KubeletConfiguration, as a file or as the kubelet itself shows it (/configz).

    ``eviction_hard`` maps signals ("nodefs.available") to thresholds ("10%", "1Gi"), each with its place; None where
    the configuration sets none, so that the kubelet's defaults hold. ``effective``: the kubelet showed it itself, so
    that flags and defaults are part of it. ``cluster_dns`` and ``cluster_domain`` are what pods get into their
    resolv.conf, ``resolv_conf`` what the others get; None: not set. ``settings`` are numbers and words at the top of it
    ("podPidsLimit": "60"), each with its place.
    """

    at: Locator
    eviction_hard: Mapping[str, tuple[str, Locator]] | None
    effective: bool
    cluster_dns: tuple[str, ...] | None = None
    cluster_domain: str | None = None
    resolv_conf: str | None = None
    settings: Mapping[str, tuple[str, Locator]] = msgspec.field(default_factory=dict)
