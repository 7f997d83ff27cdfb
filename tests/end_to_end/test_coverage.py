"""Coverage in the running product: a switch of the virtual township fails, and the map's figures follow."""

from __future__ import annotations

import json
import subprocess
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.town import Monitor, Town, environment, eventually, program, town

SWITCH, BEHIND, BESIDE = "sw-03", ("dg08", "dg10", "dg11"), "dg01"
pytestmark = pytest.mark.timeout(240)


def area(monitor: Monitor, site_id: str, *, when: str = "day") -> dict[str, Any]:
    """The ground that is seen of a site."""
    site = monitor.get(f"api/v1/coverage/sites/{site_id}")
    return next(dict(layer) for layer in site[when]["layers"] if layer["layer"] == "area")


def computed(monitor: Monitor) -> bool:
    """Whether coverage is there: until then the API says so with another code."""
    try:
        return bool(monitor.get("api/v1/coverage")["sites"])
    except urllib.error.HTTPError as error:
        return error.code != 503


@pytest.mark.slow
def test_a_failing_switch_darkens_the_villages_behind_it(tmp_path: Path) -> None:
    with town(tmp_path, net=68) as place, place.monitor() as monitor:
        eventually(lambda: computed(monitor), within_s=120)
        eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 144)
        eventually(lambda: area(monitor, "daguo")["lower"] == area(monitor, "daguo")["design"])
        before = {site: area(monitor, site) for site in (*BEHIND, BESIDE)}
        place.fault("power", {"link": SWITCH})
        eventually(lambda: all(area(monitor, site)["upper"] < before[site]["upper"] for site in BEHIND))
        assert area(monitor, BESIDE) == before[BESIDE]
        place.clear()
        eventually(lambda: all(area(monitor, site)["lower"] == before[site]["lower"] for site in BEHIND))
        assert monitor.stop() < 5
    now = offline(place, "--json")
    assert {site["id"] for site in now["sites"]} >= {"daguo", *BEHIND}
    assert offline(place, "--night", "--json")["night"] is True
    month = offline(place, "--month", now["month"], "--json")
    layer = next(s for s in month["sites"] if s["id"] == BEHIND[0])["month"][0]
    assert layer["lower"] <= layer["upper"] <= layer["design"]
    # However kindly counted, it was dark once; a mean of upper bounds is never below their smallest.
    assert 0 <= layer["worst"] < layer["upper"]
    shapes = tmp_path / "map.geojson"
    offline(place, "--json", "--geojson", str(shapes), "--kml", str(tmp_path / "map.kml"))
    kinds = {feature["properties"]["kind"] for feature in json.loads(shapes.read_text())["features"]}
    assert kinds == {"site", "viewshed", "keyplace", "blind"}


def offline(place: Town, *words: str) -> dict[str, Any]:
    """What the command line says of the ledger, after the monitor."""
    done = subprocess.run(
        program("coverage", "--config", str(place.config), "--ledger", str(place.ledger), *words),
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))
