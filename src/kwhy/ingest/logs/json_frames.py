"""Log lines that are JSON objects: journalctl -o json, docker's json-file, klog's and zap's JSON, logrus' JSON."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kwhy.ingest.logs import stamps
from kwhy.ingest.logs.peeled import Peeled
from kwhy.ingest.logs.stamps import Stamp

_TIME_KEYS = ("ts", "time", "timestamp", "@timestamp", "t", "eventTime")
_MESSAGE_KEYS = ("msg", "message", "MESSAGE", "log")
#: Shown once in the header of the rendered line, not among its key-value pairs.
_HEADER_KEYS = frozenset({*_TIME_KEYS, "level", "severity", "caller", "msg", "message", "v", "stacktrace"})
_PRIORITIES = {
    "0": "fatal",
    "1": "fatal",
    "2": "fatal",
    "3": "error",
    "4": "warning",
    "5": "info",
    "6": "info",
    "7": "debug",
}

_decode = msgspec.json.Decoder(dict[str, object]).decode


def peel_json(text: str) -> Peeled | None:
    """An object on one line that carries a message; anything else is not a log line."""
    try:
        record = _decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None
    if "MESSAGE" in record or "__REALTIME_TIMESTAMP" in record:
        return peel_journal(record)
    if "log" in record and "time" in record:
        return Peeled("docker-json", _text(record["log"]).rstrip("\n"), _stamp(record["time"]))
    return _structured(record)


def peel_journal(record: Mapping[str, object]) -> Peeled:
    """A journal entry: systemd 252, journalctl -o json, -o export and -o verbose have the same fields."""
    micros = _text(record.get("_SOURCE_REALTIME_TIMESTAMP") or record.get("__REALTIME_TIMESTAMP") or "")
    pid = _text(record.get("_PID") or record.get("SYSLOG_PID") or "")
    unit = _text(record.get("_SYSTEMD_UNIT") or record.get("UNIT") or "").removesuffix(".service")
    return Peeled(
        "journal",
        _text(record.get("MESSAGE", "")),
        stamps.epoch(float(micros)) if micros.isdigit() and len(micros) < 20 else None,
        _text(record.get("_HOSTNAME") or "") or None,
        _text(record.get("SYSLOG_IDENTIFIER") or record.get("_COMM") or unit) or None,
        int(pid) if pid.isascii() and pid.isdigit() and len(pid) <= 10 else None,
        _PRIORITIES.get(_text(record.get("PRIORITY") or "")),
    )


def _structured(record: Mapping[str, object]) -> Peeled | None:
    message = next((record[key] for key in _MESSAGE_KEYS if key in record), None)
    stamp = next((_stamp(record[key]) for key in _TIME_KEYS if key in record), None)
    if not isinstance(message, str) or (stamp is None and "level" not in record and "severity" not in record):
        return None
    level = _text(record.get("level") or record.get("severity") or "") or None
    if level is None and "ts" in record and "caller" in record:
        level = "error" if "err" in record else "info"
    kind = "klog-json" if "v" in record or isinstance(record.get("ts"), float | int) else "json"
    caller = _text(record.get("caller") or "") or None
    return Peeled(kind, _rendered(message, record), stamp, level=level, caller=caller)


def _rendered(message: str, record: Mapping[str, object]) -> str:
    """As klog's text form has it, so that one pattern serves both: ``"message" key="value"``."""
    if len(record) > 64:
        return message
    pairs = [f'{key}="{_text(value)}"' for key, value in record.items() if key not in _HEADER_KEYS]
    return f'"{message}" {" ".join(pairs)}' if pairs else message


def _stamp(value: object) -> Stamp | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return stamps.epoch(float(value)) if value < 1e20 else None
    return stamps.from_iso(value) if isinstance(value, str) else None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return _from_bytes(value)
    return "" if value is None else str(value)


def _from_bytes(numbers: list[object]) -> str:
    """The journal writes a message with unprintable bytes as a list of numbers."""
    if all(isinstance(number, int) and 0 <= number < 256 for number in numbers):
        return bytes(number for number in numbers if isinstance(number, int)).decode("utf-8", "replace")
    return ", ".join(str(item) for item in numbers)
