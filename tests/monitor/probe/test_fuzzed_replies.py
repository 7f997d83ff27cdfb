"""Replies that once cost far more than they are long."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from camkeeper.probe.onvif.reply import MAX_REPLY, MalformedReplyError, read

FOUND = sorted((Path(__file__).parents[2] / "data" / "fuzz" / "soap").glob("*.bin"))


@pytest.mark.parametrize("found", FOUND, ids=lambda path: path.stem)
def test_a_hostile_reply_takes_no_more_time_when_it_is_longer(found: Path) -> None:
    data = found.read_bytes()
    whole = data * (MAX_REPLY // len(data))
    began = process_time()
    with pytest.raises(MalformedReplyError):
        read(whole, "GetSystemDateAndTimeResponse")
    # Quadratic, it would be a quarter of an hour; a bound a thousand times what it takes now is no measurement.
    assert process_time() - began < 2
