"""A camera that answers may still be blind: a cover, a turn, and two kills, from the lens to the map."""

from __future__ import annotations

import os
import signal
import sqlite3
from functools import partial
from math import atan2, cos, degrees, radians
from pathlib import Path
from typing import Any

import psutil
import pytest
from shapely.geometry import shape
from tests.end_to_end.noon import LAT_DEG, PLAN, noon_config
from tests.end_to_end.test_coverage import computed
from tests.end_to_end.town import Monitor, Town, eventually, town

from camkeeper.album import album_beside
from camkeeper.ledger import LedgerReader
from camkeeper.model.picture import Finding, PictureVerdict
from camkeeper.model.span import Span

soon = partial(eventually, within_s=120)
"""Drawing four villages is work: on a busy machine the first pictures take a while."""
EVER = Span(start_ms=0, end_ms=2**60)


def statuses(monitor: Monitor) -> dict[str, str]:
    """Every camera's status, and the reason where it isn't up."""
    found = {i: monitor.get(f"api/v1/devices/{i}") for i in PLAN}
    return {i: d["status"] if d["status"] == "up" else d["reason"] for i, d in found.items()}


def learned(place: Town) -> int:
    """How many cameras have a baseline."""
    try:
        with sqlite3.connect(f"file:{album_beside(place.ledger)}?mode=ro", uri=True) as db:
            found: int = db.execute("SELECT count(DISTINCT device) FROM baseline").fetchone()[0]
            return found
    except sqlite3.OperationalError:
        return 0


def findings(place: Town) -> list[Finding]:
    with LedgerReader(place.ledger) as reader:
        return list(reader.findings(EVER))


def camera_on_map(monitor: Monitor, device_id: str) -> tuple[dict[str, Any], float]:
    """What the map says of a camera, and the bearing of the middle of its field."""
    features = monitor.get("api/v1/coverage/map.geojson")["features"]
    own = [f for f in features if f["properties"].get("device_id") == device_id]
    properties = next(f for f in own if f["properties"]["kind"] == "camera")
    field = next(f for f in own if f["properties"]["kind"] == "field" and not f["properties"]["night"])
    lon, lat = properties["geometry"]["coordinates"]
    middle = shape(field["geometry"]).centroid
    bearing = degrees(atan2((middle.x - lon) * cos(radians(LAT_DEG)), middle.y - lat))
    return properties["properties"], bearing


def worker_of(monitor: Monitor) -> set[int]:
    """The processes that decode pictures: all that a monitor ever starts."""
    return {child.pid for child in psutil.Process(monitor.process.pid).children(recursive=True)}


def of_picture(monitor: Monitor) -> list[dict[str, Any]]:
    return [i for i in monitor.get("api/v1/incidents")["open"] if i["cause"] == "image"]


def today(monitor: Monitor, site_id: str) -> dict[str, Any]:
    return dict(monitor.get(f"api/v1/sites/{site_id}")["today"])


def spoilt_ms(monitor: Monitor, site_id: str) -> int:
    """How long its cameras were online today without a usable picture."""
    return int(today(monitor, site_id)["buckets"]["degraded_ms"])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cover_a_turn_and_two_kills(tmp_path: Path) -> None:
    config = tmp_path / "noon.yaml"
    config.write_text(noon_config(net=77), encoding="utf-8")
    with town(tmp_path, net=77, config=config, pictures="live") as place:
        with place.monitor() as monitor:
            soon(lambda: set(statuses(monitor).values()) == {"up"} and learned(place) == 4)
            soon(lambda: computed(monitor))
            _, planned = camera_on_map(monitor, "c2")
            before = worker_of(monitor)
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            soon(lambda: bool(worker_of(monitor)) and not worker_of(monitor) & before)
            assert findings(place) == []
            spoilt = {site_id: spoilt_ms(monitor, site_id) for site_id in ("v1", "v2")}  # by a slow first picture
            place.fault("cover", {"device": "c1"}, share="80%")
            place.fault("moved", {"device": "c2"}, by=20)
            wanted = {"c1": "image_cover", "c2": "image_moved", "c3": "up", "c4": "up"}
            soon(lambda: statuses(monitor) == wanted)
            soon(lambda: len(of_picture(monitor)) == 2)
            [covered] = [i for i in of_picture(monitor) if i["domain"]["id"] == "c1"]
            assert "疑似遮挡" in monitor.get(f"api/v1/incidents/{covered['id']}")["message"]["zh"]
            soon(lambda: spoilt_ms(monitor, "v1") > spoilt["v1"] + 1000)
            assert spoilt_ms(monitor, "v2") == spoilt["v2"]
            assert today(monitor, "v1")["percent"]["ratio"] == today(monitor, "v2")["percent"]["ratio"] == "100.00"
            assert float(today(monitor, "v1")["percent"]["good"]) < 100
            soon(lambda: camera_on_map(monitor, "c2")[0]["azimuth_deg"] != PLAN["c2"][2])
            now, bearing = camera_on_map(monitor, "c2")
            assert (bearing - planned) % 360 == pytest.approx(20, abs=0.5)
            assert now["azimuth_deg"] == pytest.approx(PLAN["c2"][2] + 20, abs=0.5)
            orphans = worker_of(monitor)
            monitor.stop(signal.SIGKILL)
        soon(lambda: not any(psutil.pid_exists(pid) for pid in orphans))
        with place.monitor() as monitor:
            soon(lambda: statuses(monitor) == wanted)
            soon(lambda: computed(monitor))
            assert camera_on_map(monitor, "c2")[0]["azimuth_deg"] == now["azimuth_deg"]
            assert learned(place) == 4
            assert [i["id"] for i in of_picture(monitor) if i["domain"]["id"] == "c1"] == [covered["id"]]
            told = [(f.device_id, f.verdict) for f in findings(place)]
            assert sorted(told) == [("c1", PictureVerdict.COVER), ("c2", PictureVerdict.MOVED)]
            place.clear()
            soon(lambda: set(statuses(monitor).values()) == {"up"})
            soon(lambda: camera_on_map(monitor, "c2")[0]["azimuth_deg"] == PLAN["c2"][2])
            soon(lambda: not of_picture(monitor))
            assert monitor.stop() < 5
