"""What the decoding process does with a request. Loads OpenCV; runs in that process alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from camkeeper.model.picture import Context
from camkeeper.picture.baseline import Baseline, BaselineError
from camkeeper.picture.learning import learn
from camkeeper.picture.pipeline import examine
from camkeeper.picture.protocol import BaselineFacts, Message, examined_message, inspected_message
from camkeeper.picture.sheet import Sheet, SheetError
from camkeeper.picture.workerprocess import Handlers

_WARM_UP_SIZE: Final = (640, 360)


def handlers() -> Handlers:
    """Return what answers each kind of request, once it has been seen to work."""
    cv2.setNumThreads(1)
    _warm_up()
    return {"examine": _refusing(_examined), "learn": _refusing(_learned), "inspect": _refusing(_inspected)}


def _refusing(handler: Callable[[Message], Message]) -> Callable[[Message], Message]:
    """Tell what will not do apart from what is broken."""

    def handle(request: Message) -> Message:
        try:
            return handler(request)
        except (BaselineError, SheetError) as error:
            return Message(head={"kind": "refused", "why": str(error)})

    return handle


def _examined(request: Message) -> Message:
    data, baseline, before = request.parts
    found = examine(
        data or b"",
        baseline=None if baseline is None else Baseline.from_bytes(baseline),
        hfov_deg=float(request.head["hfov_deg"]),
        tilt_deg=float(request.head["tilt_deg"]),
        before=before,
        thumbnail=bool(request.head["thumbnail"]),
        learn=bool(request.head["learn"]),
    )
    return examined_message(found)


def _learned(request: Message) -> Message:
    sheets = [Sheet.from_bytes(part or b"") for part in request.parts]
    baseline = learn(sheets, context=Context(request.head["context"]))
    return Message(head={"kind": "learned"}, parts=(baseline.to_bytes(),))


def _inspected(request: Message) -> Message:
    baseline = Baseline.from_bytes(request.parts[0] or b"")
    return inspected_message(BaselineFacts(context=baseline.context, frames=baseline.frames, dropped=baseline.dropped))


def _warm_up() -> None:
    """Examine a made picture: everything is loaded before addresses are counted, and "ready" is proved."""
    width, height = _WARM_UP_SIZE
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    squares = (((across // 40 + down // 30) % 2) * 120 + across // 8).astype(np.uint8)
    data = bytes(cv2.imencode(".jpg", cv2.cvtColor(squares, cv2.COLOR_GRAY2BGR))[1])
    examine(data, baseline=None, hfov_deg=90.0, before=None, thumbnail=True, learn=True)
