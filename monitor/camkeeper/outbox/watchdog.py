"""The monitor's silence must alarm too: what it says of itself, pure.

While all is well it pings; the other end raises the alarm when pings stay away, so a dead machine needs no last words.
Where it is alive but not well, it stops pinging and says why. None of these letters goes through the ledger: a monitor
with a full disk must be able to say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from camkeeper.model.letter import JSON, Letter
from camkeeper.model.outbox import WatchdogPolicy


class Trouble(StrEnum):
    """What is wrong with the monitor."""

    NOT_STORED = "not_stored"  # nothing reaches the disk
    NOT_DELIVERED = "not_delivered"  # letters wait too long
    DEAD_LETTERS = "dead_letters"  # letters were given up since the last look
    BLIND = "blind"  # every uplink of ours is silent


_WORDS = {
    Trouble.NOT_STORED: ("记录写不进磁盘", "nothing reaches the disk"),
    Trouble.NOT_DELIVERED: ("有通知发不出去", "messages are not delivered"),
    Trouble.DEAD_LETTERS: ("有通知未能送达", "messages were given up"),
    Trouble.BLIND: ("监控自身断网", "the monitor's own uplinks are silent"),
}


class BeatKind(StrEnum):
    """What a letter of the watchdog is."""

    PING = "ping"
    DAILY = "daily"
    TROUBLE = "trouble"
    WELL = "well"  # the trouble is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How the monitor is."""

    tick_ms: int
    """Everything up to here is acknowledged on disk."""
    oldest_letter_ms: int | None = None
    """Since when the oldest letter waits that could have gone."""
    waiting: int = 0
    dead: int = 0
    """Letters given up, ever or since the process began: what counts is that the number grows."""
    sees: bool = True
    """At least one of our uplinks answers."""
    devices: int = 0
    up: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the watchdog remembers."""

    pinged_ms: int | None = None
    said_on: str = ""
    """Local date of the newest daily line."""
    troubles: frozenset[Trouble] = frozenset()
    told_ms: int | None = None
    dead: int = 0

    @classmethod
    def begun(cls, policy: WatchdogPolicy, now_ms: int) -> Watch:
        """Return a watch that begins now: after a restart in the afternoon the daily line of today isn't said again."""
        today, minute = _local(policy, now_ms)
        return cls(said_on=today if minute >= policy.daily_minute else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One thing to say now, to these channels."""

    kind: BeatKind
    channel_ids: tuple[str, ...]
    troubles: tuple[Trouble, ...] = ()
    facts: dict[str, JSON] = field(default_factory=dict)


def troubles_of(vitals: Vitals, watch: Watch, policy: WatchdogPolicy, now_ms: int) -> frozenset[Trouble]:
    """Return what is wrong."""
    found = set[Trouble]()
    if now_ms - vitals.tick_ms > policy.tick_age_s * 1000:
        found.add(Trouble.NOT_STORED)
    if vitals.oldest_letter_ms is not None and now_ms - vitals.oldest_letter_ms > policy.letter_age_s * 1000:
        found.add(Trouble.NOT_DELIVERED)
    if vitals.dead > watch.dead:
        found.add(Trouble.DEAD_LETTERS)
    if not vitals.sees:
        found.add(Trouble.BLIND)
    return frozenset(found)


def look(watch: Watch, vitals: Vitals, policy: WatchdogPolicy, now_ms: int) -> tuple[Watch, tuple[Beat, ...]]:
    """Fold in a look at the monitor, every few seconds; returns what is to be said now."""
    found = troubles_of(vitals, watch, policy, now_ms)
    facts: dict[str, JSON] = {
        "tick_ms": vitals.tick_ms,
        "waiting": vitals.waiting,
        "dead": vitals.dead,
        "devices": vitals.devices,
        "up": vitals.up,
    }
    beats: list[Beat] = []
    watch, told = _trouble(watch, found, vitals, policy, now_ms)
    if told is not None:
        beats.append(replace(told, facts=facts))
    standing = found - {Trouble.DEAD_LETTERS}
    if not standing and (watch.pinged_ms is None or now_ms - watch.pinged_ms >= policy.ping_every_s * 1000):
        watch = replace(watch, pinged_ms=now_ms)
        beats.append(Beat(kind=BeatKind.PING, channel_ids=policy.ping_channel_ids, facts=facts))
    today, minute = _local(policy, now_ms)
    if today != watch.said_on and minute >= policy.daily_minute:
        watch = replace(watch, said_on=today)
        kind = BeatKind.TROUBLE if standing else BeatKind.DAILY
        beats.append(
            Beat(kind=kind, channel_ids=policy.daily_channel_ids, troubles=tuple(sorted(standing)), facts=facts)
        )
    return watch, tuple(beat for beat in beats if beat.channel_ids)


def _local(policy: WatchdogPolicy, now_ms: int) -> tuple[str, int]:
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(policy.timezone))
    return local.date().isoformat(), local.hour * 60 + local.minute


def _trouble(
    watch: Watch, found: frozenset[Trouble], vitals: Vitals, policy: WatchdogPolicy, now_ms: int
) -> tuple[Watch, Beat | None]:
    """New trouble is told at once, standing trouble now and then, the end of it once."""
    standing = found - {Trouble.DEAD_LETTERS}
    again = watch.told_ms is None or now_ms - watch.told_ms >= policy.trouble_again_s * 1000
    fresh = bool(standing - watch.troubles) or Trouble.DEAD_LETTERS in found
    over = bool(watch.troubles) and not standing
    watch = replace(watch, troubles=frozenset(standing), dead=vitals.dead)
    if found and (fresh or again):
        said = Beat(kind=BeatKind.TROUBLE, channel_ids=policy.trouble_channel_ids, troubles=tuple(sorted(found)))
        return replace(watch, told_ms=now_ms), said
    if over:
        return replace(watch, told_ms=None), Beat(kind=BeatKind.WELL, channel_ids=policy.trouble_channel_ids)
    return watch, None


def letter_of(beat: Beat, channel_id: str, now_ms: int) -> Letter:
    """Return the letter of a beat. Its id names the instant: a repeated ping is a new one."""
    subject, text = _words(beat)
    return Letter(
        id=f"watchdog-{beat.kind}-{now_ms}/{channel_id}",
        incident_id="",
        seq=0,
        channel_id=channel_id,
        subject=subject,
        text=text,
        facts={"kind": str(beat.kind), "troubles": [str(t) for t in beat.troubles], **beat.facts},
        created_ms=now_ms,
        recovery=beat.kind is BeatKind.WELL,
    )


def _words(beat: Beat) -> tuple[str, str]:
    up, devices = beat.facts.get("up", 0), beat.facts.get("devices", 0)
    waiting, dead = beat.facts.get("waiting", 0), beat.facts.get("dead", 0)
    if beat.kind is BeatKind.TROUBLE:
        zh = "; ".join(_WORDS[t][0] for t in beat.troubles)
        en = "; ".join(_WORDS[t][1] for t in beat.troubles)
        subject = f"【监控自身异常】{zh}"
    elif beat.kind is BeatKind.WELL:
        zh, en = "监控自身恢复正常", "the monitor is well again"
        subject = f"【恢复】{zh}"
    else:
        zh, en = f"监控运行正常: 在线 {up}/{devices}", f"the monitor works: {up} of {devices} online"
        subject = f"【每日报到】{zh}" if beat.kind is BeatKind.DAILY else zh
    tail = f"待发 {waiting} 条, 未送达 {dead} 条 / {waiting} messages wait, {dead} given up"
    return subject, f"{subject}\n{en}\n{tail}"
