"""How a series of log lines goes on: at a constant rate, more and more, less and less, in one burst, or in bursts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from kwhy.facts.logs import LogSample

#: Fewer lines have no trend.
FEW = 8
#: The span is cut into so many equal parts.
PARTS = 8
#: A half with so many times the lines of the other makes a trend.
GROWS = 2.0
#: One part of eight that holds this share of the lines is a burst.
BURST = 0.8


def trend(samples: Sequence[LogSample], count: int, begins: float | None, ends: float | None) -> str:
    """The trend in a word; "" where the lines are too few or have no time.

    Samples are spread over the series and carry their numbers in it, so that lines between two of them are counted;
    they are laid evenly between the two. ``begins`` and ``ends`` are the log's own: a burst within an hour of silence
    is one, though its own span is short.
    """
    known = [(sample.clock, sample.nth) for sample in samples if sample.clock is not None]
    if count < FEW or len(known) < 2 or begins is None or ends is None or ends <= begins:
        return ""
    counts = _spread(known, begins, ends)
    total = sum(counts)
    if not total:
        return ""
    if max(counts) >= BURST * total:
        return "burst"
    early, late = sum(counts[: PARTS // 2]), sum(counts[PARTS // 2 :])
    silent = sum(1 for each in counts if each < total / PARTS / 10)
    if silent >= 2 and counts[0] and counts[-1]:
        return "bursts"
    if late >= GROWS * early:
        return "growing"
    if early >= GROWS * late:
        return "fading"
    return "constant"


def _spread(known: Sequence[tuple[float, int]], begins: float, ends: float) -> list[float]:
    counts = [0.0] * PARTS
    width = (ends - begins) / PARTS

    def part(clock: float) -> int:
        return min(PARTS - 1, max(0, int((clock - begins) / width)))

    counts[part(known[0][0])] += known[0][1]
    for (before, number), (clock, nth) in pairwise(known):
        first, last = part(before), part(clock)
        for each in range(first, last + 1):
            low, high = max(before, begins + each * width), min(clock, begins + (each + 1) * width)
            share = 1.0 if first == last else max(0.0, high - low) / (clock - before)
            # A gap that spans whole parts is silence with one line behind it, unless lines were left out of it.
            counts[each] += (nth - number) * share if nth - number > 1 else float(each == last)
    return counts
