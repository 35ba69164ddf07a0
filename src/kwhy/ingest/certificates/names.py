"""Names and times as OpenSSL prints them. Names get the form of RFC 4514 ("CN=web,O=Lab"), last part first."""

from __future__ import annotations

from datetime import UTC, datetime

from kwhy.model.expressions import expression

#: "O = Lab, CN = payments" (OpenSSL 1.1 to 3.1), "O=Lab, CN=payments" (3.2)
_COMMA = expression(r",\s*(?=[A-Za-z][\w.]{0,60}\s?=)")
#: "/O=Lab/CN=payments" (OpenSSL 1.0)
_SLASH = expression(r"/(?=[A-Za-z][\w.]{0,60}=)")


def printed_name(printed: str) -> tuple[str, str | None]:
    """The name in RFC 4514's order, and its common name."""
    text = printed.strip()
    parts = _SLASH.split(text) if text.startswith("/") else _COMMA.split(text)
    pairs = [part.partition("=") for part in parts if "=" in part]
    cleaned = [(key.strip(), value.strip()) for key, _, value in pairs]
    common = next((value for key, value in reversed(cleaned) if key == "CN"), None)
    return ",".join(f"{key}={value}" for key, value in reversed(cleaned)), common


def printed_time(printed: str) -> float | None:
    """Epoch seconds of "Sep 18 05:45:20 2027" (GMT); None for what is no time."""
    try:
        return datetime.strptime(" ".join(printed.split()), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
