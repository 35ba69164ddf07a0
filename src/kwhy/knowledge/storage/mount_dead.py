"""The server or daemon behind a mounted file system does not answer."""

from __future__ import annotations

from kwhy.facts.files import PathProblem
from kwhy.facts.kernel import Resource
from kwhy.facts.log_patterns.kernel import NFS_NOT_RESPONDING, NFS_OK
from kwhy.facts.logs import LogHit
from kwhy.knowledge.kernel.hung import WAITS_FOR_SERVER, Hung, hung_tasks
from kwhy.knowledge.kernel.tasks_hang import TASKS_HANG
from kwhy.knowledge.runtime.container_stuck import CONTAINER_STUCK
from kwhy.knowledge.runtime.containers import ContainerState, Held, containers_of, state_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene

MOUNT_DEAD = Condition(
    code="storage.mount-dead",
    kind="Node",
    nature=Nature.ROOT,
    title="A file system mounted on {subject} is dead: processes wait for {what}",
    summary="Processes that touch the mount sleep uninterruptibly until whoever serves it answers.",
    remedies=(
        Remedy(
            id="revive-or-detach-the-mount",
            title="Bring back what serves the mount, or detach it",
            when="now",
            risk="medium",
            steps=(
                Step("Find the mount: this list does not touch it.", "findmnt -t nfs,nfs4,cifs,ceph,fuse,fuse.sshfs"),
                Step("See whether its server answers.", "rpcinfo -t SERVER nfs"),
                Step("Bring the server back: the processes go on by themselves."),
                Step(
                    "Where it does not come back, detach the mount; processes in it get errors.",
                    "umount -f -l MOUNTPOINT",
                ),
                Step("Where processes stay in state D, drain and reboot the node."),
            ),
            verify=(Step("No process is in state D any more.", "ps -eo pid,stat,wchan:32,args | awk '$2 ~ /^D/'"),),
            undo=(Step("Mount it again.", "mount MOUNTPOINT"),),
        ),
    ),
)

MOUNTS = Probe(
    "findmnt -t nfs,nfs4,cifs,ceph,fuse; ps -eo pid,ppid,stat,wchan:32,args | awk '$3 ~ /^D/'",
    unlocks="which remote mounts there are, and which processes wait uninterruptibly",
    where="node {node}",
)

#: Waits that end only when the server, or the daemon in user space, behind a mount answers.
SERVED = frozenset({Resource.NFS, Resource.REMOTE_FILES, Resource.FUSE})


def _node_of(scene: Scene, container: Subject) -> list[Subject]:
    """The container's node, where one of its processes waits for a mount, or nothing is known of what it waits for."""
    state: ContainerState | None = scene.derive(state_of, container)
    waits = [held.wait for held in state.held] if state is not None else []
    known = [wait for wait in waits if wait is not None]
    if known and not any(wait.resource in SERVED for wait in known):
        return []
    return [Subject("Node", container.node)] if container.node else []


TOUCHES_MOUNT = Relation("touches a mount of", _node_of)


def waiting_for_mounts(scene: Scene, node: Subject) -> tuple[Held, ...]:
    """Processes of containers in state D with the kernel function that they wait in"""
    return tuple(
        held
        for state in scene.derive(containers_of, node).values()
        for held in state.held
        if held.wait is not None and held.wait.resource in SERVED
    )


def dead_paths(scene: Scene, node: Subject) -> tuple[Evidence, ...]:
    """Paths that cannot be read because what serves them is gone, and the kernel's word that a server is silent"""
    found = [
        Evidence(problem.at, f"{problem.path}: {problem.error}")
        for problem in scene.facts_on(node, PathProblem)
        if problem.dead_mount
    ]
    found += [
        Evidence(hit.locate(hit.last), f"NFS server {hit.key['server']} does not respond")
        for hit in scene.facts_on(node, LogHit)
        if hit.pattern == NFS_NOT_RESPONDING and not _answered_since(scene, node, hit)
    ]
    return tuple(found)


def _answered_since(scene: Scene, node: Subject, silent: LogHit) -> bool:
    """Whether the same log goes on to say that the server is back."""
    return any(
        hit.pattern == NFS_OK
        and hit.document is silent.document
        and hit.key == silent.key
        and hit.last.line > silent.last.line
        for hit in scene.facts_on(node, LogHit)
    )


@rule(
    MOUNT_DEAD,
    rows=("N9", "N28"),
    leads=(leads_to(CONTAINER_STUCK, via=TOUCHES_MOUNT), leads_to(TASKS_HANG, via=WAITS_FOR_SERVER)),
)
def mount_dead(
    node: Subject,
    held: tuple[Held, ...] = given(waiting_for_mounts),
    paths: tuple[Evidence, ...] = given(dead_paths),
    hung: list[Hung] = given(hung_tasks),
) -> Verdict:
    """A mounted file system is dead.

    What it means: Hard NFS mounts retry for ever; a process in such a wait cannot be killed, so its container cannot be
    stopped, and whoever looks at its files joins it.
    How it shows: State D with rpc_wait_bit_killable, nfs_…, request_wait_answer or cifs functions on the stack; "Stale
    file handle" or "Transport endpoint is not connected" on a path; "nfs: server … not responding" in the kernel log.
    What looks like it: A local disk that is slow or broken: io_schedule, jbd2 or xfs functions.
    A server that was away for a while: "nfs: server … OK" follows.
    Source: Linux v6.6 net/sunrpc/sched.c (rpc_wait_bit_killable), fs/fuse/dev.c (request_wait_answer),
    fs/smb/client/transport.c.
    """
    waiting = [one for one in hung if one.resource in SERVED]
    if not held and not paths and not waiting:
        return unsure(f"the remote mounts of {node.name}, and who waits for them", MOUNTS.of(node=node.name))
    waits = [one.wait for one in held] + [one.wait for one in waiting]
    wait = next((one for one in waits if one is not None), None)
    what = wait.resource.value if wait is not None else "what serves it"
    basis = Basis.STATED if held or waiting else Basis.INFERRED
    return Present(
        (*(e for one in held for e in one.evidence), *(e for one in waiting[:3] for e in one.evidence), *paths),
        {"what": what},
        basis=basis,
    )
