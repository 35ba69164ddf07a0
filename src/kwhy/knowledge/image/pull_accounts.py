"""Whether a pull secret has an account for an image, by the kubelet's rules.

Source: Kubernetes v1.34 pkg/credentialprovider/keyring.go (BasicDockerKeyring.Add, Lookup, URLsMatch): hosts with
globs per label, ports equal, the path a prefix; Docker Hub goes by two names.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

#: Docker Hub, as images and as accounts name it (keyring.go defaultRegistryHost, defaultRegistryKey).
_HUB = "docker.io"
_HUB_NAMES = frozenset({"index.docker.io", "docker.io", "registry-1.docker.io"})


def has_account(registries: Iterable[str], repository: str) -> bool:
    """Whether one of the accounts is for ``repository`` (a reference without tag, its registry written out)."""
    host, _, path = repository.partition("/")
    return any(_covers(name, host, path) for name in registries)


def _covers(name: str, host: str, path: str) -> bool:
    plain = name.removeprefix("https://").removeprefix("http://")
    own_host, _, own_path = plain.partition("/")
    if own_host in _HUB_NAMES:
        return host == _HUB
    if own_path.rstrip("/") in ("v1", "v2"):
        own_path = ""
    return _same_host(own_host, host) and path.startswith(own_path.rstrip("/"))


def _same_host(pattern: str, host: str) -> bool:
    pattern_name, _, pattern_port = pattern.partition(":")
    name, _, port = host.partition(":")
    wanted, labels = pattern_name.split("."), name.split(".")
    same = len(wanted) == len(labels) and all(map(fnmatchcase, labels, wanted))
    return same and pattern_port == port
