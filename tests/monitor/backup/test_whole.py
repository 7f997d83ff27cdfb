"""Into an empty folder and byte for byte: the imported register with its versions, an edge with its pollers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.bundle.towns import DAY_MS, NOVEMBER_MS, stories, written
from typer.testing import CliRunner

from camkeeper.backup.restore import restore
from camkeeper.backup.write import backup
from camkeeper.cli import app
from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.crew.settings import CERT, KEY, CrewSettings, sealed
from camkeeper.crew.settings import save as save_crew
from camkeeper.model.probing import Rung, Verdict
from camkeeper.probe.latch import FileLatches, Latch
from camkeeper.register.store import Store
from camkeeper.relay.settings import EdgeSettings
from camkeeper.relay.settings import save as save_edge
from camkeeper.run.app import latches_beside

NOW_MS = NOVEMBER_MS + 2 * DAY_MS
CONFIG = """\
name: 边缘镇
datum: wgs84
sites: [{id: town, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}]
"""
ONE = b"devices:\n- {id: cam-00, name: c0, kind: camera, site: town, address: {host: 127.0.0.1}}\n"
TWO = ONE + b"- {id: cam-01, name: c1, kind: camera, site: town, address: {host: 127.0.0.2}}\n"
COUNTS = {"added": 1, "changed": 0, "removed": 0}
PASSWORD = "canary-poller-77"


@pytest.fixture(name="edge")
def _edge(tmp_path: Path) -> Path:
    """Return the folder of an edge: a ledger, two imports, a crew with TLS, a refused credential."""
    folder = tmp_path / "edge"
    written(folder / "camkeeper.ledger", stories(), until_ms=NOW_MS).db.close()
    config = folder / "cameras.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    store, clock = Store(config), SimulatedClock(wall_ms=NOW_MS)
    for data in (ONE, TWO):
        store.apply(store.base(), data, by="李四", clock=clock, source="a.xlsx", digest="0" * 64, counts=COUNTS)
    store.remember("f" * 8, {"编号": "id"})
    save_edge(
        folder,
        EdgeSettings(
            edge_id="town", hub_url="nats-leaf://u:p@127.0.0.1:9", password=PASSWORD, port=4250, max_store_bytes=2**20
        ),
    )
    crew = sealed(CrewSettings(host="10.0.0.5", members={"p1": PASSWORD, "p2": PASSWORD}), folder, "town")
    save_crew(folder, crew)
    latches = FileLatches(latches_beside(folder / "camkeeper.ledger"))
    told = latches.fingerprint("u", "refused")
    latches.put(Latch(device_id="cam-00", scope=Rung.AUTH, fingerprint=told, cause=Verdict.AUTH_REFUSED, at_ms=NOW_MS))
    return folder


def bytes_of(folder: Path, *but: str) -> dict[str, bytes]:
    """Return what every file has, by name; databases have their own proof."""
    odd = (".lock", "-wal", "-shm", "camkeeper.ledger", *but)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(odd)
    }


def test_everything_is_there_again_byte_for_byte(edge: Path, tmp_path: Path) -> None:
    ledger, config = edge / "camkeeper.ledger", edge / "cameras.yaml"
    archive = backup(ledger, config, load(config), tmp_path / "b.tar", NOW_MS, private=True).path
    new = tmp_path / "empty"
    done = restore(archive, new / "camkeeper.ledger", new / "cameras.yaml")
    assert bytes_of(new) == bytes_of(edge)
    assert {"register.yaml", "register.yaml.columns.json", "crew.json", CERT, KEY, "edge.json"} <= bytes_of(new).keys()
    assert all(p.stat().st_mode & 0o077 == 0 for p in (new / "crew.json", new / KEY, new / "edge.json"))
    assert done.left == ()
    assert not any("--private" in line for line in done.manifest["by_hand"])
    latches = FileLatches(latches_beside(new / "camkeeper.ledger"))
    found = latches.get("cam-00", Rung.AUTH)
    assert found is not None
    assert found.fingerprint == latches.fingerprint("u", "refused"), "a refused password stays refused"


def test_an_import_can_still_be_taken_back(edge: Path, tmp_path: Path) -> None:
    config = edge / "cameras.yaml"
    archive = backup(edge / "camkeeper.ledger", config, load(config), tmp_path / "b.tar", NOW_MS).path
    new = tmp_path / "empty" / "cameras.yaml"
    restore(archive, new.parent / "l.ledger", new)
    store, clock = Store(new), SimulatedClock(wall_ms=NOW_MS)
    assert [v.number for v in store.history()] == [1, 2]
    store.undo(by="王五", clock=clock)
    assert (new.parent / "register.yaml").read_bytes() == ONE
    store.undo(by="王五", clock=clock)
    assert new.read_text(encoding="utf-8") == CONFIG
    assert not (new.parent / "register.yaml").exists()


def test_secrets_are_left_out_and_told_unless_asked_for(edge: Path, tmp_path: Path) -> None:
    config = edge / "cameras.yaml"
    made = backup(edge / "camkeeper.ledger", config, load(config), tmp_path / "b.tar", NOW_MS)
    data = made.path.read_bytes()
    for secret in (PASSWORD.encode(), (edge / KEY).read_bytes(), (edge / "camkeeper.latches.key").read_bytes()):
        assert secret not in data
    (line,) = [line for line in made.manifest["by_hand"] if "--private" in line]
    assert "crew.json" in line
    new = tmp_path / "empty"
    restore(made.path, new / "camkeeper.ledger", new / "cameras.yaml")
    assert not (new / "crew.json").exists()


def test_the_command(edge: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.tar"
    words = ["backup", str(target), "--ledger", str(edge / "camkeeper.ledger"), "--config", str(edge / "cameras.yaml")]
    assert CliRunner().invoke(app, [*words, "--private"]).exit_code == 0
    assert PASSWORD.encode() in target.read_bytes()
    assert target.stat().st_mode & 0o077 == 0
