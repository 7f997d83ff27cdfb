"""The API: whole integers, cut percents, the same order as the page."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.dashboards.conftest import Client
from tests.dashboards.township import AT_MS, Condition, Township, device, monitor, standing

from camkeeper.availability.buckets import Buckets
from camkeeper.clock import SimulatedClock
from camkeeper.model.status import Status


async def get(client: Client, path: str, status: int = 200) -> Any:
    async with client.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_standing(client: Client, town: Township) -> None:
    body = await get(client, "/api/v1/standing")
    assert body["at_ms"] == AT_MS
    assert body["age_ms"] == 3000
    assert body["stale"] is False
    assert body["now"]["cameras"] == {"up": 133, "degraded": 4, "down": 3, "maintenance": 1, "unknown": 3}
    assert body["now"]["verdict"] == "undetermined"
    own = town.value.total.month.buckets
    assert body["total"]["month"]["buckets"]["up_ms"] == own.up_ms
    assert sum(v for k, v in body["total"]["month"]["buckets"].items() if k != "degraded_ms") == own.period_ms
    assert body["monitor"]["policy"] == "time-weighted/1"


async def test_nothing_measured_is_null(client: Client, town: Township) -> None:
    town.value = standing([device("a", Status.UNKNOWN, month=Buckets())])
    percent = (await get(client, "/api/v1/sites/v00"))["month"]["percent"]
    assert set(percent.values()) == {None}


async def test_sites(client: Client) -> None:
    sites = (await get(client, "/api/v1/sites"))["sites"]
    assert len(sites) == 28
    one = await get(client, "/api/v1/sites/v03")
    assert {**sites[4], "at_ms": AT_MS} == one
    assert one["parent_id"] == "town"
    assert set(one["cameras"]) == {"up", "degraded", "down", "unknown"}


async def test_devices_are_paged_and_down_first(client: Client) -> None:
    seen: list[str] = []
    states: list[str] = []
    for page in range(1, 5):
        body = await get(client, f"/api/v1/devices?per_page=60&page={page}")
        assert body["total"] == 184
        assert body["pages"] == 4
        seen += [d["id"] for d in body["devices"]]
        states += [d["shown"] for d in body["devices"]]
    assert len(set(seen)) == 184
    assert states[:4] == ["down"] * 4
    assert states[-1] == "up"


async def test_devices_are_filtered(client: Client) -> None:
    assert (await get(client, "/api/v1/devices?kind=speaker"))["total"] == 39
    assert (await get(client, "/api/v1/devices?kind=cameras&status=unknown"))["total"] == 3
    assert (await get(client, "/api/v1/devices?q=SPK-004"))["devices"][0]["status"] == "down"
    assert (await get(client, "/api/v1/devices?site=town&kind=ptz"))["total"] == 16
    await get(client, "/api/v1/devices?site=nowhere", 404)
    await get(client, "/api/v1/devices?per_page=501", 400)


async def test_one_device(client: Client) -> None:
    body = await get(client, "/api/v1/devices/cam-0005")
    assert body["status"] == "down"
    assert body["reason"] == "no_answer"
    assert body["rungs"][0] == {"rung": "reach", "verdict": "timeout", "ms": 5000.0, "detail": "no answer within 5 s"}
    assert body["strip"][-1]["status"] == "down"
    assert body["strip"][-1]["end_ms"] == AT_MS


async def test_a_hostile_name_arrives_escaped_but_whole(client: Client, town: Township) -> None:
    town.value = standing([device("a", name="村\u202e<script>")])
    async with client.get("/api/v1/devices/a") as answer:
        raw = await answer.read()
        assert raw.isascii()
        assert (await answer.json())["name"] == "村\u202e<script>"


async def test_sla(client: Client) -> None:
    assert await get(client, "/api/v1/sla?month=2026-10&site=v03&policy=time-weighted") == {
        "month": "2026-10",
        "site": "v03",
        "policy": "time-weighted",
    }
    assert (await get(client, "/api/v1/sla"))["month"] is None
    await get(client, "/api/v1/sla?policy=generous", 404)
    for month in ("2026-13", "2026-1", "October", "2026-10-01", "٢٠٢٦-10"):
        assert "month" in (await get(client, f"/api/v1/sla?month={month}", 400))["error"]["en"]


async def test_health(client: Client, town: Township, clock: SimulatedClock) -> None:
    assert (await get(client, "/healthz"))["live"] is True
    assert (await get(client, "/readyz"))["ready"] is True
    town.condition = Condition(ready=False, reasons=("first round not done",))
    assert (await get(client, "/readyz", 503))["reasons"] == ["first round not done"]
    assert (await get(client, "/healthz"))["live"] is True
    town.condition = Condition(live=False, ready=False, reasons=("ledger refuses",))
    await get(client, "/healthz", 503)
    town.condition = Condition()
    clock.advance(60_000)
    assert (await get(client, "/readyz", 503))["reasons"] == ["data are 63000 ms old"]


async def scrape(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


async def test_metrics(client: Client, town: Township) -> None:
    found = await scrape(client)
    devices = {k: v for k, v in found.items() if k[0] == "camkeeper_devices"}
    assert sum(devices.values()) == 184
    assert sum(v for (_, labels), v in devices.items() if ("status", "unknown") in labels) == 3
    own = town.value.total.month.buckets
    where = (("period", "month"), ("site", "town"), ("site_kind", "town"))
    assert found["camkeeper_site_up_ms", where] == own.up_ms
    assert found["camkeeper_site_known_ms", where] == own.up_ms + own.down_ms
    assert found["camkeeper_site_unknown_ms", where] == own.unknown_ms
    assert found["camkeeper_last_tick_age_ms", ()] == 3000
    assert found["camkeeper_probes_total", ()] == 123_456
    assert found["camkeeper_probes_missed_total", ()] == 0
    assert found["camkeeper_loop_lag_ms", ()] == 3.5
    assert found["camkeeper_ready", ()] == 1
    assert found["camkeeper_uplink_sees", (("uplink", "line-mobile"),)] == 1


async def test_metrics_of_hostile_names_parse(client: Client, town: Township) -> None:
    made = standing([device("a", site_id='v"\n\\')])
    sites = tuple(replace(s, name='x"\n}\u202e 1\n') for s in made.sites)
    town.value = replace(made, sites=sites, monitor=monitor())
    found = await scrape(client)
    key = ("camkeeper_devices", (("kind", "camera"), ("site", 'v"\n\\'), ("status", "up")))
    assert found[key] == 1


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text;version=1.0.0", "text/plain;version=1.0.0"])
async def test_metrics_have_each_family_once_and_follow_the_standing(
    client: Client, town: Township, accept: str
) -> None:
    async def text() -> str:
        async with client.get("/metrics", headers={"Accept": accept}) as answer:
            assert answer.status == 200
            return await answer.text()

    first = await text()
    families = re.findall(r"^# TYPE (\S+)", first, re.MULTILINE)
    assert len(families) == len(set(families))
    assert first == await text()
    assert first.count("# EOF") == accept.startswith("application/openmetrics")
    assert first.endswith("# EOF\n") == accept.startswith("application/openmetrics")
    town.value = replace(town.value, devices=town.value.devices[:1])
    now = await text()
    assert sum(float(n) for n in re.findall(r"^camkeeper_devices\{.*\} (\S+)$", now, re.MULTILINE)) == 1
