"""What goes into the ledger and what comes back. Frozen values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camkeeper.clock import ClockStep
from camkeeper.judge.track import Track
from camkeeper.ledger.snapshot import Snapshot
from camkeeper.model.change import Transition
from camkeeper.model.incident import Incident, IncidentEvent
from camkeeper.model.letter import Letter
from camkeeper.model.picture import Drift, Finding
from camkeeper.model.post import Post
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.model.view import ViewRecord
from camkeeper.model.workorder import OrderEvent, Watched
from camkeeper.window.book import WindowBook, WindowEvent
from camkeeper.workorder.book import WorkOrderBook


class LedgerError(Exception):
    """Root of the ledger's errors."""


class LedgerBusyError(LedgerError):
    """Another monitor holds this ledger."""


class LedgerFormatError(LedgerError):
    """The file is not a ledger of this version."""


class LedgerDamagedError(LedgerError):
    """The file is a ledger, and a part of it cannot be read; `camkeeper verify` says which."""


class LedgerFullError(LedgerError):
    """Too much waits to be written (the disk is full or broken): this batch was *not* taken.

    The caller keeps the tracks it had before folding the batch; what was not taken becomes unknown time.
    """


class LedgerClosedError(LedgerError):
    """The ledger was closed."""


class InconsistentBatchError(LedgerError):
    """A batch contradicts the record (a fault of the program): nothing of it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """One run of the monitor."""

    boot_id: str
    version: str
    """Of the software."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeChange:
    """A device enters service (`enrolled`) or leaves it."""

    device_id: str
    at_ms: int
    enrolled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is committed together. Written in this order: config, clock steps, enrolments, transitions, retirements."""

    samples: tuple[Sample, ...] = ()
    transitions: tuple[Transition, ...] = ()
    tick_ms: int | None = None
    """Everything until here is told by this batch and those before it: expiries up to this instant included."""
    lives: tuple[LifeChange, ...] = ()
    config: Snapshot | None = None
    clock_steps: tuple[ClockStep, ...] = ()
    at_ms: int | None = None
    """Ledger time of `config`; None: the tick, or the wall clock where there is no tick."""
    incidents: tuple[IncidentEvent, ...] = ()
    """What the transitions amount to, and what people did; in their order."""
    letters: tuple[Letter, ...] = ()
    """To be sent. One whose id is on record already is not queued again."""
    quiet_until: Mapping[str, int] = field(default_factory=dict)
    """Letter id -> not to be sent before (UTC ms), for those that wait for the end of quiet hours."""
    orders: tuple[OrderEvent, ...] = ()
    """Steps of work orders, in the order in which they were taken."""
    watched: Mapping[int, Mapping[str, Watched]] = field(default_factory=dict)
    """Order number -> all its devices as the probe has them now, where that changed."""
    desk: str | None = None
    """What the correlator remembers after this batch; None: unchanged."""
    windows: tuple[WindowEvent, ...] = ()
    """What people agreed on; `config` then has the plans as they are afterwards."""
    findings: tuple[Finding, ...] = ()
    """What pictures prove, in the order of decision; `ok` ends the one before."""
    drifts: tuple[Drift, ...] = ()
    """Readings of devices' clocks that are worth keeping."""
    views: tuple[ViewRecord, ...] = ()
    """Pictures that are about to be shown to somebody: shown after the acknowledgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The batch is on disk."""

    seq: int
    """The chain's newest record then."""
    head: bytes
    """Its hash."""
    samples: int
    """Acknowledged since the ledger began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How writing goes."""

    error: str | None = None
    """What the disk said last, None once writing works again."""
    failing_since_ms: int | None = None
    """Elapsed milliseconds (not wall time) at the first failure of this trouble."""
    retries: int = 0
    pending_batches: int = 0
    pending_samples: int = 0
    refused_batches: int = 0
    """Turned away because too much was waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """In service [start, end), UTC milliseconds; end None: still."""

    device_id: str
    start_ms: int
    end_ms: int | None = None

    def touches(self, period: Span) -> bool:
        """Tell whether any of it lies in the period."""
        return self.start_ms < period.end_ms and (self.end_ms is None or self.end_ms > period.start_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalBatch:
    """One committed batch, as the journal and the chain have it."""

    samples: tuple[Sample, ...]
    transitions: tuple[Transition, ...]
    lives: tuple[LifeChange, ...]
    tick_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The status that the record has for a device in service, since when."""

    device_id: str
    status: Status
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a restart needs: `replay.refold` folds `batches` onto `tracks`, and the very state is back."""

    tracks: tuple[Track, ...]
    """Of the newest checkpoint; empty where there is none."""
    batches: tuple[JournalBatch, ...]
    """Since the checkpoint, in the order in which they were committed."""
    last_tick_ms: int | None
    samples: int
    """Acknowledged since the ledger began."""
    lives: tuple[Life, ...]
    """Devices in service now."""
    standing: tuple[Recorded, ...]
    """Of the devices in service, those that ever had a status."""
    config_digest: str | None
    """`Snapshot.digest` of the newest configuration on record."""
    previous_boot_id: str | None
    incidents: tuple[Incident, ...] = ()
    """Those held or open."""
    posts: tuple[Post, ...] = ()
    """Letters that wait, oldest first; one in state `sending` was under way when the monitor ended."""
    book: WorkOrderBook | None = field(default_factory=WorkOrderBook)
    """All work orders; None where they cannot be read."""
    desk: str | None = None
    """What the correlator remembered."""
    newest_incident_id: str | None = None
    windows: WindowBook | None = field(default_factory=WindowBook)
    """Everything that people agreed on; None where it cannot be read."""
    findings: tuple[Finding, ...] = ()
    """What is proved of the pictures of devices in service: the newest of each, `ok` where it was the last word."""
    damaged: tuple[str, ...] = ()
    """Bookmarks that could not be used (a wrong CRC), for the log. The chain itself is not looked at: `verify` does."""
