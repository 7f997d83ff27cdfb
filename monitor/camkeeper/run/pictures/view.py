"""What the pictures amount to, as values for showing; and one blurred picture, after its view is on record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from camkeeper.album import Album, Gate
from camkeeper.cover.aim import azimuth_after
from camkeeper.model.equipment import Device
from camkeeper.model.picture import BaselineInfo, Context, Finding, PictureVerdict
from camkeeper.model.view import Viewed, ViewRecord
from camkeeper.picture.worker import PictureWorker
from camkeeper.run.pictures.current import Current, allowed
from camkeeper.run.pictures.pictures import Pictures
from camkeeper.run.recorder import Recorder
from camkeeper.run.township import Township
from camkeeper.standing.picture import Aimed, PictureStanding, PictureView, Thumbnail, ViewRequest


@dataclass(slots=True, kw_only=True)
class Open:
    """Everything that is there while pictures are looked at."""

    album: Album
    worker: PictureWorker
    pictures: Pictures
    gate: Gate
    current: Current
    thumbnailed: frozenset[str] = frozenset()
    """Cameras that have a thumbnail, as of a second ago."""

    async def seen(self, request: ViewRequest, recorder: Recorder, now_ms: int, *, within_s: float) -> Thumbnail | None:
        """Return the thumbnail once the view is on disk; None where there is none, and that is on record too.

        LookupError where the disk does not take the entry in time: then nothing is shown.
        """
        try:
            async with asyncio.timeout(within_s):
                kept = await self.gate.thumbnail(
                    request.device_id,
                    who=request.who,
                    unit=request.unit,
                    why=request.why,
                    incident_id=request.incident_id,
                )
                if kept is None:
                    await recorder.note_view(_asked(request, now_ms))
        except TimeoutError:
            raise LookupError("查看未能登记，不予显示 / the view is not on record, so nothing is shown") from None
        if kept is None or kept.verdict is None:
            return None
        return Thumbnail(
            device_id=kept.device_id,
            at_ms=kept.at_ms,
            verdict=kept.verdict,
            jpeg=kept.jpeg,
            expires_ms=kept.expires_ms,
        )


def _asked(request: ViewRequest, now_ms: int) -> ViewRecord:
    return ViewRecord(
        at_ms=now_ms,
        who=request.who,
        unit=request.unit,
        why=request.why,
        device_id=request.device_id,
        what=Viewed.THUMBNAIL,
        incident_id=request.incident_id,
    )


def standing_of(now: Open, township: Township, recorder: Recorder) -> PictureStanding:
    """Return all pictures as they are on record."""
    registry, pictures, worker = township.registry, now.pictures, now.worker.stats
    in_use, found, open_to = pictures.learning.in_use, recorder.findings, allowed(registry)
    return PictureStanding(
        at_ms=recorder.last_tick_ms,
        cameras={
            d.id: _view(d, now, in_use, found.get(d.id), township, may_ask=d.id in open_to)
            for d in registry.devices
            if d.kind.has_picture
        },
        learn_frames=registry.picture.learn_frames,
        diagnosed=pictures.counts.diagnosed,
        verdicts=dict(pictures.counts.verdicts),
        failed=pictures.counts.failed,
        dropped=pictures.counts.dropped,
        crashed=worker.crashed,
        waiting=worker.waiting,
        weather_site_ids=pictures.proof.weather_site_ids,
    )


def _view(
    device: Device,
    now: Open,
    in_use: Mapping[tuple[str, Context], BaselineInfo],
    finding: Finding | None,
    township: Township,
    *,
    may_ask: bool,
) -> PictureView:
    look = now.pictures.looks.get(device.id)
    return PictureView(
        device_id=device.id,
        looked_ms=None if look is None else look.at_ms,
        context=None if look is None else look.context,
        verdict=None if look is None else look.diagnosis.verdict,
        advisory=() if look is None else look.diagnosis.advisory,
        finding=finding,
        baselines=tuple(in_use[device.id, c] for c in Context if (device.id, c) in in_use),
        learnt=now.pictures.learning.learnt(device.id),
        aimed=aimed(device, finding),
        drift=township.clock_of(device.id),
        has_thumbnail=device.id in now.thumbnailed,
        good_ms=now.pictures.good_ms.get(device.id),
        may_ask=may_ask,
        kept=now.current.kept.get(device.id) if may_ask else None,
    )


def aimed(device: Device, finding: Finding | None) -> Aimed | None:
    """Return where a camera points by its picture; None where nothing says that it was turned, or from where."""
    if finding is None or finding.verdict is not PictureVerdict.MOVED or finding.turn is None:
        return None
    if device.mount is None or device.mount.azimuth_deg is None:
        return None
    planned_deg = device.mount.azimuth_deg
    return Aimed(
        planned_deg=planned_deg,
        measured_deg=azimuth_after(planned_deg, finding.turn),
        error_deg=finding.turn.error_deg,
        since_ms=finding.since_ms,
    )
