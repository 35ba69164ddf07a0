"""The server of a volume does not answer."""

from __future__ import annotations

from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

SERVER_UNREACHABLE = Condition(
    code="storage.server-unreachable",
    kind="Pod",
    nature=Nature.ROOT,
    title="The file server {server} of {subject} cannot be reached from the node: {why}",
    summary="The node gets no connection to the server that the volume names.",
    remedies=(
        Remedy(
            id="reach-the-server",
            title="Make the file server reachable from the nodes, or name the right one",
            when="now",
            risk="low",
            steps=(
                Step("Try it from the node.", "nc -vz -w 3 {server} 2049"),
                Step("Look whether the server runs, and at firewalls between it and the nodes (2049; NFS 3 also 111)."),
                Step("The node resolves the name, not the pod: names of Services need the node's own resolver."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A -o wide"),),
            undo=(Step("Take the change to firewall or server back."),),
        ),
    ),
)

# Mounting arguments: -t nfs 10.0.234.152:/nfs-default-claim /var/lib/…; mount -t nfs -o vers=4.1 10.98.14.12:/x /var/…
_SOURCE = expression(r"\s(?P<server>\[[0-9a-fA-F:]{2,45}\]|[\w.-]{1,255}):/\S{0,400}")


@rule(SERVER_UNREACHABLE, rows=("V2",), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def server_unreachable(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The file server cannot be reached.

    What it means: The mount is tried from the node, by its routes and its resolver.
    How it shows: "mount.nfs: Connection timed out", "Connection refused", "No route to host", "Failed to resolve
    server".
    What looks like it: A server that answers and denies, or lacks the path. A mounted volume whose server went away
    later: then processes hang. NFS 3 that is not served may look like a time-out.
    Source: nfs-utils utils/mount/error.c, network.c (nfs_lookup); k8s.io/mount-utils v0.34 mount_linux.go.
    """
    found = next((e for e in errors if e.problem is Problem.SERVER_UNREACHABLE), None)
    match = _SOURCE.search(found.said.text) if found is not None else None
    server = match["server"] if match else found.detail("cifs") if found is not None else ""
    why = (found.detail("why") or "its name does not resolve") if found is not None else ""
    return judged(pod, errors, Problem.SERVER_UNREACHABLE, server=server or "(not named)", why=why)
