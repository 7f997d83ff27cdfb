"""Where a camera points by the register and by its picture, ready to be drawn. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from zoneinfo import ZoneInfo

from camboard.desk.story import stamp
from camboard.device.way import device_address
from camboard.i18n import Language
from camboard.index import Index
from camboard.picture.words import degrees, turned_deg
from camboard.text import plain
from camkeeper.standing.coverage import CoverageMap
from camkeeper.standing.picture import Aimed

_RIM = 44.0
_LEAST_DEG = 1.5
"""A narrower wedge would not be seen."""
_LEAST_ERROR_DEG = 0.1
_ROWS_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AimView:
    """Both azimuths in words, and their places on a compass whose rim has a radius of 44."""

    planned: str
    measured: str
    """Empty: nothing says that it points elsewhere than the register has it."""
    error: str
    turned: str
    since: str
    planned_at: float
    measured_at: float
    wedge: str
    """SVG path of the 95% interval around the measured one."""
    label: str


def aim_view(aimed: Aimed | None, planned_deg: float | None, zone: ZoneInfo, say: Language) -> AimView | None:
    """Write a camera's aim; None where not even the register knows it."""
    if aimed is None:
        if planned_deg is None:
            return None
        planned = degrees(planned_deg)
        return AimView(
            planned=planned,
            measured="",
            error="",
            turned="",
            since="",
            planned_at=round(planned_deg % 360, 1),
            measured_at=0.0,
            wedge="",
            label=say("设计方位 %(planned)s", planned=planned),
        )
    planned, measured, error, side = _measured(aimed.planned_deg, aimed.measured_deg, aimed.error_deg, say)
    return AimView(
        planned=planned,
        measured=measured,
        error=error,
        turned=side,
        since=stamp(aimed.since_ms, zone),
        planned_at=round(aimed.planned_deg % 360, 1),
        measured_at=round(aimed.measured_deg % 360, 1),
        wedge=_wedge(aimed.error_deg),
        label=say(
            "设计方位 %(planned)s，实测方位 %(measured)s %(error)s", planned=planned, measured=measured, error=error
        ),
    )


def _wedge(error_deg: float) -> str:
    half = radians(min(90.0, max(_LEAST_DEG, error_deg)))
    x, y = _RIM * sin(half), -_RIM * cos(half)
    return f"M0 0L{-x:.2f} {y:.2f}A{_RIM:g} {_RIM:g} 0 0 1 {x:.2f} {y:.2f}Z"


def planned_azimuth(chart: CoverageMap | None, device_id: str) -> float | None:
    """Return the register's azimuth of a camera, where there is a map that has it."""
    field = next((f for f in chart.fields if f.device_id == device_id), None) if chart is not None else None
    if field is None:
        return None
    return field.azimuth_deg if field.planned_azimuth_deg is None else field.planned_azimuth_deg


@dataclass(frozen=True, slots=True, kw_only=True)
class AimRow:
    """One camera that was turned, in a row."""

    id: str
    name: str
    address: str
    planned: str
    measured: str
    error: str
    turned: str


def aim_rows(chart: CoverageMap, index: Index, site_id: str, say: Language) -> tuple[AimRow, ...]:
    """Return the cameras of a site, and of all below it, that point elsewhere than planned; most turned first."""
    inside = index.subtree_by_id.get(site_id, frozenset({site_id}))
    turned = [
        (abs(turned_deg(field.planned_azimuth_deg, field.azimuth_deg)), field)
        for field in chart.fields
        if field.planned_azimuth_deg is not None and field.azimuth_deg is not None and field.site_id in inside
    ]
    out = []
    for _, field in sorted(turned, key=lambda each: (-each[0], each[1].device_id))[:_ROWS_SHOWN]:
        aim = _measured(field.planned_azimuth_deg or 0.0, field.azimuth_deg or 0.0, field.azimuth_error_deg, say)
        device = index.device_by_id.get(field.device_id)
        out.append(
            AimRow(
                id=field.device_id,
                name=plain(device.name if device else field.device_id),
                address=device_address(field.device_id) if device else "",
                planned=aim[0],
                measured=aim[1],
                error=aim[2],
                turned=aim[3],
            )
        )
    return tuple(out)


def _measured(
    planned_deg: float, measured_deg: float, error_deg: float | None, say: Language
) -> tuple[str, str, str, str]:
    """Return (planned, measured, error, turned) in words; an error is never shown as none."""
    turned = turned_deg(planned_deg, measured_deg)
    side = say("顺时针 %(deg)s", deg=f"{turned:.1f}°") if turned >= 0 else say("逆时针 %(deg)s", deg=f"{-turned:.1f}°")
    error = "" if error_deg is None else f"±{max(error_deg, _LEAST_ERROR_DEG):.1f}°"
    return degrees(planned_deg), degrees(measured_deg, decimals=1), error, side
