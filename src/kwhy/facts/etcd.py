"""What `etcdctl` shows of an etcd cluster: members, endpoints, alarms."""

from __future__ import annotations

import msgspec

from kwhy.model.document import Locator


class EndpointStatus(msgspec.Struct, frozen=True, gc=False):
    """One row of ``etcdctl endpoint status``: an endpoint that answered for itself.

    ``member`` is the id in hexadecimal. ``size`` and ``quota`` are bytes, rounded where etcdctl rounds; None: not
    shown, ``quota`` also where it is the default. ``leads``: whether it is leader. ``leader`` is the leader's id, ""
    where it knows none, None where not shown. ``errors`` are the member's own words ("etcdserver: no leader").
    """

    endpoint: str
    member: str
    version: str
    size: int | None
    quota: int | None
    leads: bool | None
    leader: str | None
    learner: bool
    term: int
    index: int
    applied: int | None
    errors: str
    at: Locator


class EndpointHealth(msgspec.Struct, frozen=True, gc=False):
    """One row of ``etcdctl endpoint health``: whether a write through this endpoint succeeded. ``error`` is why not."""

    endpoint: str
    healthy: bool
    error: str
    at: Locator


class EtcdMember(msgspec.Struct, frozen=True, gc=False):
    """One row of ``etcdctl member list``. ``voting``: no learner. ``started``: it has announced itself once."""

    id: str
    name: str
    peers: tuple[str, ...]
    clients: tuple[str, ...]
    started: bool
    voting: bool
    at: Locator


class EtcdAlarm(msgspec.Struct, frozen=True, gc=False):
    """An alarm that is armed ("NOSPACE", "CORRUPT"), and the member that raised it."""

    kind: str
    member: str
    at: Locator
