"""A file server has no such path."""

from __future__ import annotations

from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

SERVER_LACKS_PATH = Condition(
    code="storage.server-lacks-path",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} names the file server's path {source}, which the server does not have",
    summary="The file server answers and exports no such path, so the volume cannot be mounted.",
    remedies=(
        Remedy(
            id="make-the-path",
            title="Make the path on the server, or name one that exists",
            when="now",
            risk="low",
            steps=(
                Step("See what the server exports.", "showmount -e SERVER"),
                Step("Make the directory on the server and export it; pods that wait go on by themselves."),
                Step("Or correct the path; that of a PersistentVolume cannot be changed: make it anew with Retain."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A -o wide"),),
            undo=(Step("Take the new directory or export away again while nothing is in it."),),
        ),
    ),
)


@rule(SERVER_LACKS_PATH, rows=("V2",), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def server_lacks_path(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The file server has no such path.

    What it means: Server and way to it are well; the path in the volume, or the directory on the server, is not.
    How it shows: "mount.nfs: mounting SERVER:/PATH failed, reason given by server: No such file or directory".
    What looks like it: A path that exists and is not exported to this node: access denied. With NFS 4 paths begin at
    the server's root (fsid=0), so the path that NFS 3 knows may not exist. A provisioner that removed the directory.
    Source: nfs-utils utils/mount/error.c (mount_error, ENOENT); k8s.io/mount-utils v0.34 mount_linux.go.
    """
    return judged(pod, errors, Problem.SERVER_LACKS_PATH)
