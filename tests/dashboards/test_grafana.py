"""The Grafana dashboards: their files, their shape, and every question asked of a real InfluxDB 1.6.7."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import combinations
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from tests.dashboards.grafana_town import DAYS, END_MS, UNKNOWN, ZONE, Filled, Json, boards, filled
from tests.monitor.mirror.township import DAY_MS, HOUR_MS, START_MS

from camboard.assets import assets
from camboard.grafana import query
from camboard.grafana.__main__ import FOLDER, files
from camboard.grafana.boards import ORDER
from camboard.grafana.panel import COLOURS, FINE, shaped
from camkeeper.availability.buckets import Buckets, truncated_percent
from camkeeper.availability.days import day_span, local_date
from camkeeper.ledger import LedgerReader
from camkeeper.mirror.series import DEVICE_DAY, SITE_DAY
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.span import Span
from camkeeper.model.status import Status

BOARDS = boards(FOLDER)
PANELS = [(name, one) for name, board in BOARDS.items() for one in board["panels"]]
TARGETS = [(f"{name}/{one['title']}/{t['refId']}", one, t) for name, one in PANELS for t in one["targets"]]
POLICY = DEFAULT_ACCOUNTING[0].id
VARIABLES = {
    "root": "town",
    "site": "v1",
    "device": "cam-001",
    "policy": POLICY,
    "fine": "fine",
    "tz": ZONE,
    "light": "day",
}
EMPTY = {"Devices up", "Devices degraded", "Devices down", "Devices unknown"}
"""A state that no device has is no series: the figure says that there is none."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled(tmp_path_factory.mktemp("grafana")) as made:
        yield made


def test_the_files_are_what_is_generated() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.json"))} == files()


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_has_the_shape_that_grafana_reads(name: str) -> None:
    board = BOARDS[name]
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time", "timezone", "version"} <= board.keys()
    assert len(board["uid"]) <= 40
    ids = [one["id"] for one in board["panels"]]
    assert len(set(ids)) == len(ids)
    for one in board["panels"]:
        assert {"type", "title", "targets", "gridPos", "fieldConfig", "options", "datasource"} <= one.keys()
        place = one["gridPos"]
        assert 0 <= place["x"] <= 24 - place["w"]
        assert [t["refId"] for t in one["targets"]] == [chr(65 + n) for n in range(len(one["targets"]))]
        assert " / " in one["title"] or re.search(r"[一-鿿].* / ", one["title"]), "Chinese, then English"
    for one, other in combinations(board["panels"], 2):
        assert not overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def overlap(a: Json, b: Json) -> bool:
    across = a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
    return bool(across and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"])


def test_dashboards_have_different_names() -> None:
    for key in ("uid", "title"):
        assert len({board[key] for board in BOARDS.values()}) == len(BOARDS)


def test_variables_are_declared_and_used() -> None:
    for name, board in BOARDS.items():
        declared = {v["name"] for v in board["templating"]["list"]}
        text = " ".join(t["query"] for one in board["panels"] for t in one["targets"])
        text += " ".join(str(v.get("query", "")) for v in board["templating"]["list"])
        used = set(re.findall(r"\$(\w+)", text)) - {"timeFilter", "__interval"}
        assert used - declared == set(), name
        assert declared - used <= {"fine", "tz"}, name


def test_every_panel_asks_a_provisioned_source() -> None:
    folder = FOLDER.parent / "provisioning"
    sources = yaml.safe_load((folder / "datasources" / "camkeeper.yaml").read_text(encoding="utf-8"))
    known = {one["uid"]: one for one in sources["datasources"]}
    assert {t["datasource"]["uid"] for _, _, t in TARGETS} == known.keys()
    for one in known.values():
        assert one["type"] == "influxdb"
        assert one["url"] == "$CAMKEEPER_INFLUX_URL"
        assert one["jsonData"]["dbName"].startswith("$CAMKEEPER_INFLUX_")
    for title, _, t in TARGETS:  # a retention policy is named exactly where the short-lived series are asked
        assert ('"$fine".' in t["query"]) == (t["datasource"]["uid"] == FINE["uid"]), title
    provider = yaml.safe_load((folder / "dashboards" / "camkeeper.yaml").read_text(encoding="utf-8"))["providers"][0]
    assert provider["options"]["path"].endswith(f"/{FOLDER.name}")


def test_colours_are_the_board_s() -> None:
    sheet = assets()["board.css"].body.decode()
    for state, colour in COLOURS.items():
        assert f"--{state.value}: {colour};" in sheet


def test_no_mean_anywhere() -> None:
    for title, _, t in TARGETS:
        assert "mean(" not in t["query"], title
        assert "fill(100)" not in t["query"], title
        assert "fill(previous)" not in t["query"], title


@pytest.mark.parametrize(("title", "one", "asked"), TARGETS, ids=[title for title, _, _ in TARGETS])
def test_every_question_is_answered(town: Filled, title: str, one: Json, asked: Json) -> None:
    found = town.ask(asked["query"], VARIABLES, every=one.get("interval", "1h"))
    if title.split("/")[-2].strip() in EMPTY:
        return
    assert any(value is not None for series in found for row in series["values"] for value in row[1:])
    if asked["alias"] == "$col" and one["type"] == "timeseries":
        (series,) = found
        for n, column in enumerate(series["columns"][1:], 1):
            assert any(row[n] is not None for row in series["values"]), column


def test_every_variable_has_values(town: Filled) -> None:
    for board in BOARDS.values():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                assert town.ask(variable["query"], VARIABLES, every="1d"), variable["name"]


def by_day(town: Filled, ids: list[str]) -> dict[int, Buckets]:
    """The finished local days of devices, from the ledger; by the instant of their beginning."""
    with LedgerReader(town.ledger) as reader:
        config = reader.config_at()
        assert config is not None
        groups = dict.fromkeys(ids, "all")
        period = Span(start_ms=START_MS, end_ms=END_MS)
        found = reader.day_sums(period, groups, tz=ZONE, policy=DEFAULT_ACCOUNTING[0], config=config.config)
    spans = {day_span(d.day, ZONE): d.buckets for d in found["all"]}
    return {span.start_ms: b for span, b in spans.items() if span.start_ms >= START_MS and span.end_ms <= END_MS}


CASES = [
    (SITE_DAY, "\"site\" = 'town'", ["cam-000", "cam-001", "cam-002", "cam-004", "cam-005", "cam-006"]),
    (SITE_DAY, "\"site\" = 'v2'", ["cam-001", "cam-005"]),
    (DEVICE_DAY, "\"device\" = 'cam-002'", ["cam-002"]),
    (DEVICE_DAY, f"\"device\" = '{UNKNOWN}'", [UNKNOWN]),
]


@pytest.mark.parametrize(("measurement", "where", "ids"), CASES)
def test_bars_are_the_ledger_s_milliseconds(town: Filled, measurement: str, where: str, ids: list[str]) -> None:
    text = query.buckets_over_time(measurement, where, [shaped(state) for state in ORDER])
    (series,) = town.ask(text, VARIABLES, every="1d")
    rows = {row[0]: row[1:] for row in series["values"] if any(v is not None for v in row[1:])}
    expected = by_day(town, ids)
    assert len(expected) >= DAYS - 2
    assert {at_ms: [int(v) for v in row] for at_ms, row in rows.items()} == {
        at_ms: [b.up_ms - b.degraded_ms, b.degraded_ms, b.down_ms, b.unknown_ms, b.excluded_ms]
        for at_ms, b in expected.items()
    }


@pytest.mark.parametrize(("measurement", "where", "ids"), CASES)
def test_figures_are_cut_from_the_ledger_s_sums(town: Filled, measurement: str, where: str, ids: list[str]) -> None:
    total = sum(by_day(town, ids).values(), Buckets())
    for name, ratio in shares_of(total).items():
        found = town.ask(query.share(name, measurement, where), VARIABLES, every="1d")
        assert only(found) == percent(ratio), name
    assert only(town.ask(query.unknown(measurement, where), VARIABLES, every="1d")) == total.unknown_ms


@pytest.mark.parametrize(("measurement", "where", "ids"), CASES)
def test_days_without_known_time_are_gaps(town: Filled, measurement: str, where: str, ids: list[str]) -> None:
    expected = by_day(town, ids)
    for name in query.SHARES:
        found = town.ask(query.share_over_time(name, measurement, where), VARIABLES, every="1d")
        drawn = {row[0]: row[1] for series in found for row in series["values"] if row[1] is not None}
        wanted = {at_ms: percent(shares_of(b)[name]) for at_ms, b in expected.items()}
        assert drawn == {at_ms: value for at_ms, value in wanted.items() if value is not None}, name


def test_of_what_is_never_known_there_is_no_rate_but_bounds(town: Filled) -> None:
    where = f"\"device\" = '{UNKNOWN}'"
    assert only(town.ask(query.share("rate", DEVICE_DAY, where), VARIABLES, every="1d")) is None
    assert only(town.ask(query.share("lower", DEVICE_DAY, where), VARIABLES, every="1d")) == 0
    assert only(town.ask(query.share("upper", DEVICE_DAY, where), VARIABLES, every="1d")) == 100


def test_a_week_s_interval_is_the_sum_of_its_days(town: Filled) -> None:
    where = "\"site\" = 'town'"
    (series,) = town.ask(query.buckets_over_time(SITE_DAY, where, list("abcde")), VARIABLES, every="7d")
    total = sum(by_day(town, CASES[0][2]).values(), Buckets())
    assert sum(row[1] or 0 for row in series["values"]) == total.up_ms - total.degraded_ms
    assert sum(row[4] or 0 for row in series["values"]) == total.unknown_ms


def test_a_timeline_knows_the_status_at_its_left_edge(town: Filled) -> None:
    panel = next(one for name, one in PANELS if name == "device" and one["type"] == "state-timeline")
    since_ms = END_MS - HOUR_MS
    (series,) = town.ask(panel["targets"][0]["query"], VARIABLES, every="1h", since_ms=since_ms)
    with LedgerReader(town.ledger) as reader:
        whole = Span(start_ms=START_MS, end_ms=END_MS)
        changes = [(t.at_ms, t.new.code) for t in reader.changes("cam-001", whole)]
    assert [tuple(row) for row in series["values"]] == changes
    assert changes[0][0] < since_ms


def test_counts_are_the_statuses_of_who_is_in_service(town: Filled) -> None:
    with LedgerReader(town.ledger) as reader:
        now = reader.statuses()
        gone = {life.device_id for life in reader.lives() if life.end_ms is not None and life.end_ms <= END_MS}
    for status in (Status.UP, Status.DEGRADED, Status.DOWN):
        expected = sum(s is status for device_id, s in now.items() if device_id not in gone)
        assert (only(town.ask(query.in_status(status.code, ""), VARIABLES, every="1h")) or 0) == expected


def test_latencies_of_each_rung_and_coverage_hours(town: Filled) -> None:
    panel = next(one for name, one in PANELS if name == "device" and "Latency" in one["title"])
    (series,) = town.ask(panel["targets"][0]["query"], VARIABLES, every="2h")
    first = next(row for row in series["values"] if row[1] is not None)
    assert first[1:] == [56.0 + k for k in range(1, len(first))], "the 57th of an hour's sixty"
    where = "\"site\" = 'v1' AND \"layer\" = 'area' AND \"light\" = 'day'"
    (seen,) = town.ask(query.covered("lower", where), VARIABLES, every="1h")
    values = [row[1] for row in seen["values"] if row[1] is not None]
    # Areas are floating point numbers: an exact hundredth may be cut to the one below.
    expected = [percent(Fraction(6_000 + h, 9_000)) for h in range(48)]
    assert values == pytest.approx(expected[-len(values) :], abs=0.0101)
    assert len(values) >= 47


def test_headers_that_nobody_asks_for_do_no_harm(town: Filled) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", town.server.port, timeout=10)
    asked = urlencode({"db": "graf", "q": "SHOW MEASUREMENTS"})
    connection.request("GET", f"/query?{asked}", headers={"Authorization": "none"})
    assert connection.getresponse().status == 200
    connection.close()


def shares_of(b: Buckets) -> dict[str, Fraction | None]:
    return {"rate": b.ratio, "good": b.good_ratio, "lower": b.lower, "upper": b.upper, "known": b.completeness}


def percent(ratio: Fraction | None) -> float | None:
    text = truncated_percent(ratio)
    return None if text is None else float(text)


def only(found: list[Json]) -> Any:
    return found[0]["values"][0][1] if found else None


def test_days_stand_at_local_midnight(town: Filled) -> None:
    (series,) = town.ask(query.buckets_over_time(SITE_DAY, "\"site\" = 'town'", list("abcde")), VARIABLES, every="1d")
    days = [local_date(row[0], ZONE) for row in series["values"] if row[1] is not None]
    assert isinstance(days[0], date)
    assert [day_span(day, ZONE).start_ms for day in days] == [row[0] for row in series["values"] if row[1] is not None]
    assert len(days) * DAY_MS <= END_MS - START_MS
