"""The coverage of a whole township: built once for a configuration, asked ever after."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from shapely.geometry.base import BaseGeometry

from camcover.bands import SEEN
from camcover.camera import Camera
from camcover.frame import Frame
from camkeeper.cover import darkness, show
from camkeeper.cover.aim import Planned, aimed
from camkeeper.cover.board import Board, Hours
from camkeeper.cover.eyes import Eyes, eyes_of
from camkeeper.cover.ground import Ground, Obstacle, bounds_lonlat, ground_of
from camkeeper.cover.panel import Panel, panel_of
from camkeeper.cover.sight import State
from camkeeper.model.picture import Turn
from camkeeper.model.place import KeyPlace
from camkeeper.model.registry import Registry
from camkeeper.standing.coverage import Basis, CoverageMap, CoverageStanding, Darkness, SurveyBand

TRIALS = 200
"""Of the Monte-Carlo band: its 5% and 95% then rest on ten trials each."""


def _frame_of(registry: Registry, obstacles: Sequence[Obstacle]) -> Frame:
    west, south, east, north = bounds_lonlat(registry, obstacles) or (0.0, 0.0, 0.0, 0.0)
    return Frame.around((west + east) / 2, (south + north) / 2)


def day_panel(registry: Registry, obstacles: Sequence[Obstacle] = ()) -> Panel:
    """Return what `TownshipCover.build` has by day, for half of its time. Errors as there."""
    frame = _frame_of(registry, obstacles)
    eyes = eyes_of(registry, obstacles, frame, nights=(False,))
    return panel_of(registry, ground_of(registry, frame, eyes.terrain), eyes, night=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class TownshipCover:
    """Geometry, overlays and basis of one configuration."""

    registry: Registry
    frame: Frame
    ground: Ground
    eyes: Eyes
    obstacles: tuple[Obstacle, ...]
    panels: tuple[Panel, Panel]
    """By day, by night."""
    warnings: tuple[str, ...]
    planned: Mapping[str, Planned]
    """What the register has of each camera whose azimuth here was measured in its picture."""

    @classmethod
    def build(
        cls,
        registry: Registry,
        obstacles: Sequence[Obstacle] = (),
        *,
        previous: TownshipCover | None = None,
        warnings: Sequence[str] = (),
        planned: Mapping[str, Planned] | None = None,
    ) -> TownshipCover:
        """Compute all fields and overlays; what `previous` has for the same inputs is taken over.

        `warnings`: what people should know of the obstacles that were read. BandError for a band nobody defined,
        FrameError for places a quarter of the globe apart.
        """
        frame = _frame_of(registry, obstacles)
        kept = previous if previous is not None and previous.frame == frame else None
        eyes = eyes_of(registry, obstacles, frame, previous=None if kept is None else kept.eyes)
        ground = ground_of(registry, frame, eyes.terrain)
        day, night = (
            panel_of(
                registry,
                ground,
                eyes,
                night=dark,
                previous=None if kept is None else {part.site_id: part for part in kept.panels[dark].parts},
            )
            for dark in (False, True)
        )
        return cls(
            registry=registry,
            frame=frame,
            ground=ground,
            eyes=eyes,
            obstacles=tuple(obstacles),
            panels=(day, night),
            warnings=tuple(warnings),
            planned=dict(planned or {}),
        )

    def with_turns(self, measured: Mapping[str, Turn]) -> TownshipCover:
        """Return this coverage with these cameras turned; of all others nothing is computed again."""
        if not measured:
            return self
        return TownshipCover.build(
            aimed(self.registry, measured),
            self.obstacles,
            previous=self,
            warnings=self.warnings,
            planned={
                camera.id: Planned(
                    azimuth_deg=camera.mount.azimuth_deg or 0.0,
                    error_deg=measured[camera.id].error_deg,
                    field=self.eyes.fields[False, SEEN][n],
                )
                for n, camera in enumerate(self.eyes.cameras)
                if camera.id in measured
            },
        )

    @cached_property
    def basis(self) -> Basis:
        """How every percentage here was made."""
        return show.basis(
            self.registry, self.frame, self.eyes, self.panels, self.warnings, measured=self.planned.keys()
        )

    def places_of_part(self, panel: Panel, n: int) -> tuple[KeyPlace, ...]:
        """Return the key places that a part of a panel cuts."""
        return self._places_of_site.get(panel.parts[n].site_id, ())

    @cached_property
    def _places_of_site(self) -> dict[str, tuple[KeyPlace, ...]]:
        out: dict[str, list[KeyPlace]] = {}
        for place in self.registry.key_places:
            out.setdefault(place.site_id, []).append(place)
        return {site_id: tuple(places) for site_id, places in out.items()}

    def standing(self, states: Mapping[str, State], *, at_ms: int, hours: Hours | None = None) -> CoverageStanding:
        """Return the standing for these states, from scratch; a `Board` keeps one up to date."""
        board = Board(self)
        board.update(states)
        board.take_hours(hours or {})
        return board.standing(at_ms)

    @cached_property
    def map(self) -> CoverageMap:
        """Everything that doesn't change while the configuration stands, in WGS-84."""
        return show.coverage_map(
            self.registry,
            self.frame,
            self.ground,
            self.eyes,
            self.obstacles,
            self.basis.inputs,
            planned=self.planned,
        )

    def darkness(
        self, states: Mapping[str, State], site_id: str, *, night: bool, failed: Collection[str] = (), at_ms: int
    ) -> Darkness:
        """Return what the site loses now, or if `failed` (devices or links, with all behind them) failed too.

        LookupError for a site, device or link that isn't there.
        """
        return darkness.darkness(
            self.registry,
            self.frame,
            self.panels[night],
            states,
            site_id,
            failed=failed,
            at_ms=at_ms,
            blind=self._blind[night],
        )

    @cached_property
    def _blind(self) -> tuple[dict[str, BaseGeometry], dict[str, BaseGeometry]]:
        """What was found blind by day and by night, by site: while this value lives it stays so."""
        return {}, {}

    def know_blind(self) -> None:
        """Find what is blind of the whole before anybody asks: seconds for a county, once for a configuration."""
        for panel in self.panels:
            widest = next(iter(panel.rows_of_site), None)
            if widest is not None:
                self.darkness({}, widest, night=panel.night, at_ms=0)

    def survey(self, site_id: str, *, trials: int = TRIALS) -> SurveyBand:
        """Return what survey errors do to a measured site's share by day. Slow: some tenths of a second.

        KeyError for a site that is not measured, OverlayError for one without open ground.
        """
        from camcover.doubt import survey_band

        area = self.ground.open[site_id]
        near = self._near(site_id)
        found = survey_band(near, self.eyes.terrain, area, self.eyes.views[False, SEEN], trials=trials)
        as_entered, p5, p50, p95, known = (float(share) for share in found)
        return SurveyBand(
            site_id=site_id, as_entered=as_entered, p5=p5, p50=p50, p95=p95, known_azimuth_only=known, trials=trials
        )

    def _near(self, site_id: str) -> list[Camera]:
        """Return the cameras that might see the site, were they a survey error nearer or turned anywhere."""
        west, south, east, north = self.ground.boundaries[site_id].bounds
        xy = np.array([(c.x_m, c.y_m) for c in self.eyes.cameras]).reshape(-1, 2)
        reach = np.array([c.lens.range_m + 4 * c.mount.position_error_m for c in self.eyes.cameras])
        gap = np.hypot(
            np.maximum(np.maximum(west - xy[:, 0], xy[:, 0] - east), 0),
            np.maximum(np.maximum(south - xy[:, 1], xy[:, 1] - north), 0),
        )
        return [self.eyes.cameras[n] for n in np.flatnonzero(gap <= reach)]
