"""A township whose pictures are looked at: values by hand, a real small JPEG, a register that keeps what it gets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from tests.dashboards.desk_town import DeskTown, incident, order, view
from tests.dashboards.township import AT_MS, DAY_MS, HOUR_MS, standing, township

from camkeeper.model.incident import Cause, DomainKind
from camkeeper.model.picture import BaselineInfo, Context, Drift, Finding, PictureVerdict, Scope, Turn
from camkeeper.model.status import Reason, Status
from camkeeper.model.view import Viewed, ViewRecord
from camkeeper.model.workorder import Step
from camkeeper.standing.desk import Acted, IncidentView
from camkeeper.standing.picture import (
    Aimed,
    Asked,
    FullPicture,
    Getting,
    KeptAt,
    PictureStanding,
    PictureView,
    Thumbnail,
    ViewRequest,
    Wanted,
)
from camkeeper.standing.view import Standing

MINUTE_MS = 60_000
COVERED = "cam-0002"
"""Proved covered, with an incident and a picture of its alarm."""
TURNED = "cam-0004"
LEARNING = "cam-0006"
UNSEEN = "cam-0010"
FOGGY = "cam-0012"
GOOD = "cam-0014"
FOGGY_SITE = "v03"
INCIDENT = "I000140"
PHONE = "t-Pic7ureZ0kQ"


def small_jpeg(width: int = 160, height: int = 90) -> bytes:
    """Return a blurred picture of nothing: a bright wall behind a dark cover."""
    image = np.full((height, width, 3), 96, dtype=np.uint8)
    cv2.rectangle(image, (0, 0), (width * 2 // 3, height), (24, 28, 30), -1)
    done, data = cv2.imencode(".jpg", cv2.GaussianBlur(image, (0, 0), 6))
    assert done
    return data.tobytes()


def baseline(device_id: str, context: Context, version: int = 1) -> BaselineInfo:
    return BaselineInfo(
        device_id=device_id,
        context=context,
        version=version,
        learned_ms=AT_MS - 9 * DAY_MS,
        frames=20,
        accepted=version == 1,
        digest="ab" * 32,
    )


def looked(device_id: str, verdict: PictureVerdict = PictureVerdict.OK, **changes: object) -> PictureView:
    """Return a camera that was looked at four minutes ago, with both baselines."""
    value = PictureView(
        device_id=device_id,
        looked_ms=AT_MS - 4 * MINUTE_MS,
        context=Context.NIGHT,
        verdict=verdict,
        baselines=(baseline(device_id, Context.DAY), baseline(device_id, Context.NIGHT, 2)),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def finding(device_id: str, verdict: PictureVerdict, **changes: object) -> Finding:
    value = Finding(
        device_id=device_id,
        verdict=verdict,
        since_ms=AT_MS - 95 * MINUTE_MS,
        decided_ms=AT_MS - 80 * MINUTE_MS,
        looks=3,
    )
    return replace(value, **changes)  # type: ignore[arg-type]


TURN = Turn(yaw_deg=20.3, pitch_deg=0.4, roll_deg=0.1, error_deg=0.2, method="features", support=212.0)
DRIFTS = (
    Drift(device_id=TURNED, at_ms=AT_MS - 230 * DAY_MS, offset_s=-3.0),
    Drift(device_id=TURNED, at_ms=1_777_780_800_000, offset_s=252.0),  # 3 May
    Drift(device_id=TURNED, at_ms=AT_MS - 2 * DAY_MS, offset_s=0.2),
)


def pictures() -> PictureStanding:
    """Return every case that a page has to tell apart."""
    cameras = [
        looked(
            COVERED,
            PictureVerdict.COVER,
            finding=finding(COVERED, PictureVerdict.COVER),
            advisory=("dirt",),
            has_thumbnail=True,
        ),
        looked(
            TURNED,
            PictureVerdict.MOVED,
            finding=finding(TURNED, PictureVerdict.MOVED, turn=TURN),
            aimed=Aimed(planned_deg=350.0, measured_deg=10.3, error_deg=0.2, since_ms=AT_MS - 95 * MINUTE_MS),
            drift=DRIFTS[-1],
        ),
        looked(LEARNING, PictureVerdict.BLUR, baselines=(), learnt={Context.DAY: 3}),
        PictureView(device_id=UNSEEN, looked_ms=None, context=None, verdict=None),
        looked(FOGGY, PictureVerdict.FOG, finding=finding(FOGGY, PictureVerdict.FOG, scope=Scope.WEATHER)),
        looked(GOOD, good_ms=AT_MS - 4 * MINUTE_MS, may_ask=True),
    ]
    return PictureStanding(
        at_ms=AT_MS,
        cameras={camera.device_id: camera for camera in cameras},
        learn_frames=5,
        diagnosed=4711,
        dropped=3,
        crashed=1,
        waiting=2,
        weather_site_ids=(FOGGY_SITE,),
    )


def town_value() -> Standing:
    """Return the lively town, with cameras that answer and show nothing of use."""
    value = township()
    useless = {COVERED: Reason.IMAGE_COVER, TURNED: Reason.IMAGE_MOVED}
    devices = []
    for device in value.devices:
        if device.id in useless:
            own = replace(device.month.buckets, degraded_ms=30 * HOUR_MS)
            device = replace(  # noqa: PLW2901 - the changed one takes its place
                device,
                status=Status.DEGRADED,
                reason=useless[device.id],
                month=replace(device.month, buckets=own),
                today=replace(device.today, buckets=replace(device.today.buckets, degraded_ms=HOUR_MS)),
            )
        devices.append(device)
    return standing(devices)


@dataclass(slots=True, kw_only=True)
class PictureTown(DeskTown):
    """A township with a desk and with pictures."""

    value: Standing = field(default_factory=town_value)
    seen: PictureStanding | None = field(default_factory=pictures)
    register: list[ViewRecord] = field(default_factory=list)
    relearned: list[tuple[str, str, str]] = field(default_factory=list)
    jpeg: bytes = field(default_factory=small_jpeg)
    broken: bool = False
    """The ledger refuses."""
    soon: bool = False
    """Somebody asked a moment ago."""
    whole: FullPicture | None = None
    waits: Wanted = field(default_factory=lambda: Wanted(state=Getting.WAITING))

    def __post_init__(self) -> None:
        of = incident(140, COVERED, kind=DomainKind.DEVICE, cause=Cause.IMAGE, status=Status.DEGRADED)
        member = replace(of.members[COVERED], reason=Reason.IMAGE_COVER)
        of = replace(of, members={COVERED: member})
        made = order(940, of, Step.ASSIGNED)
        assert self.now is not None
        shown = view(of, made, name="广场杆 1号")
        self.now = replace(self.now, open=(*self.now.open, shown), orders=(*self.now.orders, made))

    def by_token(self, token: str) -> IncidentView | None:
        assert self.now is not None
        return next(v for v in self.now.open if v.incident.id == INCIDENT) if token == PHONE else None

    def pictures(self) -> PictureStanding | None:
        return self.seen

    async def view(self, request: ViewRequest) -> Thumbnail:
        if self.broken:
            raise OSError("no space left on device")
        own = None if self.seen is None else self.seen.cameras.get(request.device_id)
        if own is None or not own.has_thumbnail:
            raise LookupError(request.device_id)
        self.register.insert(
            0,
            ViewRecord(
                at_ms=AT_MS,
                who=request.who,
                unit=request.unit,
                why=request.why,
                device_id=request.device_id,
                what=Viewed.THUMBNAIL,
                incident_id=request.incident_id,
            ),
        )
        return Thumbnail(
            device_id=request.device_id,
            at_ms=AT_MS - 95 * MINUTE_MS,
            verdict=PictureVerdict.COVER,
            jpeg=self.jpeg,
            expires_ms=AT_MS + 7 * DAY_MS,
        )

    async def ask(self, request: ViewRequest) -> Asked:
        if not self._open_to(request.device_id):
            raise PermissionError(request.device_id)
        if self.broken:
            raise LookupError("not on record")
        if self.soon:
            return Asked(at_ms=None, zh="请 10 秒后再试", en="Try again in 10 seconds")
        self._register(request, Viewed.ASKED)
        return Asked(at_ms=AT_MS)

    def wanted(self, device_id: str, asked_ms: int) -> Wanted:  # noqa: ARG002 - of the one camera that may
        if self.whole is not None and self.whole.at_ms >= asked_ms:
            kept = KeptAt(at_ms=self.whole.at_ms, expires_ms=self.whole.expires_ms)
            return Wanted(state=Getting.TAKEN, kept=kept)
        return self.waits

    async def full(self, request: ViewRequest) -> FullPicture:
        if self.broken or self.whole is None:
            raise LookupError(request.device_id)
        self._register(request, Viewed.SNAPSHOT)
        return self.whole

    def give(self, at_ms: int, jpeg: bytes | None = None) -> None:
        """Let a whole picture be there."""
        data = small_jpeg(1280, 720) if jpeg is None else jpeg
        self.whole = FullPicture(device_id=GOOD, at_ms=at_ms, expires_ms=at_ms + 3 * DAY_MS, jpeg=data)

    def _open_to(self, device_id: str) -> bool:
        own = None if self.seen is None else self.seen.cameras.get(device_id)
        return own is not None and own.may_ask

    def _register(self, request: ViewRequest, what: Viewed) -> None:
        entry = ViewRecord(
            at_ms=AT_MS,
            who=request.who,
            unit=request.unit,
            why=request.why,
            device_id=request.device_id,
            what=what,
            incident_id=request.incident_id,
        )
        self.register.insert(0, entry)

    async def relearn(self, device_id: str, by: str, why: str) -> Acted:
        if self.seen is None or device_id not in self.seen.cameras:
            raise LookupError(device_id)
        if device_id == UNSEEN:
            return Acted(done=False, zh="还没有看过它的画面，无从学习", en="Its picture was never looked at")
        self.relearned.append((device_id, by, why))
        return Acted(done=True)

    async def drifts(self, device_id: str) -> tuple[Drift, ...]:
        if device_id not in {device.id for device in self.value.devices}:
            raise LookupError(device_id)
        return DRIFTS if device_id == TURNED else ()

    async def views(self, limit: int) -> tuple[ViewRecord, ...]:
        return tuple(self.register[:limit])
