"""What capture files begin with, as bytes and as the text that a decoder makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: draft-ietf-opsawg-pcap: magic number, microseconds or nanoseconds, either byte order.
PCAP_MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
#: draft-ietf-opsawg-pcapng 4.1: Section Header Block type, palindromic so that it reads the same in both orders.
PCAPNG_MAGIC: Final = b"\x0a\x0d\x0d\x0a"
#: Kuznetzov's modified pcap, AIX and others (libpcap sf-pcap.c): the same idea, other record headers.
UNREADABLE_PCAP_MAGICS: Final = (b"\x34\xcd\xb2\xa1", b"\xa1\xb2\xcd\x34")


def is_capture(data: bytes) -> bool:
    """Whether ``data`` (its first bytes suffice) begins like a capture file, which must not be treated as text."""
    start = bytes(data[:4])
    return start in PCAP_MAGICS or start == PCAPNG_MAGIC or start in UNREADABLE_PCAP_MAGICS


def begins_like(text: str, magics: Iterable[bytes]) -> bool:
    """Whether ``text`` is what some decoder made of a file that begins with one of ``magics``."""
    for magic in magics:
        for encoding, errors in (("utf-8", "replace"), ("utf-8", "surrogateescape"), ("latin-1", "strict")):
            if text.startswith(magic.decode(encoding, errors)):
                return True
    return False
