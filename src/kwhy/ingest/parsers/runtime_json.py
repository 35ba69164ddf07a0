"""JSON of the container runtime: crictl `ps|pods|images|info|inspect|inspectp` with -o json, `docker inspect`, and
dumps of all the CRI's answers under the keys containers, pods, images, status and version.

Checked on crictl 1.30 with containerd 1.6.20. Field names are the CRI's (k8s.io/cri-api v1), in camelCase or in
snake_case; states are words or the numbers of api.proto. Environment variables and the like are not read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from kwhy.facts.processes import masked
from kwhy.facts.runtime import (
    CniSettings,
    RuntimeAnswer,
    RuntimeCondition,
    RuntimeContainer,
    RuntimeImage,
    RuntimeListing,
    RuntimePod,
    RuntimeVersion,
)
from kwhy.ingest.host.runtime_answers import asked_of, failure_in, moment_of, silence, success
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.time import at as moment_at

#: enum ContainerState, enum PodSandboxState (k8s.io/cri-api v0.34 pkg/apis/runtime/v1/api.proto)
_CONTAINER_STATES = {0: "created", 1: "running", 2: "exited", 3: "unknown"}
_POD_STATES = {0: "ready", 1: "not ready"}

#: What only the runtime's JSON holds.
_SIGNS = (
    '"podSandboxId"',
    '"pod_sandbox_id"',
    '"SANDBOX_',
    '"CONTAINER_',
    '"RuntimeReady"',
    '"repoTags"',
    '"repo_tags"',
)
_DOCKER_SIGNS = ('"HostConfig"', '"GraphDriver"', '"ResolvConfPath"')


def _recognise(head: Head) -> float:
    text = head.text.lstrip()
    if not text.startswith(("{", "[")) or '"apiVersion"' in text[:2000]:
        return 0.0
    if any(sign in text for sign in _SIGNS):
        return 0.9
    if any(sign in text for sign in _DOCKER_SIGNS) and '"Id"' in text:
        return 0.9
    return 0.8 if asked_of(head.command)[0] else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """Every container, pod, image and condition in the document; several JSON texts may follow one another."""
    text = document.text
    decoder = json.JSONDecoder()
    position, found = _skip_blank(text, 0), 0
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            yield from _not_json(document, text, position)
            return
        for fact in _facts(value, "", document):
            found += 1
            yield fact
        position = _skip_blank(text, position)
    if found and asked_of(document.command)[0]:
        yield success(document, document.first_line)
    yield from silence(document)


def _skip_blank(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _not_json(document: Document, text: str, position: int) -> Iterator[Parsed]:
    """Messages of the client around the JSON, or JSON that was cut off."""
    first = document.first_line + text.count("\n", 0, position)
    understood = False
    for number, line in enumerate(text[position:].split("\n"), first):
        if answer := failure_in(number, line, document):
            understood = True
            yield answer
    if not understood:
        excerpt = masked(text[position : position + 80].partition("\n")[0])
        yield Unparsed(
            document.at(first, excerpt=excerpt), "runtime JSON: cut off or damaged here; a value was expected"
        )


def _facts(value: object, path: str, document: Document) -> Iterator[Parsed]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _facts(item, f"{path}[{index}]", document)
    if not isinstance(value, dict):
        return
    if "Id" in value and isinstance(value.get("State"), dict):
        yield from _docker(value, path, document)
        return
    for key in ("containers", "items", "images"):
        yield from _list(value.get(key), key, f"{path}.{key}".lstrip("."), document)
    for key in ("pods", "version"):
        inner = value.get(key)
        if isinstance(inner, dict):
            yield from _wrapped(inner, key, document)
    status = value.get("status")
    if isinstance(status, dict):
        yield from _status(status, value, path, document)


def _list(value: object, kind: str, path: str, document: Document) -> Iterator[Parsed]:
    """A list of objects, or an object around it (the answer's own message in a dump of several)."""
    if isinstance(value, dict):
        if isinstance(error := value.get("error"), str):
            yield _failure(kind, error, path, document)
            return
        value, path, whole = value.get(kind), f"{path}.{kind}", True
    else:
        whole = False
    if not isinstance(value, list):
        return
    for index, item in enumerate(value):
        if isinstance(item, dict):
            yield _LISTED[kind](item, f"{path}[{index}]", document)
    if whole and kind != "items":
        listed: Literal["containers", "images"] = "containers" if kind == "containers" else "images"
        yield RuntimeListing(listed, False, len(value), document.at(path=path), document.captured)


def _wrapped(inner: dict[str, object], key: str, document: Document) -> Iterator[Parsed]:
    if isinstance(error := inner.get("error"), str):
        yield _failure(key, error, key, document)
    elif key == "pods" and isinstance(items := inner.get("items"), list):
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield _pod(item, f"pods.items[{index}]", document)
        yield RuntimeListing("pods", False, len(items), document.at(path="pods.items"), document.captured)
    elif key == "version":
        name, version = _word(inner, "runtimeName", "runtime_name"), _word(inner, "runtimeVersion", "runtime_version")
        if name:
            yield RuntimeVersion(name, version, document.at(path="version"))


def _failure(call: str, error: str, path: str, document: Document) -> RuntimeAnswer:
    timed_out = "DeadlineExceeded" in error or "deadline exceeded" in error
    code = error.partition("code = ")[2].partition(" ")[0] if "code = " in error else ""
    call = {"containers": "ps", "items": "pods"}.get(call, call)
    place = document.at(path=path, excerpt=masked(error))
    return RuntimeAnswer("", call, "timed out" if timed_out else "error", place, masked(error), code)


def _status(status: dict[str, object], whole: dict[str, object], path: str, document: Document) -> Iterator[Parsed]:
    place = f"{path}.status".lstrip(".")
    if isinstance(inner := status.get("status"), dict):  # the answer's message around it, in a dump
        status, place = inner, f"{place}.status"
    if isinstance(error := status.get("error"), str):
        yield _failure("info", error, place, document)
    if isinstance(conditions := status.get("conditions"), list):
        for index, condition in enumerate(conditions):
            if isinstance(condition, dict) and "type" in condition:
                yield RuntimeCondition(
                    _word(condition, "type"),
                    condition.get("status") is True,
                    _word(condition, "reason"),
                    masked(_word(condition, "message")),
                    document.at(path=f"{place}.conditions[{index}]"),
                    document.captured,
                )
        yield from _cni(whole, path, document)
    elif "id" in status:
        info = whole.get("info")
        details = info if isinstance(info, dict) else {}
        pid = details.get("pid")
        is_pod = "SANDBOX" in str(status.get("state")) or "network" in status
        fact: RuntimeContainer | RuntimePod
        fact = _pod(status, place, document) if is_pod else _container(status, place, document, details)
        if isinstance(pid, int) and pid > 0:
            fact = msgspec.structs.replace(fact, pid=pid)
        yield fact


def _cni(whole: dict[str, object], path: str, document: Document) -> Iterator[Parsed]:
    settings = whole.get("cniconfig")
    if not isinstance(settings, dict):
        return
    networks = settings.get("Networks")
    names: list[str] = []
    for network in networks if isinstance(networks, list) else []:
        config = network.get("Config") if isinstance(network, dict) else None
        if isinstance(config, dict) and _word(config, "Name") != "cni-loopback":
            names.append(_word(config, "Name"))
    directories = settings.get("PluginDirs")
    plugin_directories = tuple(str(item) for item in directories) if isinstance(directories, list) else ()
    yield CniSettings(
        _word(settings, "PluginConfDir"),
        plugin_directories,
        tuple(names),
        document.at(path=f"{path}.cniconfig".lstrip(".")),
        masked(_word(whole, "lastCNILoadStatus")),
    )


def _container(
    item: dict[str, object], path: str, document: Document, details: dict[str, object] | None = None
) -> RuntimeContainer:
    labels, metadata, image = _inner(item, "labels"), _inner(item, "metadata"), _inner(item, "image")
    exit_code = item.get("exitCode", item.get("exit_code"))
    state = _state(item.get("state"), "CONTAINER_", _CONTAINER_STATES)
    return RuntimeContainer(
        id=_word(item, "id"),
        at=document.at(path=path),
        name=_word(metadata, "name"),
        state=state,
        pod_id=_word(item, "podSandboxId", "pod_sandbox_id") or _word(details or {}, "sandboxID"),
        pod_name=_word(labels, "io.kubernetes.pod.name"),
        pod_namespace=_word(labels, "io.kubernetes.pod.namespace"),
        pod_uid=_word(labels, "io.kubernetes.pod.uid"),
        image=_word(image, "image"),
        attempt=_whole(metadata.get("attempt", 0)),
        exit_code=_whole(exit_code) if exit_code is not None and state == "exited" else None,
        created=_moment(item.get("createdAt", item.get("created_at"))),
        runtime="cri",
        observed=document.captured,
    )


def _pod(item: dict[str, object], path: str, document: Document) -> RuntimePod:
    metadata, network = _inner(item, "metadata"), _inner(item, "network")
    return RuntimePod(
        id=_word(item, "id"),
        at=document.at(path=path),
        name=_word(metadata, "name"),
        namespace=_word(metadata, "namespace"),
        uid=_word(metadata, "uid"),
        state=_state(item.get("state"), "SANDBOX_", _POD_STATES).replace("notready", "not ready"),
        attempt=_whole(metadata.get("attempt", 0)),
        ip=_word(network, "ip"),
        created=_moment(item.get("createdAt", item.get("created_at"))),
        runtime="cri",
        observed=document.captured,
    )


def _image(item: dict[str, object], path: str, document: Document) -> RuntimeImage:
    tags = item.get("repoTags", item.get("repo_tags"))
    names = tuple(str(tag) for tag in tags) if isinstance(tags, list) else ()
    size = _whole(item.get("size", item.get("size_")))
    return RuntimeImage(_word(item, "id"), names, document.at(path=path), size, document.captured)


def _docker(value: dict[str, object], path: str, document: Document) -> Iterator[Parsed]:
    state, labels = _inner(value, "State"), _inner(_inner(value, "Config"), "Labels")
    pod_name, namespace = _word(labels, "io.kubernetes.pod.name"), _word(labels, "io.kubernetes.pod.namespace")
    uid, status = _word(labels, "io.kubernetes.pod.uid"), _word(state, "Status")
    pid, created = _whole(state.get("Pid")) or None, _moment(value.get("Created"))
    place, identity = document.at(path=path), _word(value, "Id")
    if _word(labels, "io.kubernetes.docker.type") == "podsandbox":
        ready = "ready" if status == "running" else "not ready"
        yield RuntimePod(identity, place, pod_name, namespace, uid, ready, pid=pid, created=created, runtime="docker")
        return
    yield RuntimeContainer(
        id=identity,
        at=place,
        name=_word(labels, "io.kubernetes.container.name") or _word(value, "Name").lstrip("/"),
        state=status,
        pod_id=_word(labels, "io.kubernetes.sandbox.id"),
        pod_name=pod_name,
        pod_namespace=namespace,
        pod_uid=uid,
        image=_word(_inner(value, "Config"), "Image"),
        pid=pid,
        exit_code=_whole(state.get("ExitCode")) if status in ("exited", "dead") else None,
        created=created,
        runtime="docker",
        observed=document.captured,
    )


def _state(value: object, prefix: str, numbers: dict[int, str]) -> str:
    if isinstance(value, str):
        return value.removeprefix(prefix).lower()
    if value is None or isinstance(value, int):  # the JSON of Go structs leaves a zero out
        return numbers.get(value or 0, "unknown")
    return ""


def _inner(item: dict[str, object], key: str) -> dict[str, object]:
    value = item.get(key)
    return value if isinstance(value, dict) else {}


def _word(item: dict[str, object], *keys: str) -> str:
    for key in keys:
        if isinstance(value := item.get(key), str):
            return value
    return ""


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: object) -> Moment:
    """RFC 3339, or nanoseconds since the epoch as a number or in quotes."""
    nanoseconds = _whole(value)
    if nanoseconds:
        return moment_at(nanoseconds / 1e9)
    return moment_of(value) if isinstance(value, str) else UNKNOWN_MOMENT


_LISTED: dict[str, Callable[[dict[str, object], str, Document], Parsed]] = {
    "containers": _container,
    "items": _pod,
    "images": _image,
}

FORMAT = Format("runtime-json", _recognise, parse)
