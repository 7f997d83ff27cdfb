"""`camkeeper digest show`: exactly what the monitor sends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.dashboards.report_town import registered, written
from tests.monitor.run.township import OCTOBER_MS
from typer.testing import CliRunner

from camkeeper.cli import app

CONFIG = """\
name: 试验镇
datum: wgs84
uplinks: [{id: up, name: 上行, beacons: ["127.0.0.1:9"]}]
sites:
- {id: town, name: 大郭镇, kind: town, target: 95, timezone: Asia/Shanghai}
channels:
- {id: mail, kind: smtp, host: 127.0.0.1, port: 9, security: plain, sender: a@b.example, to: [c@d.example]}
"""
LETTERS = "digests: {daily: {to: [mail]}, weekly: {to: [mail], language: en}}\n"


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command")
    written(folder / "a.ledger", registered(3, 6))
    (folder / "cameras.yaml").write_text(CONFIG + LETTERS, encoding="utf-8")
    (folder / "without.yaml").write_text(CONFIG, encoding="utf-8")
    return folder


def shown(place: Path, *words: str, config: str = "cameras.yaml") -> tuple[int, str, str]:
    given = ["digest", "show", "--config", str(place / config), "--ledger", str(place / "a.ledger"), *words]
    done = CliRunner().invoke(app, given)
    return done.exit_code, done.stdout, done.stderr


def test_the_letter_of_a_day_is_printed_and_not_sent(place: Path) -> None:
    code, out, _ = shown(place, "--day", "--on", "2026-10-26")
    assert code == 0
    assert out.startswith("— mail · daily-2026-10-25/mail\n【日报】试验镇 10月25日 在线率 ")


def test_json_has_the_very_letter(place: Path) -> None:
    from datetime import date

    from camkeeper.config import load
    from camkeeper.digest.due import due_on
    from camkeeper.run.digests import letters

    code, out, _ = shown(place, "--week", "--on", "2026-10-26", "--json")
    assert code == 0
    (told,) = json.loads(out)
    registry = load(place / "cameras.yaml")
    rule = registry.digests.rules[1]
    due = due_on(rule, "Asia/Shanghai", date(2026, 10, 26))
    assert due is not None
    (letter,) = asyncio.run(
        asyncio.to_thread(letters, place / "a.ledger", rule, due, registry, told["created_ms"])
    ).letters
    assert (told["id"], told["text"], told["subject"]) == (letter.id, letter.text, letter.subject)
    assert told["facts"]["from_ms"] == OCTOBER_MS + 18 * 86_400_000
    assert told["not_before_ms"] == 0


@pytest.mark.parametrize(
    ("words", "config", "code", "said"),
    [
        ((), "cameras.yaml", 2, "--day 或 --week"),
        (("--day", "--week"), "cameras.yaml", 2, "--day 或 --week"),
        (("--day",), "without.yaml", 2, "digests.daily"),
        (("--day", "--on", "26.10."), "cameras.yaml", 2, "2026-11-22"),
        (("--day", "--on", "2026-09-01"), "cameras.yaml", 0, "没有要说的"),
    ],
)
def test_what_it_says_instead(place: Path, words: tuple[str, ...], config: str, code: int, said: str) -> None:
    done, out, told = shown(place, *words, config=config)
    assert done == code
    assert said in told
    assert out == ""
