"""One camera's picture in words: the newest look, what is proved, what it is held against, its clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.picture.words import (
    CONTEXT,
    SCOPE,
    advisory_words,
    clock_word,
    correction_word,
    drift_words,
    verdict_word,
)
from camboard.text import clock_time, local
from camkeeper.model.picture import Context, Drift, Finding, PictureVerdict, Scope
from camkeeper.standing.picture import PictureStanding, PictureView
from camkeeper.standing.view import DeviceStanding

DRIFTS_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """What is proved."""

    word: str
    tone: str
    shape: str
    since: str
    lasting: str
    looks: int
    decided: str
    scope: str
    """Empty where it is the camera's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookView:
    """The newest look: one picture, which proves nothing yet."""

    word: str
    at: str
    ago: str
    context: str
    advisory: tuple[str, ...]
    unproved: bool
    """It shows what is not proved, or not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRow:
    """What its pictures are held against, by day or by night."""

    context: str
    version: int | None
    """None: there is none yet."""
    accepted: bool
    learned: str
    frames: int
    learnt: int
    wanted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePart:
    """A camera's picture, ready to be shown."""

    tone: str
    shape: str
    word: str
    """What may be said of it now; never green where nobody looked."""
    finding: FindingView | None
    look: LookView | None
    baselines: tuple[BaselineRow, ...]
    weather: bool
    has_thumbnail: bool
    good: str
    """When a picture of it was last found healthy; empty: not within memory."""
    may_ask: bool
    kept: str
    """When the whole picture was taken that is kept; empty: none is."""
    kept_ends: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """One point of a clock's history."""

    at: str
    word: str
    correction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """A device's clock."""

    now: str
    """Empty: nobody has asked it."""
    at: str
    correction: str
    rows: tuple[DriftRow, ...]
    """Newest first."""
    total: int


def picture_part(pictures: PictureStanding, device: DeviceStanding, index: Index, say: Language) -> PicturePart:
    """Write a camera's picture for one reader."""
    zone, now_ms = ZoneInfo(index.standing.timezone), index.standing.at_ms
    view = pictures.cameras.get(device.id) or PictureView(
        device_id=device.id, looked_ms=None, context=None, verdict=None
    )
    found = None if view.finding is None else finding_view(view.finding, now_ms, zone, say)
    tone, shape, word = _now(view, found, say)
    return PicturePart(
        tone=tone,
        shape=shape,
        word=word,
        finding=found,
        look=_look(view, now_ms, zone, say),
        baselines=_baselines(view, pictures.learn_frames, zone, say),
        weather=device.site_id in pictures.weather_site_ids,
        has_thumbnail=view.has_thumbnail,
        good="" if view.good_ms is None else f"{local(view.good_ms, zone):%m-%d %H:%M}",
        may_ask=view.may_ask,
        kept="" if view.kept is None else f"{local(view.kept.at_ms, zone):%m-%d %H:%M:%S}",
        kept_ends="" if view.kept is None else f"{local(view.kept.expires_ms, zone):%m-%d %H:%M}",
    )


def finding_view(finding: Finding, now_ms: int, zone: ZoneInfo, say: Language) -> FindingView | None:
    """Write what is proved; None where that is a good picture."""
    if not finding.verdict.is_fault:
        return None
    nobodys = finding.scope is Scope.WEATHER
    return FindingView(
        word=verdict_word(finding.verdict, say),
        tone="unknown" if nobodys else "degraded",
        shape="○" if nobodys else "▲",
        since=clock_time(finding.since_ms, now_ms, zone),
        lasting=span_words(now_ms - finding.since_ms, say),
        looks=finding.looks,
        decided=clock_time(finding.decided_ms, now_ms, zone),
        scope="" if finding.scope is Scope.DEVICE else say(SCOPE[finding.scope]),
    )


def _now(view: PictureView, found: FindingView | None, say: Language) -> tuple[str, str, str]:
    if found is not None:
        return found.tone, found.shape, found.word
    if view.looked_ms is None:
        return "unknown", "○", say("还没有看过它的画面")
    if view.verdict is not None and view.verdict.is_fault:
        return "unknown", "○", say("最新一张有异常，尚未证实")
    if view.context is None or not any(b.context is view.context for b in view.baselines):
        return "unknown", "○", say("没有基线：只能看出黑屏一类的故障")
    return "up", "●", say("没有已证实的画面故障")


def _look(view: PictureView, now_ms: int, zone: ZoneInfo, say: Language) -> LookView | None:
    if view.looked_ms is None:
        return None
    verdict = view.verdict or PictureVerdict.OK
    return LookView(
        word=verdict_word(verdict, say) if view.verdict is not None else say("未能诊断"),
        at=clock_time(view.looked_ms, now_ms, zone),
        ago=span_words(now_ms - view.looked_ms, say),
        context="" if view.context is None else say(CONTEXT[view.context]),
        advisory=advisory_words(view.advisory, say),
        unproved=verdict.is_fault and (view.finding is None or view.finding.verdict is not verdict),
    )


def _baselines(view: PictureView, wanted: int, zone: ZoneInfo, say: Language) -> tuple[BaselineRow, ...]:
    newest = {info.context: info for info in view.baselines}
    out = []
    for context in Context:
        info, learnt = newest.get(context), view.learnt.get(context, 0)
        out.append(
            BaselineRow(
                context=say(CONTEXT[context]),
                version=None if info is None else info.version,
                accepted=info is not None and info.accepted,
                learned="" if info is None else f"{local(info.learned_ms, zone):%Y-%m-%d %H:%M}",
                frames=0 if info is None else info.frames,
                learnt=learnt,
                wanted=wanted,
            )
        )
    return tuple(out)


def clock_view(
    newest: Drift | None, told_s: float | None, history: tuple[Drift, ...], index: Index, say: Language
) -> ClockView:
    """Write a device's clock: its history, else what it said of itself last (`told_s`). History comes oldest first."""
    tz, now_ms = index.standing.timezone, index.standing.at_ms
    zone = ZoneInfo(tz)
    last = newest or (history[-1] if history else None)
    offset_s = told_s if told_s is not None else last.offset_s if last is not None else None
    rows = tuple(
        DriftRow(
            at=f"{local(drift.at_ms, zone):%Y-%m-%d %H:%M}",
            word=drift_words(drift, now_ms, tz, say),
            correction=correction_word(drift.offset_s, say),
        )
        for drift in reversed(history[-DRIFTS_SHOWN:])
    )
    return ClockView(
        now="" if offset_s is None else clock_word(offset_s, say),
        at="" if told_s is not None or last is None else clock_time(last.at_ms, now_ms, zone),
        correction="" if offset_s is None else correction_word(offset_s, say),
        rows=rows,
        total=len(history),
    )
