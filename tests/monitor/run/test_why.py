"""Why a figure is what it is: the very integers of `camkeeper sla`, and stretches that add up to them."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.monitor.run.test_sla import FIRST, LAST, STORIES, TICK_MS, WINDOW
from tests.monitor.run.township import DAY_MS, HOUR_MS, OCTOBER_MS, Story, device, registry, write

from camkeeper.availability.buckets import Buckets
from camkeeper.ledger import LedgerError, LedgerReader
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.sla import sla
from camkeeper.run.why import MAX_ROWS, why
from camkeeper.standing.export import buckets_json
from camkeeper.standing.why import Stretch, Why, WhyAsk

JUDGE = JudgePolicy(confirm_down=2, confirm_degraded=2, grace_polls=2.5)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("why") / "a.ledger"
    write(path, FIRST, STORIES, tick_ms=TICK_MS, last=LAST)
    return path


def asked(ledger: Path, **ask: object) -> Why:
    return why(ledger, WhyAsk(**{"count": MAX_ROWS, **ask}), judge=JUDGE, now_ms=TICK_MS)  # type: ignore[arg-type]


def summed(stretches: tuple[Stretch, ...]) -> Buckets:
    """Return the buckets that stretches of whole devices add up to."""
    own: Counter[Status | None] = Counter()
    for each in stretches:
        own[each.status] += each.counted_ms
    return Buckets(
        up_ms=own[Status.UP] + own[Status.DEGRADED],
        degraded_ms=own[Status.DEGRADED],
        down_ms=own[Status.DOWN],
        unknown_ms=own[Status.UNKNOWN],
        absent_ms=own[None],
        excluded_ms=sum(each.excluded_ms for each in stretches),
    )


def test_a_sites_figure_is_that_of_sla_to_the_integer(ledger: Path) -> None:
    figures = sla(ledger, month="2026-10", site_id=None, policy=None, now_ms=TICK_MS)
    for site in figures["sites"]:
        found = asked(ledger, site_id=site["id"], month="2026-10")
        told = site["figures"][figures["deciding_policy"]]
        for name, own in (("net", found.net), ("gross", found.gross)):
            assert buckets_json(own.buckets) == told[name]["time"]
            assert own.verdict == told[name]["verdict"]
            assert [None if s is None else float(s) for s in (own.ratio, own.lower, own.upper)] == [
                told[name][key] for key in ("ratio", "lower", "upper")
            ]
        assert (found.period.start_ms, found.period.end_ms) == (figures["from_ms"], figures["to_ms"])
        assert sum((part.buckets for part in found.parts), Buckets()) == found.net.buckets
        assert found.policy.id == figures["deciding_policy"]
        assert found.target_bp == site["target_bp"]


@pytest.mark.parametrize("name", ["a", "b", "horn", "gone"])
def test_a_devices_stretches_fill_the_period_and_add_up_to_its_buckets(ledger: Path, name: str) -> None:
    found = asked(ledger, device_id=name, month="2026-10")
    ordered = sorted(found.stretches, key=lambda each: each.span)
    edges = [found.period.start_ms, *(each.span.end_ms for each in ordered)]
    assert [each.span.start_ms for each in ordered] == edges[:-1]
    assert edges[-1] == found.period.end_ms
    assert summed(found.stretches) == found.net.buckets
    with LedgerReader(ledger) as reader:
        assert (
            summed(found.stretches)
            == reader.buckets(
                found.period,
                device_ids=[name],
                excluded={name: [WINDOW.span]} if name in {"a", "horn"} else {},
            )[name]
        )


def test_stretches_come_longest_down_first_and_each_has_its_record(ledger: Path) -> None:
    found = asked(ledger, month="2026-10")
    down = [each for each in found.stretches if each.status is Status.DOWN]
    assert list(found.stretches[: len(down)]) == down
    assert [each.counted_ms for each in down] == sorted((each.counted_ms for each in down), reverse=True)
    assert not {Status.UP, None} & {each.status for each in found.stretches}
    with LedgerReader(ledger) as reader, reader.reading() as db:
        for each in found.stretches:
            if each.seq is None:
                assert each.status is Status.UNKNOWN
                continue
            at_ms, digest = db.execute("SELECT at_ms, hash FROM chain WHERE seq = ?", (each.seq,)).fetchone()
            assert (each.began_ms, each.hash) == (at_ms, digest.hex())
            assert each.reason is not None


def test_cameras_come_worst_first_and_in_pages(ledger: Path) -> None:
    whole = asked(ledger, month="2026-10")
    assert [part.buckets.down_ms for part in whole.parts] == sorted(
        (part.buckets.down_ms for part in whole.parts), reverse=True
    )
    assert {part.device_id for part in whole.parts} == {"a", "b", "gone"}
    pages = [asked(ledger, month="2026-10", count=1, parts_from=n, stretches_from=n) for n in range(3)]
    assert tuple(part for page in pages for part in page.parts) == whole.parts
    assert tuple(each for page in pages for each in page.stretches) == whole.stretches[:3]
    assert all(page.parts_total == 3 and page.stretches_total == whole.stretches_total for page in pages)


def test_days_of_a_month_add_up_to_the_month(ledger: Path) -> None:
    days = [asked(ledger, first_day=f"2026-10-{n:02d}", last_day=f"2026-10-{n:02d}") for n in range(1, 11)]
    added, month = sum((day.net.buckets for day in days), Buckets()), asked(ledger, month="2026-10").net.buckets
    # Whoever had left before a day began is not in that day's list, so nothing is absent there.
    assert replace(added, absent_ms=0) == replace(month, absent_ms=0)
    assert all(day.month == "" for day in days)
    assert [day.complete for day in days] == [True] * 9 + [False]


def test_only_those_that_may_be_spoken_of_are_counted(ledger: Path) -> None:
    found = asked(ledger, month="2026-10", among=frozenset({"b"}))
    assert {part.device_id for part in found.parts} == {"b"} == {each.device_id for each in found.stretches}
    assert found.net.buckets == asked(ledger, device_id="b", month="2026-10").net.buckets
    with pytest.raises(LookupError):
        asked(ledger, device_id="a", among=frozenset({"b"}))


def test_what_is_asked_for_must_be_there(ledger: Path, tmp_path: Path) -> None:
    for ask in ({"site_id": "nowhere"}, {"device_id": "nobody"}):
        with pytest.raises(LookupError):
            asked(ledger, **ask)
    for wrong in (
        {"month": "2026-13"},
        {"first_day": "2026-02-30"},
        {"first_day": "2026-10-05", "last_day": "2026-10-04"},
    ):
        with pytest.raises(ValueError, match=r"\S"):
            asked(ledger, **wrong)
    with pytest.raises((LedgerError, FileNotFoundError)):
        asked(tmp_path / "none.ledger")


def test_the_numbers_of_a_rule_that_is_no_longer_in_force_are_not_made_up(ledger: Path) -> None:
    now = asked(ledger)
    assert now.judge == JUDGE
    later = why(ledger, WhyAsk(), judge=JudgePolicy(version=2), now_ms=TICK_MS)
    assert later.judge is None
    assert later.judge_id == now.judge_id


def test_any_history_adds_up(tmp_path: Path) -> None:
    dice = random.Random(7)
    for turn in range(12):
        changes: list[tuple[int, Status]] = []
        at_ms, last = OCTOBER_MS - 3 * DAY_MS + dice.randrange(HOUR_MS), Status.UNKNOWN
        while at_ms < OCTOBER_MS + 9 * DAY_MS:
            last = dice.choice([status for status in Status if status is not last])
            changes.append((at_ms, last))
            at_ms += dice.randrange(1, 2 * DAY_MS)
        life = Span(start_ms=changes[0][0] - dice.randrange(HOUR_MS), end_ms=2**50)
        own = registry([device("x")], windows=(WINDOW,) if turn % 2 else ())
        path = tmp_path / f"{turn}.ledger"
        write(path, own, [Story(device=device("x"), life=life, changes=tuple(changes))], tick_ms=TICK_MS)
        found = asked(path, device_id="x", month="2026-10")
        assert summed(found.stretches) == found.net.buckets
        assert found.net.buckets.period_ms == found.period.length_ms
