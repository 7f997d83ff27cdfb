"""The way to a long history. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlencode

SITE, DEVICE = "/sites/{id}/history", "/devices/{id}/history"


def history_address(*, site_id: str = "", device_id: str = "", before: str = "", month: str = "") -> str:
    """Return the address of a site's long history, or a device's."""
    path = DEVICE if device_id else SITE
    asked = urlencode([(name, value) for name, value in (("before", before), ("month", month)) if value])
    there = path.replace("{id}", quote(device_id or site_id, safe=""))
    return f"{there}?{asked}" if asked else there
