"""Golden months: stories with hand-computed outcomes, in `golden/*.txt`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from camkeeper.availability.buckets import Buckets, truncated_percent
from camkeeper.availability.daily import DaySum, day_sums, day_tallies
from camkeeper.availability.days import day_span, month_span
from camkeeper.availability.figures import figure
from camkeeper.availability.hold import RANKS, Samples, account
from camkeeper.availability.tally import Change, tally
from camkeeper.judge.fold import Track, expire, judge
from camkeeper.model.policy import DEFAULT_ACCOUNTING, JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

FILES = sorted((Path(__file__).parent / "golden").glob("*.txt"))
HOLD_MS = 150_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVER = Span(start_ms=-(10**15), end_ms=10**15)
SPAN = re.compile(r"(?:(\d+)d )?(\d+):(\d\d):(\d\d)")


@dataclass
class Story:
    zone: str = "UTC"
    day: str = ""
    period: Span = EVER
    target_bp: int = 9500
    life: list[Span] = field(default_factory=list)
    excluded: list[Span] = field(default_factory=list)
    known_ms: int = EVER.end_ms
    changes: list[Change] = field(default_factory=list)
    samples: list[tuple[int, Status]] = field(default_factory=list)
    expected: list[tuple[str, str]] = field(default_factory=list)
    accounted: list[tuple[str, str]] = field(default_factory=list)

    def at(self, text: str) -> int:
        written = text if "-" in text else f"{self.day} {text}"
        day, clock = written.split(" ")
        extra = timedelta(days=1) if clock == "24:00" else timedelta()
        naive = datetime.fromisoformat(f"{day}T{'00:00' if extra else clock}") + extra
        return (naive.replace(tzinfo=ZoneInfo(self.zone)) - EPOCH) // timedelta(milliseconds=1)

    def span(self, text: str) -> Span:
        start, end = text.split(" .. ")
        return Span(start_ms=self.at(start), end_ms=self.at(end))


def read(path: Path) -> Story:
    story = Story()
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].strip()
        if words:
            take(story, *words.split(" ", 1))
    return story


def take(story: Story, key: str, rest: str) -> None:
    if key == "zone":
        story.zone = rest
    elif key == "month":
        story.period = month_span(rest, story.zone)
    elif key == "day":
        story.day = rest
        story.period = day_span(date.fromisoformat(rest), story.zone)
    elif key == "period":
        story.period = story.span(rest)
    elif key == "target":
        story.target_bp = int(Fraction(rest) * 100)
    elif key == "known":
        story.known_ms = story.at(rest)
    elif key in ("life", "exclude"):
        (story.life if key == "life" else story.excluded).append(story.span(rest))
    elif key in ("change", "sample"):
        at, status = rest.rsplit(" ", 1)
        (story.changes if key == "change" else story.samples).append((story.at(at), Status(status)))
    elif key == "poll":
        every, status, span = rest.split(" ", 2)
        found, step = story.span(span), int(every.removesuffix("s")) * 1000
        story.samples += [(at_ms, Status(status)) for at_ms in range(found.start_ms, found.end_ms, step)]
    elif key in ("expect", "account"):
        name, value = rest.split(" ", 1)
        (story.expected if key == "expect" else story.accounted).append((name, value))
    else:
        raise ValueError(f"no such directive: {key}")


def judged(story: Story) -> list[Change]:
    track: Track | None = None
    out: list[Change] = []
    for at_ms, status in story.samples:
        sample = Sample(device_id="cam", at_ms=at_ms, status=status, reason=Reason.NO_ANSWER)
        track, made = judge(track, sample, JudgePolicy(), HOLD_MS)
        out += [(t.at_ms, t.new) for t in made]
    assert track is not None
    return out + [(t.at_ms, t.new) for t in expire(track, story.period.end_ms, HOLD_MS)[1]]


def days(story: Story, changes: list[Change], excluded: list[Span]) -> tuple[DaySum, ...]:
    return day_sums(
        day_tallies(
            "cam",
            changes=changes,
            life=story.life or [EVER],
            excluded=excluded,
            period=story.period,
            known_until_ms=story.known_ms,
            tz=story.zone,
            patrol_at="09:00",
        )
    )


def shown(buckets: Buckets, name: str, target_bp: int) -> str | int | None:
    if name == "verdict":
        return buckets.verdict(target_bp=target_bp).value
    if name == "shown":
        return truncated_percent(buckets.ratio)
    return int(getattr(buckets, f"{name}_ms"))


def value(text: str) -> str | int:
    match = SPAN.fullmatch(text)
    if match is None:
        return text
    d, h, m, s = (int(part or 0) for part in match.groups())
    return ((d * 24 + h) * 60 + m) * 60_000 + s * 1000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    story = read(path)
    changes = story.changes or judged(story)
    buckets = tally(
        changes=changes,
        life=story.life or [EVER],
        excluded=story.excluded,
        period=story.period,
        known_until_ms=story.known_ms,
    )
    found: dict[str, str | int | None] = {}
    for name, _ in story.expected:
        if name == "gross":
            gross = figure(DEFAULT_ACCOUNTING[0], days(story, changes, []), target_bp=story.target_bp)
            found[name] = truncated_percent(gross.ratio)
        elif name in ("daily-mean", "patrol-daily"):
            policy = next(p for p in DEFAULT_ACCOUNTING if p.name == name)
            one = figure(policy, days(story, changes, story.excluded), target_bp=story.target_bp)
            found[name] = truncated_percent(one.ratio)
        else:
            found[name] = shown(buckets, name, story.target_bp)
    assert found == {name: value(text) for name, text in story.expected}
    weighted = figure(DEFAULT_ACCOUNTING[0], days(story, changes, story.excluded), target_bp=story.target_bp)
    assert weighted.buckets == buckets
    assert weighted.verdict is buckets.verdict(target_bp=story.target_bp)


@pytest.mark.parametrize(
    "path", [p for p in FILES if "\naccount " in p.read_text(encoding="utf-8")], ids=lambda p: p.stem
)
def test_story_by_its_bare_samples(path: Path) -> None:
    story = read(path)
    table = np.array([(0, at_ms, RANKS[status]) for at_ms, status in story.samples], dtype=np.int64)
    held = account(
        Samples(device=table[:, 0], at_ms=table[:, 1], rank=table[:, 2]),
        devices=1,
        period=story.period,
        hold_ms=HOLD_MS,
        excluded={},
        excluded_for_all=story.excluded,
    )
    found = {name: shown(held.devices[0], name, story.target_bp) for name, _ in story.accounted}
    assert found == {name: value(text) for name, text in story.accounted}


def test_every_story_is_told() -> None:
    assert len(FILES) >= 15
    assert all(read(path).expected for path in FILES)
