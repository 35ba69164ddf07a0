"""What fio measured of a disk."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment, Seconds


class Latency(msgspec.Struct, frozen=True, gc=False):
    """How long the operations of one kind took. ``percentiles``: percent → seconds, as far as printed.

    ``count`` is None where fio does not print it. ``at`` is the place of the percentiles, or of the summary.
    """

    mean: Seconds
    minimum: Seconds
    maximum: Seconds
    percentiles: Mapping[float, Seconds]
    count: int | None
    at: Locator

    def percentile(self, percent: float) -> Seconds | None:
        return self.percentiles.get(percent)


class FioJob(msgspec.Struct, frozen=True, gc=False):
    """One job, or one group of jobs that reported together.

    ``version`` is fio's ("3.33"); ``reads_or_writes`` the value of rw. ``sync`` is what fsync, fdatasync and
    sync_file_range took: None where the job called none, or fio is older than 3.5 and does not measure it. ``writes``
    is the completion latency of writes. ``synchronous``: the file was opened with O_SYNC or O_DSYNC; None where the
    document does not show the options. ``calls_sync`` likewise whether fsync or fdatasync was asked for. ``directory``
    is where the files lay, "" where not shown. ``disks`` are the devices below, where fio found some; ``shows_disks``:
    it would have said so. ``error`` is what fio says of a job that failed.
    """

    name: str
    version: str
    reads_or_writes: str
    block_size: int | None
    sync: Latency | None
    writes: Latency | None
    synchronous: bool | None
    calls_sync: bool | None
    directory: str
    disks: tuple[str, ...]
    shows_disks: bool
    error: str
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
