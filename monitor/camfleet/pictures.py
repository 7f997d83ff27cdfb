"""Where a device's JPEG comes from: drawn live by a worker thread, or from a small pool for load.

`render` is the whole of it, pure: a device, its register, an instant, faults; bytes come out.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import cv2

from camfleet import scene
from camfleet.defects import cut_off, spoil
from camfleet.faults import Fault, FaultKind
from camfleet.lens import Aim
from camfleet.sun import sun_at
from camfleet.texture import Image
from camfleet.township import township
from camfleet.view import VIEWS
from camfleet.warm import warm
from camfleet.weather import NIGHT_BELOW_DEG, Weather, light_of, usual
from camkeeper.model.equipment import Device
from camkeeper.model.registry import Registry

if TYPE_CHECKING:
    from camfleet.device import Shot, VirtualDevice

QUALITY = 82
_MAX_WIDTH, _MAX_HEIGHT = 1280, 720
"""Cameras send their snapshot from the second profile; and a township's worth of larger ones keeps a core busy."""
_SCENES, _INSTANTS = 4, 3
_LIGHT = (704, 576)
_DEFAULT_IR_M = 30.0
_NOWHERE = (113.85, 33.80)
_PATIENCE_S = 1.0
"""Who asks for a picture waits two seconds at most, and a login takes part of it."""
_Key = tuple[str, int, tuple[Fault, ...]]


def size_of(width: int, height: int) -> tuple[int, int]:
    """Return the size of a snapshot: the main profile's shape, but not beyond 1280 x 720."""
    shrink = min(1.0, _MAX_WIDTH / width, _MAX_HEIGHT / height)
    return max(2, round(width * shrink) // 2 * 2), max(2, round(height * shrink) // 2 * 2)


def _number(*words: object) -> int:
    return int.from_bytes(hashlib.blake2b("/".join(map(str, words)).encode(), digest_size=6).digest(), "big")


def surroundings(device: Device, *, seed: int) -> int:
    """Return the seed of a device's village: cameras on one pole share it."""
    mount = device.mount
    if mount is None:
        return _number(seed, device.link_id or device.id)
    return _number(seed, round(mount.lon_deg, 5), round(mount.lat_deg, 5))


def aim_of(device: Device, size: tuple[int, int], *, seed: int) -> Aim:
    """Return where a device looks as registered; what nobody noted is drawn from the seed or is usual."""
    mount, lens = device.mount, device.lens
    drawn = float(_number(seed, device.id, "azimuth") % 360)
    azimuth = drawn if mount is None or mount.azimuth_deg is None else mount.azimuth_deg
    return Aim(
        azimuth_deg=azimuth,
        tilt_deg=15.0 if mount is None or mount.tilt_deg is None else mount.tilt_deg,
        roll_deg=0.0,
        height_m=4.0 if mount is None or mount.height_m is None else mount.height_m,
        hfov_deg=84.0 if lens is None else lens.hfov_deg,
        width_px=size[0],
        height_px=size[1],
    )


def render(
    device: Device,
    registry: Registry,
    at_ms: int,
    faults: Iterable[Fault] = (),
    *,
    size: tuple[int, int] = (_MAX_WIDTH, _MAX_HEIGHT),
    seed: int = 1,
    shown_ms: int | None = None,
) -> bytes:
    """Return the JPEG that `device` gives at `at_ms` (UTC) with these faults in its picture. Pure and repeatable.

    `size`: width and height in pixels. `shown_ms`: what its own clock says, burnt in (None: the truth). Faults that do
    not concern the picture change nothing, nor does `frozen`: that is the picture of an earlier instant.
    """
    zone = next((s.timezone for s in registry.sites if s.id == device.site_id), "UTC")
    scene_faults = tuple(faults)
    image = optical(device, at_ms, scene_faults, size=size, seed=seed)
    local = datetime.fromtimestamp((at_ms if shown_ms is None else shown_ms) // 1000, tz=UTC).astimezone(ZoneInfo(zone))
    caption(image, device.id, local)
    image = cut_off(image, scene_faults)
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not ok:
        raise RuntimeError(f"{device.id}: the picture cannot be encoded")
    return data.tobytes()


def optical(device: Device, at_ms: int, faults: tuple[Fault, ...], *, size: tuple[int, int], seed: int) -> Image:
    """Return what comes from the sensor, H x W x 3 BGR: everything but what the encoder burns in or loses."""
    kinds = {fault.kind for fault in faults}
    aim, place = aim_of(device, size, seed=seed), surroundings(device, seed=seed)
    for fault in faults:
        if fault.kind in {FaultKind.MOVED, FaultKind.PATROL}:
            aim = aim.turned(yaw_deg=fault.by_deg, pitch_deg=fault.pitch_deg)
        elif fault.kind is FaultKind.ROTATED and fault.how == "roll":
            aim = aim.turned(roll_deg=fault.by_deg)
    if FaultKind.OTHER_SCENE in kinds:
        place = _number(place, "elsewhere")
    lon_deg, lat_deg = _NOWHERE if device.mount is None else (device.mount.lon_deg, device.mount.lat_deg)
    sun = sun_at(at_ms, lon_deg=lon_deg, lat_deg=lat_deg)
    weather = _weather(usual(at_ms, lon_deg=lon_deg, lat_deg=lat_deg), faults)
    infrared_m = _DEFAULT_IR_M if device.lens is None else device.lens.ir_range_m
    night = sun.elevation_deg < NIGHT_BELOW_DEG
    frame_dice = _number(seed, device.id, at_ms // 1000)
    moment = scene.Moment(
        at_ms=at_ms,
        light=light_of(sun, weather),
        weather=weather,
        infrared_m=infrared_m if night else None,
        grey=FaultKind.IR_STUCK in kinds,
        dice=frame_dice,
    )
    image = scene.compose(VIEWS.of(place, aim), moment)
    grey = moment.grey or moment.infrared_m is not None
    return spoil(image, faults, device_dice=_number(seed, device.id), frame_dice=frame_dice, grey=grey)


def _weather(weather: Weather, faults: tuple[Fault, ...]) -> Weather:
    for fault in faults:
        match fault.kind:
            case FaultKind.FOG:
                weather = replace(weather, fog=max(weather.fog, fault.density), cloud=0.95)
            case FaultKind.RAIN:
                weather = replace(weather, rain=max(weather.rain, fault.density), cloud=1.0)
            case FaultKind.SNOW:
                weather = replace(weather, snow=max(weather.snow, fault.density), cloud=1.0)
            case FaultKind.OVERCAST:
                weather = replace(weather, cloud=1.0)
            case _:
                pass
    return weather


def caption(image: Image, device_id: str, local: datetime) -> None:
    """Burn in the clock and the device's id, white on black, as an encoder does: after the lens, so always sharp."""
    height = image.shape[0]
    scale = height / 700
    thick = max(1, round(scale * 2))
    bottom = (int(14 * scale), height - int(18 * scale))
    clock = local.strftime("%Y-%m-%d %H:%M:%S")
    for text, at in ((clock, (int(14 * scale), int(36 * scale))), (device_id, bottom)):
        for colour, width in (((0, 0, 0), thick * 3), ((255, 255, 255), thick)):
            cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, width, cv2.LINE_AA)


class LivePictures:
    """Draws what is asked for, each device at most once a second."""

    def __init__(self, registry: Registry, *, seed: int) -> None:
        self._registry = registry
        self._seed = seed
        # cv2 releases the interpreter lock: one thread beside the loop is enough for a township, and bounds the cost.
        self.worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="camfleet-pictures")
        self._kept: dict[str, tuple[_Key, asyncio.Future[bytes]]] = {}
        self._newest: dict[str, tuple[tuple[Fault, ...], bytes]] = {}

    async def prepare(self, devices: Iterable[VirtualDevice]) -> None:
        """Draw what never changes of all of them and each one's first picture, before anybody asks."""
        seeing = [d for d in devices if d.enrolled.kind.has_picture]
        await warm((surroundings(d.enrolled, seed=self._seed), self._aim(d)) for d in seeing)
        for device in seeing:
            await self.jpeg(device, device.shot())

    def _aim(self, device: VirtualDevice) -> Aim:
        return aim_of(device.enrolled, size_of(device.dialect.width, device.dialect.height), seed=self._seed)

    async def jpeg(self, device: VirtualDevice, shot: Shot) -> bytes:
        """Return the picture of that second, or the one that is being drawn: a slow machine gets no longer line.

        A camera hands out its newest frame: where drawing takes long, that is the one before, unless something changed.
        """
        key = (device.id, shot.shown_ms // 1000, shot.scene)
        kept = self._kept.get(device.id)
        if kept is None or kept[1].cancelled() or (kept[0] != key and kept[1].done()):
            kept = key, asyncio.get_running_loop().run_in_executor(self.worker, self._draw, device, shot)
            self._kept[device.id] = kept
            kept[1].add_done_callback(partial(self._drawn, device.id, shot.scene))
        newest = self._newest.get(device.id)
        if newest is not None and newest[0] == shot.scene:
            done, _ = await asyncio.wait((kept[1],), timeout=_PATIENCE_S)
            if not done:
                return newest[1]
        return await asyncio.shield(kept[1])

    def _drawn(self, device_id: str, scene_: tuple[Fault, ...], drawing: asyncio.Future[bytes]) -> None:
        if not drawing.cancelled() and drawing.exception() is None:
            self._newest[device_id] = (scene_, drawing.result())

    def _draw(self, device: VirtualDevice, shot: Shot) -> bytes:
        size = size_of(device.dialect.width, device.dialect.height)
        whole = shot.at_ms // 1000 * 1000
        return render(
            device.enrolled, self._registry, whole, shot.scene, size=size, seed=self._seed, shown_ms=shot.shown_ms
        )

    def close(self) -> None:
        """Let the thread end."""
        self.worker.shutdown(wait=True, cancel_futures=True)


class LightPictures:
    """A few pictures drawn once and handed out in turns, for load: drawing is not what is measured there.

    A device keeps its scene; their burnt-in clock is not the time.
    """

    def __init__(self, _registry: Registry, *, seed: int) -> None:
        self._seed = seed
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="camfleet-pictures")
        self._healthy = tuple(_turns(seed, scene_, ()) for scene_ in range(_SCENES))
        self._last: dict[str, tuple[int, int]] = {}

    async def prepare(self, _devices: Iterable[VirtualDevice]) -> None:
        """There is nothing to prepare."""

    async def jpeg(self, device: VirtualDevice, shot: Shot) -> bytes:
        """Return one of its scene's instants: never the one before, but the same one for the same instant."""
        mine = _number(device.id) % _SCENES
        if shot.scene:
            run = asyncio.get_running_loop().run_in_executor
            turns = await run(self._worker, _turns, self._seed, mine, shot.scene)
        else:
            turns = self._healthy[mine]
        return turns[self._turn(device.id, shot.shown_ms // 1000)]

    def _turn(self, device_id: str, second: int) -> int:
        """Count what is asked for: by the clock, who asks every half a minute got the same picture for ever."""
        last, turn = self._last.get(device_id, (second, _number(device_id) % _INSTANTS))
        if last != second:
            turn = (turn + 1) % _INSTANTS
        self._last[device_id] = second, turn
        return turn

    def close(self) -> None:
        """Let the thread end."""
        self._worker.shutdown(wait=True, cancel_futures=True)


@lru_cache(maxsize=128)
def _turns(seed: int, scene_: int, faults: tuple[Fault, ...]) -> tuple[bytes, ...]:
    registry = township(_SCENES, 20_000)
    noon_ms = 1_767_240_000_000  # 2026-01-01T04:00Z: noon there
    return tuple(
        render(registry.devices[scene_], registry, noon_ms + 7_000 * turn, faults, size=_LIGHT, seed=seed)
        for turn in range(_INSTANTS)
    )
