"""Registered first, shown afterwards: over a real ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.monitor.album.prints import HOUR, MINUTE, T0, finding, jpeg, open_album

from camkeeper.album import Album, AlbumError, Gate, NotAllowedError
from camkeeper.album.gate import MAX_ASKED
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader
from camkeeper.ledger.verify import verify
from camkeeper.model.view import Viewed, ViewRecord

SMALL = jpeg(160, 90)
WHO = {"who": "王强", "unit": "大郭镇综治中心", "why": "核实遮挡"}


class Site:
    """An album and a ledger; the site of cameras that begin with `open` allows full pictures."""

    def __init__(self, folder: Path) -> None:
        self.clock = SimulatedClock(wall_ms=T0)
        self.path = folder / "l"
        self.ledger = Ledger.open(self.path, boot=Boot(boot_id="b", version="1"), clock=self.clock)
        self.album: Album = open_album(folder / "l.album", self.clock)
        self.gate = Gate(
            self.album, clock=self.clock, register=self.register, allowed=lambda device_id: device_id.startswith("open")
        )

    async def register(self, view: ViewRecord) -> None:
        await asyncio.wrap_future(self.ledger.append(Batch(views=(view,))))

    def views(self) -> tuple[ViewRecord, ...]:
        with LedgerReader(self.path) as reader:
            return reader.views()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    one = Site(tmp_path)
    yield one
    one.album.close()
    one.ledger.close()


async def test_a_thumbnail_is_shown_after_its_view_is_on_record(site: Site) -> None:
    site.album.put_thumbnail(finding(), at_ms=T0, jpeg=SMALL).result(5)
    kept = await site.gate.thumbnail("c1", incident_id="I000004", **WHO)
    assert kept is not None
    assert kept.jpeg == SMALL
    assert site.views() == (ViewRecord(at_ms=T0, device_id="c1", what=Viewed.THUMBNAIL, incident_id="I000004", **WHO),)
    assert await site.gate.thumbnail("c2", **WHO) is None
    assert len(site.views()) == 1  # nothing was seen
    assert verify(site.path).ok


async def test_without_a_record_there_is_nothing_to_see(site: Site) -> None:
    site.album.put_thumbnail(finding(), at_ms=T0, jpeg=SMALL).result(5)
    site.ledger.close()
    with pytest.raises(Exception, match="closed"):
        await site.gate.thumbnail("c1", **WHO)


@pytest.mark.parametrize("lack", ["who", "why"])
async def test_a_name_and_a_reason_are_wanted(site: Site, lack: str) -> None:
    site.album.put_thumbnail(finding(), at_ms=T0, jpeg=SMALL).result(5)
    with pytest.raises(ValueError, match="name and a reason"):
        await site.gate.thumbnail("c1", **(WHO | {lack: "  "}))
    assert site.views() == ()


async def test_a_full_picture_wants_a_site_that_allows_it_and_somebody_who_asks(site: Site) -> None:
    large = jpeg(640, 360)
    with pytest.raises(NotAllowedError):
        await site.gate.ask("c1", **WHO)
    with pytest.raises(NotAllowedError):
        await site.gate.full("c1", **WHO)
    assert not await site.gate.take("open1", at_ms=T0, jpeg=large)  # nobody asked
    assert await site.gate.full("open1", **WHO) is None
    assert site.views() == ()
    await site.gate.ask("open1", **WHO)
    assert site.gate.wants("open1")
    assert await site.gate.take("open1", at_ms=T0 + 5, jpeg=large)
    assert not await site.gate.take("open1", at_ms=T0 + 6, jpeg=large)  # one wish, one picture
    kept = await site.gate.full("open1", **WHO)
    assert kept is not None
    assert (kept.jpeg, kept.expires_ms) == (large, T0 + 5 + 72 * HOUR)
    assert [v.what for v in site.views()] == [Viewed.ASKED, Viewed.SNAPSHOT]


async def test_a_wish_is_forgotten_after_a_while_and_there_are_not_many(site: Site) -> None:
    await site.gate.ask("open1", **WHO)
    site.clock.advance(15 * MINUTE)
    assert not site.gate.wants("open1")
    assert not await site.gate.take("open1", at_ms=T0, jpeg=jpeg(640, 360))
    for i in range(MAX_ASKED):
        await site.gate.ask(f"open{i}", **WHO)
    await site.gate.ask("open0", **WHO)
    with pytest.raises(AlbumError, match="too many"):
        await site.gate.ask("open-more", **WHO)
