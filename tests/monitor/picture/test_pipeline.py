"""From bytes to everything that is kept; and what becomes of bytes that were hurt on the way."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.picture.photos import covered, jpeg, look
from tests.monitor.picture.views import photo_baseline

from camkeeper.model.picture import PictureVerdict as V
from camkeeper.picture.examined import Examined
from camkeeper.picture.pipeline import examine, thumbnail_of
from camkeeper.picture.sheet import Sheet


def _examined(data: bytes, *, before: bytes | None = None, learn: bool = False) -> Examined:
    return examine(data, baseline=photo_baseline(), hfov_deg=60, before=before, learn=learn)


def test_a_healthy_picture_leaves_a_trace_and_nothing_else() -> None:
    found = _examined(jpeg(look(6)))
    assert found.diagnosis.verdict is V.OK
    assert 0 < len(found.trace) <= 4096
    assert found.thumbnail is None
    assert found.sheet is None


def test_a_sheet_is_made_where_it_is_to_be_learnt() -> None:
    sheet = _examined(jpeg(look(6)), learn=True).sheet
    assert sheet is not None
    assert Sheet.from_bytes(sheet).aim is not None


def test_a_fault_has_a_thumbnail_too_small_for_a_face() -> None:
    thumbnail = _examined(jpeg(covered(look(6)))).thumbnail
    assert thumbnail is not None
    image = cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape[0] <= 90
    assert image.shape[1] <= 160


def test_a_thumbnail_has_no_edge_of_one_pixel() -> None:
    chequer = np.asarray(np.indices((90, 160)).sum(axis=0) % 2 * 255, np.uint8)
    small = cv2.imdecode(np.frombuffer(thumbnail_of(np.dstack([chequer] * 3)), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert small is not None
    assert int(small.max()) - int(small.min()) < 40


def test_the_same_bytes_again_are_frozen_and_a_live_picture_is_not() -> None:
    first = _examined(jpeg(look(6)))
    assert _examined(jpeg(look(6)), before=first.trace).diagnosis.verdict is V.FROZEN
    assert _examined(jpeg(look(7)), before=first.trace).diagnosis.verdict is V.OK


def test_a_spoilt_picture_that_stands_stays_spoilt() -> None:
    data = jpeg(covered(look(6)))
    found = _examined(data, before=_examined(data).trace).diagnosis
    assert found.verdict is V.COVER
    assert V.FROZEN in found.alarms


def test_no_picture_is_no_signal_with_a_reason() -> None:
    for data in (b"", b"<html>login</html>", b"\xff\xd8\xff", jpeg(look(6))[:4000]):
        found = _examined(data)
        assert found.diagnosis.verdict is V.NO_SIGNAL
        assert found.diagnosis.detail
        assert found.trace == b""


@settings(max_examples=60, deadline=None)
@given(
    hits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.one_of(st.none(), st.integers(0, 10**6)),
)
def test_any_mutation_has_a_verdict(hits: list[tuple[int, int]], cut: int | None) -> None:
    data = bytearray(_SMALL)
    for at, byte in hits:
        data[at % len(data)] = byte
    found = _examined(bytes(data[: cut % len(data)] if cut is not None else data))
    assert isinstance(found.diagnosis.verdict, V)
    assert all(np.isfinite(value) for value in found.diagnosis.features.values())


_SMALL = jpeg(np.asarray(cv2.resize(look(6), (320, 240), interpolation=cv2.INTER_AREA), np.uint8))
