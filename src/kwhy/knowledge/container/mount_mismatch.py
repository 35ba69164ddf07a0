"""A directory is mounted onto a file of the image, or a file onto a directory."""

from __future__ import annotations

from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.creation_errors import Refusal, Refused, creation_refusals, judged_refusal
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.not_created import NOT_CREATED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

MOUNT_MISMATCH = Condition(
    code="container.mount-mismatch",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} mounts a directory at {target}, where there is a file, or the reverse",
    summary="What is mounted and what is at the mount path must both be files or both be directories.",
    remedies=(
        Remedy(
            id="mount-like-onto-like",
            title="Mount one key with subPath, or the whole volume at a directory",
            when="now",
            risk="low",
            steps=(
                Step(
                    "One file of a ConfigMap or Secret: mountPath names the file and subPath its key, exactly as "
                    "written there; a key that does not exist becomes an empty directory.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
                Step("A whole volume: mountPath must name a directory."),
                Step("hostPath without a type makes a directory where nothing is: use type File or FileOrCreate."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(
    MOUNT_MISMATCH,
    rows=("P6",),
    leads=(
        leads_to(NOT_CREATED, via=ITSELF),
        leads_to(CRASH_LOOPS, via=ITSELF),
        leads_to(INIT_FAILS, via=ITSELF),
    ),
)
def mount_mismatch(pod: PodView, found: list[Refused] = given(creation_refusals)) -> Verdict:
    """A directory is mounted onto a file, or the reverse.

    What it means: The runtime makes the mount before the first process runs, and the kernel refuses it.
    How it shows: 'error mounting … to rootfs at "PATH": … not a directory: Are you trying to mount a directory onto
    a file'.
    What looks like it: A mount path below a read-only mount: "read-only file system". A hostPath of another type is
    refused by the kubelet before (hostPath type check failed).
    Source: runc v1.1 libcontainer/rootfs_linux.go; Linux mount(2) (ENOTDIR); Kubernetes v1.34
    pkg/volume/util/subpath.
    """
    own = next((refused for refused in found if refused.refusal is Refusal.MOUNT), None)
    target = own.details["target"].rpartition("/merged")[2] if own is not None else ""
    return judged_refusal(pod, found, Refusal.MOUNT, target=target)
