"""Canary secrets are nowhere but where they belong: letters, bundles, a county's hub with its copies, pages."""

from __future__ import annotations

import base64
import io
import sqlite3
import stat
import zipfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rel.canary import NEEDLES, secrets, shapes
from rel.county import EDGE, SIGNING, TOKEN, Webhook, county, said
from rel.town import PASSWORD, Town, eventually, town
from tests.peers.county import nats_server

from camkeeper.hub import settings as hub_settings
from camkeeper.relay import settings as edge_settings

WORD = b"before " + PASSWORD.encode() + b" behind"
HUB_PAGES = (
    "",
    f"towns/{EDGE}",
    f"towns/{EDGE}/why",
    "api/v1/county",
    "api/v1/edges",
    f"api/v1/towns/{EDGE}",
    "metrics",
)
EDGE_PAGES = (
    "",
    "devices",
    "devices/cam-00000",
    "devices/cam-00001",
    "incidents",
    "metrics",
    "api/v1/devices",
    "audit",
)
PRIVATE = {hub_settings.FILE, edge_settings.FILE, "nats.conf"}
"""Files of mode 0600 that have to know the bus's passwords."""


def _zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", zlib.compress(data))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        WORD,
        WORD.decode().encode("utf-16-le"),
        base64.b64encode(PASSWORD.encode()),
        PASSWORD.encode().hex().encode(),
        zlib.compress(WORD),
        _zipped(WORD),
        _zipped(_zipped(WORD)),
    ],
)
def test_the_search_finds_it_however_it_is_packed(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "plain").write_bytes(data)
    assert secrets(tmp_path)[0]
    assert secrets(tmp_path, belongs=lambda path: path.name == "plain") == ([], 0)


def test_the_search_finds_it_in_a_database(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as db, db:
        db.execute("CREATE TABLE t (body BLOB)")
        db.execute("INSERT INTO t VALUES (?)", (zlib.compress(WORD),))
    assert secrets(tmp_path)[0] == ["db:t!z"]


def _watched(wished: dict[str, Any], webhook: Webhook) -> None:
    wished["channels"] = [webhook.channel()]
    wished["notify"] = {"otherwise": ["hook"]}
    wished["policy"]["incident"] = {"hold_s": 1}
    wished["policy"]["probe"] |= {"every_s": 1, "picture_every_s": 2, "full_every_s": 2, "timeout_s": 1}


def _struck(here: Town) -> None:
    """One camera says our proof back, one gives odd names, one answers with another's realm."""
    for device, how in (("cam-00000", "echo"), ("cam-00001", "names"), ("cam-00002", "digest_domain")):
        here.say(do="apply", fault="hostile", how=how, to="127.0.0.1:9", target={"device": device})


def _bus_words(folder: Path) -> set[bytes]:
    hub, edge = hub_settings.load(folder / "hub"), edge_settings.load(folder / "edge")
    return {needle for word in (hub.password, *hub.edges.values(), edge.password) for needle in shapes(word)}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_county_a_webhook_and_bundles(tmp_path: Path) -> None:
    nats_server()
    folder, out = tmp_path / "left", tmp_path / "left" / "out"
    out.mkdir(parents=True)
    webhook, log = Webhook(folder / "webhook"), folder / "commands.log"
    with town(folder / "town", devices=8, every_s=1) as here, webhook.listening():
        config = here.amend(lambda wished: _watched(wished, webhook), name="county.yaml")
        _struck(here)
        with county(folder, config, webhook) as (hub, edge):
            eventually(lambda: edge.devices("up") >= 5, why="they are not up")
            here.say(do="apply", fault="power", target={"device": ["cam-00003", "cam-00004"]})
            eventually(lambda: webhook.letters >= 1, why="no letter came")
            copy, ledger = folder / "hub" / "edges" / f"{EDGE}.ledger", folder / "edge" / "camkeeper.ledger"
            eventually(copy.is_file, why="nothing reached the county")
            said("hub", "notify", str(folder / "hub"), "hook", log=log)
            echoed = here.say(do="counters", target={"device": ["cam-00000"]})["counters"]["cam-00000"]["tricks"]
            month = "\n".join(said("sla", "--ledger", str(ledger), "--json", log=log).splitlines())
            name = month.partition('"month": "')[2][:7]
            for which, file in (("edge", ledger), ("county", copy)):
                said("export", "--month", name, "--out", str(out / f"{which}.zip"), "--ledger", str(file), log=log)
            assert hub.keep(HUB_PAGES, out, "hub") >= len(HUB_PAGES) - 1
            assert edge.keep(EDGE_PAGES, out, "edge") >= len(EDGE_PAGES) - 2
    assert echoed > 0, "nobody said our proof back: nothing was tried"
    assert webhook.bearers == {f"Bearer {TOKEN}"}, "the token went where it belongs"
    assert webhook.letters >= 2
    assert (folder / "edge.log").stat().st_size > 0

    tempted = NEEDLES | shapes(TOKEN) | shapes(SIGNING)
    found, pieces = secrets(folder, tempted)
    assert found == []
    assert pieces > 100
    bus = _bus_words(folder)
    assert secrets(folder, bus)[0], "it is known to be somewhere: the search sees it"
    assert secrets(folder, bus, belongs=lambda path: path.name in PRIVATE)[0] == []
    for path in folder.rglob("*"):
        if path.name in PRIVATE:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
