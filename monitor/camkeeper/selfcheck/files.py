"""The files: whose they are, and whether they are whole."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from camkeeper.access.file import access_beside
from camkeeper.access.file import verify as verify_access
from camkeeper.access.record import AccessError
from camkeeper.album.schema import album_beside
from camkeeper.ledger import LedgerError
from camkeeper.ledger.chain import Kind, genesis, sealed
from camkeeper.ledger.schema import connect_reader
from camkeeper.ledger.verify import verify as verify_ledger
from camkeeper.secrets import places_of
from camkeeper.selfcheck.finding import Finding, Level, fine, unknown
from camkeeper.selfcheck.subject import Subject

DAY_MS = 86_400_000
_PRIVATE = (".access", ".localkey", ".secret")


def permissions(subject: Subject) -> Iterator[Finding]:
    """Check that nobody else reads what is secret, and nobody else writes the record."""
    places = places_of(subject.config.parent, subject.environ)
    secret = [subject.ledger.with_suffix(end) for end in _PRIVATE] + [places.file]
    if not places.given:  # a credential of systemd shows a group's bit for its access list
        secret.append(places.key)
    if subject.registry is not None:
        named = [c.secret_ref.partition(":") for c in subject.registry.credentials]
        secret += [subject.config.parent / rest for kind, _, rest in named if kind == "file"]
        if subject.registry.tls is not None:
            secret.append(subject.config.parent / subject.registry.tls.key)
    open_ = [str(p) for p in dict.fromkeys(secret) if _mode(p) & 0o077]
    written = [p for p in (subject.ledger, album_beside(subject.ledger), subject.config) if _mode(p) & 0o022]
    if open_:
        yield Finding(
            check="secret_files",
            level=Level.BAD,
            zh=f"其他用户能读：{'、'.join(open_)}",
            en=f"others can read {', '.join(open_)}",
            remedy_zh=f"chmod 600 {' '.join(open_)}",
            remedy_en=f"chmod 600 {' '.join(open_)}; change what may have been read",
        )
    else:
        yield fine("secret_files", "口令与密钥文件只有属主可读", "secrets and keys are their owner's alone")
    if written:
        names = " ".join(map(str, written))
        yield Finding(
            check="data_files",
            level=Level.BAD,
            zh=f"其他用户能写：{names}",
            en=f"others can write {names}",
            remedy_zh=f"chmod go-w {names}",
            remedy_en=f"chmod go-w {names}",
        )
    else:
        yield fine("data_files", "账本与配置只有属主可写", "ledger and configuration are their owner's to write")


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def databases(subject: Subject) -> Iterator[Finding]:
    """Check the pages of each database, and the chains of ledger and audit log."""
    for check, path in (("ledger", subject.ledger), ("album", album_beside(subject.ledger))):
        if path.exists():
            yield _pages(check, path)
        elif check == "ledger":
            yield unknown("ledger", f"还没有账本 {path}", f"there is no ledger {path} yet")
    if subject.ledger.exists():
        yield _chain(subject)
    access = access_beside(subject.ledger)
    if access.exists():
        try:
            proof = verify_access(access)
        except AccessError as error:
            yield _damaged("accounts", access, str(error))
        else:
            ok = proof.broken_at is None
            yield (
                fine("accounts", "审计日志的链完整", "the audit log's chain holds", entries=proof.entries)
                if ok
                else (_damaged("accounts", access, f"entry {proof.broken_at}"))
            )


def _pages(check: str, path: Path) -> Finding:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            rows = [str(row[0]) for row in db.execute("PRAGMA quick_check(5)")]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        rows = [str(error)]
    if rows == ["ok"]:
        return fine(check, f"{path.name} 页面完整", f"the pages of {path.name} are whole", bytes=path.stat().st_size)
    return _damaged(check, path, rows[0])


def _damaged(check: str, path: Path, why: str) -> Finding:
    return Finding(
        check=check,
        level=Level.BAD,
        zh=f"{path} 已损坏：{why}",
        en=f"{path} is damaged: {why}",
        remedy_zh="停止监测，保留原文件，运行 camkeeper verify，按运行手册“数据库损坏”一节由备份恢复",
        remedy_en="stop the monitor, keep the file, run camkeeper verify, restore as in the runbook, Database damage",
    )


def _chain(subject: Subject) -> Finding:
    try:
        if subject.deep:
            proof = verify_ledger(subject.ledger)
            faults = [str(fault) for fault in proof.faults]
            records = proof.records
        else:
            records, faults = last_day(subject.ledger, subject.now_ms - DAY_MS)
    except (LedgerError, sqlite3.Error, ValueError) as error:
        return _damaged("chain", subject.ledger, str(error))
    if faults:
        return _damaged("chain", subject.ledger, faults[0])
    scope = ("全部", "all of it") if subject.deep else ("最近一天", "its last day")
    return fine("chain", f"账本的链完整（{scope[0]}）", f"the ledger's chain holds ({scope[1]})", records=records)


def last_day(ledger: Path, since_ms: int) -> tuple[int, list[str]]:
    """Recompute the hashes since the last seal before an instant; returns how many, and what does not hold."""
    with closing(connect_reader(ledger)) as db:
        db.execute("BEGIN")
        (start,) = db.execute(
            "SELECT coalesce(max(seq), 0) FROM chain WHERE kind = ? AND kind <> 4 AND at_ms <= ?",
            (int(Kind.SEAL), since_ms),
        ).fetchone()
        if start:
            (head,) = db.execute("SELECT hash FROM chain WHERE seq = ?", (start,)).fetchone()
        else:
            head = genesis(*db.execute("SELECT ledger_id, created_ms FROM ledger").fetchone())
        n = 0
        rows = db.execute("SELECT seq, kind, at_ms, body, hash FROM chain WHERE seq > ? ORDER BY seq", (start,))
        for n, (seq, kind, at_ms, body, stored) in enumerate(rows, 1):
            head = sealed(head, seq, kind, at_ms, body)
            if seq != start + n or stored != head:
                return n, [f"record {start + n}"]
    return n, []
