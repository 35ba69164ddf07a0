"""The ClusterRole that live reading needs, as it is published: manifests/kwhy-reader.yaml, written by `./task docs`."""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.live.resources import permissions

_READER = """\
# Written by ./task docs from what the code asks for (src/kwhy/live/resources.py).
#
# What an account needs so that `kwhy diagnose` and `kwhy collect` can read everything they look at: lists of the kinds
# that rules judge, and logs. Nothing here writes. Bind it to whoever runs kwhy:
#   kubectl apply -f manifests/kwhy-reader.yaml
#   kubectl create clusterrolebinding kwhy-reader --clusterrole=kwhy-reader --user=NAME
#   kubectl create clusterrolebinding kwhy-reader-secrets --clusterrole=kwhy-reader-secrets --user=NAME
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: kwhy-reader
rules:
"""
_SECRETS = """\
---
# Which keys Secrets have. The API knows no permission for keys without values: kwhy drops the values as it reads them,
# and keeps none. Whoever is not to have this permission leaves it out: what depends on a Secret's keys stays open then.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: kwhy-reader-secrets
rules:
"""
#: What may be left out of the permissions.
_APART = "secrets"


def manifest() -> str:
    """Two ClusterRoles: one with everything but Secrets, one with these."""
    return _READER + "".join(_rules(apart=False)) + _SECRETS + "".join(_rules(apart=True))


def _rules(*, apart: bool) -> Iterator[str]:
    for group, resources in permissions().items():
        by_verbs: dict[tuple[str, ...], list[str]] = {}
        for resource, verbs in resources.items():
            if (resource == _APART) is apart:
                by_verbs.setdefault(verbs, []).append(resource)
        for verbs, names in by_verbs.items():
            lines = "".join(f"      - {name}\n" for name in sorted(names))
            yield f'  - apiGroups: ["{group}"]\n    resources:\n{lines}    verbs: [{", ".join(verbs)}]\n'
