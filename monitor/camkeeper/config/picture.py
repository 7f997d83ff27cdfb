"""`policy.picture`: when pictures are believed, how baselines are learned, how long thumbnails are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, model_validator

from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry
from camkeeper.config.findings import Findings
from camkeeper.config.scalars import refuse
from camkeeper.model.picture import Need, PicturePolicy

_BUILT_IN = PicturePolicy()

Looks = Annotated[int, BeforeValidator(s.whole(1, 1_000))]
Span = Annotated[float, BeforeValidator(s.number(0, 86_400))]
Percent = Annotated[int, BeforeValidator(s.whole(1, 100))]
Several = Annotated[int, BeforeValidator(s.whole(2, 100_000))]
Agreement = Annotated[float, BeforeValidator(s.number(0.1, 45))]
Elevation = Annotated[float, BeforeValidator(s.number(-18, 18))]
Days = Annotated[int, BeforeValidator(s.whole(0, 7))]
"""Thumbnails show a place: more than a week would be a recording, which is not ours to keep."""


class NeedEntry(Entry):
    """How many looks over how long; what is not written is as built in for that kind of fault."""

    looks: Looks | None = None
    span_s: Span | None = None

    def need(self, usual: Need) -> Need:
        """Return the need; `usual` has what is not written."""
        return Need(
            looks=usual.looks if self.looks is None else self.looks,
            span_ms=usual.span_ms if self.span_s is None else round(self.span_s * 1000),
        )


class PictureEntry(Entry):
    """When pictures are believed."""

    name: s.Text = _BUILT_IN.name
    version: s.Count = _BUILT_IN.version
    no_signal: NeedEntry | None = None
    image: NeedEntry | None = None
    exposure: NeedEntry | None = None
    moved: NeedEntry | None = None
    frozen: NeedEntry | None = None
    clear: NeedEntry | None = None
    agree_deg: Agreement = _BUILT_IN.agree_deg
    weather_percent: Percent = _BUILT_IN.weather_percent
    platform_cameras: Several = _BUILT_IN.platform_cameras
    platform_window_s: s.Cadence = _BUILT_IN.platform_window_ms / 1000
    learn_frames: Several = _BUILT_IN.learn_frames
    learn_until: Several = _BUILT_IN.learn_until
    learn_every_s: s.Cadence = _BUILT_IN.learn_every_ms / 1000
    night_below_deg: Elevation = _BUILT_IN.night_below_deg
    day_above_deg: Elevation = _BUILT_IN.day_above_deg
    thumbnail_days: Days = _BUILT_IN.thumbnail_days

    @model_validator(mode="after")
    def _learns(self) -> PictureEntry:
        if self.learn_until < self.learn_frames:
            raise refuse(
                zh=f"learn_until 不应少于 learn_frames（{self.learn_frames}）",
                en=f"learn_until is at least learn_frames ({self.learn_frames})",
                key="learn_until",
            )
        if self.day_above_deg < self.night_below_deg:
            raise refuse(
                zh=f"day_above_deg 不应低于 night_below_deg（{self.night_below_deg:g}）",
                en=f"day_above_deg is at least night_below_deg ({self.night_below_deg:g})",
                key="day_above_deg",
            )
        return self


def policy(e: PictureEntry) -> PicturePolicy:
    """Return the policy; what the file doesn't name is as built in."""
    return PicturePolicy(
        name=e.name,
        version=e.version,
        no_signal=(e.no_signal or NeedEntry()).need(_BUILT_IN.no_signal),
        image=(e.image or NeedEntry()).need(_BUILT_IN.image),
        exposure=(e.exposure or NeedEntry()).need(_BUILT_IN.exposure),
        moved=(e.moved or NeedEntry()).need(_BUILT_IN.moved),
        frozen=(e.frozen or NeedEntry()).need(_BUILT_IN.frozen),
        clear=(e.clear or NeedEntry()).need(_BUILT_IN.clear),
        agree_deg=e.agree_deg,
        weather_percent=e.weather_percent,
        platform_cameras=e.platform_cameras,
        platform_window_ms=round(e.platform_window_s * 1000),
        learn_frames=e.learn_frames,
        learn_until=e.learn_until,
        learn_every_ms=round(e.learn_every_s * 1000),
        night_below_deg=e.night_below_deg,
        day_above_deg=e.day_above_deg,
        thumbnail_days=e.thumbnail_days,
    )


def check(e: PictureEntry, findings: Findings) -> None:
    """Warn of a policy that goes by the built-in's name and is not it."""
    if (e.name, e.version) == (_BUILT_IN.name, _BUILT_IN.version) and policy(e) != _BUILT_IN:
        findings.warn(
            ("policy", "picture"),
            zh="画面判定口径与内置的 default/1 不同；请用 name 另取名称，报表才说得清",
            en="differs from the built-in default/1; give it a name of its own, so that reports can say which",
        )
