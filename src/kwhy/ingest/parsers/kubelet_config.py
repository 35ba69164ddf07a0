"""The kubelet's configuration: its file, and what `kubectl get --raw /api/v1/nodes/NODE/proxy/configz` shows.

Source: k8s.io/kubelet v0.34 config/v1beta1/types.go (KubeletConfiguration); the endpoint wraps it in "kubeletconfig"
(Kubernetes v1.34 staging/src/k8s.io/component-base/configz).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from kwhy.facts.kubelet import KubeletConfig
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: apiVersion: kubelet.config.k8s.io/v1beta1  ·  "apiVersion":"kubelet.config.k8s.io/v1beta1"
_VERSION: Final = expression(r"^[\s{]*[\"']?apiVersion[\"']?\s*:\s*[\"']?kubelet\.config\.k8s\.io/")
_LATER_VERSION: Final = expression(r"[\"']?apiVersion[\"']?\s*:\s*[\"']?kubelet\.config\.k8s\.io/v\w+")
_CONFIGZ: Final = expression(r"^\s*\{\s*\"kubeletconfig\"\s*:\s*\{")
_KIND: Final = expression(r"[\"']?kind[\"']?\s*:\s*[\"']?KubeletConfiguration\b")
#: Numbers and words at the top of the configuration that rules ask for.
_LONE: Final = (
    "podPidsLimit",
    "evictionPressureTransitionPeriod",
    "imageGCHighThresholdPercent",
    "imageGCLowThresholdPercent",
)


def recognise(head: Head) -> float:
    text = head.text
    if _CONFIGZ.match(text):
        return 0.97
    if "KubeletConfiguration" not in text or not _KIND.search(text):
        return 0.0
    first = "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return 0.96 if _VERSION.match(first) or _LATER_VERSION.search(text) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    root = _decoded(document)
    if isinstance(root, Unparsed):
        yield root
        return
    shown = root.get("kubeletconfig") if isinstance(root, dict) else None
    settings = shown if shown is not None else root
    if not isinstance(settings, dict):
        yield Unparsed(document.at(line=document.first_line), "the settings of a kubelet configuration were expected")
        return
    yield KubeletConfig(
        at=document.at(line=document.first_line, excerpt="KubeletConfiguration"),
        eviction_hard=_thresholds(document, settings),
        effective=shown is not None,
        settings=_scalars(document, settings),
        cluster_dns=_words(settings.get("clusterDNS")),
        cluster_domain=_word(settings.get("clusterDomain")),
        resolv_conf=_word(settings.get("resolvConf")),
    )


def _words(written: Any) -> tuple[str, ...] | None:
    return tuple(str(word) for word in written) if isinstance(written, list) and written else None


def _word(written: Any) -> str | None:
    return str(written) if written else None


def _decoded(document: Document) -> Any:
    """The document's value; what is wrong with it where it has none."""
    data = bytes(document.data)
    if data.lstrip().startswith(b"{"):
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Unparsed(document.at(line=document.first_line), f"JSON was expected: {error}")
    from kwhy.ingest.api.yaml_events import Builder, Refused  # PyYAML takes 20 ms to import

    try:
        return Builder(lambda item: None).build(data)
    except Refused as refused:
        return Unparsed(document.at(line=document.first_line + (refused.line or 0)), refused.why)


def _thresholds(document: Document, settings: dict[Any, Any]) -> dict[str, tuple[str, Locator]] | None:
    written = settings.get("evictionHard")
    if not isinstance(written, dict):
        return None
    return {str(signal): (str(value), _place(document, str(signal), str(value))) for signal, value in written.items()}


def _scalars(document: Document, settings: dict[Any, Any]) -> dict[str, tuple[str, Locator]]:
    """The lone settings that rules ask for, as they are written."""
    found: dict[str, tuple[str, Locator]] = {}
    lines = {line.strip().partition(":")[0].strip("\"'"): number for number, line in document.lines()}
    for name in _LONE:
        value = settings.get(name)
        if isinstance(value, str | int | float):
            written = str(value).lower() if isinstance(value, bool) else str(value)
            number = lines.get(name)
            said = f"{name}: {written}"
            path = f"kubeletconfig.{name}"
            at = document.at(line=number, excerpt=said) if number else document.at(path=path, excerpt=said)
            found[name] = (written, at)
    return found


def _place(document: Document, signal: str, value: str) -> Locator:
    """The line of a YAML file that names the signal; its path in JSON, which often is one long line."""
    below = False
    for number, line in document.lines():
        below = below or line.lstrip().startswith("evictionHard")
        if below and signal in line:
            return document.at(line=number, excerpt=line.strip())
    return document.at(path=f"kubeletconfig.evictionHard.{signal}", excerpt=f"{signal}: {value}")


FORMAT: Final = Format("kubelet-config", recognise, parse)
