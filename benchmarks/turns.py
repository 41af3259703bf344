"""Timing several things turn by turn, so that a busy moment of the machine falls on all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the result: what was measured against what, the ratio, and what was aimed at."""

    words: str
    ratio: float
    aim: str

    def __str__(self) -> str:
        return f"{self.words:<72} {self.ratio:>8.3g} x   (aim: {self.aim})"


@dataclass(frozen=True)
class Fact:
    """One line that is no ratio, such as a number of queries."""

    words: str
    value: str

    def __str__(self) -> str:
        return f"{self.words:<72} {self.value:>8}"


def medians(things: Mapping[str, Callable[[], object]], *, turns: int, warm_up: int = 5) -> dict[str, float]:
    """Call each thing once per turn and return the median seconds of each by its name."""
    taken: dict[str, list[float]] = {name: [] for name in things}
    for turn in range(turns + warm_up):
        for name, thing in things.items():
            start = time.perf_counter()
            thing()
            if turn >= warm_up:
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in taken.items()}
