"""Half-open spans of UTC milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Half-open [start, end), UTC milliseconds."""

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.end_ms < self.start_ms:
            raise ValueError(f"span ends before it starts: {self.start_ms}..{self.end_ms}")

    @property
    def length_ms(self) -> int:
        """Milliseconds from start to end."""
        return self.end_ms - self.start_ms

    def __contains__(self, at_ms: int) -> bool:
        return self.start_ms <= at_ms < self.end_ms

    def clip(self, other: Span) -> Span | None:
        """Return the part inside `other`, or None where nothing is left."""
        start, end = max(self.start_ms, other.start_ms), min(self.end_ms, other.end_ms)
        return Span(start_ms=start, end_ms=end) if start < end else None


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the union as sorted, disjoint, non-touching, non-empty spans."""
    out: list[Span] = []
    for span in sorted(s for s in spans if s.length_ms):
        if out and span.start_ms <= out[-1].end_ms:
            if span.end_ms > out[-1].end_ms:
                out[-1] = Span(start_ms=out[-1].start_ms, end_ms=span.end_ms)
        else:
            out.append(span)
    return tuple(out)


def clipped(spans: Iterable[Span], period: Span) -> Iterator[Span]:
    """Yield the non-empty parts of `spans` inside `period`, in their order."""
    for span in spans:
        part = span.clip(period)
        if part is not None:
            yield part
