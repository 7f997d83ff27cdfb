"""The month's figures against `tally` straight from the transitions that were written."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.monitor.run.township import (
    DAY_MS,
    HOUR_MS,
    NOVEMBER_MS,
    OCTOBER_MS,
    TOWN,
    VILLAGES,
    ZONE,
    Story,
    device,
    registry,
    write,
)

from camkeeper.availability.buckets import Buckets, truncated_percent
from camkeeper.availability.daily import day_sums, day_tallies
from camkeeper.availability.figures import figure
from camkeeper.availability.tally import tally
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Boot, Ledger, LedgerError, snapshot_of
from camkeeper.model.contract import Window, WindowKind
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.reading import read
from camkeeper.run.sla import sla

TICK_MS = OCTOBER_MS + 9 * DAY_MS + 5 * HOUR_MS
FOREVER = 2**50
SPAN = Span(start_ms=OCTOBER_MS + 2 * DAY_MS, end_ms=OCTOBER_MS + 2 * DAY_MS + 7 * HOUR_MS)
WINDOW = Window(
    id="w1",
    kind=WindowKind.EXCLUSION,
    span=SPAN,
    reason="道路施工",
    evidence="纪要 12",
    approver="镇综治中心",
    site_ids=frozenset({"v1"}),
)
CAMERAS = (device("a"), device("b", site="v2"))
HORN = device("horn", kind=DeviceKind.SPEAKER)
GONE = device("gone", site="v2")
FIRST = registry([*CAMERAS, HORN, GONE], windows=(WINDOW,))
LAST = registry([*CAMERAS, HORN], windows=(WINDOW,))
STORIES = (
    Story(
        device=CAMERAS[0],
        life=Span(start_ms=OCTOBER_MS, end_ms=FOREVER),
        changes=(
            (OCTOBER_MS + 60_000, Status.UP),
            (SPAN.start_ms + HOUR_MS, Status.DOWN),
            (SPAN.end_ms + HOUR_MS, Status.DEGRADED),
            (OCTOBER_MS + 5 * DAY_MS, Status.UNKNOWN),
            (OCTOBER_MS + 5 * DAY_MS + 123_457, Status.UP),
        ),
    ),
    Story(
        device=CAMERAS[1],
        life=Span(start_ms=OCTOBER_MS + DAY_MS + 7, end_ms=FOREVER),
        changes=((OCTOBER_MS + DAY_MS + 9, Status.UP), (OCTOBER_MS + 8 * DAY_MS, Status.DOWN)),
    ),
    Story(device=HORN, life=Span(start_ms=OCTOBER_MS, end_ms=FOREVER), changes=((OCTOBER_MS, Status.DOWN),)),
    Story(
        device=GONE,
        life=Span(start_ms=OCTOBER_MS, end_ms=OCTOBER_MS + 4 * DAY_MS + 11),
        changes=((OCTOBER_MS, Status.DOWN), (OCTOBER_MS + 3 * DAY_MS, Status.UP)),
    ),
)
IN_SITE = {"town": ("a", "b", "gone"), "v1": ("a",), "v2": ("b", "gone")}


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sla") / "l"
    write(path, FIRST, STORIES, tick_ms=TICK_MS, last=LAST)
    return path


def asked(ledger: Path, **words: Any) -> dict[str, Any]:
    return sla(ledger, **({"month": "2026-10", "site_id": None, "policy": None, "now_ms": TICK_MS} | words))


def excluded(name: str) -> Sequence[Span]:
    return [SPAN] if name == "a" else []


def story_of(name: str) -> Story:
    return next(story for story in STORIES if story.device.id == name)


def expected(site_id: str, period: Span, *, gross: bool, known_until_ms: int = TICK_MS) -> Buckets:
    return sum(
        (
            tally(
                changes=story_of(name).told,
                life=[story_of(name).life],
                excluded=[] if gross else excluded(name),
                period=period,
                known_until_ms=known_until_ms,
            )
            for name in IN_SITE[site_id]
        ),
        Buckets(),
    )


def time_of(found: dict[str, Any]) -> Buckets:
    return Buckets(**found["time"])


@pytest.mark.parametrize(
    "now_ms", [TICK_MS, TICK_MS + 59_999, TICK_MS + DAY_MS, NOVEMBER_MS + DAY_MS, TICK_MS - DAY_MS]
)
def test_net_and_gross_of_every_site_are_the_tallies(ledger: Path, now_ms: int) -> None:
    figures = asked(ledger, now_ms=now_ms)
    live = now_ms - TICK_MS < 60_000
    period = Span(start_ms=OCTOBER_MS, end_ms=TICK_MS if live else min(now_ms, NOVEMBER_MS))
    assert (figures["from_ms"], figures["to_ms"]) == (period.start_ms, period.end_ms)
    assert figures["complete"] is (now_ms > NOVEMBER_MS)
    assert [site["id"] for site in figures["sites"]] == ["town", "v1", "v2"]
    for site in figures["sites"]:
        for kind in ("net", "gross"):
            found = site["figures"]["time-weighted/1"][kind]
            buckets = expected(site["id"], period, gross=kind == "gross")
            assert time_of(found) == buckets
            assert found["percent"]["ratio"] == truncated_percent(buckets.ratio)
            assert found["percent"]["lower"] == truncated_percent(buckets.lower)
            assert found["verdict"] == buckets.verdict(target_bp=site["target_bp"])


def test_every_policy_is_what_its_rule_makes_of_the_days(ledger: Path) -> None:
    figures = asked(ledger)
    period = Span(start_ms=OCTOBER_MS, end_ms=TICK_MS)
    for policy in DEFAULT_ACCOUNTING:
        for site in figures["sites"]:
            for kind in ("net", "gross"):
                days = day_sums(
                    tally
                    for name in IN_SITE[site["id"]]
                    for tally in day_tallies(
                        name,
                        changes=story_of(name).told,
                        life=[story_of(name).life],
                        excluded=[] if kind == "gross" else excluded(name),
                        period=period,
                        known_until_ms=TICK_MS,
                        tz=ZONE,
                        patrol_at=policy.patrol_at,
                    )
                )
                naive = figure(policy, days, target_bp=site["target_bp"])
                found = site["figures"][policy.id][kind]
                assert found["verdict"] == naive.verdict
                assert found["ratio"] == (None if naive.ratio is None else float(naive.ratio))
                assert (found["lower"], found["upper"]) == (float(naive.lower or 0), float(naive.upper or 0))
                assert found["looks"] == {
                    "online": naive.looks.online,
                    "offline": naive.looks.offline,
                    "unknown": naive.looks.unknown,
                }


def test_a_window_moves_time_from_net_only_and_is_named(ledger: Path) -> None:
    figures = asked(ledger, site_id="v1", policy="time-weighted")
    (site,) = figures["sites"]
    net, gross = (time_of(site["figures"]["time-weighted/1"][kind]) for kind in ("net", "gross"))
    assert net.excluded_ms == SPAN.length_ms
    assert gross.excluded_ms == 0
    assert gross.down_ms - net.down_ms == SPAN.length_ms - HOUR_MS
    (window,) = figures["windows"]
    assert window == {
        "id": "w1",
        "kind": "exclusion",
        "from_ms": SPAN.start_ms,
        "to_ms": SPAN.end_ms,
        "reason": "道路施工",
        "evidence": "纪要 12",
        "approver": "镇综治中心",
        "devices": ["a", "horn"],
    }


def test_a_window_goes_on_covering_a_camera_that_was_retired_since(tmp_path: Path) -> None:
    for scope in ({"v2"}, set[str]()):
        path = tmp_path / f"scope{len(scope)}"
        agreed = (replace(WINDOW, site_ids=frozenset(scope)),)
        first, last = replace(FIRST, windows=agreed), replace(LAST, windows=agreed)
        write(path, first, STORIES, tick_ms=TICK_MS, last=last)
        (village,) = asked(path, site_id="v2", policy="time-weighted")["sites"]
        assert time_of(village["figures"]["time-weighted/1"]["net"]).excluded_ms == 2 * SPAN.length_ms
        board = read(path, snapshot_of(last), at_ms=TICK_MS, tz=ZONE)
        assert board.month.buckets["gone"].excluded_ms == SPAN.length_ms


def test_site_and_policy_narrow_and_change_no_figure(ledger: Path) -> None:
    whole = asked(ledger)
    for site_id, below in (("town", ["town", "v1", "v2"]), ("v2", ["v2"])):
        part = asked(ledger, site_id=site_id)
        assert [site["id"] for site in part["sites"]] == below
        assert all(site in whole["sites"] for site in part["sites"])
    for policy in DEFAULT_ACCOUNTING:
        for name in (policy.name, policy.id):
            part = asked(ledger, policy=name)
            assert part["deciding_policy"] == "time-weighted/1"
            for one, all_of in zip(part["sites"], whole["sites"], strict=True):
                assert one["figures"] == {policy.id: all_of["figures"][policy.id]}


def test_without_a_month_it_is_the_ledgers_own(ledger: Path) -> None:
    assert asked(ledger, month=None) == asked(ledger)


@pytest.mark.parametrize(("month", "days"), [("2026-09", 30), ("2026-11", 0), ("2027-02", 0)])
def test_a_month_of_which_there_is_no_record_is_undetermined(ledger: Path, month: str, days: int) -> None:
    figures = asked(ledger, month=month)
    assert figures["to_ms"] - figures["from_ms"] == days * DAY_MS
    for site in figures["sites"]:
        net = site["figures"]["time-weighted/1"]["net"]
        assert net["verdict"] == "undetermined"
        assert net["percent"]["ratio"] is None
        assert time_of(net).accountable_ms == 0


def test_what_is_asked_wrongly_is_told(ledger: Path, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="nowhere"):
        asked(ledger, site_id="nowhere")
    with pytest.raises(LookupError, match=r"time-weighted/1, daily-mean/1, patrol-daily/1"):
        asked(ledger, policy="monthly-mood")
    for month in ("2026-13", "october", "2026-1", "9999-12"):
        with pytest.raises(ValueError, match=month):
            asked(ledger, month=month)
    with pytest.raises(LedgerError, match="no such file"):
        asked(tmp_path / "missing")
    Ledger.open(tmp_path / "l", boot=Boot(boot_id="b", version="t"), clock=SimulatedClock()).close()
    with pytest.raises(LedgerError, match="still empty"):
        asked(tmp_path / "l")


def test_damage_is_told_and_never_a_crash(ledger: Path, tmp_path: Path) -> None:
    """Whatever bits are wrong: a figure (that verify would refuse), or one sentence and an exit code."""
    rng, sound = random.Random(3), ledger.read_bytes()
    path, told = tmp_path / "l", 0
    for _ in range(100):
        damaged = bytearray(sound)
        for _ in range(8):
            damaged[rng.randrange(4096, len(sound))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            asked(path)
        except LedgerError:
            told += 1
    assert told > 5


def test_a_retired_camera_whose_village_is_gone_counts_for_the_town(tmp_path: Path) -> None:
    last = Registry(name=FIRST.name, sites=(TOWN, VILLAGES[0]), devices=(CAMERAS[0], HORN), probe=FIRST.probe)
    some = [story_of("a"), story_of("horn"), story_of("gone")]
    write(tmp_path / "l", FIRST, some, tick_ms=TICK_MS, last=last)
    town, village = asked(tmp_path / "l", policy="time-weighted")["sites"]
    down = [time_of(site["figures"]["time-weighted/1"]["gross"]).down_ms for site in (town, village)]
    assert down[0] - down[1] == 3 * DAY_MS
