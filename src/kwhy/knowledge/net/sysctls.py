"""Kernel parameters of a node's own network: values in force, and which file asks for them last."""

from __future__ import annotations

from pathlib import PurePosixPath

from kwhy.facts.network import MissingSysctl, Sysctl
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene


def in_force(scene: Scene, node: Subject) -> dict[str, Sysctl]:
    """The node's kernel parameters (sysctl -a)"""
    return {
        fact.key: fact for fact in reversed(scene.facts_on(node, Sysctl)) if fact.file is None and fact.netns is None
    }


def unknown_keys(scene: Scene, node: Subject) -> dict[str, MissingSysctl]:
    """Kernel parameters that the node does not have"""
    return {fact.key: fact for fact in scene.facts_on(node, MissingSysctl) if fact.netns is None}


def asked_last(scene: Scene, node: Subject, *keys: str) -> Sysctl | None:
    """The configuration line that is applied last of those for one of ``keys``.

    Files are applied in the order of their names, whatever their directory, and /etc/sysctl.conf after them
    (sysctl.d(5); procps-ng 4.0 src/sysctl.c PreloadSystem). `sysctl --system` prints them in that order.
    """
    lines = [fact for fact in scene.facts_on(node, Sysctl) if fact.file is not None and fact.key in keys]
    return max(lines, key=lambda fact: _place(fact.file or ""), default=None)  # of equals, the first of the file


def _place(file: str) -> tuple[bool, str]:
    name = PurePosixPath(file).name
    return name == "sysctl.conf", name
