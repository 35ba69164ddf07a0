"""A live cluster as a SOURCE: connected when it is opened, read in two rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from kwhy.ingest.archives import Opened
from kwhy.ingest.raw import RawFile, Unreadable
from kwhy.live.cluster import Reading
from kwhy.live.connecting import CannotConnect, Connection, connect
from kwhy.live.logs import Log
from kwhy.live.options import LiveOptions, context_of

#: Makes the connection to a context within so many seconds.
Connect = Callable[[str | None, float], Connection]


class Live:
    """One cluster. ``files`` are those read so far, named by their paths inside the cluster."""

    def __init__(
        self,
        source: str,
        options: LiveOptions,
        progress: Callable[[str], None] | None = None,
        connecting: Connect = connect,
    ) -> None:
        self.files: list[RawFile] = []
        self._source = source
        self._options = options
        self._progress = progress
        self._connect = connecting
        self._reading: Reading | None = None

    def first(self) -> Iterator[Opened]:
        """Objects, and logs of what is suspicious. One Unreadable where the cluster cannot be read at all."""
        if self._progress is not None:
            self._progress(f"{self._source}: connecting")
        try:
            connection = self._connect(context_of(self._source), self._options.seconds)
        except CannotConnect as why:
            yield Unreadable(self._source, str(why))
            return
        self._reading = Reading(connection, self._options.namespaces, self._progress)
        yield from self._kept(self._reading.objects())
        yield from self._kept(self._reading.logs())

    def further(self, asked: Iterable[Log], *, prefixed: bool) -> Iterator[Opened]:
        """The logs asked for that were not read yet, and the account of the whole reading.

        ``prefixed``: names begin with the source's own, as where several sources are read together.
        """
        if self._reading is None:
            return
        for files in (self._reading.these_logs(asked), iter((self._reading.account(),))):
            for file in self._kept(files):
                yield msgspec.structs.replace(file, source=f"{self._source}/{file.source}") if prefixed else file

    def _kept(self, files: Iterable[RawFile]) -> Iterator[RawFile]:
        for file in files:
            self.files.append(file)
            yield file
