"""What pages keep: as long as the very values stay, of one month beside another, and with the instant of now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.dashboards.report_town import FIRST, SECOND, TICK_MS, ReportTown, report_town

from camboard.app import create_app
from camboard.index import index
from camboard.live import AT, OPEN, KeptEach, at_words, with_now
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.register import Said, read_register

Client = TestClient[Request, Application]


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "k.ledger"


@pytest.fixture(name="town", scope="module")
def _town(ledger: Path) -> ReportTown:
    return report_town(ledger)


@pytest.fixture(name="reader")
async def _reader(town: ReportTown) -> AsyncIterator[Client]:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=TICK_MS + 3000))
    async with TestClient(TestServer(create_app(town, settings=settings))) as made:
        yield made


async def text(client: Client, path: str) -> str:
    async with client.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


@given(asked=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), max_size=60))
def test_what_is_kept_is_what_would_be_written(asked: list[tuple[int, int]]) -> None:
    values = [object(), object(), object()]
    parts = KeptEach()
    for which, moment in asked:
        told = Markup(f"{which} of {moment}")  # noqa: S704 - numbers
        assert parts.of(which, (values[moment],), lambda told=told: told) == told  # type: ignore[misc]


def test_one_month_made_anew_leaves_the_others() -> None:
    parts, one, two, later = KeptEach(), object(), object(), object()
    written: list[str] = []

    def write() -> Markup:
        written.append("x")
        return Markup("x")

    for asked, moment, times in (("a", one, 1), ("b", two, 2), ("a", one, 2), ("b", later, 3), ("a", one, 3)):
        parts.of(asked, (moment,), write)
        assert len(written) == times


def test_a_kept_part_says_the_instant_and_the_count_of_now(town: ReportTown) -> None:
    found = index(town.standing())
    part = Markup(f"<p>{AT}</p><b>{OPEN}</b>")  # noqa: S704 - hexadecimal
    assert with_now(part, found, 7) == f"<p>{at_words(found)}</p><b>7</b>"


@pytest.mark.parametrize("path", ["/reports", f"/reports/{FIRST}", f"/reports/{SECOND}?with={FIRST}"])
async def test_a_month_that_stays_is_shown_with_the_instant_of_each_standing(
    reader: Client, town: ReportTown, path: str
) -> None:
    before = await text(reader, path)
    first = at_words(index(town.standing()))
    town.value = replace(town.value, at_ms=town.value.at_ms + 61_000)
    after = await text(reader, path)
    assert after == before.replace(first, at_words(index(town.standing()))).replace(
        f'data-at-ms="{town.value.at_ms - 61_000}"', f'data-at-ms="{town.value.at_ms}"'
    )
    assert AT not in before + after
    assert OPEN not in before + after


async def test_each_language_and_choice_has_its_own_month(reader: Client) -> None:
    asked = [
        f"/reports/{SECOND}?lang={lang}{more}" for lang in ("zh", "en") for more in ("", f"&with={FIRST}", "&all=1")
    ]
    first = [await text(reader, path) for path in asked]
    assert [await text(reader, path) for path in asked] == first
    assert len({page.partition('<html lang="')[2][:5] for page in first}) == 2


@pytest.mark.usefixtures("town")
def test_configurations_are_read_once_and_say_the_same(ledger: Path) -> None:
    known: dict[bytes, Said] = {}
    with LedgerReader(ledger) as reader, reader.reading() as db:
        fresh = read_register(db, before=None, count=100)
        once = read_register(db, before=None, count=100, said=known)
        told = len(known)
        again = read_register(db, before=None, count=100, said=known)
    assert fresh == once == again
    assert told == len(known) == sum(entry.what == "config" for entry in fresh) > 0
