"""A file server denies a node its export."""

from __future__ import annotations

from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

SERVER_DENIES = Condition(
    code="storage.server-denies",
    kind="Pod",
    nature=Nature.ROOT,
    title="The file server denies the nodes of {subject} the mount of {source}",
    summary="The file server answers and does not let this node mount the path.",
    remedies=(
        Remedy(
            id="allow-the-nodes",
            title="Let the server export the path to the nodes, or name the path that it exports",
            when="now",
            risk="low",
            steps=(
                Step("See what the server exports, and to whom.", "showmount -e SERVER"),
                Step("Add the nodes' addresses to the export (/etc/exports), then reread it.", "exportfs -ra"),
                Step("Or correct the path or the version in the volume (mountOptions: nfsvers=3)."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A -o wide"),),
            undo=(Step("Take the addresses out of the export again.", "exportfs -ra"),),
        ),
    ),
)


@rule(SERVER_DENIES, rows=("V2", "P7"), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def server_denies(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The file server denies the mount.

    What it means: The export list of the server does not hold this node, or not this path.
    How it shows: "mount.nfs: access denied by server while mounting SERVER:/PATH".
    What looks like it: A path that does not exist on an NFS 3 server gives the same answer. A mounted volume whose
    files may not be written (root squash) is mounted: then the program says "permission denied".
    Source: nfs-utils utils/mount/error.c (mount_error, EACCES); k8s.io/mount-utils v0.34 mount_linux.go.
    """
    found = next((e for e in errors if e.problem is Problem.SERVER_DENIES), None)
    source = found.detail("source") if found is not None else ""
    return judged(pod, errors, Problem.SERVER_DENIES, source=source or "its path")
