"""Values that may not have been observed. Not seen is not absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar, final

from kwhy.model.document import Locator
from kwhy.model.probe import ProbeCall

T = TypeVar("T", covariant=True)


class NotObserved(Exception):  # noqa: N818 - a finding about the evidence, not an error of the program
    """Raised on reading what no document showed. The engine turns it into *undetermined*."""

    def __init__(self, what: str, *probes: ProbeCall) -> None:
        super().__init__(what)
        self.what = what
        self.probes = probes


@final
class Seen(Generic[T]):
    """A field of a subject as the evidence shows it: observed with a place, or not observed.

    ``value`` raises :class:`NotObserved` where nothing was observed, or where undated documents disagree.
    """

    __slots__ = ("_gap", "_place", "_value")

    def __init__(self, value: T | None, place: Locator | None, gap: NotObserved | None = None) -> None:
        self._value = value
        self._place = place
        self._gap = gap

    @classmethod
    def missing(cls, what: str, *probes: ProbeCall) -> Seen[T]:
        return cls(None, None, NotObserved(what, *probes))

    @property
    def observed(self) -> bool:
        return self._gap is None

    @property
    def value(self) -> T:
        if self._gap is not None:
            raise self._gap
        return self._value  # type: ignore[return-value]  # None is a legal T where the field is nullable

    @property
    def place(self) -> Locator:
        if self._gap is not None:
            raise self._gap
        if self._place is None:
            raise AssertionError("an observed value has a place")
        return self._place

    if not TYPE_CHECKING:
        # Defined at run time only: visible definitions would switch mypy's own truthy-bool check off.

        def _misuse(self, *_: object) -> NoReturn:
            raise TypeError("use .value: a Seen is neither true nor equal nor printable")

        __bool__ = __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __format__ = __str__ = _misuse
        __hash__ = None
