"""Labels on `/devices`: put on, filtered by, taken off and back, on a real register; who may, and hostile ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.dashboards.conftest import Client
from tests.dashboards.township import Township, township

from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.run.registers import RegisterRoom
from camkeeper.standing.view import Standing

PEOPLE = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
_HEAD = """name: 大郭镇
datum: wgs84
defaults:
  site: {target: 95.00, timezone: Asia/Shanghai}
sites:
- {id: dagou, name: 大郭镇, kind: town}
devices:
"""


def _host(n: int) -> str:
    return f"10.1.{n // 250}.{n % 250 + 1}"


class TagTown(Township):
    """A made-up township whose labels are those of a real configuration, read anew at each reload."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.config = folder / "cameras.yaml"
        lines = (
            f"- {{id: {d.id}, name: 机位, kind: camera, site: dagou, address: {{host: {_host(n)}}}}}\n"
            for n, d in enumerate(township().devices)
        )
        self.config.write_text(_HEAD + "".join(lines), encoding="utf-8")
        self.tags: dict[str, tuple[str, ...]] = {}
        self.room = RegisterRoom(
            config=self.config, clock=SimulatedClock(wall_ms=0), reload=self.reload, warning=lambda: None
        )

    async def reload(self) -> None:
        self.tags = {d.id: d.tags for d in load(self.config).devices if d.tags}
        self._labelled = None

    _labelled: Standing | None = None

    def standing(self) -> Standing:
        if self._labelled is None:
            now = super().standing()
            devices = tuple(replace(d, tags=self.tags.get(d.id, ())) for d in now.devices)
            self._labelled = replace(now, devices=devices)
        return self._labelled

    def registers(self) -> RegisterRoom:
        return self.room


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[TagTown]:
    made = TagTown(tmp_path)
    yield made
    made.room.close()


async def post(client: Client, fields: dict[str, str], path: str = "/devices") -> tuple[int, str, str]:
    async with client.post(path, data={"by": "王工", **fields}, headers=PEOPLE, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def text(client: Client, path: str) -> str:
    async with client.get(path, headers=PEOPLE) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_ticked_labelled_filtered_and_undone(client: Client, town: TagTown) -> None:
    one, two = (d.id for d in town.standing().devices[:2])
    ticked = {f"d:{one}": "1", f"d:{two}": "1", "back": "kind=cameras"}
    status, there, _ = await post(client, {"step": "tag_on", "tag": "校门口", **ticked})
    assert (status, there) == (303, "/devices?kind=cameras&tagged=1&of=2")
    assert town.tags == {one: ("校门口",), two: ("校门口",)}
    html = await text(client, f"{there}&lang=zh")
    assert "2 台设备的标签已更改并生效" in html
    assert 'name="number" value="1"' in html
    html = await text(client, "/devices?tag=%E6%A0%A1%E9%97%A8%E5%8F%A3")
    assert html.count("<tr data-key=") == 2
    assert "tag=%E6%A0%A1%E9%97%A8%E5%8F%A3" in html, "kept by the links of states and of the table"
    table = await text(client, "/devices.csv?tag=%E6%A0%A1%E9%97%A8%E5%8F%A3")
    assert len(table.strip().splitlines()) == 3
    assert "校门口" in table
    async with client.get(f"/api/v1/devices/{one}") as answer:
        assert (await answer.json())["tags"] == ["校门口"]
    async with client.get("/api/v1/devices", params={"tag": "校门口"}) as answer:
        assert {device["id"] for device in (await answer.json())["devices"]} == {one, two}
    async with client.get("/api/v1/devices", params={"tag": "校门", "kind": "all"}) as answer:
        assert (await answer.json())["total"] == 0, "a whole label, not a part of one"
    assert "校门口" in await text(client, f"/devices/{one}")
    status, there, _ = await post(client, {"number": "1"}, "/devices/tags")
    assert (status, there) == (303, "/devices?untagged=1")
    assert town.tags == {}
    assert "已撤销" in await text(client, "/devices?untagged=1&lang=zh")
    assert (await post(client, {"number": "1"}, "/devices/tags"))[0] == 409


async def test_all_that_were_found_and_no_others(client: Client, town: TagTown) -> None:
    found = [d.id for d in town.standing().devices if d.kind.value == "ptz"]
    asked = {"step": "tag_on", "tag": "球机", "back": "kind=ptz"}
    status, _, said = await post(client, {**asked, "all": str(len(found) + 1)})
    assert status == 409
    assert str(len(found)) in said
    assert town.tags == {}
    assert (await post(client, {**asked, "all": str(len(found))}))[0] == 303
    assert sorted(town.tags) == sorted(found)


@pytest.mark.parametrize("word", ["", "=1+1", "<script>", "a b", "长" * 21, "a\u202eb"])
async def test_hostile_labels_are_refused_and_written_nowhere(client: Client, town: TagTown, word: str) -> None:
    one = town.standing().devices[0].id
    status, _, said = await post(client, {"step": "tag_on", "tag": word, f"d:{one}": "1"})
    assert status == 409
    assert "<script>alert" not in said
    assert town.tags == {}
    assert await town.room.history() == ()


@pytest.mark.usefixtures("town")
async def test_an_import_is_not_taken_back_as_a_label(client: Client) -> None:
    assert (await post(client, {"number": "7"}, "/devices/tags"))[0] == 409
    assert (await post(client, {"number": "x"}, "/devices/tags"))[0] == 400
    assert (await post(client, {"step": "tag_on", "tag": "a", "d:nobody": "1"}))[0] == 404
