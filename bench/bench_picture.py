"""Picture diagnosis: what is found, rightly named and wrongly alarmed, for us and for fixed thresholds.

    python bench/bench_picture.py [--quick] [--frames DIR] [--seeds 1] [--per-scene 9] [--out docs/picture-benchmark.md]

Real frames: one folder a camera at any depth under DIR (else CAMKEEPER_FRAMES, else shared/data/pictures beside the
project), named WHEN_day.jpg or WHEN_night.jpg. Where there are none, only the virtual fleet's pictures are measured.
Every camera is its own: its baseline is learnt from its own earlier frames, and nothing is trained on others. Ends
with 1 where a bar is missed; only a full run writes the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2

from camkeeper.model.picture import Context
from figures import arguments, print_figures
from picture_cases import Case, Examiner, Variant, findings, learnt
from picture_degrade import HARMLESS, MODERATE, SEVERE, Defect
from picture_frames import CLIPS, FLEET, ROOT, Fleet, Scene, clip, default_folder, real
from picture_table import HEADER, SUMMARY, Sums, rows, summary, sums, table

PAGE = ROOT / "docs" / "picture-benchmark.md"
VARIANTS = (
    Variant(name="JPEG 50", quality=50),
    Variant(name="JPEG 95", quality=95),
    Variant(name="704x576", size=(704, 576)),
    Variant(name="1296x960", size=(1296, 960)),
    Variant(name="2560x1440", size=(2560, 1440)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One scene: its cases, its pairs (should be, is) frozen, the findings that evidence made of its clean looks."""

    cases: list[Case]
    frozen: list[tuple[bool, bool]]
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    scene: Scene
    foreign: bytes | None
    defects: tuple[Defect, ...]
    frames: int
    seeds: int
    variant: Variant


def measure(task: Task) -> Measured:
    """Measure one scene with our own degradations."""
    cv2.setNumThreads(1)
    scene = task.variant.of(task.scene)
    examiner = Examiner(scene, learnt(scene))
    cases = list(examiner.clean())
    for seed in range(1, task.seeds + 1):
        cases += examiner.degraded(
            task.defects, task.frames, seed=seed, quality=task.variant.quality, foreign=task.foreign
        )
    return _measured(examiner, cases)


def measure_fleet(name: str, *, cameras: int, hours: int) -> Measured:
    """Measure one virtual camera, day and night, with all its faults."""
    cv2.setNumThreads(1)
    fleet = Fleet(cameras)
    device = fleet.registry.device_by_id[name]
    parts = []
    for context in Context:
        examiner = Examiner(scene := fleet.scene(device, context), learnt(scene))
        cases = list(examiner.clean())
        cases += [
            examiner.case(
                shot.data,
                defect=shot.name,
                zh=shot.zh,
                labels=shot.labels,
                severe=shot.severe,
                clean=shot.name.startswith("clean"),
            )
            for shot in fleet.spoilt(device, context, hours=hours)
        ]
        parts.append(_measured(examiner, cases))
    return _together(parts)


def _measured(examiner: Examiner, cases: list[Case]) -> Measured:
    clean = [c for c in cases if c.clean]
    return Measured(cases=cases, frozen=list(examiner.frozen()), findings=findings(clean))


def _together(parts: Iterable[Measured]) -> Measured:
    some = list(parts)
    return Measured(
        cases=[c for m in some for c in m.cases],
        frozen=[pair for m in some for pair in m.frozen],
        findings=sum(m.findings for m in some),
    )


def tasks(
    scenes: Sequence[Scene], defects: tuple[Defect, ...], *, frames: int, seeds: int, variant: Variant
) -> Iterator[Task]:
    """Yield one task a scene. Another scene is another camera of the same light."""
    for number, scene in enumerate(scenes):
        others = [s for s in scenes if s.context is scene.context and s.camera != scene.camera]
        foreign = others[number % len(others)].tests[0] if others else None
        yield Task(scene=scene, foreign=foreign, defects=defects, frames=frames, seeds=seeds, variant=variant)


def groups(folder: Path, *, quick: bool, seeds: int, per_scene: int) -> Iterator[tuple[str, Iterator[Measured]]]:
    """Yield each group of frames with the work on it, which begins as soon as the group is asked for."""
    everything = (*SEVERE, *MODERATE, *HARMLESS)
    scenes = list(real(folder)) if folder.is_dir() else []
    # Every second scene: by day of one camera, by night of the next.
    some = [scene for number, scene in enumerate(scenes) if number % 4 in {0, 3}]
    film = [clip(path) for path in CLIPS if path.exists()]
    if not scenes:
        print(f"没有真实画面：{folder} / no real frames there; the virtual fleet's only", flush=True)
    cameras, hours = (2, 1) if quick else (len(FLEET), 1)
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        frames = 1 if quick else per_scene
        wanted = (*SEVERE, *HARMLESS) if quick else everything
        common = partial(tasks, frames=frames, seeds=1 if quick else seeds)
        if scenes:
            yield "real", pool.map(measure, common(some if quick else scenes, wanted, variant=Variant()))
        yield "fleet", pool.map(partial(measure_fleet, cameras=cameras, hours=hours), FLEET[:cameras])
        if quick:
            return
        if film:
            yield (
                "clip",
                pool.map(measure, tasks(film, everything, frames=min(2, per_scene), seeds=seeds, variant=Variant())),
            )
        for variant in VARIANTS if scenes else ():
            work = tasks(some, (*SEVERE, *HARMLESS), frames=1, seeds=1, variant=variant)
            yield f"real, {variant.name}", pool.map(measure, work)


def main() -> int:
    """Print the figures, write the page, return 1 where a bar is missed."""
    parser = arguments(__doc__ or "")
    parser.add_argument(
        "--frames", type=Path, default=default_folder(), help="真实画面的文件夹 / folder of real frames"
    )
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--per-scene", type=int, default=9, help="每个场景劣化几张 / frames of a scene that are spoilt")
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    parts: dict[str, Measured] = {}
    print(SUMMARY, end="", flush=True)
    for name, work in groups(options.frames, quick=options.quick, seeds=options.seeds, per_scene=options.per_scene):
        parts[name] = _together(work)
        print(summary(name, _sums(parts[name])), flush=True)
    whole = _sums(_together(parts.values()))
    print(summary("all", whole))
    told = [c for m in parts.values() for c in m.cases if (c.clean and c.alarmed) or (c.severe and not c.right)]
    for case in told:
        print(f"  {case.scene}: {case.defect} -> {case.found.verdict.value}")
    if not options.quick:
        options.out.write_text(page(parts), encoding="utf-8")
    groups_missed = {name: missed for name, m in parts.items() if (missed := _sums(m).missed)}
    print_figures("picture", {"bars_missed": whole.missed, "missed_by_group": groups_missed, **asdict(whole)})
    return 1 if whole.missed else 0


def _sums(part: Measured) -> Sums:
    return sums(part.cases, findings=part.findings, frozen=part.frozen)


def page(parts: dict[str, Measured]) -> str:
    """Return the page of the figures."""
    whole = _sums(_together(parts.values()))
    lines = [summary(name, _sums(part)) for name, part in parts.items()]
    text = HEADER + "\n" + SUMMARY + "\n".join([*lines, summary("**all**", whole)]) + "\n\n"
    text += (
        f"冻结：{whole.frozen_found}/{whole.frozen} 找到，实时画面误判 {whole.live_frozen}/{whole.live}。 Frozen: "
        f"{whole.frozen_found} of {whole.frozen} found, {whole.live_frozen} of {whole.live} live pairs mistaken.\n\n"
        "门槛 · Bars: severe alarmed >= 98%, right >= 95%, clean alarmed <= 1%, findings 0, without a baseline 0; "
        + ("全部达到 · all met.\n" if not whole.missed else f"未达到 · missed: {', '.join(whole.missed)}.\n")
    )
    text += (
        "\nHow far to trust this: each camera's baseline comes from its own frames, but the limits that all cameras "
        "share were chosen while looking at these very scenes, so expect somewhat worse from cameras not seen here. "
        "The n in each row says how many pictures stand behind it.\n"
    )
    for name, part in parts.items():
        text += f"\n## {name}\n\n{table(rows(part.cases))}"
    return text


if __name__ == "__main__":
    sys.exit(main())
