"""A token bucket in whole milliseconds: in any w ms it lets through burst + w * per_min / 60,000 at most."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.model.outbox import ChannelPace

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """All of a bucket's state: when it would be full again."""

    full_ms: int = 0


def step_ms(pace: ChannelPace) -> int:
    """Return how long one token takes to grow; rounded up, so that a minute never has one too many."""
    return -(-MINUTE_MS // pace.per_min)


def free_ms(bucket: Bucket, pace: ChannelPace) -> int:
    """Return the instant from which there is a token."""
    return bucket.full_ms - (pace.burst - 1) * step_ms(pace)


def take(bucket: Bucket, pace: ChannelPace, now_ms: int) -> Bucket:
    """Take a token; ValueError where there is none yet."""
    if now_ms < free_ms(bucket, pace):
        raise ValueError(f"no token before {free_ms(bucket, pace)}, it is {now_ms}")
    return Bucket(full_ms=max(bucket.full_ms, now_ms) + step_ms(pace))


def taken(bucket: Bucket, pace: ChannelPace, at_ms: int) -> Bucket:
    """Count a token that was taken at an instant in the past, whether or not there was one: after a restart."""
    return Bucket(full_ms=max(bucket.full_ms, at_ms) + step_ms(pace))
