"""Looks of the virtual fleet and of real fixed cameras, with their baselines: what tests of the diagnosis share."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from tests.monitor.picture.photos import jpeg, look

from camfleet.faults import Fault
from camfleet.pictures import render
from camkeeper.config import load
from camkeeper.model.picture import Context
from camkeeper.model.registry import Registry
from camkeeper.picture.baseline import Baseline
from camkeeper.picture.decode import decode
from camkeeper.picture.learning import learn
from camkeeper.picture.measure import sheet_of
from camkeeper.picture.sheet import Sheet, with_aim

CAMERA = "dg01-cam-01"
HFOV_DEG = 84.0
SIZE = (960, 540)
HOURS = {Context.DAY: (8, 10, 12, 14, 16), Context.NIGHT: (22, 23, 1, 2, 4)}
LATER = {Context.DAY: 13, Context.NIGHT: 0}


@cache
def registry() -> Registry:
    return load(Path(__file__).parents[3] / "config" / "cameras.yaml")


@cache
def fleet_jpeg(day: int, hour: int, *faults: Fault) -> bytes:
    when = datetime(2026, 6, day, hour, tzinfo=ZoneInfo("Asia/Shanghai"))
    device = registry().device_by_id[CAMERA]
    return render(device, registry(), round(when.timestamp() * 1000), faults, size=SIZE)


def learnable(data: bytes) -> Sheet:
    image = decode(data)
    return with_aim(sheet_of(image), image)


@cache
def fleet_sheets(context: Context) -> tuple[Sheet, ...]:
    return tuple(learnable(fleet_jpeg(1 + number % 3, hour)) for number, hour in enumerate(HOURS[context]))


@cache
def fleet_baseline(context: Context) -> Baseline:
    return learn(fleet_sheets(context), context=context)


@cache
def photo_sheets(many: int = 5) -> tuple[Sheet, ...]:
    return tuple(learnable(jpeg(look(seed))) for seed in range(many))


@cache
def photo_baseline() -> Baseline:
    return learn(photo_sheets(), context=Context.DAY)


def any_image(height: int, width: int, kind: str, seed: int) -> NDArray[np.uint8]:
    """Return an image of any sort: one tone, one colour, noise, a ramp, a chequer."""
    rng = np.random.default_rng(seed)
    if kind == "constant":
        return np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    if kind == "grey":
        return np.repeat(rng.integers(0, 256, (height, width, 1), np.uint8), 3, axis=2)
    if kind == "random":
        return rng.integers(0, 256, (height, width, 3), np.uint8)
    down, across = np.mgrid[:height, :width]
    if kind == "ramp":
        return np.asarray(np.repeat((across * 255 // max(width - 1, 1))[..., None], 3, axis=2), np.uint8)
    step = int(rng.integers(1, 40))
    return np.asarray(np.repeat((((down // step + across // step) % 2) * 255)[..., None], 3, axis=2), np.uint8)


KINDS = ("constant", "grey", "random", "ramp", "chequer")
