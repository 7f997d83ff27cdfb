"""The file: private, whole after SIGKILL, refused when damaged, one writer."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.monitor.access.doors import CHEAP, LOCAL, PASSWORD, a_clock, door, signed_in, with_admin

from camkeeper.access import Access, AccessBusyError, AccessClosedError, AccessError, access_beside, verify
from camkeeper.model.access import Role

PROGRAM = Path(__file__).parent / "kill9.py"


def test_the_store_stands_beside_the_ledger() -> None:
    assert access_beside(Path("var/camkeeper.ledger")) == Path("var/camkeeper.access")


async def test_nobody_else_reads_it_and_no_secret_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "t.access"
    os.umask(0o022)
    with door(path) as access:
        await with_admin(access)
        signed = await signed_in(access, "admin", PASSWORD)
        token = await access.add_token(LOCAL, "x", Role.WALL, LOCAL.scope, days=1)
        link = await access.first_link(LOCAL)
        files = list(tmp_path.glob("t.access*"))  # noqa: ASYNC240 - a test waits for nobody
        assert {p.name for p in files} >= {"t.access", "t.access-wal", "t.access.lock"}
        for file in files:
            assert file.stat().st_mode & 0o077 == 0, file
            held = file.read_bytes()
            for secret in (PASSWORD, signed.secret, token.secret, token.secret[3:], link.secret):
                assert secret.encode() not in held, file


async def test_rights_that_others_were_given_are_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "t.access"
    with door(path):
        pass
    path.chmod(0o644)
    with door(path):
        assert path.stat().st_mode & 0o777 == 0o600


async def test_one_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "t.access"
    with door(path), pytest.raises(AccessBusyError):
        Access.open(path, clock=a_clock(), cost=CHEAP)
    with door(path):
        pass


@pytest.mark.parametrize("damage", ["garbage", "foreign", "cut", "trigger"])
async def test_a_damaged_store_is_refused_and_never_replaced(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "t.access"
    with door(path) as access:
        await with_admin(access)
    whole = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"\xa5" * len(whole))
    elif damage == "cut":
        path.write_bytes(whole[:5000])
    else:
        if damage == "foreign":
            path.unlink()
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE t (x)" if damage == "foreign" else "DROP TRIGGER audit_keeps")
        db.commit()
        db.close()
    before = path.read_bytes()
    with pytest.raises(AccessError):
        Access.open(path, clock=a_clock(), cost=CHEAP)
    assert path.read_bytes() == before
    if damage == "trigger":
        path.write_bytes(whole)
        with door(path):  # and the lock was given back
            pass


async def test_after_closing_nothing_is_taken(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        pass
    with pytest.raises(AccessClosedError):
        await access.note(LOCAL, "step", "x", address="")
    assert access.close()


def test_what_was_acknowledged_outlives_sigkill_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "t.access"
    dice = random.Random(7)
    tokens: set[str] = set()
    notes: list[str] = []
    gone: set[str] = set()
    for _ in range(6):
        with subprocess.Popen([sys.executable, str(PROGRAM), str(path)], stdout=subprocess.PIPE, text=True) as life:
            assert life.stdout is not None
            assert life.stdout.readline() == "up\n"
            time.sleep(dice.uniform(0.05, 0.4))
            life.kill()
            for line in life.stdout.read().splitlines(keepends=True):
                if not line.endswith("\n"):
                    continue
                word, _, what = line.strip().partition(" ")
                {"token": tokens.add, "note": notes.append, "gone": gone.add}[word](what)
    assert len(tokens) > 20
    found = verify(path)
    assert found.broken_at is None
    with door(path) as access:
        there = {t.id for t in access.tokens()}
        assert not gone & there, "what was ended stays ended"
        dead = [secret for secret in tokens if access.by_token(secret) is None]
        # A token ended by a step that was on disk before its acknowledgement could be printed is gone as well.
        assert len(dead) <= len(gone) + 6 * 4
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    entered = {row[0] for row in db.execute("SELECT target FROM audit WHERE what = 'step'")}
    db.close()
    assert set(notes) <= entered
