"""A program was told a network device that does not exist."""

from __future__ import annotations

from typing import Final

from kwhy.model.expressions import expression

_NAME: Final = r"(?P<device>[^\s\"':/]{1,15})"
#: Each form with the program and version that printed it.
_FORMS: Final = tuple(
    expression(form)
    for form in (
        rf'^Device "{_NAME}" does not exist\.?\s*$',  # Device "eth1" does not exist.   iproute2 6.1 `ip link show`
        rf'^Cannot find device "{_NAME}"\s*$',  # Cannot find device "eth1"   iproute2 6.1 lib/utils.c nodev()
        rf"^ip: can't find device '{_NAME}'\s*$",  # ip: can't find device 'eth1'   busybox 1.35
        rf"^(?:ifconfig: )?{_NAME}: error fetching interface information: Device not found",  # net-tools, busybox
        rf"^tcpdump: {_NAME}: No such device exists",  # tcpdump: eth1: No such device exists   tcpdump 4.99
        rf"^ping: SO_BINDTODEVICE {_NAME}: No such device",  # iputils 20221126
        rf"^ping: unknown iface:? {_NAME}\s*$",  # ping: unknown iface eth1   iputils s20160308
    )
)


#: One of these stands in every line that a form matches.
SIGNS: Final = ("Device ", "find device", "unknown iface", "No such device", "Device not found")


def missing_device(line: str) -> str | None:
    """The device that the line says does not exist."""
    cut = line[:200]
    return next((match["device"] for form in _FORMS if (match := form.match(cut))), None)
