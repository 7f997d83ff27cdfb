"""From the bytes of a snapshot to everything that is kept of it: the steps of one examination, in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import STILL, Diagnosis, PictureVerdict
from camkeeper.picture.baseline import Baseline
from camkeeper.picture.decode import PictureError, decode
from camkeeper.picture.diagnose import diagnose
from camkeeper.picture.examined import Examined
from camkeeper.picture.freeze import Sameness, compare, trace_of
from camkeeper.picture.measure import sheet_of
from camkeeper.picture.sheet import with_aim

THUMBNAIL_PX: Final = (160, 90)
_BLUR_PX: Final = 2.0
_QUALITY: Final = 60


def examine(
    data: bytes,
    *,
    baseline: Baseline | None,
    hfov_deg: float,
    tilt_deg: float = 0.0,
    before: bytes | None,
    thumbnail: bool = True,
    learn: bool = False,
) -> Examined:
    """Diagnose one snapshot. `before`: the trace of the one before it, fetched some real time ago.

    Bytes that are no picture are a verdict, `no_signal`, with the reason; nothing is raised for them.
    """
    try:
        image = decode(data)
    except PictureError as error:
        return Examined(
            diagnosis=Diagnosis(verdict=PictureVerdict.NO_SIGNAL, alarms=(PictureVerdict.NO_SIGNAL,), detail=str(error))
        )
    sheet = sheet_of(image)
    trace = trace_of(image, data)
    diagnosis = diagnose(sheet, baseline, hfov_deg=hfov_deg, tilt_deg=tilt_deg, image=image)
    if before is not None:
        diagnosis = _with_sameness(diagnosis, compare(before, trace))
    return Examined(
        diagnosis=diagnosis,
        trace=trace,
        sheet=with_aim(sheet, image).to_bytes() if learn else None,
        thumbnail=thumbnail_of(image) if thumbnail and diagnosis.verdict.is_fault else None,
    )


def _with_sameness(found: Diagnosis, same: Sameness) -> Diagnosis:
    """A picture that is spoilt in another way stays that: one flat colour is the same each time."""
    if same is Sameness.UNKNOWN:
        return replace(found, advisory=(*found.advisory, STILL))
    if same is Sameness.LIVE:
        return found
    alarms = (*found.alarms, PictureVerdict.FROZEN)
    verdict = found.verdict if found.verdict.is_fault else PictureVerdict.FROZEN
    return replace(found, verdict=verdict, alarms=alarms)


def thumbnail_of(image: NDArray[np.uint8]) -> bytes:
    """Return a JPEG of at most 160 x 90 in which nobody can be told from anybody: blurred after it was reduced."""
    height, width = image.shape[:2]
    shrink = min(THUMBNAIL_PX[0] / width, THUMBNAIL_PX[1] / height, 1.0)
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), _BLUR_PX)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])
