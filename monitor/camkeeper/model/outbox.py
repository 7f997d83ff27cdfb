"""How letters are paced: to channels, and from the monitor about itself. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPace:
    """What one channel bears, and how patiently it is tried."""

    burst: int = 10
    per_min: int = 10
    """A bucket lets through `burst` at once and `per_min` after it: 20 in any minute, which is what bots of WeCom and
    DingTalk bear before they refuse for minutes."""
    digest_over: int = 10
    """More than this in a minute go together, in digests."""
    digest_wait_s: float = 30.0
    """A digest that isn't full waits this long for more, counted from the newest letter sent."""
    digest_max: int = 30
    """Letters in one digest: as many as can be named within 2,048 bytes."""
    digest_bytes: int = 2048
    """UTF-8 bytes of a digest's text, and of its Markdown."""
    timeout_s: float = 30.0
    """A channel that says nothing for so long has not accepted."""
    max_tries: int = 40
    """With the pauses below eight hours at least: a platform's bad night doesn't lose letters."""
    base_s: float = 5.0
    """Pause after the first failure; it doubles."""
    cap_s: float = 1800.0
    """The longest pause."""
    channel_cap_s: float = 60.0
    """The longest pause of a channel whose letters fail one after the other: it is asked about once a minute."""
    retry_after_cap_s: float = 3600.0
    """A platform that names a longer time is asked again after this."""

    @classmethod
    def within(cls, per_minute: int, *, patience_s: float) -> ChannelPace:
        """Return a pace of at most `per_minute` (two at least) in any minute, for a channel that waits `patience_s`."""
        per_min = max(1, per_minute // 2)
        burst = max(1, per_minute - per_min)
        # A little later than the channel's own patience, whose receipt says more than ours.
        return cls(burst=burst, per_min=per_min, digest_over=min(10, burst), timeout_s=patience_s + 5)

    def __post_init__(self) -> None:
        if min(self.burst, self.per_min, self.digest_over, self.digest_max, self.max_tries) < 1:
            raise ValueError("a channel's pace is counted in whole letters, at least one")
        if not 0 < self.base_s <= self.cap_s or min(self.channel_cap_s, self.timeout_s, self.retry_after_cap_s) <= 0:
            raise ValueError("pauses of a channel are more than nothing, and the first is the shortest")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogPolicy:
    """The monitor's silence must alarm too: who hears of it regularly, and whom it tells of its own trouble."""

    ping_channel_ids: tuple[str, ...] = ()
    """Pinged while all is well: the other end raises the alarm when pings stay away."""
    ping_every_s: float = 60.0
    daily_channel_ids: tuple[str, ...] = ()
    """Get one line a day that the monitor works, so that people notice its absence."""
    daily_minute: int = 8 * 60 + 30
    """Minutes after local midnight."""
    trouble_channel_ids: tuple[str, ...] = ()
    """Get told what is wrong with the monitor itself."""
    tick_age_s: float = 30.0
    """Nothing acknowledged on disk for longer than this is trouble."""
    letter_age_s: float = 900.0
    """A letter that has waited longer than this is trouble."""
    trouble_again_s: float = 3600.0
    """Trouble that stands is told again after this."""
    timezone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        if not 0 <= self.daily_minute < 24 * 60:
            raise ValueError(f"no such minute of a day: {self.daily_minute}")
        if min(self.ping_every_s, self.tick_age_s, self.letter_age_s, self.trouble_again_s) <= 0:
            raise ValueError("a watchdog's times are more than nothing")
