"""Learning what each camera's picture looks like when it is well: material gathered, baselines made of it.

A baseline is made as soon as there are `learn_frames` healthy looks, and made better at twice as many and at
`learn_until`. Looks lie an hour apart, so the best one knows a day at least.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from camkeeper.album import Album, AlbumError
from camkeeper.model.picture import BaselineInfo, Context, PicturePolicy
from camkeeper.picture.worker import WorkerError

_log = structlog.get_logger(__name__)

Of = tuple[str, Context]


class Learns(Protocol):
    """What learning needs of a picture worker."""

    async def learn(self, sheets: Sequence[bytes], *, context: Context) -> bytes:
        """Return the bytes of a baseline. WorkerError where these sheets give none."""


class Learning:
    """Who still learns, and what. One owner, the event loop."""

    def __init__(self, album: Album, worker: Learns, policy: PicturePolicy) -> None:
        self._album, self._worker, self._policy = album, worker, policy
        self._sheets: dict[Of, int] = {}
        self._newest_ms: dict[Of, int] = {}
        self._in_use: dict[Of, BaselineInfo] = {}

    async def restore(self) -> None:
        """Go on from what the album has."""
        for of, waiting in (await asyncio.to_thread(self._album.waiting)).items():
            self._sheets[of], self._newest_ms[of] = waiting.sheets, waiting.newest_ms
        self._in_use = await asyncio.to_thread(self._album.in_use)

    def adopt(self, policy: PicturePolicy) -> None:
        """Learn by this policy from now on."""
        self._policy = policy

    @property
    def in_use(self) -> Mapping[Of, BaselineInfo]:
        """What pictures are held against now, by camera and context."""
        return self._in_use

    def wants(self, device_id: str, context: Context, at_ms: int) -> bool:
        """Tell whether a healthy look at this instant would be learned from."""
        of = (device_id, context)
        known = self._in_use.get(of)
        if known is not None and known.frames >= self._policy.learn_until:
            return False
        newest_ms = self._newest_ms.get(of)
        # A stamp that lies ahead is of a clock that was wrong: it must not stop learning until that day comes.
        return newest_ms is None or not 0 <= at_ms - newest_ms < self._policy.learn_every_ms

    async def take(self, device_id: str, context: Context, *, at_ms: int, sheet: bytes) -> BaselineInfo | None:
        """Keep a healthy look; return the baseline that it completes or betters."""
        of = (device_id, context)
        if not self.wants(device_id, context, at_ms):
            return None
        before_ms, self._newest_ms[of] = self._newest_ms.get(of), at_ms
        try:
            kept = await asyncio.wrap_future(self._album.add_material(device_id, context, at_ms=at_ms, sheet=sheet))
            if not kept:
                self._newest_ms.pop(of)
                if before_ms is not None:
                    self._newest_ms[of] = before_ms
                return None
            self._sheets[of] = min(self._sheets.get(of, 0) + 1, self._album.limits.sheets)
            return await self._learn(of, at_ms) if self._is_time(of) else None
        except (AlbumError, WorkerError) as error:
            _log.warning("picture_learn", device=device_id, context=context.value, error=str(error))
            return None

    def _is_time(self, of: Of) -> bool:
        sheets, policy = self._sheets[of], self._policy
        if sheets < policy.learn_frames:
            return False
        return of not in self._in_use or sheets in {2 * policy.learn_frames, policy.learn_until}

    async def _learn(self, of: Of, at_ms: int) -> BaselineInfo | None:
        device_id, context = of
        sheets = await asyncio.to_thread(self._album.material, device_id, context)
        known = self._in_use.get(of)
        if len(sheets) < self._policy.learn_frames or (known is not None and len(sheets) <= known.frames):
            self._sheets[of] = len(sheets)  # some made room for others
            return None
        body = await self._worker.learn(sheets, context=context)
        first = not any(b.context is context and b.accepted for b in self._album.baselines(device_id))
        stored = self._album.put_baseline(
            device_id, context, body, frames=len(sheets), learned_ms=at_ms, accepted=first
        )
        self._in_use[of] = info = await asyncio.wrap_future(stored)
        return info

    async def relearn(self, device_id: str, context: Context | None = None) -> None:
        """Begin anew, on command or after a repair that was confirmed: what is in use is used no more."""
        for one in Context if context is None else (context,):
            for state in (self._sheets, self._newest_ms, self._in_use):
                state.pop((device_id, one), None)
        await asyncio.wrap_future(self._album.relearn(device_id, context))

    def forget(self, device_id: str) -> None:
        """Let go of a camera that left the register."""
        for context in Context:
            for state in (self._sheets, self._newest_ms, self._in_use):
                state.pop((device_id, context), None)

    def learnt(self, device_id: str) -> dict[Context, int]:
        """Return how many healthy looks went into what is in use, or wait, by context."""
        out = {}
        for context in Context:
            known = self._in_use.get((device_id, context))
            out[context] = max(self._sheets.get((device_id, context), 0), 0 if known is None else known.frames)
        return out
