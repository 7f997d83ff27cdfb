"""Rows to the server: in batches, and none blocks the others for ever. Returns only when all were taken or set aside.

A line that the server refuses for good (another field type than before, older than the retention) is found by halving
the batch and set aside with the server's words. A whole batch of them is not halved to the bottom: what is left when
the requests for halving are used up is set aside together. Whoever mended the cause has it written by `mirror rebuild`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from camkeeper.mirror.lines import Row, batched, newest_of_each
from camkeeper.mirror.series import FINE
from camkeeper.mirror.server import RefusedError, Server, TooLargeError
from camkeeper.model.mirror import InfluxSetting

MOST_BYTES = 2 * 1024 * 1024
"""Of a batch before packing: servers take at least 10 MB, and a slow line has it through within the timeout."""
MOST_HALVINGS = 64
"""Requests spent on one batch to find the lines that are refused: a handful of them among 5,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of some rows."""

    taken: int
    refused: int
    why: str = ""


class Delivery:
    """Sends rows to where they belong."""

    def __init__(
        self, server: Server, setting: InfluxSetting, set_aside: Callable[[Sequence[bytes], str], None]
    ) -> None:
        self._server, self._setting, self._set_aside = server, setting, set_aside
        self._most_bytes = MOST_BYTES

    def deliver(self, rows: Iterable[Row]) -> Delivered:
        """Have all rows taken or set aside. AwayError where the server is away: nothing may be taken for done then."""
        fine: list[Row] = []
        rest: list[Row] = []
        for row in newest_of_each(rows):
            (fine if row.head.partition(",")[0] in FINE else rest).append(row)
        taken = refused = 0
        why = ""
        for bucket, some in ((self._setting.bucket, rest), (self._setting.fine_bucket, fine)):
            for batch in batched(some, most_lines=self._setting.batch_lines, most_bytes=self._most_bytes):
                lost, words = self._one(bucket, batch)
                taken, refused, why = taken + len(batch) - lost, refused + lost, words or why
        return Delivered(taken=taken, refused=refused, why=why)

    def _one(self, bucket: str, batch: Sequence[bytes]) -> tuple[int, str]:
        """Return how many lines of a batch were set aside, and the server's words."""
        waiting = [batch]
        lost, why, halvings = 0, "", 0
        while waiting:
            part = waiting.pop()
            try:
                self._server.write(bucket, part)
            except RefusedError as error:
                too_large = isinstance(error, TooLargeError)
                if len(part) > 1 and (too_large or halvings < MOST_HALVINGS):
                    halvings += 1
                    half = len(part) // 2
                    waiting += [part[half:], part[:half]]
                    if too_large:  # learn it: the next batches are no larger
                        self._most_bytes = min(self._most_bytes, max(1, sum(map(len, part)) // 2))
                    continue
                why = str(error)
                lost += len(part)
                self._set_aside(part, why)
        return lost, why
