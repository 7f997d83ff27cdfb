"""How the township stands without asking the running monitor: from its ledger and the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from camkeeper.judge.track import Track
from camkeeper.ledger import LedgerError, LedgerReader, snapshot_of
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status
from camkeeper.run.reading import read
from camkeeper.standing.build import DeviceNow, Inputs, build, timezone_of
from camkeeper.standing.view import MonitorStanding, Standing


def standing_of(path: Path, registry: Registry, *, wall_ms: int, silent_ms: int) -> Standing:
    """Return the Standing at the ledger's last tick, or at `wall_ms` where that is more than `silent_ms` later.

    Then nobody is looking: every device is unknown, and so is all time since the tick, in each figure.
    LedgerError where there is no ledger, or none that was ever written by a monitor.
    """
    if not path.exists():
        raise LedgerError("没有这个文件，监测是否启动过？ / no such file; was the monitor ever started?")
    with LedgerReader(path) as reader, reader.reading():
        tick_ms, newest = reader.last_tick_ms(), reader.newest()
        registry = replace(registry, agreed=reader.window_book().plans)
    if tick_ms is None:
        raise LedgerError("账本还是空的 / the ledger is still empty")
    silent = wall_ms - tick_ms > silent_ms
    at_ms = wall_ms if silent else tick_ms
    tracks = {
        device_id: Track(
            device_id=device_id,
            status=Status.UNKNOWN if silent else change.new,
            reason=Reason.SILENCE if silent else change.reason,
            since_ms=tick_ms if silent else change.at_ms,
            last_ms=tick_ms,
        )
        for device_id, change in newest.items()
    }
    found = read(path, snapshot_of(registry), at_ms=at_ms, tz=timezone_of(registry))
    return build(
        Inputs(
            at_ms=at_ms,
            registry=registry,
            now={device_id: DeviceNow(track=track) for device_id, track in tracks.items()},
            today=found.today,
            month=found.month,
            strips=found.strips,
            retired=found.retired,
            monitor=_nobody(registry, tick_ms, (wall_ms - tick_ms) // 1000 if silent else None),
        )
    )


def _nobody(registry: Registry, tick_ms: int, silent_s: int | None) -> MonitorStanding:
    warning = f"监测没有在运行：账本停在 {silent_s} 秒前 / no monitor is running: the ledger stopped {silent_s} s ago"
    return MonitorStanding(
        boot_id="",
        started_ms=tick_ms,
        last_tick_ms=tick_ms,
        last_sample_ms=None,
        lag_ms=0.0,
        uplinks=(),
        warnings=() if silent_s is None else (warning,),
        probes_total=0,
        probes_missed=0,
        policy=registry.accounting[0].id,
    )
