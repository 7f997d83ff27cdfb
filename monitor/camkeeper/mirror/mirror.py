"""The mirror: page after page from the ledger to the server, and the mark moves when the server took it.

Runs in a thread of its own, apart from the monitor's: it waits for a server, and the monitor waits for nobody. What it
holds in memory is one page, whatever the backlog; what waits lies in the ledger.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from camkeeper.clock import Clock
from camkeeper.ledger import LedgerError, LedgerReader
from camkeeper.mirror.cursor import (
    Cursor,
    CursorError,
    append_rejected,
    held,
    rejected_file,
    sidecar,
)
from camkeeper.mirror.deliver import Delivered, Delivery
from camkeeper.mirror.heartbeat import Ring
from camkeeper.mirror.server import AwayError, Server
from camkeeper.mirror.source import Page, behind, next_page
from camkeeper.model.mirror import Behind, InfluxSetting, MirrorStanding

IDLE_S = 5.0
"""Between looks at a ledger that had nothing new."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""Between tries while the server is away; doubled each time."""
OVERLAP_MS = 60_000
"""Written again after the server was away: VictoriaMetrics answers before it has anything on disk, and a kill of it
loses what it took in its last seconds."""
SHARE = 0.25
"""Of the time that the mirror works while it catches up inside the monitor: probes need the same processor."""
HEARTBEATS_AT_ONCE = 5_000
FAR_MS = 2**62

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What one step did."""

    delivered: Delivered
    more: bool
    """False where the mirror has caught up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A page that the server took: where to begin again if it forgets it."""

    elapsed_ms: int
    seq: int
    """Newest record that was read before the page."""
    from_ms: int | None
    """Its oldest point; None for a page of records, which are told by their number."""


def ledger_id_of(reader: LedgerReader) -> bytes:
    """Return what tells one ledger from another."""
    with reader.reading() as db:
        return bytes(db.execute("SELECT ledger_id FROM ledger").fetchone()[0])


class Mirror:
    """One ledger's mirror. `step` and `run` belong to one thread; `standing` may be asked from any."""

    def __init__(
        self, *, ledger: Path, setting: InfluxSetting, secret: Callable[[], str], clock: Clock, ring: Ring | None = None
    ) -> None:
        """`secret` is asked at each connecting: a mended token counts without a restart. It raises ValueError."""
        self._ledger, self._setting, self._secret = ledger, setting, secret
        self._clock, self._ring = clock, ring
        self._server: Server | None = None
        self._wait_s = FIRST_WAIT_S
        self._recent: deque[Sent] = deque()
        self._reader: LedgerReader
        self._cursor: Cursor
        self._standing = MirrorStanding(url=setting.url, behind=Behind())

    @property
    def standing(self) -> MirrorStanding:
        """How the mirror is doing."""
        return self._standing

    @contextmanager
    def opened(self) -> Iterator[Cursor]:
        """Hold the ledger's mirror until the block ends. HeldError, CursorError or LedgerError where that fails."""
        path = sidecar(self._ledger)
        with (
            held(path),
            LedgerReader(self._ledger) as reader,
            Cursor(path, ledger_id=ledger_id_of(reader), target=self._setting.identity) as cursor,
        ):
            self._reader, self._cursor = reader, cursor
            try:
                yield cursor
            finally:
                self._disconnect()

    def step(self) -> Stepped:
        """Write the next page and the waiting heartbeats; only inside `opened`.

        AwayError where the server is away: no mark has moved then, and all of it comes again.
        """
        self._look()
        page = next_page(self._reader, self._cursor, fine_days=self._setting.fine_days)
        try:
            delivered = Delivered(taken=0, refused=0) if page is None else self._delivery().deliver(page.rows)
        except AwayError as error:
            if error.gone:  # one that answers, or is slow, has not forgotten: going back then would hold us in place
                self._overlap()
            raise
        if page is not None:
            marks = page.moved.marks
            self._remember(page)
            marks = replace(marks, rejected=marks.rejected + delivered.refused, last_ok_ms=self._clock.wall_ms())
            self._cursor.move(replace(page.moved, marks=marks))
        beats = self._beat()
        self._look(taken=delivered.taken + beats, why=delivered.why)
        return Stepped(delivered=delivered, more=page is not None or beats >= HEARTBEATS_AT_ONCE)

    def _remember(self, page: Page) -> None:
        now_ms, before = self._clock.elapsed_ms(), self._cursor.marks()
        of_records = page.moved.marks.seq > before.seq
        from_ms = None if of_records else min((row.at_ms for row in page.rows), default=None)
        self._recent.append(Sent(elapsed_ms=now_ms, seq=before.seq, from_ms=from_ms))
        while self._recent[0].elapsed_ms < now_ms - OVERLAP_MS:
            self._recent.popleft()

    def _overlap(self) -> None:
        """Wind back what was written shortly before the server went away."""
        since_ms = self._clock.elapsed_ms() - OVERLAP_MS
        recent = [sent for sent in self._recent if sent.elapsed_ms >= since_ms]
        self._recent.clear()
        if recent:
            oldest_ms = min((sent.from_ms for sent in recent if sent.from_ms is not None), default=FAR_MS)
            self._cursor.wind_back(seq=min(sent.seq for sent in recent), from_ms=oldest_ms)

    def _beat(self) -> int:
        if self._ring is None:
            return 0
        rows = self._ring.take(HEARTBEATS_AT_ONCE)
        if not rows:
            return 0
        try:
            return self._delivery().deliver(rows).taken
        except BaseException:
            self._ring.put_back(rows)
            raise

    def _look(self, *, taken: int | None = None, why: str = "") -> None:
        """Renew the standing; `taken`: lines that the server took just now, None: it was not asked yet."""
        marks = self._cursor.marks()
        before = self._standing
        self._standing = replace(
            before,
            behind=behind(self._reader, marks, fine_days=self._setting.fine_days),
            last_ok_ms=marks.last_ok_ms,
            rejected=marks.rejected,
            written=before.written + (taken or 0),
            error=before.error if taken is None else why,
            heartbeats_lost=self._lost(),
        )

    def run(self, stop: threading.Event, *, share: float = SHARE) -> None:
        """Mirror until `stop` is set. Nothing that happens here ends the monitor: it is told, and tried again."""
        self._wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                with self.opened():
                    self._follow(stop, share)
                continue
            except AwayError as error:
                self._trouble(str(error))
                self._wait_s = max(min(error.retry_after_s or 0.0, LONGEST_WAIT_S), self._wait_s)
            except (CursorError, LedgerError, OSError, ValueError) as error:
                self._trouble(f"{type(error).__name__}: {error}")
            except Exception as error:  # noqa: BLE001 - a bug of ours must not end the mirror for good
                self._trouble(f"{type(error).__name__}: {error}")
                _log.exception("mirror_bug")
            stop.wait(self._wait_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, guards nothing
            self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    def _follow(self, stop: threading.Event, share: float) -> None:
        while not stop.is_set():
            began = time.perf_counter()
            more = self.step().more
            self._wait_s = FIRST_WAIT_S
            worked_s = time.perf_counter() - began
            stop.wait(worked_s * (1 / share - 1) if more else IDLE_S)

    def _trouble(self, words: str) -> None:
        if self._standing.error != words:
            _log.warning("mirror_behind", error=words)
        self._standing = replace(self._standing, error=words, heartbeats_lost=self._lost())

    def _lost(self) -> int:
        return self._ring.lost if self._ring is not None else 0

    def _delivery(self) -> Delivery:
        if self._server is None:
            self._server = Server(self._setting, self._secret())
        aside = rejected_file(self._ledger)
        return Delivery(self._server, self._setting, lambda lines, why: append_rejected(aside, lines, why))

    def _disconnect(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
