"""`/devices`: what is listed, in which order, what may be done with those that were chosen; the label for a pole."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.dashboards.conftest import Client
from tests.dashboards.insight_town import InsightTown, town
from tests.dashboards.township import AT_MS, DAY_MS, HOUR_MS, device, standing, township

from camboard.app import create_app
from camboard.device.steps import QUIET, qr_path
from camboard.devices.query import DeviceQuery, Order
from camboard.index import index
from camboard.live import KEY, KeptParts, with_key
from camboard.query import BadQuery
from camboard.settings import BoardSettings
from camboard.strip import drawn, month_cells
from camboard.words import State
from camkeeper.clock import SimulatedClock
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.standing.past import CELL_MS, CELLS
from camkeeper.standing.view import StripSegment

PEOPLE = {"Accept": "text/html"}
TOWN = index(township())
WORST = [Status.DOWN, Status.UNKNOWN, Status.DEGRADED, Status.UP, None]


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> InsightTown:
    return town(tmp_path_factory.mktemp("devices"))


@pytest.fixture(name="board")
async def _board(made: InsightTown) -> AsyncIterator[Client]:
    made.probed.clear()
    made.refused.clear()
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS + 3000))
    async with TestClient(TestServer(create_app(made, settings=settings))) as client:
        yield client


async def text(client: Client, path: str, status: int = 200) -> str:
    async with client.get(path, headers=PEOPLE) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


def listed(html: str) -> list[str]:
    return re.findall(r'<tr data-key="([^"]+)"', html)


queries = st.builds(
    DeviceQuery,
    site=st.sampled_from(["", "town", "v00", "v13", "nowhere"]),
    status=st.none() | st.sampled_from(State),
    kind=st.sampled_from(["all", "cameras", "others", "ptz", "speaker"]),
    contractor=st.sampled_from(["", "ctr-1"]),
    link=st.sampled_from(["", "line & 1"]),
    cause=st.none() | st.sampled_from(Reason),
    search=st.sampled_from(["", "cam-00", "东杆", "a&b=c"]),
    order=st.sampled_from(Order),
    page=st.integers(1, 99),
)


@given(queries)
def test_an_address_says_what_was_chosen(query: DeviceQuery) -> None:
    assert DeviceQuery.read(dict(query.pairs())) == query


@given(queries)
def test_filters_only_take_away_and_orders_only_move(query: DeviceQuery) -> None:
    chosen = query.choose(TOWN)
    assert {d.id for d in chosen} <= {d.id for d in TOWN.standing.devices}
    assert sorted(d.id for d in chosen) == sorted(d.id for d in replace(query, order=Order.WORST).choose(TOWN))
    wider = replace(query, status=None, cause=None, search="").choose(TOWN)
    assert {d.id for d in chosen} <= {d.id for d in wider}
    assert len({d.id for d in chosen}) == len(chosen)


@pytest.mark.parametrize("name", ["status", "kind", "cause", "sort", "page"])
def test_what_cannot_be_read_is_told_by_name(name: str) -> None:
    with pytest.raises(BadQuery) as told:
        DeviceQuery.read({name: "nonsense"})
    assert told.value.name == name


def test_what_was_never_measured_comes_after_every_rate() -> None:
    unmeasured = replace(
        device("never", Status.UNKNOWN), month=replace(device("x").month, buckets=device("x").month.buckets.__class__())
    )
    found = DeviceQuery(order=Order.RATE).choose(index(standing([unmeasured, device("a"), device("b")])))
    assert [d.id for d in found] == ["a", "b", "never"]


segments = st.lists(
    st.tuples(st.integers(0, DAY_MS), st.integers(1, 9 * HOUR_MS), st.sampled_from(WORST)), max_size=6
).map(
    lambda raw: [
        StripSegment(span=Span(start_ms=AT_MS - a, end_ms=min(AT_MS, AT_MS - a + n)), status=status)
        for a, n, status in raw
    ]
)


@given(
    st.binary(min_size=CELLS, max_size=CELLS).map(lambda raw: bytes(c % 5 for c in raw)), segments, st.integers(0, 30)
)
def test_a_cell_of_the_month_is_the_worst_that_either_knows(
    stored: bytes, today: Sequence[StripSegment], behind: int
) -> None:
    first = AT_MS // CELL_MS - CELLS + 1 - behind
    cells = month_cells(stored, first, today, AT_MS)
    assert len(cells) == CELLS
    for n, cell in enumerate(cells):
        begin = (AT_MS // CELL_MS - CELLS + 1 + n) * CELL_MS
        known = [
            s.status for s in today if s.span.length_ms and s.span.start_ms < begin + CELL_MS and s.span.end_ms > begin
        ]
        code = stored[n + behind] if n + behind < CELLS else 0
        known.append(Status.from_code(code) if code else None)
        assert cell is min(known, key=WORST.index)
    assert "".join(drawn(cells).values()).count("M") <= CELLS


async def test_fifty_rows_with_thirty_days_each_and_light(board: Client, made: InsightTown) -> None:
    html = await text(board, "/devices")
    assert len(listed(html)) == 50
    assert html.count('viewBox="0 0 180 20"') == 50
    assert len(re.findall(r"<[a-z]", html)) <= 3000
    assert len(gzip.compress(html.encode())) <= 100_000
    assert listed(html) + listed(await text(board, "/devices?page=2")) == [
        d.id for d in DeviceQuery().choose(index(made.standing()))[:100]
    ]
    assert re.search(r'aria-label="过去 30 天 · [^"]*天有离线', html)


async def test_before_the_past_was_read_the_list_is_there(board: Client, made: InsightTown) -> None:
    kept, made.kept = made.kept, None
    try:
        assert "正在读取…" in await text(board, "/devices")
    finally:
        made.kept = kept


async def test_the_table_has_all_pages_of_the_same_choice(board: Client, made: InsightTown) -> None:
    async with board.get("/devices.csv?kind=cameras") as answer:
        rows = list(csv.DictReader(io.StringIO(await answer.text(encoding="utf-8-sig"))))
    chosen = DeviceQuery(kind="cameras").choose(index(made.standing()))
    assert [row["id"] for row in rows] == [d.id for d in chosen]
    assert [int(row["down_ms"]) for row in rows] == [d.month.buckets.down_ms for d in chosen]


def _form(html: str) -> dict[str, str]:
    key = re.search(r'name="key" value="([^"]+)"', html)
    assert key is not None
    return {"key": key[1]}


async def test_those_chosen_are_probed_and_the_reader_comes_back(board: Client, made: InsightTown) -> None:
    html = await text(board, "/devices?kind=cameras&sort=name&page=2")
    first, second = listed(html)[:2]
    fields = {
        **_form(html),
        "back": "kind=cameras&sort=name&page=2",
        "step": "probe",
        f"d:{first}": "1",
        f"d:{second}": "1",
    }
    made.refused.add(second)
    async with board.post("/devices", data=fields, headers=PEOPLE, allow_redirects=False) as answer:
        assert answer.status == 303
        there = answer.headers["Location"]
    assert there == "/devices?kind=cameras&sort=name&page=2&asked=1&late=1"
    assert made.probed == [first]
    assert "正在探测 1 台" in await text(board, there)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"step": "probe"}, 409),
        ({"step": "nonsense", "d:cam-0001": "1"}, 400),
        ({"step": "probe", "d:nobody": "1"}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused(
    board: Client, made: InsightTown, fields: dict[str, str], status: int
) -> None:
    fields |= _form(await text(board, "/devices"))
    async with board.post("/devices", data=fields, headers=PEOPLE, allow_redirects=False) as answer:
        assert answer.status == status
    assert made.probed == []


async def test_nobody_elsewhere_can_have_devices_probed(board: Client, made: InsightTown) -> None:
    for path in ("/devices", "/devices/cam-0001/probe"):
        foreign = {**PEOPLE, "Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
        fields = {"step": "probe", "d:cam-0001": "1"}
        async with board.post(path, data=fields, headers=foreign, allow_redirects=False) as answer:
            assert answer.status == 403
    assert made.probed == []


async def test_a_device_is_probed_from_its_page_once_in_a_while(board: Client, made: InsightTown) -> None:
    html = await text(board, "/devices/cam-0005")
    assert "过去 30 天" in html
    key = re.search(r'action="/devices/cam-0005/probe"><input type="hidden" name="key" value="([^"]+)"', html)
    assert key is not None
    for told in ("正在探测 1 台", "1 台刚刚探测过"):
        async with board.post("/devices/cam-0005/probe", data={"key": key[1]}, allow_redirects=False) as answer:
            assert answer.status == 303
            assert told in await text(board, answer.headers["Location"])
    assert made.probed == ["cam-0005"]


async def test_a_label_carries_the_devices_address(board: Client) -> None:
    html = await text(board, "/devices/cam-0005/label")
    address = re.search(r'class="address">([^<]+)<', html)
    path = re.search(r'class="dark" d="([^"]+)"', html)
    assert address is not None
    assert path is not None
    assert address[1].endswith("/devices/cam-0005")
    assert qr_path(address[1])[1] == path[1]
    assert "style=" not in html
    await text(board, "/devices/nobody/label", 404)


def test_a_code_reads_back() -> None:
    cv2 = pytest.importorskip("cv2")
    np = pytest.importorskip("numpy")
    for said in ("http://10.20.0.5:8080/devices/cam-0005", "http://board.example/devices/%E6%9F%B3%E6%B9%BE-01"):
        size, path = qr_path(said)
        image = np.full((size, size), 255, np.uint8)
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
            image[int(y), int(x) : int(x) + int(width)] = 0
        assert (image[:QUIET] == 255).all()
        assert (image[:, -QUIET:] == 255).all()
        # The label's paper is white around it; this detector wants some of that.
        big = np.pad(np.kron(image, np.ones((8, 8), np.uint8)), 40, constant_values=255)
        read, *_ = cv2.QRCodeDetector().detectAndDecode(big)
        assert read == said


async def test_the_first_page_says_whether_the_promise_is_kept(board: Client, made: InsightTown) -> None:
    html = await text(board, "/")
    assert "本月至今达标" in html
    assert html.count('data-key="m-2026-') == 6
    assert '<a class="button" href="/why?site=town&amp;month=2026-11">' in html
    assert made.kept is not None
    october = made.kept.months["town"][-1]
    assert october.month == "2026-10"


def test_a_kind_without_picture_has_no_good_rate_to_be_sorted_by() -> None:
    found = DeviceQuery(order=Order.GOOD).choose(index(standing([device("s", kind=DeviceKind.SPEAKER), device("c")])))
    assert [d.id for d in found] == ["c", "s"]


async def test_what_is_kept_is_of_one_choice_and_has_the_askers_key(board: Client) -> None:
    first, english, by_name = [
        await text(board, f"/devices?{asked}") for asked in ("lang=zh", "lang=en", "sort=name&lang=zh")
    ]
    assert len({first, english, by_name}) == 3
    assert await text(board, "/devices?sort=name&lang=zh") == by_name
    assert KEY not in first + english
    assert re.search(r'name="key" value="[0-9a-f]{32}"', first)


def test_parts_are_kept_while_the_very_values_stay() -> None:
    parts, one, other = KeptParts(), object(), object()
    made: list[str] = []

    def write() -> Markup:
        made.append(KEY)
        return Markup("<b>") + KEY

    for moment, asked, times in (((one,), "x", 1), ((one,), "x", 1), ((one,), "y", 2), ((other,), "x", 3)):
        kept = parts.of(moment, asked, write)
        assert len(made) == times
        assert (with_key(kept, "ab12"), with_key(kept, "cd34")) == ("<b>ab12", "<b>cd34")
