"""What documents state about the host they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwhy.model.document import Document

if TYPE_CHECKING:
    from kwhy.scene.scene import Scene


def stated_hosts(scene: Scene) -> dict[int, str]:
    """``id(document)`` → host name, for documents whose facts state one."""
    return {}


def host_role(scene: Scene, document: Document) -> str | None:
    """What a document is on its host, where a host has one of the kind at a time."""
    return None
