"""Numbers of events as spans, such as "3-9,12": how an act that touched many of them says which."""

from collections.abc import Iterable

from .canonical import LONGEST_LIST, LONGEST_TEXT


class Spans:
    """A set of numbers, kept as spans from first to last: small where many stand side by side."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._spans: list[tuple[int, int]] = []
        for number in sorted(numbers):
            self.add(number)

    def add(self, number: int) -> None:
        """Add a number that is higher than all before."""
        if self._spans and self._spans[-1][1] == number - 1:
            self._spans[-1] = (self._spans[-1][0], number)
        else:
            self._spans.append((number, number))

    def read(self, texts: Iterable[str]) -> None:
        """Add what `texts` returned."""
        for span in ",".join(texts).split(","):
            first, _dash, last = span.partition("-")
            if first:
                self._spans.append((int(first), int(last or first)))
        self._spans.sort()

    def texts(self) -> list[str]:
        """Return it as texts that an event can hold. Raises ValueError for more spans than one event takes."""
        texts = [""]
        for first, last in self._spans:
            span = str(first) if first == last else f"{first}-{last}"
            if len(texts[-1]) + len(span) >= LONGEST_TEXT:
                texts.append("")
            texts[-1] += f",{span}" if texts[-1] else span
        if len(texts) > LONGEST_LIST:
            raise ValueError("more spans than one event can name")
        return [text for text in texts if text]

    def first_beside(self, others: "Spans") -> int | None:
        """Return the lowest number that stands here and not there; None where there is none."""
        there, at = _merged(others._spans), 0
        for first, last in self._spans:
            while at < len(there) and there[at][1] < first:
                at += 1
            if at == len(there) or there[at][0] > first:
                return first
            if there[at][1] < last:
                return there[at][1] + 1
        return None

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self._spans)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans, sorted by their beginning, without overlaps and with neighbours made one."""
    merged: list[tuple[int, int]] = []
    for first, last in spans:
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
