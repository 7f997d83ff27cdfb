"""Long history for the board: the ledger's months, and what the mirror has from before the ledger began.

Polling never waits for it: both are read in threads of its own, the mirror with a time limit, and what was read is
kept. A server that is away is asked again only after a while.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from camkeeper.clock import Clock
from camkeeper.mirror import AwayError, RefusedError, Server
from camkeeper.mirror.read import DayFigure
from camkeeper.model.mirror import BeatDay, InfluxSetting
from camkeeper.model.registry import Registry
from camkeeper.run.historyparts import LedgerPart, MirrorPart, ledger_part, mirror_beats, mirror_months, together
from camkeeper.run.mirror import secret_of
from camkeeper.standing.build import timezone_of
from camkeeper.standing.history import History, HistoryAsk, Trouble

LIMIT_S = 5.0
"""How long a page waits for the mirror; what comes later is kept for the next."""
REQUEST_S = 4.0
FRESH_MS = 600_000
"""A day is written ten minutes after its end, and again when a window is agreed on."""
LEDGER_FRESH_MS = 15_000
SORE_MS = 15_000
"""A server that was away is left alone for this long."""
MOST_WAITING = 8
KEPT = 2_000
"""Months of one thing: a page has twelve."""
LEDGERS_KEPT = 64

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What one visit to the mirror brought."""

    days: dict[str, tuple[DayFigure, ...]]
    beats: tuple[BeatDay, ...] | None
    trouble: Trouble = Trouble.NONE
    detail: str = ""


_DayKey = tuple[str, str, str, str]
"""Server, device, site, month."""


class HistoryRoom:
    """Answers `HistorySource` of the board. One owner, the event loop."""

    def __init__(
        self,
        *,
        ledger: Path,
        registry: Callable[[], Registry],
        clock: Clock,
        now_ms: Callable[[], int],
        limit_s: float = LIMIT_S,
    ) -> None:
        self._path, self._registry, self._clock, self._now_ms, self._limit_s = ledger, registry, clock, now_ms, limit_s
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="history")
        self._waiting: set[asyncio.Task[_Read]] = set()
        self._days: OrderedDict[_DayKey, tuple[int, tuple[DayFigure, ...]]] = OrderedDict()
        self._beats: OrderedDict[_DayKey, tuple[int, tuple[BeatDay, ...]]] = OrderedDict()
        self._ledgers: OrderedDict[HistoryAsk, tuple[int, LedgerPart]] = OrderedDict()
        self._sore: tuple[str, int, Trouble, str] | None = None

    async def history(self, ask: HistoryAsk) -> History:
        """Return months, newest first, and the days of one. ValueError for an unreadable month."""
        ledger = await self._ledger(replace(ask, month=""))
        setting = self._registry().influx
        month = ask.month if ask.month in ledger.names else ""
        newest = next((name for name in ledger.names if ledger.days.get(name)), ledger.names[0] if ledger.names else "")
        month = month or newest
        if setting is None:
            mirror = MirrorPart(trouble=Trouble.NOT_CONFIGURED)
        else:
            mirror = await self._mirror(setting, ask, ledger, month)
        if not ask.month and not ledger.days.get(month):  # nothing of the ledger's: the newest that the mirror has
            month = next((name for name in ledger.names if mirror.days.get(name)), month)
        return together(ask, ledger, mirror, month=month, url="" if setting is None else setting.url)

    async def _ledger(self, ask: HistoryAsk) -> LedgerPart:
        kept = self._ledgers.get(ask)
        if kept is not None and self._clock.elapsed_ms() - kept[0] < LEDGER_FRESH_MS:
            return kept[1]
        tz = timezone_of(self._registry())
        read = partial(ledger_part, self._path, ask, now_ms=self._now_ms(), tz=tz)
        part = await asyncio.to_thread(read)
        _put(self._ledgers, ask, (self._clock.elapsed_ms(), part), LEDGERS_KEPT)
        return part

    async def _mirror(self, setting: InfluxSetting, ask: HistoryAsk, ledger: LedgerPart, month: str) -> MirrorPart:
        def key(name: str) -> _DayKey:
            return setting.identity, ask.device_id, ask.site_id, name

        fresh_ms = self._clock.elapsed_ms() - FRESH_MS
        wanted = [n for n in ledger.names if (kept := self._days.get(key(n))) is None or kept[0] < fresh_ms]
        beats = self._beats.get(key(month))
        beating = bool(ask.device_id and month) and (beats is None or beats[0] < fresh_ms)
        trouble, detail = Trouble.NONE, ""
        if wanted or beating:
            trouble, detail = await self._ask(setting, ask, wanted, month if beating else "", ledger.tz, key)
        shown = self._beats.get(key(month))
        return MirrorPart(
            days={name: self._days[key(name)][1] for name in ledger.names if key(name) in self._days},
            beats=() if shown is None else shown[1],
            trouble=trouble,
            detail=detail,
        )

    async def _ask(
        self,
        setting: InfluxSetting,
        ask: HistoryAsk,
        months: list[str],
        beats_of: str,
        tz: str,
        key: Callable[[str], _DayKey],
    ) -> tuple[Trouble, str]:
        now_ms = self._clock.elapsed_ms()
        if self._sore is not None and self._sore[0] == setting.identity and now_ms < self._sore[1]:
            return self._sore[2], self._sore[3]
        if len(self._waiting) >= MOST_WAITING:
            return Trouble.BUSY, ""
        until_ms = now_ms + round(self._limit_s * 1000)
        secret = partial(secret_of, setting, Path(self._registry().source).parent)
        job = partial(_visit, setting, secret, ask, months, beats_of, tz, lambda: self._clock.elapsed_ms() < until_ms)
        keep = asyncio.create_task(self._keep(self._pool.submit(job), setting, key, beats_of), name="history")
        self._waiting.add(keep)
        keep.add_done_callback(self._waiting.discard)
        try:
            found = await asyncio.wait_for(asyncio.shield(keep), self._limit_s)
        except TimeoutError:
            return Trouble.SLOW, ""
        missing = set(months) - found.days.keys()
        return (Trouble.SLOW, "") if missing and found.trouble is Trouble.NONE else (found.trouble, found.detail)

    async def _keep(
        self, future: Future[_Read], setting: InfluxSetting, key: Callable[[str], _DayKey], beats_of: str
    ) -> _Read:
        """Keep what a visit brought, however late it comes."""
        found = await asyncio.wrap_future(future)
        now_ms = self._clock.elapsed_ms()
        for name, days in found.days.items():
            _put(self._days, key(name), (now_ms, days), KEPT)
        if beats_of and found.beats is not None:
            _put(self._beats, key(beats_of), (now_ms, found.beats), KEPT)
        if found.trouble is not Trouble.NONE:
            self._sore = (setting.identity, now_ms + SORE_MS, found.trouble, found.detail)
        return found

    def close(self) -> None:
        """Let go of the threads; what is under way ends by its own time limit."""
        for task in self._waiting:
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _visit(
    setting: InfluxSetting,
    secret: Callable[[], str],
    ask: HistoryAsk,
    months: list[str],
    beats_of: str,
    tz: str,
    on: Callable[[], bool],
) -> _Read:
    """Read in a thread; never raises: whatever goes wrong is on the page."""
    days: dict[str, tuple[DayFigure, ...]] = {}
    beats: tuple[BeatDay, ...] | None = None
    try:
        short = replace(setting, timeout_s=min(setting.timeout_s, REQUEST_S))
        with closing(Server(short, secret())) as server:
            for name, found in mirror_months(server, setting, ask, months, tz, on):
                days[name] = found  # noqa: PERF403 - what was read before the server went away is kept
            if beats_of and on():
                beats = mirror_beats(server, setting, ask, beats_of, tz, on)
    except AwayError as error:
        return _Read(days=days, beats=beats, trouble=Trouble.AWAY, detail=str(error))
    except (RefusedError, ValueError) as error:
        return _Read(days=days, beats=beats, trouble=Trouble.REFUSED, detail=str(error))
    except Exception as error:  # noqa: BLE001 - a bug of ours must not take the ledger's figures off the page
        _log.exception("history_bug")
        return _Read(days=days, beats=beats, trouble=Trouble.REFUSED, detail=type(error).__name__)
    return _Read(days=days, beats=beats)


def _put(kept: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
