"""Turn: how exactly is it measured, on real frames, with reference and test from different days?

    python bench/bench_turn.py [--quick] [--pictures DIR] [--count 40] [--only NAME]

DIR holds one folder per fixed camera with frames named `<when>_<day|night|...>.jpg`, in the order of time. The middle
of a frame, half as wide and high, is the camera's view; the rest is what it sees when it is turned (H = K R K^-1, no
pixel made up; what lies beyond the frame is mirrored, which matches nothing). On-screen text is drawn afterwards and
stands still. The first frames of a camera and context are its reference, later ones are turned.

The masts sway: between days a view stands up to 0.3 degrees elsewhere. `error` is against the simulated turn alone, as
strict as a reader could ask; `net` also takes out what the same frame shows unturned.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import Turn
from camkeeper.picture.aim import Aim, aim_of, merge_aims
from camkeeper.picture.rotation import Angles, camera_matrix, rotation_of
from camkeeper.picture.turn import turn_between
from figures import arguments, print_figures

Image = NDArray[np.uint8]
REFERENCES = 5
CONTEXTS = ("day", "night")
STILL = Angles(yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The view that is simulated: its field, its pixels, and whether text is written into it and masked."""

    name: str
    hfov_deg: float
    width_px: int
    height_px: int
    text: bool = True
    masked: bool = True
    yaw_deg: float = 25.0
    tilt_deg: float = 0.0  # how far down it looks
    told_tilt: bool = True  # the measurement knows that
    lie: float = 1.0  # how much too wide the register's field of view is


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    truth: Angles
    turn: Turn | None
    sway_deg: float | None
    took_ms: float


def view(frame: Image, angles: Angles, setting: Setting, zoom: float = 1.0) -> Image:
    """Return what the camera in the middle of the frame sees after it was turned."""
    height, width = frame.shape[:2]
    scale = width / (2.0 * setting.width_px)
    inner = camera_matrix(width_px=setting.width_px, height_px=setting.height_px, hfov_deg=setting.hfov_deg)
    inner[0, 0] *= zoom
    inner[1, 1] *= zoom
    outer = inner.copy()
    outer[0, 0] = outer[1, 1] = inner[0, 0] / zoom * scale
    outer[0, 2], outer[1, 2] = (width - 1) / 2.0, (height - 1) / 2.0
    there = inner @ rotation_of(angles, tilt_deg=setting.tilt_deg).T @ np.linalg.inv(outer)
    soft = cv2.GaussianBlur(frame, (0, 0), 0.4 * scale) if scale > 1.2 else frame
    size = (setting.width_px, setting.height_px)
    warped = cv2.warpPerspective(soft, there, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    turned = np.asarray(warped, np.uint8)
    if setting.text:
        write(turned, f"2026-01-{abs(hash(angles)) % 28 + 1:02d} {abs(hash(frame.tobytes()[:999])) % 24:02d}:17:42")
    coded = cv2.imencode(".jpg", turned, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def write(image: Image, clock: str) -> None:
    """Write a clock and a name into a picture, as cameras do."""
    height, width = image.shape[:2]
    size = width / 960
    for text, x, y in ((clock, 0.02, 0.06), ("Camera 01 gate", 0.68, 0.96)):
        place = (int(x * width), int(y * height))
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 4, cv2.LINE_AA)
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 2, cv2.LINE_AA)


def mask_of(setting: Setting) -> NDArray[np.bool_] | None:
    """Return True where no text is."""
    if not (setting.text and setting.masked):
        return None
    mask = np.ones((90, 160), np.bool_)
    mask[:8, :70] = False
    mask[80:, 105:] = False
    return mask


def sequences(pictures: Path) -> Iterator[tuple[str, list[Path]]]:
    """Yield camera and context with its frames, earliest first, where there are enough."""
    for camera in sorted(path for path in pictures.iterdir() if path.is_dir()):
        for context in CONTEXTS:
            frames = sorted(camera.glob(f"*_{context}.jpg"))
            if len(frames) >= 4:
                yield f"{camera.name} {context}", frames


def measure(reference: Aim, frame: Image, truth: Angles, setting: Setting, zoom: float = 1.0) -> Case:
    mask = mask_of(setting)
    picture = view(frame, truth, setting, zoom)
    begin = time.perf_counter()
    tilt_deg = setting.tilt_deg if setting.told_tilt else 0.0
    turn = turn_between(reference, picture, hfov_deg=setting.hfov_deg * setting.lie, tilt_deg=tilt_deg, mask=mask)
    took_ms = (time.perf_counter() - begin) * 1e3
    return Case(truth=truth, turn=turn, sway_deg=None, took_ms=took_ms)


def run(frames: list[Path], setting: Setting, count: int, rng: np.random.Generator, zoom: float = 1.0) -> list[Case]:
    """Return the cases of one camera and context: its first frames against later ones, turned."""
    learned = min(REFERENCES, len(frames) - 2)
    mask = mask_of(setting)
    reference = merge_aims([aim_of(view(read(f), STILL, setting), mask=mask) for f in frames[:learned]])
    cases = []
    sway: dict[Path, float | None] = {}
    for _ in range(count):
        path = frames[learned + int(rng.integers(len(frames) - learned))]
        image = read(path)
        if path not in sway:
            still = measure(reference, image, STILL, setting).turn
            sway[path] = still.yaw_deg if still is not None else None
        yaw = 0.0 if setting.yaw_deg == 0 else float(rng.choice([-1, 1]) * rng.uniform(0.5, setting.yaw_deg))
        truth = Angles(yaw_deg=yaw, pitch_deg=float(rng.normal(0, 1)), roll_deg=float(rng.normal(0, 1)))
        case = measure(reference, image, truth, setting, zoom)
        cases.append(Case(truth=truth, turn=case.turn, sway_deg=sway[path], took_ms=case.took_ms))
    return cases


def read(path: Path) -> Image:
    return np.asarray(cv2.imread(str(path)), np.uint8)


def summary(cases: list[Case]) -> dict[str, object]:
    """Return what the cases amount to: errors of the yaw in degrees, share accepted, coverage of the interval."""
    got = [(c, c.turn) for c in cases if c.turn is not None]
    figures: dict[str, object] = {"n": len(cases), "accepted": round(len(got) / max(1, len(cases)), 3)}
    if not got:
        return figures
    error = np.array([abs(t.yaw_deg - c.truth.yaw_deg) for c, t in got])
    net = np.array([abs(t.yaw_deg - c.truth.yaw_deg - c.sway_deg) for c, t in got if c.sway_deg is not None])
    figures |= {f"error_{name}": round(value, 3) for name, value in _spread(error).items()}
    figures |= {f"net_{name}": round(value, 3) for name, value in _spread(net).items()} if len(net) else {}
    figures["over_1_deg"] = int((error > 1.0).sum())
    figures["interval_covers"] = round(
        float(np.mean([e <= t.error_deg for e, (_, t) in zip(error, got, strict=True)])), 3
    )
    figures["interval_deg"] = round(float(np.median([t.error_deg for _, t in got])), 3)
    figures["by_edges_alone"] = round(float(np.mean([t.method == "phase" for _, t in got])), 3)
    figures["ms"] = round(float(np.median([c.took_ms for c in cases])))
    return figures


def _spread(values: NDArray[np.float64]) -> dict[str, float]:
    return {"median": float(np.median(values)), "p95": float(np.quantile(values, 0.95)), "max": float(values.max())}


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--pictures", type=Path, default=Path(__file__).parents[2] / "shared/data/pictures/lta")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    count = 4 if options.quick else options.count
    settings = [
        Setting(name="1080p 60", hfov_deg=60, width_px=960, height_px=540),
        Setting(name="1080p 90", hfov_deg=90, width_px=960, height_px=540),
        Setting(name="1080p 40", hfov_deg=40, width_px=960, height_px=540),
        Setting(name="D1 60", hfov_deg=60, width_px=352, height_px=288),
        Setting(name="text not masked", hfov_deg=60, width_px=960, height_px=540, masked=False),
        Setting(name="looks down 20", hfov_deg=60, width_px=960, height_px=540, tilt_deg=20.0),
        Setting(
            name="looks down 20, not told", hfov_deg=60, width_px=960, height_px=540, tilt_deg=20.0, told_tilt=False
        ),
        Setting(name="not turned", hfov_deg=60, width_px=960, height_px=540, yaw_deg=0.0),
        Setting(name="hfov 5% too wide", hfov_deg=60, width_px=960, height_px=540, lie=1.05),
    ]
    figures: dict[str, object] = {}
    for setting in settings:
        if options.only and options.only not in setting.name:
            continue
        rng = np.random.default_rng(7)
        everything: list[Case] = []
        for _name, frames in sequences(options.pictures):
            cases = run(frames, setting, count, rng)
            everything += cases
            for case in cases:
                if (
                    case.turn is not None
                    and abs(case.turn.yaw_deg - case.truth.yaw_deg) > 1.0
                    and setting.lie == 1.0
                    and setting.told_tilt
                ):
                    print("   wrong:", case)
        figures[setting.name] = summary(everything)
        print(setting.name, figures[setting.name], flush=True)
    print_figures("turn", figures)


if __name__ == "__main__":
    main()
