"""A path on the node is not there, or is something else than the volume says."""

from __future__ import annotations

from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors, node_of
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

PATH_WRONG = Condition(
    code="storage.node-path-wrong",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} mounts path {path} of {where}, which is not there or is no {type}",
    summary="A hostPath or local volume names a path that the node does not have, or not as what the volume says.",
    remedies=(
        Remedy(
            id="make-the-path-fit",
            title="Make the path on the node, or correct the volume",
            when="now",
            risk="low",
            steps=(
                Step("Look at the path on the node.", "stat {path}"),
                Step("Make it on every node that the pod may run on; or let the volume say DirectoryOrCreate."),
                Step("A kubelet that runs in a container sees only the paths that are mounted into it."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A -o wide"),),
            undo=(Step("Remove the path while nothing is in it."),),
        ),
    ),
)


@rule(PATH_WRONG, rows=("V2",), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def node_path_wrong(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The path on the node is not what the volume says.

    What it means: The volume is a piece of the node's own file system; this node has no such piece.
    How it shows: "hostPath type check failed: PATH is not a directory" (file, socket file, character or block device);
    'path "PATH" does not exist' for a local volume.
    What looks like it: A hostPath without a type, or DirectoryOrCreate, is made by the kubelet and never fails so.
    Source: Kubernetes v1.34 pkg/volume/hostpath/host_path.go (checkTypeInternal); v1.15 pkg/volume/local/local.go and
    pkg/util/mount ('path "%s" does not exist').
    """
    found = next((e for e in errors if e.problem is Problem.PATH_WRONG), None)
    path = found.detail("path", "local") if found is not None else ""
    kind = (found.detail("type") if found is not None else "") or "directory"
    node = node_of(pod.scene, pod.subject)
    where = f"node {node.name}" if node is not None else "its node"
    return judged(pod, errors, Problem.PATH_WRONG, path=path, type=kind, where=where)
