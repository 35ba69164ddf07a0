"""Amounts as commands of a machine print them."""

from __future__ import annotations

from typing import Final

from kwhy.model.expressions import expression

#: 252G, 1.4Gi, 792K, 365M, 0B, 4.0K, 11.2g (df -h, free -h, du -h, top), 10619440Ki (Kubernetes)
_AMOUNT: Final = expression(r"(?P<number>\d{1,20}(?:[.,]\d{1,6})?)(?P<unit>[KMGTPEkmgtpe]?)(?:i?B|i)?")
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}


def bytes_of(text: str, unit: int = 1) -> int | None:
    """The bytes of an amount with a binary suffix; ``unit`` is the size of one where it has none. None: no amount."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    number, power = float(match["number"].replace(",", ".")), _POWERS[match["unit"].lower()]
    plain = not match["unit"] and not text.endswith("B")
    return round(number * (unit if plain else 1024**power))
