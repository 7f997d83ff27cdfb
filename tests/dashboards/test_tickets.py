"""Tickets are good once, for one device, for a short while."""

from __future__ import annotations

from tests.dashboards.picture_town import COVERED, small_jpeg
from tests.dashboards.township import AT_MS, DAY_MS

from camboard.picture.tickets import GOOD_FOR_MS, MOST, Tickets
from camkeeper.clock import SimulatedClock
from camkeeper.model.picture import PictureVerdict
from camkeeper.standing.picture import Thumbnail


def picture(device_id: str = COVERED) -> Thumbnail:
    return Thumbnail(
        device_id=device_id,
        at_ms=AT_MS,
        verdict=PictureVerdict.COVER,
        jpeg=small_jpeg(),
        expires_ms=AT_MS + 7 * DAY_MS,
    )


def test_a_ticket_is_good_once() -> None:
    tickets, own = Tickets(SimulatedClock()), picture()
    ticket = tickets.give(own)
    assert tickets.look(ticket, COVERED) is own
    assert tickets.take(ticket, COVERED) is own
    assert tickets.look(ticket, COVERED) is None
    assert tickets.take(ticket, COVERED) is None


def test_it_is_good_for_its_own_camera_only() -> None:
    tickets = Tickets(SimulatedClock())
    ticket = tickets.give(picture())
    assert tickets.take(ticket, "cam-0001") is None
    assert tickets.take("", COVERED) is None
    assert tickets.take(ticket, COVERED) is not None


def test_it_ends_by_itself_whatever_the_wall_clock_does() -> None:
    clock = SimulatedClock()
    tickets = Tickets(clock)
    ticket = tickets.give(picture())
    clock.step_wall(10 * GOOD_FOR_MS)
    assert tickets.look(ticket, COVERED) is not None
    clock.advance(GOOD_FOR_MS)
    assert tickets.take(ticket, COVERED) is None


def test_pictures_in_memory_are_few() -> None:
    tickets = Tickets(SimulatedClock())
    given = [tickets.give(picture()) for _ in range(MOST + 3)]
    assert len(set(given)) == MOST + 3
    assert [tickets.look(t, COVERED) is None for t in given] == [True] * 3 + [False] * MOST
