"""`camkeeper secrets`: values by standard input alone, names in lists, and nothing that a process list could show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CANARY = "canary-51ce"
TOWN = """name: 试验
datum: wgs84
credentials:
- {id: main, user: monitor, secret: "store:town"}
channels:
- {id: bot, kind: dingtalk, url: "https://oapi.dingtalk.com/robot/send", token: "store:bot", secret: "env:SIGN"}
sites:
- {id: town, name: 试验镇, kind: town, target: 95, timezone: Asia/Shanghai}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cameras.yaml").write_text(TOWN, encoding="utf-8")
    return tmp_path


def secrets(folder: Path, *args: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CAMKEEPER", "CREDENTIALS"))}
    command = [sys.executable, "-m", "camkeeper", "secrets", *args, "--config", str(folder / "cameras.yaml")]
    return subprocess.run(command, input=given, capture_output=True, text=True, env=environ, timeout=60, check=False)


def test_set_list_rotate_remove(folder: Path) -> None:
    done = secrets(folder, "set", "town", given=f"{CANARY}\n")
    assert done.returncode == 0
    assert "新密钥在" in done.stderr
    assert "keep a copy elsewhere" in done.stderr
    listed = secrets(folder, "list", "--json")
    assert listed.returncode == 1  # the channel's is missing
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    assert rows["town"]["used_by"] == ["credentials.main"]
    assert rows["bot"] == {"name": "bot", "set": None, "used_by": ["channels.bot"]}
    again = secrets(folder, "set", "bot", given="token")
    assert "新密钥在" not in again.stderr
    shown = secrets(folder, "list")
    assert shown.returncode == 0
    assert "channels.bot" in shown.stdout
    rotated = secrets(folder, "rotate")
    assert rotated.returncode == 0
    assert "2 sealed anew" in rotated.stderr
    refused = secrets(folder, "remove", "town")
    assert refused.returncode == 1
    assert "还在使用：credentials.main" in refused.stderr
    assert secrets(folder, "remove", "town", "--force").returncode == 0
    said = "".join(p.stdout + p.stderr for p in (done, listed, again, shown, rotated, refused))
    assert CANARY not in said


def test_refusals(folder: Path) -> None:
    assert secrets(folder, "set", "town", CANARY).returncode == 2  # never an argument
    empty = secrets(folder, "set", "town", given="\n")
    assert (empty.returncode, "口令应为一行" in empty.stderr) == (1, True)
    lines = secrets(folder, "set", "town", given=f"{CANARY}\n{CANARY}\n")
    assert lines.returncode == 1
    assert CANARY not in lines.stderr
    named = secrets(folder, "set", "p@ss word", given="x")
    assert named.returncode == 1
    assert "p@ss" not in named.stderr
    none = secrets(folder, "rotate")
    assert (none.returncode, "没有密钥文件" in none.stderr) == (1, True)
    gone = secrets(folder, "remove", "other")
    assert (gone.returncode, "没有这个名称" in gone.stderr) == (1, True)
    (folder / "cameras.yaml").write_text("name: [", encoding="utf-8")
    listed = secrets(folder, "list")
    assert "who uses them is not known" in listed.stderr
