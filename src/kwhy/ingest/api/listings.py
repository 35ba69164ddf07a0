"""What a list of objects lets one say about objects that are not in it.

A list says "every KIND of SCOPE" where nothing narrows it:

- the command is known: its kinds, its -n or -A; names, selectors and pipes make it no listing;
- it is not: the kinds of its items (or of a typed PodList), all namespaces where the kind is cluster-scoped or the
  items lie in two or more, else the one namespace in which all lie. An empty list of unknown scope lists nothing.

A page (metadata.continue) lists nothing, nor does a list of which an item could not be read. What cannot be seen:
`kubectl get pod a b -o json` without its command line looks like the list of a namespace, and counts as one.
"""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.facts.objects import Listing
from kwhy.ingest.api.collecting import Collected
from kwhy.ingest.kubectl.command import KubectlCommand, parse_command
from kwhy.ingest.kubectl.kinds import is_namespaced


def listings(collected: Collected, stated_kind: str, *, complete: bool) -> Iterator[Listing]:
    """The listings that one list supports. ``stated_kind`` is that of a typed list ("Pod" for PodList), else ""."""
    if not complete or collected.lost:
        return
    command = parse_command(collected.document.command)
    if command is not None and not _lists(command):
        return
    kinds = set(collected.kinds)
    if stated_kind:
        kinds.add(stated_kind)
    if command is not None and command.kinds:
        kinds |= set(command.kinds)
    for kind in sorted(kinds):
        for namespace in _scopes(kind, command, collected):
            yield Listing(kind, namespace, collected.document.at(path=collected.path), collected.document.captured)


def _lists(command: KubectlCommand) -> bool:
    return command.verb == "get" and not command.names and not command.filtered and not command.watch


def _scopes(kind: str, command: KubectlCommand | None, collected: Collected) -> tuple[str | None, ...]:
    seen = collected.namespaces_of(kind)
    if is_namespaced(kind) is False or (seen == {""} and is_namespaced(kind) is None):
        return (None,)
    if command is not None and command.all_namespaces:
        return (None,)
    if command is not None and command.namespace is not None:
        return (command.namespace,)
    named = seen - {""}
    if len(named) >= 2:
        return (None,)
    return tuple(named)
