"""Generated histories as CSV text in every spelling that people use, and their account by the naive oracle."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from tests.monitor.availability.oracle import naive_hold

from camkeeper.account.statement import Terms
from camkeeper.availability.buckets import Buckets
from camkeeper.model.span import Span
from camkeeper.model.status import Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ANCHORS = (
    "2026-10-01T00:00:00+08:00",
    "2028-02-29T00:00:00+08:00",
    "2026-03-29T02:00:00+01:00",
    "2026-10-25T03:00:00+02:00",
    "2026-12-31T16:00:00+00:00",
    "2000-02-29T12:00:00+00:00",
    "1970-01-01T00:00:00+00:00",
    "1969-12-31T23:59:59+00:00",
)
NAMES = ("cam-1", "村口", "pole 7, east", 'the "old" gate', "CAM-1", "=1+1")
BAD_ROWS = ("cam-1,2026-10-01T00:00:00,up", "cam-1,yesterday,up", "cam-1,1,gone", ",1,up", "cam-1,1", '"cam-1,1,up')


@dataclass
class History:
    """Two files, the terms, and what must come out."""

    samples: bytes = b""
    windows: bytes | None = None
    terms: Terms = field(
        default_factory=lambda: Terms(period=Span(start_ms=0, end_ms=1), hold_ms=1, target=Fraction(1))
    )
    interval_ms: int = 1
    grace: str = "1"
    target: str = "95"
    expected: dict[str, Buckets] = field(default_factory=dict)
    bad_lines: list[int] = field(default_factory=list)


def history(chance: random.Random, *, bad: bool = False) -> History:
    base_ms = (datetime.fromisoformat(chance.choice(ANCHORS)) - EPOCH) // timedelta(milliseconds=1)
    length_ms = chance.choice((1, 20, 60, 120))
    out = History(
        interval_ms=chance.choice((1, 7, 10, 33)),
        grace=chance.choice(("1", "1.5", "2.5", "3")),
        target=chance.choice(("50", "95", "99.5", "100", "33.3333")),
    )
    out.terms = Terms(
        period=Span(start_ms=base_ms, end_ms=base_ms + length_ms),
        hold_ms=out.interval_ms * int(float(out.grace) * 2) // 2,
        target=Fraction(out.target) / 100,
    )
    rows = _rows(chance, base_ms, length_ms, out.interval_ms)
    windows = _windows(chance, base_ms, length_ms)
    for name in {name for name, _, _ in rows}:
        out.expected[name] = naive_hold(
            [(at_ms, status) for device, at_ms, status in rows if device == name],
            excluded=[span for device, span in windows if device in (name, "*")],
            period=out.terms.period,
            hold_ms=out.terms.hold_ms,
        )
    out.samples, out.bad_lines = _written(chance, rows, bad=bad)
    if windows or chance.random() < 0.1:
        out.windows = _written_windows(chance, windows)
    return out


def _rows(chance: random.Random, base_ms: int, length_ms: int, step_ms: int) -> list[tuple[str, int, Status]]:
    rows: list[tuple[str, int, Status]] = []
    for name in chance.sample(NAMES, k=chance.choice((0, 1, 1, 2, 3))):
        at_ms = base_ms + chance.randrange(-40, length_ms)
        for _ in range(chance.randrange(1, 10)):
            rows.append((name, at_ms, chance.choice(list(Status))))
            at_ms += chance.choice((0, step_ms, step_ms, step_ms, chance.randrange(50), -3))
    rows += [row for row in rows if chance.random() < 0.1]
    if chance.random() < 0.5:
        chance.shuffle(rows)
    return rows


def _windows(chance: random.Random, base_ms: int, length_ms: int) -> list[tuple[str, Span]]:
    if chance.random() < 0.5:
        return []
    out: list[tuple[str, Span]] = []
    for _ in range(chance.randrange(1, 4)):
        start_ms = base_ms + chance.randrange(-20, length_ms + 10)
        span = Span(start_ms=start_ms, end_ms=start_ms + chance.randrange(1, 40))
        out.append((chance.choice((*NAMES, "*", "nobody")), span))
    return out


def instant(chance: random.Random, at_ms: int) -> str:
    """Write an instant in one of its spellings."""
    if chance.random() < 0.4:
        return str(at_ms)
    zone = timezone(timedelta(minutes=chance.choice((0, 480, 345, -210, 120))))
    at = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)
    finest = "milliseconds" if at_ms % 1000 else chance.choice(("seconds", "milliseconds"))
    text = at.isoformat(sep=chance.choice("T "), timespec=chance.choice((finest, finest, "microseconds")))
    if text.endswith("+00:00") and chance.random() < 0.7:
        text = text.removesuffix("+00:00") + "Z"
    if chance.random() < 0.05:
        text = text.replace(".", ",")
    return text


def _written(chance: random.Random, rows: list[tuple[str, int, Status]], *, bad: bool) -> tuple[bytes, list[int]]:
    end = chance.choice(("\n", "\n", "\r\n", "\r"))
    every = chance.random() < 0.2
    lines = ["device,at,status"]
    bad_lines: list[int] = []
    for name, at_ms, status in rows:
        if bad and chance.random() < 0.3:
            lines.append(chance.choice(BAD_ROWS))
            bad_lines.append(len(lines))
        if chance.random() < 0.05:
            lines.append(chance.choice(("", "  ")))
        lines.append(_line(chance, [name, instant(chance, at_ms), status.value], every=every))
    text = end.join(lines) + (end if chance.random() < 0.8 else "")
    return (b"\xef\xbb\xbf" if chance.random() < 0.2 else b"") + text.encode(), bad_lines


def _written_windows(chance: random.Random, windows: list[tuple[str, Span]]) -> bytes:
    lines = ["device,start,end,reason"]
    for name, span in windows:
        fields = [
            name,
            instant(chance, span.start_ms),
            instant(chance, span.end_ms),
            chance.choice(("停电", "a, b", "")),
        ]
        lines.append(_line(chance, fields, every=False))
    return "\n".join(lines).encode()


def _line(chance: random.Random, fields: list[str], *, every: bool) -> str:
    if chance.random() < 0.05:
        fields = [fields[0], f" {fields[1]} ", *fields[2:]]
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL, lineterminator="").writerow(fields)
    return file.getvalue()


def expected_json(found: History) -> dict[str, object]:
    """What the command must print, from the oracle's buckets and by rules written anew."""
    total = sum(found.expected.values(), Buckets())
    return {
        "devices": {name: _figures(found.expected[name], found.terms.target) for name in sorted(found.expected)},
        "total": _figures(total, found.terms.target),
    }


def _figures(b: Buckets, target: Fraction) -> dict[str, object]:
    known, everything = b.up_ms + b.down_ms, b.up_ms + b.down_ms + b.unknown_ms
    verdict = "undetermined"
    if everything:
        lower, upper = Fraction(b.up_ms, everything), Fraction(b.up_ms + b.unknown_ms, everything)
        if upper < target:
            verdict = "missed"
        elif lower >= target and Fraction(b.unknown_ms, everything) <= Fraction(2, 100):
            verdict = "met"
    return {
        "up_ms": b.up_ms,
        "down_ms": b.down_ms,
        "unknown_ms": b.unknown_ms,
        "excluded_ms": b.excluded_ms,
        "absent_ms": 0,
        "ratio": b.up_ms / known if known else None,
        "lower": b.up_ms / everything if everything else None,
        "upper": (b.up_ms + b.unknown_ms) / everything if everything else None,
        "verdict": verdict,
    }
