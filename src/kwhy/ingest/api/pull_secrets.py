"""Which registries a pull secret has accounts for; the accounts themselves are never kept.

Sources: Kubernetes v1.34 pkg/credentialprovider/config.go (DockerConfigJSON, DockerConfig).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec

#: Keys of Secrets of types kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg.
_JSON, _CFG = ".dockerconfigjson", ".dockercfg"


def registries_in(data: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The names of registries in the data of a Secret, in order; None where it holds none that can be read."""
    for key in (_JSON, _CFG):
        value = data.get(key)
        if not isinstance(value, str):
            continue
        try:
            shown = msgspec.json.decode(b64decode(value, validate=True))
        except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
            return None
        accounts = shown.get("auths") if key == _JSON and isinstance(shown, dict) else shown
        return tuple(name for name in accounts if isinstance(name, str)) if isinstance(accounts, dict) else None
    return None
