"""One list, page by page, into one document that holds what could be read.

A document of all pages is the list as the server would give it at once. Where a page is missing, the document keeps the
``continue`` of the page before: it says of itself that it is a part, so that nobody concludes "there is none" from it.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

import msgspec

from kwhy.ingest.api.collecting import collection_paused
from kwhy.ingest.storage import kept
from kwhy.live.answers import Api, Contents, Failure, Why
from kwhy.live.cleaning import clean
from kwhy.live.resources import Part, Resource


class ListMeta(msgspec.Struct, frozen=True):
    continue_: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """A typed list as the API server writes it."""

    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = ListMeta()
    items: list[dict[str, Any]] | None = None


class ReadSoFar(msgspec.Struct, frozen=True):
    """A list, whole where ``failure`` is None. ``data`` is None where not even a first page was read."""

    data: bytes | mmap.mmap | None
    objects: int
    failure: Failure | None = None


_PAGE: Final = msgspec.json.Decoder(Page)
_ENCODE: Final = msgspec.json.Encoder()


def read_list(
    api: Api,
    path: str,
    resource: Resource,
    see: Callable[[dict[str, Any]], None] | None = None,
    page: int | None = None,
) -> ReadSoFar:
    """All pages of the list at ``path``. Where its continuation expires, it is read once more from the start.

    ``see`` is shown every object.
    """
    first = _attempt(api, path, resource, see, page)
    if first.failure is None or first.failure.why is not Why.EXPIRED:
        return first
    second = _attempt(api, path, resource, see, page)
    return second if second.failure is None or second.objects >= first.objects else first


def _attempt(
    api: Api, path: str, resource: Resource, see: Callable[[dict[str, Any]], None] | None, page: int | None
) -> ReadSoFar:
    pages = _Pages(api, path, resource, see, page or resource.page)
    data = kept(pages.document())
    return ReadSoFar(data if pages.started else None, pages.objects, pages.failure)


class _Pages:
    """The pages of one list on their way into its document."""

    def __init__(
        self, api: Api, path: str, resource: Resource, see: Callable[[dict[str, Any]], None] | None, page: int
    ) -> None:
        self._api = api
        self._path = path
        self._resource = resource
        self._see = see
        self._limit = page
        self.started = False
        self.objects = 0
        self.failure: Failure | None = None

    def document(self) -> Iterator[bytes]:
        """The text of one list: an object per line."""
        token = ""
        for part in self._resource.parts:
            token = yield from self._part(part)
            if self.failure is not None:
                break
        if self.started:
            # What could not be read may have had no continuation: a list that is a part says so in any case.
            rest = {"continue": token or "unread"} if self.failure is not None else {}
            yield b'\n],"metadata":' + _ENCODE.encode(rest) + b"}\n"

    def _part(self, part: Part) -> Generator[bytes, None, str]:
        """All pages of one request; returns the continuation at which it broke off."""
        token = ""
        while True:
            page = self._page(part, token)
            if isinstance(page, Failure):
                self.failure = page
                return token
            if not self.started:
                yield _head(page, self._resource)
                self.started = True
            yield self._items(page)
            token = page.metadata.continue_
            if not token:
                return ""

    def _page(self, part: Part, token: str) -> Page | Failure:
        query = {**part.query, "limit": str(self._limit)} | ({"continue": token} if token else {})
        answer = self._api.get(self._path, query, accept=part.accept)
        if not isinstance(answer, Contents):
            return answer
        try:
            with collection_paused():
                page = _PAGE.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Failure(Why.OTHER, f"the answer is no list of {self._resource.name}: {error}")
        if not page.kind.endswith("List"):
            return Failure(Why.OTHER, f"the answer is no list of {self._resource.name} but a {page.kind or 'text'}")
        if token and page.metadata.continue_ == token:
            return Failure(Why.OTHER, "the server gives the same page again and again")
        return page

    def _items(self, page: Page) -> bytes:
        lines: list[bytes] = []
        for item in page.items or ():
            if item.get("kind") == "PartialObjectMetadata":
                item = {"metadata": item.get("metadata")}
            clean(item, self._resource.kind)
            if self._see is not None:
                self._see(item)
            lines.append((b",\n" if self.objects or lines else b"\n") + _ENCODE.encode(item))
        self.objects += len(lines)
        return b"".join(lines)


def _head(page: Page, resource: Resource) -> bytes:
    kind = _ENCODE.encode(page.kind or f"{resource.kind}List")
    return b'{"kind":' + kind + b',"apiVersion":' + _ENCODE.encode(page.api_version) + b',"items":['
