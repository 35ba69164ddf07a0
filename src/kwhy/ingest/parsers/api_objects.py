"""Kubernetes API objects in JSON and YAML.

Produced by `kubectl get … -o json|yaml` (one object, a List, several), the API server itself (typed lists, Table;
`kubectl get --raw`), `jq`, `kubectl cluster-info dump`, must-gather, support bundles. Checked on Kubernetes v1.34.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kwhy.ingest.api.json_documents import parse_json
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: "apiVersion": "apps/v1"
_JSON_VERSION: Final = expression(r'"apiVersion"\s*:\s*"[a-z0-9.-]+(?:/v\w+)?"')
#: "kind": "PodList"
_JSON_KIND: Final = expression(r'"kind"\s*:\s*"[A-Z]\w*"')
_AUDIT: Final = expression(r'"apiVersion"\s*:\s*"audit\.k8s\.io/')
#: apiVersion: apps/v1
_YAML_VERSION: Final = expression(
    r"^[\"']?apiVersion[\"']?: *[\"']?[a-z0-9.-]+(?:/v\w+)?[\"']? *(?:#.*)?$", re.MULTILINE
)
_YAML_KIND: Final = expression(r"^[\"']?kind[\"']?: *[\"']?[A-Z]\w*[\"']? *(?:#.*)?$", re.MULTILINE)
_YAML_BODY: Final = expression(r"^[\"']?(?:metadata|items)[\"']?: *(?:#.*)?(?:\[\])?$", re.MULTILINE)
#: Files of components that look like objects: kubelet and kube-proxy configuration, kubeconfig, kubeadm.
_CONFIGURATION: Final = expression(r"apiVersion\"?: *\"?(?:[\w.-]+\.config\.k8s\.io|kubeadm\.k8s\.io)/")


def _recognise_json(head: Head) -> float:
    text = head.text.lstrip()
    if not text.startswith(("{", "[")) or _AUDIT.search(text[:2000]):
        return 0.0
    if _CONFIGURATION.search(text[:2000]):
        return 0.4
    version = _JSON_VERSION.search(text) is not None
    kind = _JSON_KIND.search(text) is not None
    if version and kind:
        return 0.95
    return 0.8 if version else 0.0


def _recognise_yaml(head: Head) -> float:
    text = head.text
    version = _YAML_VERSION.search(text)
    if version is None or _CONFIGURATION.match(text, version.start()):
        return 0.4 if version is not None else 0.0
    before = text[: version.start()]
    if any(line[:1].strip() and not _starts_yaml(line) for line in before.splitlines()[:50]):
        return 0.0
    kind = _YAML_KIND.search(text) is not None
    body = _YAML_BODY.search(text) is not None
    return 0.95 if kind and body else 0.9 if body else 0.7 if kind else 0.4


def _starts_yaml(line: str) -> bool:
    """A line at column 0 that may stand before apiVersion: comments, separators, other keys, sequence items."""
    return (
        line.startswith(("#", "---", "...", "- ", "%YAML"))
        or re.match(r"[\"']?[\w./-]+[\"']?:(?:\s|$)", line) is not None
    )


def _parse_yaml(document: Document) -> Iterator[Parsed]:
    from kwhy.ingest.api.yaml_documents import parse_yaml  # PyYAML takes 20 ms to import

    yield from parse_yaml(document)


JSON: Final = Format("api-objects-json", _recognise_json, parse_json)
YAML: Final = Format("api-objects-yaml", _recognise_yaml, _parse_yaml)
FORMATS: Final = (JSON, YAML)
