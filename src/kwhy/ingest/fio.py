"""What fio's options say, on a command line or in its JSON."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kwhy.model.expressions import expression

# --directory=/var/lib/etcd, --fdatasync=1, --name mytest
_OPTION = expression(r"--(?P<name>[a-z_]{1,40})(?:[= ](?P<value>[^\s-][^\s]{0,400}))?")
_FIO = expression(r"(?:^|[\s/|;&])fio\s")
# 2300, 2300B, 4096B, 16.0KiB, 4K, 1M
_SIZE = expression(r"(?P<number>\d{1,12}(?:\.\d{1,3})?)(?P<unit>[kKmMgG]?)i?[bB]?")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
#: fio options (HOWTO, "I/O type"): 0 is the default of fsync, fdatasync and sync.
_OFF = ("", "0", "none", "false")


class Options(msgspec.Struct, frozen=True):
    """``synchronous``, ``calls_sync`` None: the options are not shown."""

    directory: str = ""
    synchronous: bool | None = None
    calls_sync: bool | None = None


def options_in(command: str | None) -> Options:
    """The options on a command line; job files are not shown by it."""
    if command is None or not _FIO.search(command) or "--" not in command:
        return Options()
    return options_of({match["name"]: match["value"] or "1" for match in _OPTION.finditer(command)})


def options_of(given: Mapping[str, str]) -> Options:
    """What options mean for a test of how long writes take to be safe."""
    directory = given.get("directory") or given.get("filename", "").rpartition("/")[0]
    return Options(
        directory=directory,
        synchronous=given.get("sync", "0") not in _OFF,
        calls_sync=any(given.get(name, "0") not in _OFF for name in ("fsync", "fdatasync", "sync_file_range")),
    )


def size_of(written: str) -> int | None:
    """Bytes of "2300B", "16.0KiB", "4K"."""
    match = _SIZE.fullmatch(written)
    return int(float(match["number"]) * _UNITS[match["unit"].lower()]) if match else None
