"""The way to a device's page. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlencode

DEVICE = "/devices/{id}"
"""As the table of routes has it: whether somebody may go there is asked of that."""


def device_address(device_id: str, *, incident_id: str | None = None, part: str = "") -> str:
    """Return the address of a device's page; with an incident, a look at its picture is registered for that one."""
    asked = f"?{urlencode({'incident': incident_id})}" if incident_id else ""
    return f"/devices/{quote(device_id, safe='')}{part and '/'}{part}{asked}"
