"""Why the runtime, or the kubelet before it, refuses to make a container.

Sources: containerd v1.6 pkg/cri/server/container_create_linux.go (seccomp), moby v20.10 daemon/oci_linux.go and
oci/devices_linux.go, runc v1.1 libcontainer (rootfs_linux.go, apparmor), Kubernetes v1.22
pkg/security/apparmor/validate.go (until v1.30 the kubelet itself refused the pod).
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

import msgspec

from kwhy.knowledge.container.runs import Statement, ask, event_messages, quoted, runs_of, state_messages
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView


class Refusal(Enum):
    """What the container cannot be made with."""

    PROFILE = "a security profile that the node does not have"
    MOUNT = "a directory mounted onto a file, or the reverse"
    DEVICE = "a device that the node does not have"


_REFUSALS: tuple[tuple[Refusal, re.Pattern[str]], ...] = (
    # cannot load seccomp profile "/var/lib/kubelet/seccomp/profiles/unshare.json": open …: no such file or directory
    # Cannot enforce AppArmor: profile "kubearmor-multiubuntu-ubuntu-1-container" is not loaded
    # apparmor failed to apply profile: write /proc/self/attr/exec: no such file or directory (runc)
    (
        Refusal.PROFILE,
        expression(
            r"cannot load (?P<seccomp>seccomp) profile \\{0,7}\"(?P<path>[^\"\\]{1,400})"
            r"|Cannot enforce (?P<apparmor>AppArmor): (?:profile \\{0,7}\"(?P<profile>[^\"\\]{1,253})\\{0,7}\" is not loaded|(?P<off>AppArmor is not enabled on the host))"
            r"|(?P<applied>apparmor) failed to apply profile"
        ),
    ),
    # error mounting "/var/lib/kubelet/pods/…" to rootfs at "/etc/config.toml": …: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?
    # rootfs_linux.go:54: mounting \\\"/var/lib/kubelet/…\\\" to rootfs \\\"…/merged\\\" at \\\"…/merged/etc/config.toml\\\" caused \\\"not a directory\\\" (runc before 1.0)
    (
        Refusal.MOUNT,
        expression(
            r"mounting \\{0,15}\"[^\"]{1,600}\" to rootfs (?:\\{0,15}\"[^\"]{1,600}\" )?at \\{0,15}\"(?P<target>[^\"\\]{1,400})\\{0,15}\""
            r"[^\n]{0,600}?(?:not a directory|is a directory|mount a directory onto a file)"
        ),
    ),
    # error gathering device information while adding custom device "/dev/kvm": no such file or directory (moby)
    # failed to generate spec: lstat /dev/fuse: no such file or directory (containerd, HostDevices)
    (
        Refusal.DEVICE,
        expression(
            r"adding custom device \\{0,7}\"(?P<device>[^\"\\]{1,300})\\{0,7}\": no such file"
            r"|failed to generate (?:container \\{0,7}\"[^\"]{1,80}\" )?spec: (?:[^\n]{0,80}: )?(?:lstat|stat|get device path:) (?P<node>/dev/[^\s:]{1,200})"
        ),
    ),
)  # fmt: skip


class Refused(msgspec.Struct, frozen=True):
    """One refusal, with the named parts of its message."""

    refusal: Refusal
    details: Mapping[str, str]
    said: Statement


def creation_refusals(scene: Scene, pod: Subject) -> list[Refused]:
    """Why containers that are not up could not be made: by their states first, then by events, newest first"""
    runs = runs_of(scene, pod)
    down = [run for run in runs if not (run.status.ready is True or run.running)]
    if runs and not down:
        return []
    said = [*_of_pod(scene, pod), *state_messages(down), *event_messages(scene, pod, "Failed", "AppArmor")]
    return [refused for statement in said if (refused := read_refusal(statement)) is not None]


def read_refusal(said: Statement) -> Refused | None:
    """The refusal in a message; None where it speaks of something else."""
    for refusal, pattern in _REFUSALS:
        match = pattern.search(said.text)
        if match:
            return Refused(refusal, {k: v for k, v in match.groupdict().items() if v}, said)
    return None


def _of_pod(scene: Scene, pod: Subject) -> list[Statement]:
    """What the kubelet gave as the pod's own message when it refused it."""
    message = PodView(scene, pod).message
    if not message.observed or not message.value:
        return []
    return [Statement(message.value, quoted(message.place, message.value))]


def judged_refusal(pod: PodView, found: list[Refused], refusal: Refusal, **values: object) -> Verdict:
    """Whether a container cannot be made for this reason."""
    own = next((refused for refused in found if refused.refusal is refusal), None)
    if own is not None:
        return Present((own.said.evidence,), {**own.details, **values}, since=own.said.since)
    if found:
        return Absent((found[0].said.evidence,))
    return unsure(f"why containers of {pod.subject} are not made", ask(pod))
