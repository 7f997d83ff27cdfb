"""The way from a figure to its reasons. Pure."""

from __future__ import annotations

from urllib.parse import urlencode

WHY = "/why"


def why_address(
    *, site_id: str = "", device_id: str = "", month: str = "", first_day: str = "", last_day: str = "", path: str = WHY
) -> str:
    """Return the address of the reasons of a site's figure, or a device's; without a period, of this month's."""
    pairs = (
        ("site", site_id),
        ("device", device_id),
        ("month", month),
        ("from", first_day),
        ("to", last_day if last_day != first_day else ""),
    )
    text = urlencode([(name, value) for name, value in pairs if value])
    return f"{path}?{text}" if text else path
