"""Commands on a ledger as people call them: what is wrong is told in both languages, never by a traceback."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.monitor.run.township import DAY_MS, OCTOBER_MS, Story, write

from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.ledger import Boot, Ledger
from camkeeper.model.probing import Rung, Verdict
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.probe.latch import FileLatches, Latch
from camkeeper.run.app import latches_beside

COMMAND = Path(sys.executable).with_name("camkeeper")
TICK_MS = OCTOBER_MS + 3 * DAY_MS
CONFIG = """\
name: 试验镇
datum: wgs84
policy: {probe: {every_s: 10}}
uplinks: [{id: up, name: 上行, beacons: ["127.0.0.1:9"]}]
sites: [{id: town, name: 试验镇, kind: town, target: 95, timezone: Asia/Shanghai}]
devices:
- {id: a, name: 甲, kind: camera, site: town, credential: own, address: {host: 127.0.0.1, port: 80}}
credentials: [{id: own, user: monitor, secret: "env:NOBODY_SET_THIS"}]
"""


def camkeeper(*words: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(COMMAND), *map(str, words)],
        capture_output=True,
        check=False,
        timeout=60,
        encoding="utf-8",
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **(env or {})},
    )


def refused(found: subprocess.CompletedProcess[str], *says: str, code: int = 1) -> None:
    """Told in both languages, in two sentences or more, with that exit code, and nothing on standard output."""
    assert found.returncode == code, (found.stdout, found.stderr)
    assert "错误：" in found.stderr
    assert "\nError: " in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""
    for word in says:
        assert word in found.stderr


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path, config: Path) -> Path:
    registry = load(config)
    story = Story(
        device=registry.devices[0],
        life=Span(start_ms=OCTOBER_MS, end_ms=2**50),
        changes=((OCTOBER_MS, Status.UP), (OCTOBER_MS + DAY_MS, Status.DOWN), (OCTOBER_MS + 2 * DAY_MS, Status.UP)),
    )
    write(tmp_path / "good.ledger", registry, [story], tick_ms=TICK_MS)
    return tmp_path / "good.ledger"


def unreadable(folder: Path) -> dict[str, Path]:
    """A ledger that is missing, empty, a folder, a letter, and somebody else's database."""
    paths = {name: folder / name for name in ("missing", "empty", "folder", "letter", "database")}
    paths["empty"].touch()
    paths["folder"].mkdir()
    paths["letter"].write_text("尊敬的维保单位：" * 300, encoding="utf-8")
    with closing(sqlite3.connect(paths["database"])) as db:
        db.execute("CREATE TABLE ledger (layout INTEGER)")
        db.commit()
    return paths


READERS = {
    "missing": ("status", "sla", "verify", "rebuild"),
    "empty": ("sla", "rebuild"),
    "folder": ("status", "sla", "verify", "rebuild"),
    "letter": ("status", "verify", "rebuild"),
    "database": ("sla",),
}


@pytest.mark.parametrize(("kind", "command"), [(kind, one) for kind, some in READERS.items() for one in some])
def test_what_is_no_ledger_is_refused_and_left_as_it_is(tmp_path: Path, config: Path, kind: str, command: str) -> None:
    path = unreadable(tmp_path)[kind]
    before = path.read_bytes() if path.is_file() else None
    there = sorted(tmp_path.iterdir())
    words: dict[str, tuple[str | Path, ...]] = {
        "status": ("status", "--config", config, "--ledger", path),
        "sla": ("sla", "--ledger", path, "--json"),
        "verify": ("verify", path),
        "rebuild": ("verify", path, "--rebuild"),
    }
    refused(camkeeper(*words[command]), str(path))
    assert (path.read_bytes() if path.is_file() else None) == before
    assert sorted(tmp_path.iterdir()) == there


def test_a_ledger_that_no_monitor_has_ticked_yet(tmp_path: Path, config: Path) -> None:
    path = tmp_path / "new.ledger"
    Ledger.open(path, boot=Boot(boot_id="b", version="t"), clock=SimulatedClock()).close()
    refused(camkeeper("status", "--config", config, "--ledger", path), "账本还是空的", "still empty")
    refused(camkeeper("sla", "--ledger", path), "still empty")
    assert camkeeper("verify", path).returncode == 0


def test_status_of_a_good_ledger(config: Path, ledger: Path) -> None:
    found = camkeeper("status", "--config", config, "--ledger", ledger, "--json")
    assert (found.returncode, found.stderr) == (0, "")
    said = json.loads(found.stdout)
    assert said["sites"][0]["cameras"] == {"up": 0, "degraded": 0, "down": 0, "unknown": 1}
    assert said["devices"][0]["status"] == "unknown"
    assert any("no monitor is running" in warning for warning in said["warnings"])
    table = camkeeper("status", "--config", config, "--ledger", ledger)
    assert table.returncode == 0
    assert "试验镇" in table.stdout
    assert "监测没有在运行" in table.stdout


def test_status_with_a_faulty_configuration(config: Path, ledger: Path) -> None:
    config.write_text(CONFIG.replace("every_s", "evry_s"), encoding="utf-8")
    refused(camkeeper("status", "--config", config, "--ledger", ledger), "camkeeper check", "evry_s")
    refused(camkeeper("status", "--config", config.with_name("none.yaml"), "--ledger", ledger), "none.yaml")


def test_sla_of_a_good_ledger(ledger: Path) -> None:
    found = camkeeper("sla", "--ledger", ledger, "--month", "2026-10", "--json")
    assert (found.returncode, found.stderr) == (0, "")
    said = json.loads(found.stdout)
    time = said["sites"][0]["figures"]["time-weighted/1"]["net"]["time"]
    assert (time["up_ms"], time["down_ms"], time["unknown_ms"]) == (2 * DAY_MS, DAY_MS, 28 * DAY_MS)
    table = camkeeper("sla", "--ledger", ledger, "--month", "2026-10")
    assert table.returncode == 0
    for word in ("试验镇", "66.66%", "未能判定", "以此为准"):
        assert word in table.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--month", "last"), "2026-10"),
        (("--site", "nowhere"), "nowhere"),
        (("--policy", "mood"), "time-weighted/1, daily-mean/1, patrol-daily/1"),
    ],
)
def test_sla_asked_wrongly_is_a_matter_of_usage(ledger: Path, words: tuple[str, ...], says: str) -> None:
    refused(camkeeper("sla", "--ledger", ledger, *words), says, code=2)


def test_verify_of_a_good_ledger_and_of_one_with_a_changed_byte(ledger: Path) -> None:
    good = camkeeper("verify", ledger, "--json")
    said = json.loads(good.stdout)
    assert (good.returncode, said["ok"], said["faults"]) == (0, True, [])
    assert camkeeper("verify", ledger, "--head", said["head"]).returncode == 0
    assert camkeeper("verify", ledger, "--head", "00" * 32).returncode == 1
    refused(camkeeper("verify", ledger, "--month", "soon"), "2026-10", code=2)
    assert camkeeper("verify", ledger, "--rebuild").returncode == 0
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("UPDATE chain SET at_ms = at_ms + 1 WHERE kind = 4 AND at_ms = ?", (OCTOBER_MS + DAY_MS,))
        db.commit()
    bad = camkeeper("verify", ledger)
    assert bad.returncode == 1
    assert "处不符" in bad.stdout
    assert "Traceback" not in bad.stderr
    refused(camkeeper("verify", ledger, "--rebuild"), "未作改动")


def test_unlatch_with_nothing_latched_makes_no_file(tmp_path: Path) -> None:
    ledger = tmp_path / "l.ledger"
    found = camkeeper("unlatch", "--ledger", ledger)
    assert found.returncode == 0
    assert "没有被锁存的设备" in found.stderr
    assert "No device is latched" in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_unlatch_lists_and_releases_and_tells_strangers(tmp_path: Path) -> None:
    ledger = tmp_path / "l.ledger"
    latches = FileLatches(latches_beside(ledger))
    for name in ("a", "b"):
        fingerprint = latches.fingerprint("monitor", "secret-of-a-device")
        latches.put(
            Latch(
                device_id=name, scope=Rung.AUTH, fingerprint=fingerprint, cause=Verdict.AUTH_REFUSED, at_ms=OCTOBER_MS
            )
        )
    listed = camkeeper("unlatch", "--ledger", ledger)
    assert listed.returncode == 0
    assert "auth_refused" in listed.stdout
    assert "2026-09-30 16:00:00" in listed.stdout
    assert fingerprint not in listed.stdout
    found = camkeeper("unlatch", "a", "nobody", "--ledger", ledger)
    assert found.returncode == 1
    assert "a: tried once more at its next full probe." in found.stderr
    assert "错误：没有被锁存：nobody" in found.stderr
    assert "\nError: not latched: nobody" in found.stderr
    assert [latch.device_id for latch in latches.all()] == ["b"]


@pytest.mark.parametrize("text", ["", '{"version": 99}'])
def test_unlatch_of_a_foreign_file(tmp_path: Path, text: str) -> None:
    path = latches_beside(tmp_path / "l.ledger")
    path.write_text(text, encoding="utf-8")
    refused(camkeeper("unlatch", "--ledger", tmp_path / "l.ledger"), str(path))
    assert path.read_text(encoding="utf-8") == text


def test_run_tells_every_fault_of_a_configuration(tmp_path: Path, config: Path) -> None:
    faulty = (
        CONFIG.replace("every_s", "evry_s").replace("site: town", "site: nowhere").replace("target: 95", "target: 950")
    )
    config.write_text(faulty, encoding="utf-8")
    found = camkeeper("run", "--config", config, "--ledger", tmp_path / "l", "--listen", "127.0.0.1:0")
    refused(found, "evry_s", "nowhere", "950", "3 faults", "3 处错误")
    for line in (3, 5, 7):
        assert f"{config}:{line}: " in found.stderr
    assert not (tmp_path / "l").exists()


@pytest.mark.parametrize("listen", ["0.0.0.0:8080"])
def test_run_on_no_loopback_address(tmp_path: Path, config: Path, listen: str) -> None:
    refused(camkeeper("run", "--config", config, "--ledger", tmp_path / "l", "--listen", listen), listen)
    assert not (tmp_path / "l").exists()


def test_run_on_a_taken_port_tells_the_remedy(tmp_path: Path, config: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        found = camkeeper(
            "run", "--config", config, "--ledger", tmp_path / "l", "--listen", listen, env={"NOBODY_SET_THIS": "x"}
        )
    refused(found, listen, "--listen 换一个", "choose another by --listen")


def test_run_where_no_ledger_can_be_made(tmp_path: Path, config: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "l"
    refused(
        camkeeper("run", "--config", config, "--ledger", path, "--listen", "127.0.0.1:0"), "无法启动", str(path.parent)
    )


@pytest.mark.parametrize("kind", ["folder", "letter"])
def test_run_on_what_is_no_ledger(tmp_path: Path, config: Path, kind: str) -> None:
    path = unreadable(tmp_path)[kind]
    before = path.read_bytes() if path.is_file() else None
    refused(
        camkeeper("run", "--config", config, "--ledger", path, "--listen", "127.0.0.1:0"), "无法启动", "cannot start"
    )
    assert (path.read_bytes() if path.is_file() else None) == before


def test_demo_on_a_taken_ledger_or_config_that_is_not_there(tmp_path: Path) -> None:
    found = camkeeper("demo", "--config", tmp_path / "none.yaml", "--ledger", tmp_path / "l", "--port", "0")
    refused(found, "none.yaml")
    assert not (tmp_path / "l").exists()


def test_help_is_bilingual() -> None:
    words = {"run": "SIGHUP", "sla": "口径", "demo": "示范"}
    for command, word in words.items():
        found = camkeeper(command, "--help", env={"COLUMNS": "160"})
        assert found.returncode == 0
        assert word in found.stdout
