"""Kubernetes resource quantities: exact numbers from their written form.

Grammar: k8s.io/apimachinery v0.34 pkg/api/resource/quantity.go (<signedNumber><suffix>; binarySI Ki … Ei, decimalSI
n u m "" k M G T P E, decimalExponent e/E).
"""

from __future__ import annotations

from decimal import Decimal

from kwhy.model.expressions import expression

_SUFFIXES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}
#: "100m", "1.5Gi", "1e3", "-2"
_QUANTITY = expression(
    r"^([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40}))(?:([eE][+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$"
)


def parse_quantity(written: str | int | float) -> Decimal | None:
    """The number that a quantity stands for; None for what is no quantity."""
    match = _QUANTITY.match(str(written).strip())
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    if exponent:
        return Decimal(number + exponent)
    return Decimal(number) * _SUFFIXES[suffix or ""]


def in_words(resource: str, amount: Decimal) -> str:
    """An amount as people write it: cores for cpu, binary units for bytes, plain for counts."""
    if resource == "cpu":
        return f"{amount.normalize():f}" if amount >= 1 or not amount else f"{(amount * 1000).normalize():f}m"
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        for suffix in ("Ti", "Gi", "Mi", "Ki"):
            if abs(amount) >= _SUFFIXES[suffix]:
                return f"{amount / _SUFFIXES[suffix]:.4g}{suffix}"
    return f"{amount.normalize():f}"
