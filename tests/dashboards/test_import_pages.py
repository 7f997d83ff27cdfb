"""`/import` over a real room on real files, read by the real process: from the upload to the undo; hostile files."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import xlsxwriter
from aiohttp import FormData
from tests.dashboards.conftest import Client
from tests.dashboards.township import Township
from tests.monitor.register.messy import config, messy

from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.model.registry import Registry
from camkeeper.register.reading import sheets_of
from camkeeper.run.registers import RegisterRoom
from camkeeper.standing.registers import Intake

PEOPLE = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
FIX = "设备编号,设备名称,方位角\nc-00001,改名,西\n"


class ImportTown(Township):
    """A made-up township whose configuration is a real file; what a reload would take is `taken`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.config = folder / "cameras.yaml"
        self.config.write_text(config(20), encoding="utf-8")
        self.taken: list[Registry] = []
        self.warning: str | None = None
        self.room = RegisterRoom(
            config=self.config, clock=SimulatedClock(wall_ms=0), reload=self.reload, warning=lambda: self.warning
        )

    async def reload(self) -> None:
        self.taken.append(load(self.config))

    def registers(self) -> RegisterRoom:
        return self.room


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[ImportTown]:
    made = ImportTown(tmp_path)
    yield made
    made.room.close()


def workbook(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("登记")
    for n, row in enumerate(rows):
        sheet.write_row(n, 0, row)
    book.close()
    return out.getvalue()


async def send(client: Client, data: bytes, name: str, **headers: str) -> tuple[int, str, str]:
    """Hand a file in; return the status, where it leads and what it says."""
    form = FormData(default_to_multipart=True, quote_fields=False)  # as browsers send names
    form.add_field("by", "甲")
    form.add_field("register", io.BytesIO(data), filename=name)
    asked = PEOPLE | {k.replace("_", "-"): v for k, v in headers.items()}
    async with client.post("/import", data=form, headers=asked, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def shown(client: Client, path: str, *, lang: str = "zh") -> str:
    joint = "&" if "?" in path else "?"
    async with client.get(f"{path}{joint}lang={lang}", headers=PEOPLE) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def settled(town: ImportTown) -> Intake:
    """Wait until the newest file is read."""
    async with asyncio.timeout(60):
        while (found := town.room.intakes()[0]).working:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
    return found


async def read(client: Client, town: ImportTown, data: bytes, name: str) -> tuple[Intake, str]:
    """Hand a file in and return what its page says in the end."""
    status, there, _ = await send(client, data, name)
    assert (status, there.startswith("/import?draft=")) == (303, True)
    intake = await settled(town)
    return intake, await shown(client, there)


async def step(client: Client, path: str, expected: int, **fields: str) -> str:
    async with client.post(path, data={"by": "甲", **fields}, headers=PEOPLE, allow_redirects=False) as answer:
        assert answer.status == expected, await answer.text()
        return answer.headers.get("Location", "") if expected == 303 else await answer.text()


async def test_from_the_upload_to_the_undo(client: Client, town: ImportTown) -> None:
    before = town.config.read_bytes()
    html = await shown(client, "/import")
    assert "还没有导入过" in html
    assert "Nothing was imported yet" in await shown(client, "/import", lang="en")
    intake, html = await read(client, town, FIX.encode("gb18030"), r"C:\登记\修改.csv")
    for words in ("修改.csv", "方位角 90 → 270", "改名", "列对应", "写入登记簿", "20 → 20"):
        assert words in html
    assert town.config.read_bytes() == before
    there = await step(client, f"/import/{intake.id}", 303, step="apply")
    assert "监测端已采用，无需重启：新增 0，变更 1，撤除 0" in await shown(client, there)
    assert "without a restart: 0 added, 1 changed" in await shown(client, there, lang="en")
    assert town.taken[-1].device_by_id["c-00001"].name == "改名"
    assert "修改.csv" in await shown(client, "/import")
    async with client.get("/import/register.xlsx") as answer:
        assert sheets_of(await answer.read(), "r.xlsx")[0].rows[2][1] == "改名"
    there = await step(client, "/import/undo", 303, number="1")
    assert "逐字节恢复" in await shown(client, there)
    assert town.config.read_bytes() == before
    assert not (town.config.parent / "register.yaml").exists()
    assert town.taken[-1].device_by_id["c-00001"].name != "改名"
    assert "不是最近一次" in await step(client, "/import/undo", 409, number="1")


async def test_columns_are_changed_and_remembered(client: Client, town: ImportTown) -> None:
    data = "设备编号,设备名称,谁在修,方位角\nc-00001,改名,某某科技有限公司,90\n".encode()
    intake, html = await read(client, town, data, "r.csv")
    assert "不认识的表头" in html
    chosen = ["0.0.id", "0.1.-", "0.2.contractor", "0.3.azimuth_deg"]
    twice = "&".join(f"map={c}" for c in ("0.0.id", "0.2.id"))
    headers = PEOPLE | {"Content-Type": "application/x-www-form-urlencoded"}
    path = f"/import/{intake.id}"
    async with client.post(path, data=f"by=a&step=again&{twice}", headers=headers) as answer:
        assert answer.status == 409
        assert "两列不能都是“设备编号”" in await answer.text()
    body = "by=a&step=again&strict=1&" + "&".join(f"map={c}" for c in chosen)
    async with client.post(path, data=body, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303
        there = answer.headers["Location"]
    again = await settled(town)
    assert again.id != intake.id, "what was seen is what is applied"
    assert "按指定" in await shown(client, there)
    assert again.draft is not None
    assert again.draft.plan.unchanged == ["c-00001"]
    assert again.wishes.strict
    assert "没有需要更改的内容" in await shown(client, there)
    assert "预览已不在" in await step(client, path, 409, step="apply")
    fixed, _ = await read(client, town, data.replace("改名".encode(), "再改".encode()), "r.csv")
    await step(client, f"/import/{fixed.id}", 303, step="apply")
    once_more, _ = await read(client, town, data, "next-month.csv")
    assert once_more.draft is not None
    assert [c.field for _, layout in once_more.draft.layouts for c in layout.columns][:2] == ["id", "name"]


async def test_what_was_changed_meanwhile_is_not_overwritten(client: Client, town: ImportTown) -> None:
    intake, _ = await read(client, town, FIX.encode(), "r.csv")
    text = town.config.read_text(encoding="utf-8")
    town.config.write_text(text + "# 有人改了\n", encoding="utf-8")
    assert "已被改动" in await step(client, f"/import/{intake.id}", 409, step="apply")
    assert town.config.read_text(encoding="utf-8").endswith("# 有人改了\n")
    town.config.write_text(text, encoding="utf-8")
    town.warning = "旧配置仍有效 / the old one stays"
    assert "没有采用" in await step(client, f"/import/{intake.id}", 409, step="apply")


async def test_tables_to_take_away_have_everything(client: Client, town: ImportTown) -> None:
    intake, html = await read(client, town, messy(300, layout="xlsx", faults=40).data, "r.xlsx")
    assert intake.draft is not None
    plan = intake.draft.plan
    async with client.get(f"/import/{intake.id}/findings.csv") as answer:
        assert len((await answer.text()).splitlines()) == 1 + len(plan.findings)
    async with client.get(f"/import/{intake.id}/changes.csv") as answer:
        text = await answer.text()
    assert {c.device_id for c in plan.added} <= set(re.split(r"[,\r\n]", text))
    assert html.count("<") < 6000
    async with client.get("/import/nothing/findings.csv") as answer:
        assert answer.status == 404


async def test_hostile_files_are_told_and_change_nothing(client: Client, town: ImportTown) -> None:
    before = {p.name: p.read_bytes() for p in town.config.parent.iterdir()}
    heads = ["设备编号", "设备名称", "IP地址", "所属村"]
    hostile = {
        "wrong.xlsx": (b"%PDF-1.7 nothing", "PDF"),
        "bomb.xlsx": (bomb(), "展开后太大"),
        "rows.csv": (("a,b,c\n" * 300_000).encode(), "行"),
    }
    for name, (data, words) in hostile.items():
        intake, html = await read(client, town, data, name)
        assert intake.refused is not None, name
        assert words in html, (name, intake.refused)
        assert "没有写入任何内容" in html
    names = ["=HYPERLINK(1)", "<script>alert(1)</script>", "甲\u202e乙", "@SUM(A1)"]
    rows = [[f"n-{n}", name, f"10.9.0.{n + 1}", "v00"] for n, name in enumerate(names)]
    intake, html = await read(client, town, workbook([heads, *rows]), "names.xlsx")
    assert intake.draft is not None
    assert len(intake.draft.plan.added) == len(names)
    assert "<script>alert" not in html
    assert "\u202e" not in html
    async with client.get(f"/import/{intake.id}/changes.csv") as answer:
        text = await answer.text()
    assert ",=" not in text
    assert ",@" not in text
    assert {p.name: p.read_bytes() for p in town.config.parent.iterdir()} == before


def bomb() -> bytes:
    """Return a workbook of some kilobytes with one long text in twenty thousand cells: forty gigabytes of them."""
    good = workbook([["设备编号", "设备名称", "IP地址"]])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    row = '<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>'
    new = {
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{row * 10_000}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}" count="1"><si><t>{"x" * 2_000_000}</t></si></sst>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for item in old.namelist():
            made.writestr(item, new.get(item) or old.read(item))
    return out.getvalue()


async def test_who_may_and_how_much(client: Client, town: ImportTown) -> None:
    status, _, text = await send(client, b"x" * (10 * 1024 * 1024 + 1), "r.csv")
    assert (status, "10 MB" in text) == (413, True)
    assert (await send(client, FIX.encode(), "r.csv", Sec_Fetch_Site="cross-site"))[0] == 403
    assert (await send(client, FIX.encode(), "r.csv", Origin="http://evil.example"))[0] == 403
    assert (await send(client, b"", "r.csv"))[0] == 409
    assert town.room.intakes() == ()
    async with client.post("/import/x", data={"by": "甲", "step": "apply"}, headers=PEOPLE) as answer:
        assert answer.status == 409


async def test_only_the_latest_few_are_kept(client: Client, town: ImportTown) -> None:
    first = (await send(client, FIX.encode(), "0.csv"))[1]
    for n in range(4):
        await send(client, FIX.encode(), f"{n + 1}.csv")
    async with client.get(first, headers=PEOPLE) as answer:
        assert (answer.status, "预览已不在" in await answer.text()) == (409, True)
    html = await shown(client, "/import")
    assert "待确认" in html
    await settled(town)
    newest = town.room.intakes()[0]
    await step(client, f"/import/{newest.id}", 303, step="drop")
    assert newest.id not in {i.id for i in town.room.intakes()}
