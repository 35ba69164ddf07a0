"""Containers, their states and volumes, as describe prints them for pods and pod templates.

Source: describeContainers, describeStatus, DescribeProbe, describeVolumes (k8s.io/kubectl v0.34.4
pkg/describe/describe.go). Environment values may be secret: of what is not a reference, only
addresses and names are kept, and none where the variable's name speaks of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.objects import Maybe
from kwhy.ingest.kubectl.tree import Entries, Entry, read_entries
from kwhy.ingest.kubectl.words import EMPTY, is_empty, timestamp, whole, yes
from kwhy.model.expressions import expression


class Shown(NamedTuple):
    """The containers of one section: what was asked for, and (in pods) what became of it."""

    containers: list[api.Container]
    statuses: list[api.ContainerStatus]


def read_containers(section: Entry | None, path: str, statuses_path: str, lines: dict[str, int]) -> Shown:
    """The containers below "Containers:" or "Init Containers:"; their lines are noted under ``path``."""
    shown = Shown([], [])
    if section is None:
        return shown
    lines[path] = section.line
    for index, entry in enumerate(read_entries(section.below)):
        fields = read_entries(entry.below)
        lines[f"{path}[{index}]"] = entry.line
        shown.containers.append(_container(entry.key, fields, f"{path}[{index}]", lines))
        if "State" in fields or "Restart Count" in fields:
            status = f"{statuses_path}[{len(shown.statuses)}]"
            lines[status] = entry.line
            shown.statuses.append(read_status(entry.key, fields, status, lines))
    return shown


def _container(name: str, fields: Entries, path: str, lines: dict[str, int]) -> api.Container:
    entire = "Mounts" in fields  # printed last, so that what is not above it is not set
    for key, field in _FIELDS:
        entry = fields.get(key)
        if entry is not None:
            lines[f"{path}.{field}"] = entry.line
    return api.Container(
        name=name,
        image=_given(fields.value("Image")),
        command=_words(fields.get("Command"), entire),
        args=_words(fields.get("Args"), entire),
        ports=_ports(fields),
        env=_environment(fields.get("Environment")),
        env_from=_environment_from(fields.get("Environment Variables from"), entire),
        resources=_resources(fields, entire),
        volume_mounts=_mounts(fields.get("Mounts")),
        liveness_probe=_probe(fields.value("Liveness"), entire),
        readiness_probe=_probe(fields.value("Readiness"), entire),
        startup_probe=_probe(fields.value("Startup"), entire),
    )


_FIELDS = (
    ("Image", "image"), ("Command", "command"), ("Args", "args"), ("Port", "ports"), ("Ports", "ports"),
    ("Environment", "env"), ("Environment Variables from", "envFrom"), ("Requests", "resources.requests"),
    ("Limits", "resources.limits"), ("Mounts", "volumeMounts"), ("Liveness", "livenessProbe"),
    ("Readiness", "readinessProbe"), ("Startup", "startupProbe"),
)  # fmt: skip


def _given(text: str | None) -> Maybe[str]:
    return UNSET if text is None else "" if text in EMPTY else text


def _words(entry: Entry | None, entire: bool) -> Maybe[list[str]]:
    """The words of a command, one per line.

    A word with line ends of its own takes several lines, which the text does not tell apart; blank and indented lines
    show that there is one.
    """
    if entry is None:
        return [] if entire else UNSET
    words = [line.removeprefix("      ") for _, line in entry.below]
    return UNSET if any(not word.strip() or word[0] == " " for word in words) else words


#: "80/TCP", "8080/TCP (http)" (describeContainerPorts; with the port's name since v1.33).
_PORT = expression(r"(?P<number>\d{1,5})/(?P<protocol>\w+)(?: \((?P<name>[^()]*)\))?")


def _port_list(text: str | None) -> list[tuple[int, str, str]] | None:
    if text is None:
        return None
    if is_empty(text):
        return []
    matches = [_PORT.fullmatch(part.strip()) for part in text.split(",")]
    return [(int(m["number"]), m["protocol"], m["name"] or "") for m in matches if m is not None]


def _ports(fields: Entries) -> Maybe[list[api.ContainerPort]]:
    ports = _port_list(fields.value("Ports", "Port"))
    if ports is None:
        return UNSET
    hosts = _port_list(fields.value("Host Ports", "Host Port")) or []
    host = [number for number, _, _ in hosts] + [0] * len(ports)
    named = any(name for _, _, name in ports)
    return [
        api.ContainerPort(container_port=number, host_port=host[index], protocol=protocol, name=name if named else None)
        for index, (number, protocol, name) in enumerate(ports)
    ]


#: describeContainerEnvVars: a reference instead of a value.
_KEY_REFERENCE = expression(
    r"<set to the key '(?P<key>[^']*)' (?:in (?P<secret>secret)|of config map) '(?P<name>[^']*)'>"
    r"(?:\s+Optional: (?P<optional>true|false))?"
)
_FIELD_REFERENCE = expression(r".*\((?P<version>v1):(?P<path>[\w./\[\]'-]+)\)")
_RESOURCE_REFERENCE = expression(r".*\((?P<resource>(?:limits|requests)\.[\w./-]+)\)")


def _environment(entry: Entry | None) -> Maybe[list[api.EnvVar]]:
    if entry is None:
        return UNSET
    return [
        api.EnvVar(variable.key, UNSET if reference else _plain(variable), reference)
        for variable in read_entries(entry.below)
        for reference in (_reference(variable.value),)
    ]


#: DB_PASSWORD, API_KEY, SESSION_SECRET …
_SECRET_NAME = expression(r"(?i)pass|pwd|secret|token|key|auth|cred|salt|private|cert")
#: "http://inventory:8081/list", "postgres", "3306", "broker-1:9092,broker-2:9092"; no URL with a password.
_ADDRESS = expression(
    r"(?:[a-z][a-z0-9+.-]{1,30}://)?[\w.-]{1,253}(?::\d{1,5})?(?:/[\w./-]{0,300})?(?:,[\w.:-]{1,300}){0,20}"
)


def _plain(variable: Entry) -> Maybe[str]:
    if _SECRET_NAME.search(variable.key) or _ADDRESS.fullmatch(variable.value) is None:
        return UNSET
    return variable.value


def _reference(text: str) -> Maybe[dict[str, Any]]:
    if matched := _KEY_REFERENCE.fullmatch(text):
        reference: dict[str, Any] = {"name": matched["name"], "key": matched["key"]}
        if matched["optional"] == "true":
            reference["optional"] = True
        return {"secretKeyRef" if matched["secret"] else "configMapKeyRef": reference}
    if matched := _FIELD_REFERENCE.fullmatch(text):
        return {"fieldRef": {"apiVersion": matched["version"], "fieldPath": matched["path"]}}
    if matched := _RESOURCE_REFERENCE.fullmatch(text):
        return {"resourceFieldRef": {"resource": matched["resource"]}}
    return UNSET


#: describeContainerEnvFrom: "app-settings  ConfigMap  Optional: false".
_SOURCE = expression(
    r"(?P<name>\S+)\s+(?P<kind>ConfigMap|Secret)(?: with prefix '(?P<prefix>[^']*)')?"
    r"\s+Optional: (?P<optional>true|false)"
)


def _environment_from(entry: Entry | None, entire: bool) -> Maybe[list[dict[str, Any]]]:
    if entry is None:
        return [] if entire else UNSET
    found: list[dict[str, Any]] = []
    for _, line in entry.below:
        matched = _SOURCE.fullmatch(line.strip())
        if matched is None:
            continue
        reference: dict[str, Any] = {"name": matched["name"]}
        if matched["optional"] == "true":
            reference["optional"] = True
        source: dict[str, Any] = {"configMapRef" if matched["kind"] == "ConfigMap" else "secretRef": reference}
        if matched["prefix"]:
            source["prefix"] = matched["prefix"]
        found.append(source)
    return found


def quantities(entry: Entry | None) -> dict[str, api.Quantity]:
    """The amounts below "Limits:", "Capacity:" …"""
    return {} if entry is None else {amount.key: amount.value for amount in read_entries(entry.below)}


def _resources(fields: Entries, entire: bool) -> Maybe[api.ResourceRequirements]:
    requests, limits = fields.get("Requests"), fields.get("Limits")
    if requests is None and limits is None and not entire:
        return UNSET
    return api.ResourceRequirements(
        requests=quantities(requests) if requests or entire else UNSET,
        limits=quantities(limits) if limits or entire else UNSET,
    )


#: describeContainerVolumes: '/etc/app from config (rw,path="app.conf")'.
_MOUNT = expression(r'(?P<path>.+) from (?P<name>[\w.-]+) \((?P<mode>ro|rw)(?:,path="(?P<sub>[^"]*)")?\)')


def _mounts(entry: Entry | None) -> Maybe[list[api.VolumeMount]]:
    if entry is None:
        return UNSET
    matches = [_MOUNT.fullmatch(line.strip()) for _, line in entry.below]
    return [api.VolumeMount(m["name"], m["path"], m["sub"] or "", m["mode"] == "ro") for m in matches if m is not None]


#: DescribeProbe: "http-get http://:8080/health delay=30s timeout=1s period=10s #success=1 #failure=3".
_PROBE = expression(
    r"(?P<kind>http-get|tcp-socket|exec|grpc|unknown) ?(?P<target>.*?) ?delay=(?P<delay>\d+)s timeout=(?P<timeout>\d+)s"
    r" period=(?P<period>\d+)s #success=(?P<success>\d+) #failure=(?P<failure>\d+)"
)
_URL = expression(r"(?P<scheme>https?)://(?P<host>\[[^\]]*\]|[^:/]*):?(?P<port>[^/]*)(?P<path>/?.*)")


def _probe(text: str | None, entire: bool) -> Maybe[api.Probe]:
    if text is None:
        return None if entire else UNSET
    matched = _PROBE.fullmatch(text)
    if matched is None:
        return UNSET
    target = matched["target"]
    http = tcp = command = grpc = None
    if matched["kind"] == "http-get" and (url := _URL.fullmatch(target)):
        http = api.HTTPGetAction(url["path"], _port_value(url["port"]), url["scheme"].upper())
    elif matched["kind"] == "tcp-socket":
        tcp = api.TCPSocketAction(_port_value(target.rpartition(":")[2]))
    elif matched["kind"] == "exec":
        command = {"command": target.strip("[]").split()}
    elif matched["kind"] == "grpc":
        port, _, service = target.removeprefix("<pod>:").partition(" ")
        grpc = {"port": _port_value(port), "service": service}
    return api.Probe(
        http_get=http, tcp_socket=tcp, exec=command, grpc=grpc,
        initial_delay_seconds=int(matched["delay"]), timeout_seconds=int(matched["timeout"]),
        period_seconds=int(matched["period"]), success_threshold=int(matched["success"]),
        failure_threshold=int(matched["failure"]),
    )  # fmt: skip


def _port_value(text: str) -> int | str:
    return int(text) if re.fullmatch(r"\d{1,5}", text) else text


def read_status(name: str, fields: Entries, path: str, lines: dict[str, int]) -> api.ContainerStatus:
    """State, last state, readiness and restarts of one container."""
    state, last = fields.get("State"), fields.get("Last State")
    for entry, field in ((state, "state"), (last, "lastState"), (fields.get("Restart Count"), "restartCount")):
        if entry is not None:
            lines[f"{path}.{field}"] = entry.line
    entire = "Restart Count" in fields and state is not None  # describeContainerState prints "Last State" in between
    return api.ContainerStatus(
        name=name,
        ready=yes(fields.value("Ready") or ""),
        restart_count=whole(text) if (text := fields.value("Restart Count")) is not None else UNSET,
        state=UNSET if state is None else _state(state),
        last_state=_state(last) if last is not None else api.ContainerState() if entire else UNSET,
        container_id=_given(fields.value("Container ID")),
    )


def _state(entry: Entry) -> api.ContainerState:
    fields = read_entries(entry.below)
    if entry.value == "Running":
        return api.ContainerState(running=api.StateRunning(timestamp(fields.value("Started") or "")))
    if entry.value == "Terminated":
        return api.ContainerState(terminated=_terminated(fields))
    if entry.value == "Waiting":
        return api.ContainerState(waiting=api.StateWaiting(fields.value("Reason") or "", None))
    return api.ContainerState()


def _terminated(fields: Entries) -> api.StateTerminated:
    code, signal, message = (
        whole(fields.value("Exit Code") or ""),
        whole(fields.value("Signal") or ""),
        fields.get("Message"),
    )
    return api.StateTerminated(
        exit_code=code if isinstance(code, int) else 0,
        signal=signal if isinstance(signal, int) else 0,
        reason=fields.value("Reason") or "",
        message="" if message is None else _message(message),
        started_at=timestamp(fields.value("Started") or ""),
        finished_at=timestamp(fields.value("Finished") or ""),
    )


def _message(entry: Entry) -> str:
    return "\n".join([*entry.values, *(line.lstrip() for _, line in entry.below)])


def read_volumes(section: Entry | None, path: str, lines: dict[str, int]) -> Maybe[list[api.Volume]]:
    """The volumes below "Volumes:"."""
    if section is None:
        return UNSET
    lines[path] = section.line
    found: list[api.Volume] = []
    for index, entry in enumerate(read_entries(section.below)):
        lines[f"{path}[{index}]"] = entry.line
        found.append(_volume(entry.key, read_entries(entry.below)))
    return found


def _volume(name: str, fields: Entries) -> api.Volume:
    type_ = (fields.value("Type") or "").partition(" ")[0]
    optional = True if fields.value("Optional") == "true" else None
    match type_:
        case "ConfigMap":
            source = api.NamedSource(name=fields.value("Name") or "", optional=optional)
            return api.Volume(name, config_map=source)
        case "Secret":
            source = api.NamedSource(secret_name=fields.value("SecretName") or "", optional=optional)
            return api.Volume(name, secret=source)
        case "PersistentVolumeClaim":
            return api.Volume(name, persistent_volume_claim=api.ClaimSource(fields.value("ClaimName") or ""))
        case "HostPath":
            return api.Volume(name, host_path=_pairs(fields, (("Path", "path"), ("HostPathType", "type"))))
        case "EmptyDir":
            return api.Volume(name, empty_dir=_pairs(fields, (("Medium", "medium"), ("SizeLimit", "sizeLimit"))))
        case "Projected":
            return api.Volume(name, projected=api.ProjectedVolume(_sources(fields.all)))
        case "NFS":
            return api.Volume(name, nfs=_pairs(fields, (("Server", "server"), ("Path", "path"))))
        case "EphemeralVolume":
            return api.Volume(name, ephemeral={})
        case _:
            return api.Volume(name)


def _pairs(fields: Entries, names: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {field: value for key, field in names if (value := fields.value(key) or "") not in EMPTY}


def _sources(entries: Sequence[Entry]) -> list[api.ProjectedSource]:
    """printProjectedVolumeSource: each source begins with its own key."""
    found: list[api.ProjectedSource] = []
    for entry in entries:
        if entry.key == "SecretName":
            found.append(api.ProjectedSource(secret=api.NamedSource(name=entry.value)))
        elif entry.key == "ConfigMapName":
            found.append(api.ProjectedSource(config_map=api.NamedSource(name=entry.value)))
        elif entry.key in ("DownwardAPI", "TokenExpirationSeconds"):
            found.append(api.ProjectedSource())
        elif entry.key in ("Optional", "ConfigMapOptional", "SecretOptionalName") and entry.value == "true" and found:
            found[-1] = _optional(found[-1])
    return found


def _optional(source: api.ProjectedSource) -> api.ProjectedSource:
    if source.config_map is not None:
        return api.ProjectedSource(config_map=msgspec.structs.replace(source.config_map, optional=True))
    if source.secret is not None:
        return api.ProjectedSource(secret=msgspec.structs.replace(source.secret, optional=True))
    return source
