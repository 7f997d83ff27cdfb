"""Where the benchmark's frames come from: real cameras, a surveillance clip, the virtual fleet.

A scene is one camera in one context: what its baseline is learnt from, and what is looked at afterwards, always later.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
from numpy.typing import NDArray

from camfleet.faults import Fault, FaultKind
from camfleet.pictures import render
from camkeeper.config import load
from camkeeper.model.equipment import Device
from camkeeper.model.picture import Context
from camkeeper.model.picture import PictureVerdict as V
from camkeeper.model.registry import Registry

ROOT = Path(__file__).parents[1]
CLIPS = (Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi"),)
FIRST = 5
MANY = 12
FLEET = (
    "dg01-cam-01",
    "dg01-cam-02",
    "dg02-cam-01",
    "dg03-cam-02",
    "dg05-cam-01",
    "dg07-cam-03",
    "dg09-cam-02",
    "dg12-cam-01",
)
_LEARN_DAYS, _TEST_DAY = (1, 2, 3), 5
_HOURS = {Context.DAY: ((8, 12, 16), (7, 10, 14, 18)), Context.NIGHT: ((22, 1, 4), (21, 23, 2, 3))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`text` (h, w): True where text is written into the frames; None where nobody knows of any."""

    source: str
    camera: str
    context: Context
    learn: tuple[bytes, ...]
    tests: tuple[bytes, ...]
    text: NDArray[np.bool_] | None = None
    hfov_deg: float = 60.0
    tilt_deg: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.source} {self.camera} {self.context.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One picture of the fleet with what is wrong in it; no labels: nothing is."""

    name: str
    zh: str
    labels: frozenset[V]
    severe: bool
    data: bytes


def default_folder() -> Path:
    """Return where real frames are looked for: CAMKEEPER_FRAMES, or shared/data/pictures beside the project."""
    return Path(os.environ.get("CAMKEEPER_FRAMES", ROOT.parent / "shared" / "data" / "pictures"))


def image_of(data: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit("画面无法解码 / a frame that cannot be decoded")
    return np.asarray(image, np.uint8)


def real(folder: Path, *, learn: int | None = None) -> Iterator[Scene]:
    """Yield the scenes of a folder: any depth, one folder a camera, files named WHEN_day|night.jpg in order of time.

    Twilight frames have names of their own and are left out: while the sun goes through its last degrees a camera is
    in neither of its states, and the monitor holds no picture of that half hour against either baseline by its looks.
    """
    folders = sorted(
        {path.parent for path in folder.rglob("*_day.jpg")} | {p.parent for p in folder.rglob("*_night.jpg")}
    )
    for camera in folders:
        paths = {context: sorted(camera.glob(f"*_{context.value}.jpg")) for context in Context}
        text = written([path.read_bytes() for some in paths.values() for path in some[:6]])
        for context, some in paths.items():
            first = learn or (len(some) // 2 if len(some) >= MANY else FIRST)
            if len(some) <= first:
                continue
            frames = [path.read_bytes() for path in some]
            yield Scene(
                source="real",
                camera=camera.name,
                context=context,
                learn=tuple(frames[:first]),
                tests=tuple(frames[first:]),
                text=text,
            )


def clip(path: Path, *, learn: int = 10, tests: int = 12) -> Scene:
    """Return a surveillance clip as a scene: its first half to learn from, its second to look at."""
    video = cv2.VideoCapture(str(path))
    frames = []
    while True:
        ok, frame = video.read()
        if not ok:
            break
        frames.append(frame)
    video.release()
    middle = len(frames) // 2
    picked = [frames[i] for i in np.linspace(0, middle - 1, learn).astype(int)]
    later = [frames[i] for i in np.linspace(middle + 10, len(frames) - 1, tests).astype(int)]
    return Scene(
        source="clip",
        camera=path.stem,
        context=Context.DAY,
        learn=tuple(_jpeg(f) for f in picked),
        tests=tuple(_jpeg(f) for f in later),
    )


def _jpeg(image: NDArray[np.uint8], quality: int = 85) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def written(frames: Sequence[bytes]) -> NDArray[np.bool_] | None:
    """Return where text stands: strong edges between tones that are the same by day and by night."""
    if len(frames) < 4:
        return None
    grey = np.stack([cv2.cvtColor(image_of(f), cv2.COLOR_BGR2GRAY) for f in frames])
    same = (grey.max(axis=0).astype(int) - grey.min(axis=0)) < 40
    middle = np.median(grey, axis=0).astype(np.uint8)
    near = np.ones((3, 3), np.uint8)
    step = cv2.subtract(cv2.dilate(middle, near), cv2.erode(middle, near))
    marks = (same & (step > 90)).astype(np.uint8)
    side = max(3, grey.shape[2] // 100) | 1
    joined = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    mask = np.zeros(marks.shape, np.bool_)
    for index in range(1, count):
        x, y, width, height, _ = stats[index]
        if width >= side and height >= side // 2 and marks[labels == index].sum() >= 2 * side:
            reach = side // 2
            mask[max(0, y - reach) : y + height + reach, max(0, x - reach) : x + width + reach] = True
    return mask if 0 < float(mask.mean()) < 0.08 else None


def _at_ms(day: int, hour: int, minute: int = 0) -> int:
    when = datetime(2026, 6, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))
    return round(when.timestamp() * 1000)


class Fleet:
    """The demo township's cameras, drawn by true projection."""

    def __init__(self, cameras: int) -> None:
        self.registry: Registry = load(ROOT / "config" / "cameras.yaml")
        self.devices: list[Device] = [self.registry.device_by_id[name] for name in FLEET[:cameras]]

    def frame(self, device: Device, at_ms: int, *faults: Fault) -> bytes:
        return render(device, self.registry, at_ms, faults)

    def scene(self, device: Device, context: Context) -> Scene:
        learn, test = _HOURS[context]
        mount, lens = device.mount, device.lens
        return Scene(
            source="fleet",
            camera=device.id,
            context=context,
            learn=tuple(self.frame(device, _at_ms(day, hour)) for day in _LEARN_DAYS for hour in learn),
            tests=tuple(self.frame(device, _at_ms(_TEST_DAY, hour, 20)) for hour in test),
            hfov_deg=lens.hfov_deg if lens is not None else 84.0,
            tilt_deg=mount.tilt_deg if mount is not None and mount.tilt_deg is not None else 15.0,
        )

    def spoilt(self, device: Device, context: Context, *, hours: int) -> Iterator[Rendered]:
        """Yield every defect of a picture, and weather that is none."""
        for hour in _HOURS[context][1][:hours]:
            for name, zh, labels, severe, fault in FAULTS:
                if fault.kind is FaultKind.IR_STUCK and context is Context.NIGHT:
                    continue
                data = self.frame(device, _at_ms(_TEST_DAY, hour, 20), fault)
                yield Rendered(name=name, zh=zh, labels=frozenset(labels), severe=severe, data=data)


K = FaultKind
FAULTS: tuple[tuple[str, str, set[V], bool, Fault], ...] = (
    ("blur", "模糊", {V.BLUR}, True, Fault(kind=K.BLUR)),
    ("dark", "过暗", {V.DARK, V.NO_SIGNAL}, True, Fault(kind=K.DARK)),
    ("bright", "过亮", {V.BRIGHT}, True, Fault(kind=K.BRIGHT)),
    ("no signal", "无信号", {V.NO_SIGNAL}, True, Fault(kind=K.NO_SIGNAL)),
    ("half picture 70%", "半幅", {V.HALF_PICTURE}, True, Fault(kind=K.HALF_PICTURE)),
    ("half picture 40%", "半幅", {V.HALF_PICTURE}, True, Fault(kind=K.HALF_PICTURE, share=0.4)),
    ("noise 60%", "噪声", {V.NOISE}, True, Fault(kind=K.NOISE)),
    ("stripes 60%", "条纹", {V.STRIPES}, True, Fault(kind=K.STRIPES)),
    ("moved 20 deg", "移位", {V.MOVED}, True, Fault(kind=K.MOVED)),
    ("moved -8 deg, 3 down", "移位", {V.MOVED}, True, Fault(kind=K.MOVED, by_deg=-8, pitch_deg=3)),
    ("rolled 20 deg", "倾斜", {V.ROTATED}, True, Fault(kind=K.ROTATED)),
    ("upside down", "倒置", {V.ROTATED}, True, Fault(kind=K.ROTATED, how="upside_down")),
    ("mirrored", "镜像", {V.ROTATED}, True, Fault(kind=K.ROTATED, how="mirrored")),
    ("cover board 70%", "遮挡（板）", {V.COVER}, True, Fault(kind=K.COVER)),
    ("cover leaf 70%", "遮挡（叶）", {V.COVER}, True, Fault(kind=K.COVER, how="leaf")),
    ("cover cloth 50%", "遮挡（布）", {V.COVER}, True, Fault(kind=K.COVER, how="cloth", share=0.5)),
    ("other scene", "场景不符", {V.OTHER_SCENE}, True, Fault(kind=K.OTHER_SCENE)),
    ("no colour", "红外卡住", {V.IR_STUCK}, True, Fault(kind=K.IR_STUCK)),
    ("water on the glass", "镜头起雾", {V.BLUR, V.FOG, V.COVER}, True, Fault(kind=K.FOGGED)),
    ("fog 60%", "雾", {V.FOG}, True, Fault(kind=K.FOG)),
    ("cast (advisory)", "偏色（提示）", {V.CAST}, False, Fault(kind=K.CAST)),
    ("dirt (advisory)", "污渍（提示）", set(), False, Fault(kind=K.DIRT)),
    ("web (advisory)", "蛛网（提示）", set(), False, Fault(kind=K.WEB)),
    ("clean, rain", "雨", set(), False, Fault(kind=K.RAIN)),
    ("clean, snow", "雪", set(), False, Fault(kind=K.SNOW)),
    ("clean, overcast", "阴天", set(), False, Fault(kind=K.OVERCAST)),
)
"""Name, on screen, what is right to say, whether it is severe, and the fault that draws it."""
