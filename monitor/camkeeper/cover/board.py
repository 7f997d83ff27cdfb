"""The township's coverage kept up to date: a change recomputes what it touches, the rest is handed on as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from camkeeper.cover import show
from camkeeper.cover.live import Live, sites_touched
from camkeeper.cover.sight import State
from camkeeper.standing.coverage import CoverageStanding, HoursCover, PlaceCover, SiteCover, SurveyBand

if TYPE_CHECKING:
    from camkeeper.cover.township import TownshipCover

Hours = Mapping[tuple[str, bool], tuple[tuple[HoursCover, ...], tuple[HoursCover, ...]]]
"""(site id, by night) -> (today, this month), each in the order of the site's layers."""
NO_HOURS: tuple[tuple[HoursCover, ...], tuple[HoursCover, ...]] = ((), ())


class Board:
    """One township's coverage now, its hours and survey bands. Used by one thread at a time."""

    def __init__(self, cover: TownshipCover) -> None:
        self.cover = cover
        self._lives = tuple(Live(panel) for panel in cover.panels)
        self._hours: Hours = {}
        self._survey: dict[str, SurveyBand] = {}
        self._places: tuple[dict[str, PlaceCover], ...] = tuple({} for _ in self._lives)
        self._sites: dict[tuple[bool, str], SiteCover] = {}
        self._under = _places_under(cover)
        for live in self._lives:
            self._show(live, range(len(live.panel.parts)))

    def update(self, states: Mapping[str, State]) -> bool:
        """Take in what cameras do now, all or some of them; return whether any figure was computed anew."""
        touched = [(live, live.update(states)) for live in self._lives]
        for live, parts in touched:
            self._show(live, parts)
        return any(parts for _, parts in touched)

    def take_hours(self, hours: Hours) -> None:
        """Show these hours from now on."""
        self._hours = hours
        for (night, site_id), site in self._sites.items():
            today, month = hours.get((site_id, night), NO_HOURS)
            self._sites[night, site_id] = replace(site, today=today, month=month)

    def take_survey(self, bands: Iterable[SurveyBand]) -> None:
        """Show these bands too."""
        self._survey.update((band.site_id, band) for band in bands)

    def go_on_from(self, other: Board) -> None:
        """Take over hours and survey bands, which do not follow a turned camera: they go by the register."""
        self.take_hours(other._hours)
        self.take_survey(other._survey.values())

    def unsurveyed(self) -> list[str]:
        """Return the measured sites with open ground whose survey band was not computed yet."""
        return [i for i in self.cover.ground.surveyed if i not in self._survey]

    def standing(self, at_ms: int) -> CoverageStanding:
        """Return all of it as of an instant."""
        order = self.cover.panels[0].rows_of_site
        return CoverageStanding(
            at_ms=at_ms,
            basis=self.cover.basis,
            sites=tuple(self._sites[night, site_id] for night in (False, True) for site_id in order),
            survey=tuple(self._survey[i] for i in order if i in self._survey),
        )

    def _show(self, live: Live, parts: Iterable[int]) -> None:
        """Make the values anew that these parts go into."""
        parts, panel, registry = tuple(parts), live.panel, self.cover.registry
        places = self._places[panel.night]
        for n in parts:
            for place in self.cover.places_of_part(panel, n):
                places[place.id] = show.place_cover(panel, place, live.lower, live.upper)
        for site_id in sites_touched(panel, parts):
            site = registry.site_by_id[site_id]
            today, month = self._hours.get((site_id, panel.night), NO_HOURS)
            self._sites[panel.night, site_id] = SiteCover(
                site_id=site_id,
                name=site.name,
                name_en=site.name_en,
                kind=site.kind,
                parent_id=site.parent_id,
                night=panel.night,
                cameras=panel.cameras_of_site[site_id],
                layers=show.layers(registry, panel, site_id, live.lower, live.upper),
                places=tuple(places[i] for i in self._under[site_id]),
                today=today,
                month=month,
            )


def _places_under(cover: TownshipCover) -> dict[str, tuple[str, ...]]:
    """Return each site's key places and those of all below it, in the register's order."""
    registry = cover.registry
    out: dict[str, list[str]] = {site.id: [] for site in registry.sites}
    for place in registry.key_places:
        for site_id in registry.ancestry(place.site_id):
            out[site_id].append(place.id)
    return {site_id: tuple(ids) for site_id, ids in out.items()}
