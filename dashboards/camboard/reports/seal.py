"""How fast a month's figures stand: its closing, its amendments, who signed, and what may be done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.i18n import Language
from camboard.text import local, plain
from camboard.words import mark
from camkeeper.standing.month import MonthVersion
from camkeeper.standing.report import MonthReport, MonthState

_HOUR_MS = 3_600_000
COLUMNS = (
    ("up_ms", mark("在线")),
    ("down_ms", mark("离线")),
    ("unknown_ms", mark("未知")),
    ("excluded_ms", mark("剔除")),
    ("degraded_ms", mark("画面异常（在线之中）")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One column before and after."""

    name: str
    old: str
    new: str
    change: str
    """Signed milliseconds; empty: the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One closing or amending record."""

    seq: int
    kind: str
    at: str
    by: str
    why: str
    digest: str
    devices: int
    changed: int
    changes: tuple[ChangeRow, ...]
    signed: tuple[str, ...]
    unsigned: tuple[str, ...]
    """Parties of the contract that have not signed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The part of a month's page that says so."""

    rows: tuple[VersionRow, ...]
    """Newest first."""
    sentence: str
    close: str
    """Address of closing it; empty: it can't be closed, or not by this reader."""
    amend: str


def seal(
    report: MonthReport, versions: Sequence[MonthVersion], say: Language, *, may: bool, signers: bool = True
) -> Seal:
    """Write it. `may`: whether this reader closes and amends months."""
    zone = ZoneInfo(report.timezone)
    here = f"/reports/{report.month}"
    return Seal(
        rows=tuple(_row(v, zone, say, signers=signers) for v in reversed(versions)),
        sentence=_sentence(report, versions, say),
        close=f"{here}/close" if may and report.state is MonthState.DRAFT else "",
        amend=f"{here}/amend" if may and report.sealed is not None else "",
    )


def _sentence(report: MonthReport, versions: Sequence[MonthVersion], say: Language) -> str:
    if report.state is MonthState.RUNNING:
        return say("这个月还没有过完，过完并稳定之后才能封账")
    if report.state is MonthState.DRAFT:
        return say("尚未封账：数字还会随更正与新的剔除而变")
    if report.state is MonthState.AMENDED:
        return say("封账后更正过 %(n)d 次；本页是最后一次更正后的数字", n=max(1, len(versions) - 1))
    return say("本页是封账时固定的数字；此后只能更正，写明原因，由合同一方签名")


def _row(version: MonthVersion, zone: ZoneInfo, say: Language, *, signers: bool) -> VersionRow:
    named = {one.name for one in version.signed}
    nobody = say("合同外的密钥")
    return VersionRow(
        seq=version.seq,
        kind=say("更正") if version.amends else say("封账"),
        at=f"{local(version.at_ms, zone):%Y-%m-%d %H:%M}",
        by=plain(version.by),
        why=plain(version.why, limit=500),
        digest=version.figures[:16],
        devices=version.devices,
        changed=version.changed,
        changes=changes(version.old, version.new, say),
        signed=tuple(f"{plain(s.name) or nobody} {s.fingerprint}" for s in version.signed),
        unsigned=tuple(plain(p) for p in version.parties if p not in named) if signers and version.amends else (),
    )


def changes(old: Mapping[str, int] | None, new: Mapping[str, int] | None, say: Language) -> tuple[ChangeRow, ...]:
    """Write the sums before and after, in camera hours; what differs by less than a tenth has its milliseconds."""
    if old is None or new is None:
        return ()
    return tuple(
        ChangeRow(
            name=say(name),
            old=_hours(old[key]),
            new=_hours(new[key]),
            change="" if old[key] == new[key] else f"{new[key] - old[key]:+,} ms",
        )
        for key, name in COLUMNS
    )


def _hours(ms: int) -> str:
    tenths = ms * 10 // _HOUR_MS
    return f"{tenths // 10:,}.{tenths % 10} h"
