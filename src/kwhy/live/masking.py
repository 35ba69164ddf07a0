"""Secrets masked in what leaves the machine: objects string by string, so that they stay objects; logs line by line."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kwhy.ingest.redact import MASK, redacted
from kwhy.model.expressions import expression

#: Names of variables, keys and flags whose values are secret: DB_PASSWORD, apiKey, --token, tls.key, .dockerconfigjson
_SECRET_NAME: Final = expression(
    r"(?i)passw|passphrase|passwd|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key|\.key$|htpasswd"
    r"|dockerconfigjson|dockercfg|\bpwd\b|_pwd|auth$|authorization"
)
#: A flag of a command line that is followed by its value: ["--password", "…"]
_SECRET_FLAG: Final = expression(r"(?i)--?[\w.-]{0,60}(?:passw(?:or)?d|passphrase|secret|token|credentials?|api-?key)")
#: Where people keep values under names of their own: ConfigMaps and annotations.
_FREE_TEXT: Final = ("data", "annotations")


class _List(msgspec.Struct, frozen=True):
    """A document of :mod:`kwhy.live.listing`."""

    kind: str
    apiVersion: str  # noqa: N815 - the API's spelling
    items: list[Any]
    metadata: dict[str, Any]


def masked_list(data: bytes) -> bytes:
    """The list with every string masked that holds a secret, one object per line."""
    document = msgspec.json.decode(data, type=_List)
    encode = msgspec.json.encode
    lines = b",\n".join(encode(_masked(item)) for item in document.items)
    head = b'{"kind":' + encode(document.kind) + b',"apiVersion":' + encode(document.apiVersion) + b',"items":[\n'
    return head + lines + b'\n],"metadata":' + encode(document.metadata) + b"}\n"


def masked_log(data: bytes) -> bytes:
    """The log with secrets masked."""
    return redacted(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _masked(value: Any, under: str = "") -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, list):
        return _masked_items(value)
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("value"), str) and _is_secret(value.get("name")):
        return {key: MASK if key == "value" else _masked(item, key) for key, item in value.items()}
    if under in _FREE_TEXT:
        return {key: MASK if item and _is_secret(key) else _masked(item) for key, item in value.items()}
    return {key: _masked(item, key) for key, item in value.items()}


def _masked_items(items: list[Any]) -> list[Any]:
    masked = [_masked(item) for item in items]
    for position, item in enumerate(items[:-1]):
        follower = items[position + 1]
        if isinstance(item, str) and isinstance(follower, str) and _SECRET_FLAG.fullmatch(item):
            masked[position + 1] = MASK
    return masked


def _is_secret(name: object) -> bool:
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None
