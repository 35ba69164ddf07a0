"""Whose logs are worth reading: containers that do not run as they should, and what ran before a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from kwhy.facts.objects import ContainerStatus, Pod

#: Lines and bytes of each log, from its end (as `kubectl logs --tail --limit-bytes`).
TAIL_LINES: Final = 500
MOST_BYTES: Final = 1 << 20
#: Pods of one owner that fail alike, of which logs are read.
SIBLINGS: Final = 3
#: Logs of one reading.
MOST_LOGS: Final = 200

#: States of a container that has not run, and so has no log (kubelet v1.34 pkg/kubelet/images/types.go and
#: kuberuntime: before the first start).
_NEVER_RAN: Final = frozenset(
    {
        "ContainerCreating", "PodInitializing", "ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull",
        "InvalidImageName", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed",
        "CreateContainerConfigError", "CreateContainerError",
    }
)  # fmt: skip


class Log(msgspec.Struct, frozen=True):
    """One container's log; ``previous``: of the run before the current one. ``node``: whose kubelet has it."""

    namespace: str
    pod: str
    container: str
    previous: bool = False
    node: str = ""

    @property
    def path(self) -> str:
        """The request path, without the leading slash."""
        return f"api/v1/namespaces/{self.namespace}/pods/{self.pod}/log"

    @property
    def query(self) -> dict[str, str]:
        """With timestamps: many programs write none."""
        query = {"container": self.container, "timestamps": "true"}
        query |= {"tailLines": str(TAIL_LINES), "limitBytes": str(MOST_BYTES)}
        return query | ({"previous": "true"} if self.previous else {})

    @property
    def document(self) -> str:
        """The name of its file, in a form that reading understands (ingest/layouts.py)."""
        return f"logs/{self.namespace}_{self.pod}_{self.container}{'_previous' if self.previous else ''}.log"


class Wanted(msgspec.Struct, frozen=True):
    """``left_out`` counts the logs that would be read if there were fewer."""

    logs: tuple[Log, ...]
    left_out: int


def wanted(pods: Iterable[Pod], of_interest: Callable[[Pod], bool] = lambda pod: False) -> Wanted:
    """The logs of suspicious containers, a few of each owner.

    ``of_interest``: pods that something else than their own status asks about; all their containers are suspicious.
    """
    found: dict[Log, None] = {}
    siblings: dict[tuple[object, ...], int] = {}
    for pod in pods:
        meta = pod.metadata
        for status, previous in _suspicious(pod, of_interest=of_interest(pod)):
            alike = (*_owner(pod), status.name, previous)
            siblings[alike] = siblings.get(alike, 0) + 1
            if siblings[alike] <= SIBLINGS:
                found[Log(meta.namespace, meta.name, status.name, previous, node_of(pod))] = None
    logs = tuple(found)
    return Wanted(logs[:MOST_LOGS], max(len(logs) - MOST_LOGS, 0))


def node_of(pod: Pod) -> str:
    """The node that the pod is bound to; "" where it has none."""
    return pod.spec.node_name or ""


def is_quiet(pod: Pod) -> bool:
    """Whether nothing in the pod's own status asks for a log."""
    return next(_suspicious(pod, of_interest=False), None) is None


def _suspicious(pod: Pod, *, of_interest: bool) -> Iterator[tuple[ContainerStatus, bool]]:
    """Container statuses with whether the run before, or the current one, is of interest."""
    phase = pod.status.phase
    for statuses in (pod.status.init_container_statuses, pod.status.container_statuses):
        for status in statuses if isinstance(statuses, list) else ():
            if isinstance(status.restart_count, int) and status.restart_count > 0:
                yield status, True
                yield status, False
            elif _has_run(status) and (_complains(status) or (of_interest and phase != "Succeeded")):
                yield status, False


def _has_run(status: ContainerStatus) -> bool:
    state = status.state if status.state else None
    return state is not None and not (state.waiting is not None and state.waiting.reason in _NEVER_RAN)


def _complains(status: ContainerStatus) -> bool:
    state = status.state if status.state else None
    if state is None:
        return False
    if state.terminated is not None:
        return state.terminated.exit_code != 0 or state.terminated.signal != 0
    return status.ready is not True


def _owner(pod: Pod) -> tuple[str, str, str]:
    owners = pod.metadata.owner_references
    for owner in owners if isinstance(owners, list) else ():
        if owner.controller:
            return pod.metadata.namespace, owner.kind, owner.name
    return pod.metadata.namespace, "Pod", pod.metadata.name
