"""Cases of the picture benchmark: one scene, spoilt and clean, diagnosed by us and by fixed thresholds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

import picture_fixed
from camkeeper.judge.looks import LookTrack, judge_look
from camkeeper.model.picture import Context, Diagnosis, Look, PicturePolicy
from camkeeper.model.picture import PictureVerdict as V
from camkeeper.picture.baseline import Baseline
from camkeeper.picture.decode import decode
from camkeeper.picture.diagnose import diagnose
from camkeeper.picture.freeze import is_frozen, trace_of
from camkeeper.picture.learning import learn
from camkeeper.picture.measure import sheet_of
from camkeeper.picture.sheet import Sheet, with_aim
from picture_degrade import HARMLESS, Defect, encoded, spoilt
from picture_frames import Scene, image_of

OTHER = "other scene"
CLEAN = "clean, as it came"
STEP_MS = 300_000
"""Between two looks: as often as a camera can be asked without a thought, so evidence gathers fastest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One picture that was diagnosed. `labels` empty and `clean`: nothing should have been said."""

    scene: str
    source: str
    defect: str
    zh: str
    labels: frozenset[V]
    severe: bool
    clean: bool
    found: Diagnosis
    fixed: V
    blind: Diagnosis
    """Without a baseline."""

    @property
    def alarmed(self) -> bool:
        return self.found.verdict.is_fault or (V.CAST in self.labels and V.CAST in self.found.alarms)

    @property
    def right(self) -> bool:
        return self.found.verdict in self.labels

    @property
    def fixed_alarmed(self) -> bool:
        return self.fixed.is_fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """How the frames are coded and sized before anything is done to them; the baseline is learnt likewise."""

    name: str = "as it came"
    quality: int = 80
    size: tuple[int, int] | None = None

    def sized(self, data: bytes) -> bytes:
        if self.size is None:
            return data
        image = image_of(data)
        way = cv2.INTER_AREA if self.size[0] < image.shape[1] else cv2.INTER_CUBIC
        return encoded(np.asarray(cv2.resize(image, self.size, interpolation=way), np.uint8), 92)

    def of(self, scene: Scene) -> Scene:
        if self.size is None and self.quality == 80:
            return scene
        text = scene.text
        if text is not None and self.size is not None:
            text = cv2.resize(text.astype(np.uint8), self.size, interpolation=cv2.INTER_NEAREST) > 0
        tests = tuple(self.sized(d) for d in scene.tests)
        return replace(scene, learn=tuple(self._coded(d) for d in scene.learn), tests=tests, text=text)

    def _coded(self, data: bytes) -> bytes:
        return encoded(image_of(self.sized(data)), self.quality)


def _sheet(data: bytes) -> Sheet:
    image = decode(data)
    return with_aim(sheet_of(image), image)


def learnt(scene: Scene) -> Baseline:
    """Return the baseline of a scene's first frames, as it comes back from where it is kept."""
    made = learn([_sheet(data) for data in scene.learn], context=scene.context)
    return Baseline.from_bytes(made.to_bytes())


class Examiner:
    """Diagnoses pictures of one scene."""

    def __init__(self, scene: Scene, baseline: Baseline) -> None:
        self.scene = scene
        self.baseline = baseline

    def case(
        self, data: bytes, *, defect: str, zh: str, labels: frozenset[V], severe: bool, clean: bool = False
    ) -> Case:
        image = decode(data)
        sheet = sheet_of(image)
        scene = self.scene
        found = diagnose(sheet, self.baseline, hfov_deg=scene.hfov_deg, tilt_deg=scene.tilt_deg, image=image)
        return Case(
            scene=scene.name,
            source=scene.source,
            defect=defect,
            zh=zh,
            labels=labels,
            severe=severe,
            clean=clean,
            found=found,
            fixed=picture_fixed.verdict(image_of(data), by_day=scene.context.value == "day"),
            blind=diagnose(sheet, None),
        )

    def clean(self) -> Iterator[Case]:
        for data in self.scene.tests:
            yield self.case(data, defect=CLEAN, zh="正常", labels=frozenset(), severe=False, clean=True)

    def degraded(
        self, defects: tuple[Defect, ...], frames: int, *, seed: int, quality: int, foreign: bytes | None
    ) -> Iterator[Case]:
        """Yield every defect on so many of the frames. `foreign`: a frame of another camera, same light."""
        for number, data in enumerate(self.scene.tests[:frames]):
            image = image_of(data)
            for defect in defects:
                if defect.by_day and self.scene.context.value != "day":
                    continue
                rng = np.random.default_rng([seed, number, zlib.crc32((self.scene.name + defect.name).encode())])
                bad = spoilt(image, defect, rng, text=self.scene.text, quality=quality)
                clean = not defect.severe and defect in HARMLESS
                yield self.case(
                    bad, defect=defect.name, zh=defect.zh, labels=defect.labels, severe=defect.severe, clean=clean
                )
            if foreign is not None and seed == 1:
                size = (image.shape[1], image.shape[0])
                there = np.asarray(cv2.resize(image_of(foreign), size, interpolation=cv2.INTER_AREA), np.uint8)
                yield self.case(
                    encoded(there, quality),
                    defect=OTHER,
                    zh="场景不符",
                    labels=frozenset({V.OTHER_SCENE}),
                    severe=True,
                )

    def frozen(self) -> Iterator[tuple[bool, bool]]:
        """Yield (should be, is) frozen: the same bytes again, and the next live picture."""
        traces = [trace_of(decode(data), data) for data in self.scene.tests]
        for before, now in pairwise(traces):
            yield True, is_frozen(before, before)
            yield False, is_frozen(before, now)


def findings(cases: list[Case]) -> int:
    """Return how many findings the rules of evidence make of clean looks, five minutes apart."""
    track: LookTrack | None = None
    made = 0
    policy = PicturePolicy()
    for number, case in enumerate(cases):
        look = Look(
            device_id="camera",
            at_ms=1_000_000 + number * STEP_MS,
            context=Context(case.scene.rsplit(" ", 1)[1]),
            diagnosis=case.found,
            baseline=1,
        )
        track, finding = judge_look(track, look, policy)
        made += finding is not None and finding.verdict.is_fault
    return made
