"""Whose log a file is, as its path, its command or its lines' prefixes say: hints, never proof."""

from __future__ import annotations

import re

from kwhy.facts.logs import PodHint
from kwhy.ingest.logs.components import SYSTEM
from kwhy.model.document import Document
from kwhy.model.expressions import expression

_NAME = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PATHS = tuple(
    expression(pattern)
    for pattern in (
        # var/log/pods/shop_web-6f5c6d7f64-2nx8q_dbdcd95e-6835-4f0d-844a-2c514637c448/app/0.log — kubelet
        rf"(?:^|/)(?P<namespace>{_LABEL})_(?P<pod>{_NAME})_(?P<uid>[0-9a-f-]{{32,36}})/(?P<container>{_LABEL})/\d+\.log",
        # var/log/containers/web-6f5c6d7f64-2nx8q_shop_app-<64 hex digits>.log — kubelet's symbolic links
        rf"(?:^|/)(?P<pod>{_NAME})_(?P<namespace>{_LABEL})_(?P<container>{_LABEL})-[0-9a-f]{{64}}\.log",
        # namespaces/shop/pods/web-1/app/app/logs/previous.log — oc adm must-gather
        rf"(?:^|/)namespaces/(?P<namespace>{_LABEL})/pods/(?P<pod>{_NAME})/(?P<container>{_LABEL})/{_LABEL}/logs/"
        r"(?P<which>current|previous)(?:\.insecure)?\.log",
        # shop_web-6f5c6d7f64-2nx8q_app.log, …_app_previous.log — names that scripts give
        rf"(?:^|/)(?P<namespace>{_LABEL})_(?P<pod>{_NAME})_(?P<container>{_LABEL})(?P<which>_previous)?\.(?:log|txt)$",
        # cluster-resources/pods/logs/shop/web-1/app.log, …/app-previous.log — troubleshoot.sh
        rf"pods/logs/(?P<namespace>{_LABEL})/(?P<pod>{_NAME})/(?P<container>[a-z0-9](?:[a-z0-9-]{{0,62}}?))(?P<which>-previous)?\.log",
        # shop/web-1/logs.txt — kubectl cluster-info dump
        rf"(?:^|/)(?P<namespace>{_LABEL})/(?P<pod>{_NAME})/logs\.txt$",
    )
)
#: Flags of kubectl logs that take a value (kubectl v1.34 logs --help).
_VALUED = frozenset(
    {"-c", "-n", "-l", "--container", "--namespace", "--tail", "--since", "--since-time", "--selector", "--context"}
)
_NAMESPACE, _CONTAINER, _PREVIOUS = ("-n", "--namespace"), ("-c", "--container"), ("-p", "--previous")


def pod_hint(document: Document, prefixed: tuple[str, str | None] | None) -> PodHint | None:
    """From the lines' own prefix, the command, or the path, in this order."""
    if prefixed is not None:
        return PodHint(prefixed[0], container=prefixed[1])
    from_command = pod_in_command(document.command) if document.command else None
    if from_command is not None:
        return from_command
    for pattern in _PATHS:
        found = pattern.search(document.source)
        if found is not None:
            part = found.groupdict()
            previous = "previous" in (part.get("which") or "")
            return PodHint(part["pod"], part.get("namespace"), part.get("container"), part.get("uid"), previous)
    return None


def named_after(document: Document) -> str | None:
    """The program that the file's name suggests: netfabricd.log, kubelet-pleg-lines.txt, 1-kubelet.log."""
    stem = document.source.replace("\\", "/").rpartition("/")[2].partition(".")[0].lower()
    for component in SYSTEM:
        if re.search(rf"(?:^|[^a-z]){re.escape(component)}(?:$|[^a-z])", stem):
            return component
    if stem.startswith(("dmesg", "kern", "vmcore-dmesg")):
        return "kernel"
    return stem if re.fullmatch(r"[a-z][a-z0-9-]{2,40}", stem) else None


def pod_in_command(command: str, verb: str = "logs") -> PodHint | None:
    """kubectl [-n NAMESPACE] logs|exec|attach|port-forward [flags] [TYPE/]POD [CONTAINER]"""
    words = command.split()
    if verb not in words:
        return None
    values: dict[str, str] = {}
    plain: list[str] = []
    pending = ""
    for word in words[1:]:
        flag, equals, value = word.partition("=")
        if pending:
            values[pending], pending = word, ""
        elif word.startswith("-"):
            values[flag] = value
            pending = flag if flag in _VALUED and not equals else ""
        else:
            plain.append(word)
    named = plain[plain.index(verb) + 1 :] if verb in plain else []
    kind, slash, name = named[0].rpartition("/") if named else ("", "", "")
    if not name or (slash and kind not in ("pod", "pods", "po")) or re.fullmatch(_NAME, name) is None:
        return None
    second = named[1] if len(named) > 1 and verb == "logs" else None
    container = next((values[flag] for flag in _CONTAINER if flag in values), second)
    namespace = next((values[flag] for flag in _NAMESPACE if flag in values), None)
    return PodHint(name, namespace, container, previous=any(flag in values for flag in _PREVIOUS))
