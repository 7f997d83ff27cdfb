"""Coverage as JSON: amounts in metres and square metres, shares as cut text, nothing rounded up. Pure."""

from __future__ import annotations

from camboard.cover.amount import share, verdict
from camboard.cover.darkness import Dark
from camboard.source import JSON
from camkeeper.standing.coverage import (
    Basis,
    Cover,
    CoverageStanding,
    Darkness,
    HoursCover,
    LayerCover,
    PlaceCover,
    SiteCover,
    SurveyBand,
)


def coverage(view: CoverageStanding) -> dict[str, JSON]:
    """Write the whole township; key places have their own address, by site."""
    return {
        "at_ms": view.at_ms,
        "basis": basis(view.basis),
        "sites": [site(each) for each in view.sites],
        "survey": [survey(each) for each in view.survey],
    }


def one_site(view: CoverageStanding, site_id: str) -> dict[str, JSON]:
    """Write one site by day and by night, with its key places; LookupError where it isn't covered."""
    both = [each for each in view.sites if each.site_id == site_id]
    if not both:
        raise LookupError(site_id)
    band = next((each for each in view.survey if each.site_id == site_id), None)
    return {
        "at_ms": view.at_ms,
        "basis": basis(view.basis),
        **{("night" if each.night else "day"): {**site(each), "places": places(each.places)} for each in both},
        "survey": None if band is None else survey(band),
    }


def basis(value: Basis) -> dict[str, JSON]:
    """Write how the figures were made."""
    return {
        "definition": value.definition,
        "definition_en": value.definition_en,
        "policy": value.policy,
        "inputs": value.inputs,
        "crs": value.crs,
        "lens_model": value.lens_model,
        "cameras": value.cameras,
        "unknown_azimuth": list(value.unknown_azimuth),
        "measured_azimuth": list(value.measured_azimuth),
        "inside_building": list(value.inside_building),
        "no_position": list(value.no_position),
        "warnings": list(value.warnings),
    }


def site(value: SiteCover) -> dict[str, JSON]:
    """Write one site at one time of day, without its key places."""
    return {
        "id": value.site_id,
        "name": value.name,
        "name_en": value.name_en,
        "kind": value.kind.value,
        "parent_id": value.parent_id,
        "night": value.night,
        "cameras": value.cameras,
        "layers": [layer(each) for each in value.layers],
        "today": [hours(each) for each in value.today],
        "month": [hours(each) for each in value.month],
    }


def layer(value: LayerCover) -> dict[str, JSON]:
    """Write one layer with its verdict; `verdict` null where nothing was promised."""
    judged = verdict(value)
    return {
        "layer": value.layer,
        **_cover(value.cover),
        "target_bp": value.target_bp,
        "verdict": None if judged is None else judged.value,
    }


def _cover(cover: Cover) -> dict[str, JSON]:
    return {
        "unit": cover.unit.value,
        "total": cover.total,
        "design": cover.design,
        "lower": cover.lower,
        "upper": cover.upper,
        "lost": cover.lost,
        "percent": {
            name: _percent(cover.share(value))
            for name, value in (("design", cover.design), ("lower", cover.lower), ("upper", cover.upper))
        },
    }


def _percent(ratio: float | None) -> str | None:
    text = share(ratio, decimals=2)
    return None if text is None else text.removesuffix("%")


def hours(value: HoursCover) -> dict[str, JSON]:
    """Write one layer over a period."""
    return {
        "layer": value.layer,
        "start_ms": value.period.start_ms,
        "end_ms": value.period.end_ms,
        "known_until_ms": value.known_until_ms,
        "lower": value.lower,
        "upper": value.upper,
        "design": value.design,
        "lower_hours": value.lower_hours,
        "upper_hours": value.upper_hours,
        "worst": value.worst,
        "worst_ms": value.worst_ms,
    }


def places(values: tuple[PlaceCover, ...]) -> list[JSON]:
    """Write key places, in their order."""
    return [
        {
            "id": each.id,
            "site_id": each.site_id,
            "name": each.name,
            "type": each.type.value,
            "band": each.band,
            **_cover(each.cover),
        }
        for each in values
    ]


def survey(value: SurveyBand) -> dict[str, JSON]:
    """Write what survey errors do to the design share of a site's area."""
    return {
        "site_id": value.site_id,
        "as_entered": value.as_entered,
        "p5": value.p5,
        "p50": value.p50,
        "p95": value.p95,
        "known_azimuth_only": value.known_azimuth_only,
        "trials": value.trials,
    }


def darkness(dark: Dark) -> dict[str, JSON]:
    """Write the figures of what is dark; its shapes are features beside them."""
    asked = dark.supposed or dark.now
    return {
        "at_ms": asked.at_ms,
        "site_id": asked.site_id,
        "night": asked.night,
        "failed": list(asked.failed),
        "now": _darkness(dark.now),
        "supposed": None if dark.supposed is None else _darkness(dark.supposed),
    }


def _darkness(value: Darkness) -> dict[str, JSON]:
    return {
        "cameras_dark": list(value.cameras_dark),
        "layers": [layer(each) for each in value.layers],
        "places": places(value.places),
    }
