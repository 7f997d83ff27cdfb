"""Months against the figures of `camkeeper sla --json`, and pages over a real ledger."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.report_town import FIRST, SECOND, TICK_MS, ReportTown, report_town
from tests.dashboards.township import DAY_MS

from camboard.app import create_app
from camboard.download import BOM, cell
from camboard.i18n import languages
from camboard.reports.amounts import change, cover_worst_first
from camboard.reports.view import ROWS_SHOWN, month_view
from camboard.settings import BoardSettings
from camkeeper.availability.buckets import Buckets
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import Scope
from camkeeper.run.sla import sla
from camkeeper.standing.export import buckets_json
from camkeeper.standing.report import CoverLine, MonthReport, MonthState, Rated

Client = TestClient[Request, Application]
TIMES = ("up_ms", "down_ms", "unknown_ms", "excluded_ms", "absent_ms", "degraded_ms")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def town(folder: Path) -> ReportTown:
    return report_town(folder / "a.ledger")


@pytest.fixture
async def client(town: ReportTown) -> AsyncIterator[Client]:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=TICK_MS + 3000))
    async with TestClient(TestServer(create_app(town, settings=settings))) as made:
        yield made


async def _report(town: ReportTown, month: str, scope: Scope | None = None) -> MonthReport:
    assert town.room is not None
    return await (town.room.report(month) if scope is None else town.room.report(month, scope))


@pytest.mark.parametrize("month", [FIRST, SECOND])
async def test_every_figure_is_that_of_sla_to_the_integer(town: ReportTown, folder: Path, month: str) -> None:
    told = sla(folder / "a.ledger", month=month, site_id=None, policy=None, now_ms=TICK_MS)
    report = await _report(town, month)
    assert (report.period.start_ms, report.period.end_ms) == (told["from_ms"], told["to_ms"])
    assert [site.id for site in report.sites] == [site["id"] for site in told["sites"]]
    for site, other in zip(report.sites, told["sites"], strict=True):
        for own, figure in ((site.net, "net"), (site.gross, "gross")):
            wanted = other["figures"][told["deciding_policy"]][figure]
            assert buckets_json(own.buckets) == wanted["time"]
            assert own.verdict.value == wanted["verdict"]
            assert (None if own.ratio is None else float(own.ratio)) == wanted["ratio"]
    for other_policy in report.others:
        wanted = told["sites"][0]["figures"][other_policy.policy_id]["net"]
        assert (float(other_policy.ratio or 0), other_policy.verdict.value) == (wanted["ratio"], wanted["verdict"])
    assert report.total.net.buckets == report.sites[0].net.buckets


async def test_contractors_and_villages_are_parts_of_the_whole(town: ReportTown) -> None:
    report = await _report(town, FIRST)
    assert _sum(report.contractors) == report.total.net.buckets
    assert _sum(s for s in report.sites if s.parent_id) == report.total.net.buckets
    assert [c.id for c in report.contractors] == ["k1", "k2", ""]
    assert sum(c.cameras for c in report.contractors) == report.total.cameras == 24
    assert sum((d.buckets for d in report.total.days), Buckets()) == report.total.net.buckets


@pytest.mark.parametrize(
    "scope",
    [
        Scope(site_ids=frozenset({"v01"})),
        Scope(site_ids=frozenset({"v01", "v03"})),
        Scope(contractor_id="k2"),
        Scope(site_ids=frozenset({"v03"}), contractor_id="k2"),
        Scope(site_ids=frozenset({"town"})),
    ],
)
async def test_a_scope_shows_sums_of_its_own_cameras_only(town: ReportTown, scope: Scope) -> None:
    whole, part = await _report(town, FIRST), await _report(town, FIRST, scope)
    assert _sum(part.contractors) == part.total.net.buckets
    if scope.contractor_id is not None:
        assert {c.id for c in part.contractors} <= {scope.contractor_id}
    else:
        by_id = {s.id: s for s in whole.sites}
        assert all(s.net == by_id[s.id].net for s in part.sites)
    if scope.contractor_id == "k2" and scope.site_ids is None:
        assert part.total.net.buckets == next(c for c in whole.contractors if c.id == "k2").net.buckets
    if scope.site_ids == frozenset({"v01"}):
        assert [s.id for s in part.sites] == ["v01"]
        assert {line.cause for line in part.causes} == {line.cause for line in whole.causes}
        assert part.total.net.buckets == part.sites[0].net.buckets


async def test_a_scope_without_a_site_of_ours_has_no_report(town: ReportTown) -> None:
    with pytest.raises(LookupError):
        await _report(town, FIRST, Scope(site_ids=frozenset({"elsewhere"})))


async def test_incidents_are_added_up_by_cause(town: ReportTown) -> None:
    october, november = await _report(town, FIRST), await _report(town, SECOND)
    power = october.causes[0]
    assert (power.cause.value, power.count, power.open) == ("power", 2, 0)
    assert power.lasted_ms == 8 * 3_600_000
    assert (power.answered, power.answer_ms, power.recover_ms) == (2, 600_000, 4 * 3_600_000)
    line = november.causes[0]
    assert (line.cause.value, line.count, line.open, line.recover_ms) == ("operator_line", 1, 1, None)
    assert len(november.causes) == 1, "nobody was told of the other one"


async def test_agreed_spans_are_told_with_the_rate_both_ways(town: ReportTown) -> None:
    report = await _report(town, FIRST)
    (line,) = report.excluded
    assert (line.id, line.devices, line.counts, line.span.length_ms) == ("w1", 4, True, DAY_MS)
    village = next(s for s in report.sites if s.id == "v01")
    assert village.net.buckets.excluded_ms == 4 * DAY_MS
    assert village.gross.buckets.excluded_ms == 0


async def test_states_of_months(town: ReportTown) -> None:
    assert town.room is not None
    assert [(m.month, m.state) for m in await town.room.months()] == [
        (SECOND, MonthState.RUNNING),
        (FIRST, MonthState.CLOSED),
    ]
    sealed = (await _report(town, FIRST)).sealed
    assert sealed is not None
    assert sealed.by == "李主任"


async def test_a_closed_month_is_read_once(town: ReportTown) -> None:
    assert await _report(town, FIRST) is await _report(town, FIRST)


async def test_a_device_has_its_days_and_a_scope_hides_others(town: ReportTown) -> None:
    assert town.room is not None
    trend = await town.room.trend("cam-0001", FIRST)
    assert len(trend.points) == 31
    assert trend.points[2].buckets.excluded_ms == DAY_MS
    for hidden in (Scope(site_ids=frozenset({"v02"})), Scope(contractor_id="k2")):
        with pytest.raises(LookupError):
            await town.room.trend("cam-0001", FIRST, hidden)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/reports", f"/reports/{FIRST}", f"/reports/{SECOND}", "/trend?device=cam-0003"])
async def test_pages_are_whole_and_light(client: Client, path: str, lang: str) -> None:
    answer = await client.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    text = await answer.text()
    assert answer.status == 200, text[:300]
    assert len(re.findall(r"<[a-z]", text)) < 3000
    assert "None" not in text
    assert "%(" not in text
    if lang == "en":
        words = re.sub(r"<[^>]*>", "", text)
        assert not re.search("在线率|达标|事件", words)


async def test_the_page_of_a_month_answers_the_officials_question(client: Client) -> None:
    text = await (await client.get(f"/reports/{FIRST}?lang=en")).text()
    assert "Is the promise kept" in text
    assert "not configured" in text
    assert "会议纪要 12 号" in text
    assert "closed by 李主任" in text
    assert "camkeeper sla --month 2026-10" in text
    for form in ("pdf", "xlsx"):
        assert f'href="/reports/{FIRST}.{form}"' in text


async def test_another_month_is_held_against(client: Client) -> None:
    text = await (await client.get(f"/reports/{FIRST}?with={SECOND}&lang=en")).text()
    assert f"vs {SECOND}" in text


@pytest.mark.parametrize(
    "path",
    ["/reports/2025-01", "/reports/2026-13", "/reports/2026-10?with=2020-01", "/trend?device=no", "/trend?site=no"],
)
async def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_downloads_have_the_integers(client: Client, town: ReportTown) -> None:
    report = await _report(town, FIRST)
    told = json.loads(await (await client.get(f"/reports/{FIRST}.json")).text())
    assert told["total"]["net"]["time"] == buckets_json(report.total.net.buckets)
    assert told["ledger"]["hash"] == report.head
    text = await (await client.get(f"/reports/{FIRST}.csv")).text()
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM))))
    assert [int(rows[0][name]) for name in TIMES] == list(buckets_json(report.total.net.buckets).values())
    assert [row["level"] for row in rows].count("contractor") == 3


@given(st.text(max_size=20))
def test_no_cell_runs_in_a_spreadsheet(text: str) -> None:
    written = str(cell(text))
    assert not written.lstrip().startswith(("=", "+", "-", "@"))
    assert "\r" not in written
    assert "\t" not in written


@given(st.fractions(0, 1), st.fractions(0, 1))
def test_a_change_is_never_larger_than_it_is(now: Fraction, before: Fraction) -> None:
    told = Fraction(change(now, before))
    real = (now - before) * 100
    assert abs(told) <= abs(real) < abs(told) + Fraction(1, 100)
    assert told * real >= 0


def _sum(parts: Iterable[Rated]) -> Buckets:
    return sum((part.net.buckets for part in parts), Buckets())


@pytest.mark.parametrize(("form", "magic"), [("pdf", b"%PDF"), ("xlsx", b"PK")])
async def test_a_month_is_taken_away_to_sign(client: Client, form: str, magic: bytes) -> None:
    async with client.get(f"/reports/{FIRST}.{form}") as answer:
        first = await answer.read()
        assert answer.status == 200
        assert first.startswith(magic)
        assert f"camkeeper-{FIRST}.{form}" in answer.headers["Content-Disposition"]
    async with client.get(f"/reports/{FIRST}.{form}") as answer:
        assert await answer.read() == first
    async with client.get(f"/reports/1999-01.{form}") as answer:
        assert answer.status == 404


async def test_a_countys_month_is_light_and_has_all_where_asked(town: ReportTown) -> None:
    """229 villages: the worst of each table at first, all of them by a link."""
    report = await _report(town, FIRST)
    root, one = report.sites[0], next(s for s in report.sites if s.parent_id)
    villages = [replace(one, id=f"c{n:03d}", name=f"第 {n} 村") for n in range(229)]
    line = CoverLine(
        site_id=root.id, name=root.name, target_bp=None, design=0.9, lower=0.5, upper=0.6, worst=0.4, worst_ms=TICK_MS,
        lower_hours=1.0, upper_hours=2.0,
    )  # fmt: skip
    lines = [replace(line, site_id=v.id, lower=None if n == 7 else n % 40 / 40) for n, v in enumerate(villages)]
    county = replace(report, sites=(root, *villages), coverage=(line, *lines))
    ranked = cover_worst_first(county)
    assert ranked[0].site_id == root.id
    assert ranked[-1].lower is None
    known = [each.lower for each in ranked[1:-1] if each.lower is not None]
    assert known == sorted(known)
    for whole in (False, True):
        view = month_view(county, report, (FIRST,), languages()["zh"], whole=whole)
        assert (len(view.sites), view.sites_total) == (229 if whole else ROWS_SHOWN, 229)
        assert (len(view.coverage or ()), view.coverage_total) == (230 if whole else ROWS_SHOWN, 230)
