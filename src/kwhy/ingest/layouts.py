"""What file names say in known layouts: whose a document is and which command made it, never what it means.

Each layout is recognised by the path of the file alone; content recognisers still decide the format.
"""

from __future__ import annotations

import re

import msgspec

from kwhy.model.expressions import expression


class Said(msgspec.Struct, frozen=True):
    """The command line that made a file, and the host it ran on; None where the path does not say."""

    command: str | None = None
    host: str | None = None


#: sosreport-node-a-2026-11-21-abcdefg/… (sos 4 policies: get_archive_name, "sosreport-$host-$label-$date-$rand")
_SOS_ROOT = expression(r"(?:^|/)sosreport-(?P<host>[A-Za-z0-9.-]+?)(?:-\d+)?-\d{4}-\d{2}-\d{2}-[a-z]{7}/")
#: …/sos_commands/networking/ip_route_show_table_all (sos 4 report/plugins/__init__.py, _mangle_command: runs of other
#: characters become "_", slashes become ".")
_SOS_COMMAND = expression(r"(?:^|/)sos_commands/[\w-]+/(?P<name>[^/]+)$")

_LIST = r"(?P<resource>[a-z]+(?:[.-][a-z0-9.-]+)?)"
_NAMESPACE = r"(?P<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)"
_POD = r"(?P<pod>[a-z0-9][-a-z0-9.]{0,252})"
_CONTAINER = r"(?P<container>[a-z0-9][-a-z0-9]{0,62})"

_LAYOUTS: tuple[tuple[re.Pattern[str], str], ...] = (
    # kwhy collect (live/resources.py): the request path of a list, apis/apps/v1/namespaces/NS/deployments.json
    (
        expression(
            rf"(?:^|/)(?:api|apis/[a-z0-9.-]+)/v\d{{1,2}}(?:(?:alpha|beta)\d{{1,2}})?/namespaces/{_NAMESPACE}/{_LIST}\.json$"
        ),
        "kubectl get {resource} -n {namespace} -o json",
    ),
    (
        expression(rf"(?:^|/)(?:api|apis/[a-z0-9.-]+)/v\d{{1,2}}(?:(?:alpha|beta)\d{{1,2}})?/{_LIST}\.json$"),
        "kubectl get {resource} -A -o json",
    ),
    # must-gather (openshift/oc pkg/cli/admin/inspect): namespaces/NS/core/pods.yaml, cluster-scoped-resources/…
    (
        expression(
            rf"(?:^|/)namespaces/{_NAMESPACE}/pods/{_POD}/{_CONTAINER}/[^/]+/logs/(?P<which>current|previous)\.log$"
        ),
        "kubectl logs -n {namespace} {pod} -c {container}{previous}",
    ),
    (
        expression(rf"(?:^|/)namespaces/{_NAMESPACE}/(?:core|[a-z0-9.-]+)/{_LIST}\.yaml$"),
        "kubectl get {resource} -n {namespace} -o yaml",
    ),
    # troubleshoot.sh (replicatedhq/troubleshoot pkg/constants/constants.go): cluster-resources/pods/NS.json
    (
        expression(rf"(?:^|/)cluster-resources/pods/logs/{_NAMESPACE}/{_POD}/{_CONTAINER}(?P<which>-previous)?\.log$"),
        "kubectl logs -n {namespace} {pod} -c {container}{previous}",
    ),
    (
        expression(rf"(?:^|/)cluster-resources/(?!custom-resources/|auth-cani-list/){_LIST}/{_NAMESPACE}\.json$"),
        "kubectl get {resource} -n {namespace} -o json",
    ),
    (
        expression(r"(?:^|/)cluster-resources/(?P<resource>nodes|namespaces|pvs|storage-classes)\.json$"),
        "kubectl get {resource} -A -o json",
    ),
    # /var/log/pods/NS_POD_UID/CONTAINER/0.log (kubelet pkg/kubelet/kuberuntime/helpers.go, BuildContainerLogsDirectory)
    (
        expression(rf"(?:^|/)pods/{_NAMESPACE}_{_POD}_[0-9a-f-]{{32,36}}/{_CONTAINER}/(?P<restarts>\d+)\.log$"),
        "kubectl logs -n {namespace} {pod} -c {container}",
    ),
    # /var/log/containers/POD_NS_CONTAINER-ID.log (kubelet pkg/kubelet/kuberuntime/legacy.go, legacyLogSymlink)
    (
        expression(rf"(?:^|/)containers/{_POD}_{_NAMESPACE}_{_CONTAINER}-[0-9a-f]{{64}}\.log$"),
        "kubectl logs -n {namespace} {pod} -c {container}",
    ),
    # logs/NS_POD_CONTAINER[_previous].log, as people save `kubectl logs` of many pods
    (
        expression(rf"(?:^|/)logs/{_NAMESPACE}_{_POD}_{_CONTAINER}(?P<which>_previous)?\.log$"),
        "kubectl logs -n {namespace} {pod} -c {container}{previous}",
    ),
    # kubectl cluster-info dump --output-directory (kubectl pkg/cmd/clusterinfo/clusterinfo_dump.go): NS/POD/logs.txt
    (expression(rf"(?:^|/){_NAMESPACE}/{_POD}/logs\.txt$"), "kubectl logs -n {namespace} {pod} --all-containers"),
    (
        expression(
            rf"(?:^|/){_NAMESPACE}/(?P<resource>events|replication-controllers|services|daemonsets|deployments|replicasets|pods)"
            r"\.(?P<output>json|yaml)$"
        ),
        "kubectl get {resource} -n {namespace} -o {output}",
    ),
)

_SPELLINGS = {"replication-controllers": "replicationcontrollers", "pvs": "pv", "storage-classes": "storageclasses"}
#: Directories that hold objects of all namespaces, whatever they are called, never one namespace's.
_NO_NAMESPACE = frozenset(
    {"objects", "cluster-resources", "resources", "json", "yaml", "core", "cluster", "k8s", "api"}
)


_STATED_NAMESPACE = expression(rb"\"?namespace\"?: *\"?(?P<namespace>[a-z0-9][-a-z0-9]{0,62})\"?")
_ASKED_NAMESPACE = expression(r"^kubectl get .* -n (?P<namespace>\S+)")


def confirmed(said: Said, head: bytes) -> Said:
    """``said`` without a command that the contents contradict: a folder `incident/` is no namespace "incident"."""
    asked = _ASKED_NAMESPACE.match(said.command or "")
    if asked is None:
        return said
    stated = {match["namespace"].decode() for match in _STATED_NAMESPACE.finditer(head)}
    if not stated or asked["namespace"] in stated:
        return said
    return Said(None, said.host)


def said_by_path(source: str) -> Said:
    """What the path of a document says; nothing for paths of no known layout."""
    path = source.replace("\\", "/")
    if "/" not in path:
        return Said()
    host = match["host"] if (match := _SOS_ROOT.search(path)) else None
    if match := _SOS_COMMAND.search(path):
        return Said(_sos_command(match["name"]), host)
    for pattern, template in _LAYOUTS:
        if match := pattern.search(path):
            named = match.groupdict()
            if named.get("namespace") in _NO_NAMESPACE:
                continue
            resource = named.get("resource") or ""
            return Said(
                template.format(
                    **{
                        **named,
                        "resource": _SPELLINGS.get(resource, resource),
                        "previous": " --previous" if "previous" in (named.get("which") or "") else "",
                    }
                ),
                host,
            )
    return Said(None, host)


#: Names under which sos keeps commands whose own form differs from their words ("ip -o addr" → ip_-o_addr is plain).
_NETNS_EXEC = expression(r"^ip_netns_exec_(?P<netns>[^_]+)_(?P<rest>.+)$")


def _sos_command(name: str) -> str:
    name = re.sub(r"\.(?:gz|xz|txt)$", "", name)
    if match := _NETNS_EXEC.match(name):
        return f"ip netns exec {match['netns']} {match['rest'].replace('_', ' ')}"
    return name.replace("_", " ").replace(".d ", ".d/").strip()
