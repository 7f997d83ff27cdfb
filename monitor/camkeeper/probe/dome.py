"""Asking a dome where it points. Never a move; and never the reason for a verdict: what it doesn't say is not known."""

from __future__ import annotations

from camkeeper.model.dome import DomeReport
from camkeeper.probe.conversation import AskError, Conversation, RefusedError
from camkeeper.probe.memory import Known
from camkeeper.probe.onvif import domes
from camkeeper.probe.onvif.operations import Operation, Service


async def learn(talk: Conversation, known: Known) -> None:
    """Learn, on the whole climb, whether the dome can be asked at all and where its home preset is."""
    known.dome_answers = not known.dome_refused and known.path_of(Service.PTZ) is not None and known.profile is not None
    known.dome_home = None
    if not known.dome_answers or known.profile is None:
        return
    try:
        known.dome_home = domes.home(await talk.ask(Operation.DOME_PRESETS, profile=known.profile.token))
    except RefusedError:
        _closed(known)
    except AskError:
        pass  # no presets, or none that can be read: it may still say where it is


async def report(talk: Conversation, known: Known) -> DomeReport:
    """Ask where the dome points, right after its picture was taken."""
    if not known.dome_answers or known.profile is None:
        return DomeReport()
    try:
        # Where a challenge must be answered it is learnt unsigned: a signed question without it counts as a bad login.
        await talk.discover()
        told = domes.status(await talk.ask(Operation.DOME_STATUS, profile=known.profile.token))
    except RefusedError:
        _closed(known)
        return DomeReport()
    except AskError:
        known.dome_answers = False  # until the next whole climb: a service that hangs must not delay every picture
        return DomeReport()
    return DomeReport(position=told.position, moving=told.moving, home=known.dome_home)


def _closed(known: Known) -> None:
    """Ask no more: an account without the right to PTZ is refused each time, and refusals lock accounts."""
    known.dome_answers, known.dome_refused = False, True
