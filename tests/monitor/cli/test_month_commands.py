"""`camkeeper month close|amend|sign|show` on a real ledger: without a monitor, and through a running board."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.dashboards.report_town import FIRST, SECOND, TICK_MS, registered
from tests.monitor.run.township import DAY_MS, OCTOBER_MS, Story, write
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.clock import SimulatedClock
from camkeeper.keys.key import SigningKey, holds
from camkeeper.keys.keyfile import write_key
from camkeeper.ledger import Batch, Boot, Ledger, snapshot_of
from camkeeper.ledger.amending import KIND
from camkeeper.ledger.verify import verify
from camkeeper.model.contract import Window, WindowKind
from camkeeper.model.span import Span
from camkeeper.model.status import Status

PASSPHRASE = "zehn kleine worte"
CONFIG = """\
name: 大郭镇
datum: wgs84
parties: [{id: owner, name: 镇政府, public_key: "%s"}]
sites:
- {id: town, name: 大郭镇, kind: town, target: 95, timezone: Asia/Shanghai}
- {id: v00, name: 村, kind: village, parent: town, target: 95, timezone: Asia/Shanghai}
"""


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with a ledger of October, a configuration that names a party, and that party's key."""
    registry = registered(1, 2)
    life = Span(start_ms=OCTOBER_MS, end_ms=2**50)
    told = (
        (OCTOBER_MS + 1000, Status.UP),
        (OCTOBER_MS + 9 * DAY_MS, Status.DOWN),
        (OCTOBER_MS + 12 * DAY_MS, Status.UP),
    )
    stories = [Story(device=device, life=life, changes=told) for device in registry.devices]
    write(tmp_path / "a.ledger", registry, stories, tick_ms=TICK_MS)
    key = SigningKey.new("镇政府")
    write_key(tmp_path / "owner.key", key, PASSPHRASE)
    (tmp_path / "cameras.yaml").write_text(CONFIG % key.public, encoding="utf-8")
    yield tmp_path
    assert verify(tmp_path / "a.ledger").ok


def agree(home: Path) -> None:
    """Exclude two days of October after it was closed, as a restarted monitor with a new configuration does."""
    window = Window(
        id="w",
        kind=WindowKind.EXCLUSION,
        span=Span(start_ms=OCTOBER_MS + 10 * DAY_MS, end_ms=OCTOBER_MS + 12 * DAY_MS),
        reason="停电证明后补",
        evidence="x",
        approver="y",
    )
    registry = replace(registered(1, 2), windows=(window,), digest="c" * 64)
    boot = Boot(boot_id="c", version="t")
    with Ledger.open(home / "a.ledger", boot=boot, clock=SimulatedClock(wall_ms=TICK_MS)) as ledger:
        ledger.append(Batch(config=snapshot_of(registry), at_ms=TICK_MS)).result(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def month(home: Path, *words: str, stdin: str = "") -> Done:
    """Run the command."""
    command = ["month", *words]
    if words[0] != "sign":
        command += ["--ledger", str(home / "a.ledger")]
    if words[0] in {"close", "amend"}:
        command += ["--config", str(home / "cameras.yaml")]
    made = CliRunner().invoke(app, command, input=stdin, env={"CAMKEEPER_KEY_PASSPHRASE": PASSPHRASE})
    return Done(returncode=made.exit_code, stdout=made.stdout, stderr=made.stderr)


def records(home: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(month(home, "list", "--json").stdout)
    return found


def test_a_month_is_closed_once_and_amended_with_a_signature(home: Path) -> None:
    done = month(home, "close", FIRST, "--by", "张三")
    assert done.returncode == 0, done.stderr
    (record,) = records(home)
    assert str(record["figures"]) in done.stderr
    again = month(home, "close", FIRST, "--by", "张三")
    assert (again.returncode, "已封账" in again.stderr) == (1, True)
    running = month(home, "close", SECOND, "--by", "张三")
    assert (running.returncode, "未满" in running.stderr) == (1, True)
    nothing = month(home, "amend", FIRST, "--by", "张三", "--why", "x")
    assert (nothing.returncode, "没有要更正的" in nothing.stderr) == (1, True)

    agree(home)
    words = ("amend", FIRST, "--by", "张三", "--why", "停电证明后补")
    preview = month(home, *words, "--preview")
    assert preview.returncode == 0, preview.stderr
    assert "2 台设备" in preview.stdout
    assert "→" in preview.stdout
    assert len(records(home)) == 1, "a preview changes nothing"
    unsigned = month(home, *words)
    assert (unsigned.returncode, "签名" in unsigned.stderr) == (1, True)
    signed = month(home, *words, "--key", str(home / "owner.key"))
    assert signed.returncode == 0, signed.stderr

    closed, amended = records(home)
    old, new = amended["old"], amended["new"]
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    assert new["excluded_ms"] - old["excluded_ms"] == 2 * 2 * DAY_MS
    assert old["down_ms"] - new["down_ms"] == 2 * 2 * DAY_MS
    assert amended["before"] == {"seq": closed["seq"], "figures": closed["figures"], "windows": closed["windows"]}
    shown = month(home, "show", FIRST)
    assert shown.returncode == 0
    assert "停电证明后补" in shown.stdout
    assert "签名 signed by" in shown.stdout


def test_a_statement_is_signed_on_another_computer(home: Path) -> None:
    statement = {k: k for k in ("ledger", "month", "before", "figures", "windows", "why")}
    done = month(home, "sign", "-", "--key", str(home / "owner.key"), stdin=json.dumps(statement))
    assert done.returncode == 0, done.stderr
    public, signature = done.stdout.split()
    assert holds(KIND, statement, public=public, signature=signature)
    assert re.search(r"Amends month, because: why", done.stderr)
    odd = month(home, "sign", "-", "--key", str(home / "owner.key"), stdin='{"why": "x"}')
    assert odd.returncode == 2
    assert odd.stdout == ""


def test_without_a_ledger_nothing_is_made(tmp_path: Path) -> None:
    done = month(tmp_path, "close", FIRST, "--by", "张三")
    assert done.returncode == 1
    assert "没有这个账本" in done.stderr
    assert not (tmp_path / "a.ledger").exists()
