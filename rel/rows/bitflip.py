"""Single bits flipped at random places of a ledger's file: `verify` names each that touches a record."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from camkeeper.ledger.record import LedgerFormatError
from camkeeper.ledger.schema import connect_reader
from camkeeper.ledger.verify import verify
from rel.lives import Story, command, live
from rel.row import Outcome, Row, Setting, equal


def contents(path: Path) -> str:
    """Return a digest of what any reader gets from the file: every row of every table, by the names of its columns.

    Left out are the words of the schema: its comments hold no record.
    """
    digest = hashlib.sha256()
    with closing(connect_reader(path)) as db:
        schema = db.execute("SELECT type, name, tbl_name FROM sqlite_schema ORDER BY rowid").fetchall()
        digest.update(repr(schema).encode())
        for name in (name for kind, name, _ in schema if kind == "table"):
            rows = db.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - names of our own schema
            digest.update(repr([column[0] for column in rows.description]).encode())
            for row in rows:
                digest.update(repr(row).encode())
    return digest.hexdigest()


def _found(path: Path) -> bool:
    """Return whether the command would tell: the file is no ledger any more, or something does not hold."""
    try:
        return not verify(path).ok
    except LedgerFormatError:
        return True


def _unchanged(path: Path, before: str) -> bool:
    try:
        return contents(path) == before
    except (sqlite3.Error, LedgerFormatError, UnicodeError):
        return False


def _bitflip(setting: Setting) -> Outcome:
    story = Story(seed=setting.seed, devices=8, steps=setting.sized(1200, 4000))
    ledger, copy = setting.folder / "l", setting.folder / "copy"
    lived = live(command(ledger, story), within_s=120)
    if lived.code != 0:
        raise RuntimeError(f"no ledger to flip: {lived.said}")
    whole, before = ledger.read_bytes(), contents(ledger)
    rng = random.Random(setting.seed)
    wanted = setting.sized(100, 1000)
    found = empty = silent = differ = 0
    # An SQLite file has room between its records and in its free pages. A flip there changes nothing that anybody
    # can read (each such copy is read in whole and compared), is counted apart, and another flip is drawn.
    while found + silent < wanted:
        bit = rng.randrange(len(whole) * 8)
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        copy.write_bytes(damaged)
        differ += sum(one != other for one, other in zip(whole, copy.read_bytes(), strict=True)) == 1
        if _found(copy):
            found += 1
        elif _unchanged(copy, before):
            empty += 1
        else:
            silent += 1
        if differ % 100 == 0:
            setting.say(f"翻转 {differ}，查出 {found}/{wanted}", f"{differ} flips, {found} of {wanted} found")
    return Outcome(
        checks=(
            equal("flips that touch a record", found + silent, wanted),
            equal("found by verify", found, wanted),
            equal("silently changed figures", silent, 0),
            equal("the whole file verifies", verify(ledger).ok, True),  # noqa: FBT003 - a figure
        ),
        injected={"bytes_that_differ": differ},
        figures={"flips": differ, "where_no_record_is": empty, "file_bytes": len(whole)},
    )


async def _run(setting: Setting) -> Outcome:
    return await asyncio.to_thread(_bitflip, setting)


ROW = Row(
    name="bitflip",
    does_zh="在账本文件的随机位置翻转单个比特，每次用一份新的副本。",
    does_en="Flips single bits at random places of the ledger's file, each on a fresh copy.",
    mark_zh="触及记录的 1,000 次翻转由 verify 查出 1,000 次，数字无一被悄悄改动",
    mark_en="1,000 random flips that touch a record: 1,000 found by verify; 0 silently changed figures",
    run=_run,
)
