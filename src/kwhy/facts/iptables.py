"""The packet filter of a host as iptables-save prints it: whole tables, and where they send Service traffic."""

from __future__ import annotations

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class IptablesTable(msgspec.Struct, frozen=True, gc=False):
    """One table as `iptables-save` printed it.

    ``backend`` is "nf_tables" or "legacy" where the header says so, else "". ``chains`` are the declared chains.
    ``complete``: the closing COMMIT was read, so a rule that is not there does not exist.
    """

    name: str
    family: int
    backend: str
    chains: frozenset[str]
    rules: int
    complete: bool
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class ServiceRule(msgspec.Struct, frozen=True, gc=False):
    """A rule of kube-proxy's chain KUBE-SERVICES: what is sent to ``address`` and ``port`` goes to ``target``.

    ``target`` is a chain (KUBE-SVC-…, KUBE-EXT-…) or REJECT, DROP. ``comment`` names the Service port
    ("shop/web:http cluster IP", "shop/web has no endpoints"). ``port`` is None where the rule matches all.
    """

    table: str
    address: str
    protocol: str
    port: int | None
    target: str
    comment: str
    at: Locator
