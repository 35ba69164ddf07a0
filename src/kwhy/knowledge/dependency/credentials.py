"""With which accounts programs call one server, and which of them the server accepts."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from kwhy.facts.logs import AppErrors, LogFile
from kwhy.knowledge.app.errors import errors_of, lasting
from kwhy.knowledge.dependency.servers import refusals, server_of, service_named, users_of
from kwhy.knowledge.dependency.settings import Address, Setting, addresses_of, named_like, settings_of
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene

# "DB_" of DB_HOST, "spring.redis." of spring.redis.password
_PREFIX = expression(
    r"(?P<prefix>.*?)(?:host(?:name)?|addr(?:ess)?|server|service|url|uri|dsn|endpoint)$", re.IGNORECASE
)
#: How a server says that nobody introduced himself: Redis, MySQL ("using password: NO").
_NOBODY = expression(r"NOAUTH|HELLO must|Authentication required|using password: NO")


class Account(msgspec.Struct, frozen=True):
    """How a workload introduces itself to a server. ``user`` and ``password`` are None where not seen.

    ``state``: "refused" by its log, "accepted": its log is there and complains of nothing, None: not shown.
    """

    pod: Subject
    owner: Subject
    user: str | None
    user_setting: Setting | None
    password: Setting | None
    state: Literal["refused", "accepted"] | None
    at: Locator | None


class Refusal(msgspec.Struct, frozen=True):
    """A server that refuses a program, with the accounts of all that use it. ``nobody``: no password was sent."""

    errors: AppErrors
    server: Subject | None
    account: Account
    others: tuple[Account, ...]
    nobody: bool


def refusal_of(scene: Scene, pod: Subject) -> Refusal | None:
    """The server that refuses the pod's account, and who else uses it"""
    found = refusals(scene, pod, "access refused")
    if not found:
        return None
    errors = found[-1]
    call = errors.call
    place = server_of(scene, pod, errors)
    server, address = place if place is not None else (None, None)
    account = _account(scene, pod, address, call.user if call is not None else None)
    others = [_account(scene, p, _address(scene, p, server), None) for p in users_of(scene, server)] if server else []
    text = " ".join(sample.excerpt for sample in errors.samples[-2:])
    nobody = (call is not None and call.password is False) or _NOBODY.search(text) is not None
    mine = owner_of(scene, pod)
    return Refusal(errors, server, account, tuple(o for o in others if o.owner != mine), nobody)


def _address(scene: Scene, pod: Subject, server: Subject | None) -> Address | None:
    return next((a for a in scene.derive(addresses_of, pod) if service_named(scene, pod, a.host) == server), None)


def _account(scene: Scene, pod: Subject, address: Address | None, user: str | None) -> Account:
    settings = scene.derive(settings_of, pod)
    if address is not None and address.setting.container:
        settings = [s for s in settings if s.container == address.setting.container]
    by_prefix = _PREFIX.match(address.setting.name) if address is not None else None
    prefix = by_prefix["prefix"] if by_prefix is not None else None
    user_setting = _one(named_like(settings, "user"), prefix)
    known = user or (user_setting.value if user_setting is not None else None)
    state, at = _state(scene, pod)
    password = _one(named_like(settings, "password"), prefix)
    return Account(pod, owner_of(scene, pod), known, user_setting, password, state, at)


def _one(settings: list[Setting], prefix: str | None) -> Setting | None:
    """The setting of the same family as the server's address, else the only one."""
    same = [s for s in settings if prefix and s.name.lower().startswith(prefix.lower())]
    chosen = same or settings
    return chosen[0] if len(chosen) == 1 else None


def _state(scene: Scene, pod: Subject) -> tuple[Literal["refused", "accepted"] | None, Locator | None]:
    refused = refusals(scene, pod, "access refused")
    if refused:
        return "refused", refused[-1].locate(refused[-1].last)
    at = accepted_at(scene, pod)
    return ("accepted", at) if at is not None else (None, None)


def accepted_at(scene: Scene, pod: Subject) -> Locator | None:
    """The last line of the pod's log, where the log is there and complains of nothing now."""
    log = scene.derive_once(_logs).get(pod)
    if log is None or any(lasting(e) for e in errors_of(scene, pod)):
        return None
    line = log.document.first_line + log.lines - 1
    return log.document.at(line=line, excerpt=log.document.line(line).strip())


def _logs(scene: Scene) -> dict[Subject, LogFile]:
    """The newest runs' logs, by pod."""
    logs = [f for f in scene.facts(LogFile) if f.pod is not None and not f.pod.previous and f.lines]
    return {f.pod.subject: f for f in logs if f.pod is not None}
