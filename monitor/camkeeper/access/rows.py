"""What is written and read, in the open transaction of the writer's connection."""

from __future__ import annotations

import sqlite3

from camkeeper.access.chain import sealed, texts_of
from camkeeper.access.file import AUDIT, genesis_of
from camkeeper.access.record import AccountRow, Held, SessionRow, Terms, TokenRow, read_scope, scope_text
from camkeeper.model.access import Principal, Role, Via
from camkeeper.standing.access import AuditRecord

_ACCOUNT = "key, name, role, scope, password, must_change, disabled, created_ms, changed_ms, seen_ms, outside, subject"
_SESSION = "digest, account, begun_ms, seen_ms, expires_ms"
_TOKEN = "id, digest, name, role, scope, created_ms, created_by, expires_ms, used_ms"  # noqa: S105 - columns


def read_all(db: sqlite3.Connection) -> Held:
    """Return everything but the audit log; ValueError for what nobody wrote."""
    accounts = {row[0]: _account(row) for row in db.execute(f"SELECT {_ACCOUNT} FROM account")}  # noqa: S608 - a constant
    sessions: dict[bytes, SessionRow] = {}
    for digest, key, begun_ms, seen_ms, expires_ms in db.execute(f"SELECT {_SESSION} FROM session"):  # noqa: S608 - a constant
        sessions[digest] = SessionRow(
            digest=digest,
            account=key,
            begun_ms=begun_ms,
            seen_ms=seen_ms,
            expires_ms=expires_ms,
            principal=principal_of(accounts[key], digest),
        )
    tokens = {row[1]: _token(row) for row in db.execute(f"SELECT {_TOKEN} FROM token")}  # noqa: S608 - a constant
    known: dict[str, frozenset[str]] = {}
    for key, network in db.execute("SELECT account, network FROM known"):
        known[key] = known.get(key, frozenset()) | {network}
    return Held(accounts=accounts, sessions=sessions, tokens=tokens, known=known)


def principal_of(account: AccountRow, digest: bytes) -> Principal:
    """Return whom a session of an account stands for."""
    return Principal(
        name=account.name,
        role=account.role,
        scope=account.scope,
        via=Via.SESSION,
        session_id=digest.hex(),
        must_change=account.must_change,
    )


def _account(row: tuple[str, str, str, str, str | None, int, int, int, int, int | None, str, str]) -> AccountRow:
    _, name, role, scope, password, must_change, disabled, created_ms, changed_ms, seen_ms, outside, subject = row
    return AccountRow(
        name=name,
        role=Role(role),
        scope=read_scope(scope),
        password=password,
        must_change=bool(must_change),
        disabled=bool(disabled),
        created_ms=created_ms,
        changed_ms=changed_ms,
        seen_ms=seen_ms,
        outside=outside,
        subject=subject,
    )


def _token(row: tuple[str, bytes, str, str, str, int, str, int | None, int | None]) -> TokenRow:
    id_, digest, name, role, scope, created_ms, created_by, expires_ms, used_ms = row
    return TokenRow(
        id=id_,
        digest=digest,
        name=name,
        role=Role(role),
        scope=read_scope(scope),
        created_ms=created_ms,
        created_by=created_by,
        expires_ms=expires_ms,
        used_ms=used_ms,
    )


def put_account(db: sqlite3.Connection, account: AccountRow) -> None:
    """Add an account or write it anew."""
    marks = ", ".join("?" * 12)
    db.execute(
        f"INSERT INTO account ({_ACCOUNT}) VALUES ({marks}) ON CONFLICT (key) DO UPDATE SET role = excluded.role,"  # noqa: S608 - constants
        " scope = excluded.scope, password = excluded.password, must_change = excluded.must_change,"
        " disabled = excluded.disabled, changed_ms = excluded.changed_ms",
        (
            account.key,
            account.name,
            account.role.value,
            scope_text(account.scope),
            account.password,
            int(account.must_change),
            int(account.disabled),
            account.created_ms,
            account.changed_ms,
            account.seen_ms,
            account.outside,
            account.subject,
        ),
    )


def account(db: sqlite3.Connection, key: str) -> AccountRow | None:
    """Return an account as it is now; None where there is none."""
    row = db.execute(f"SELECT {_ACCOUNT} FROM account WHERE key = ?", (key,)).fetchone()  # noqa: S608 - a constant
    return None if row is None else _account(row)


def vouched(db: sqlite3.Connection, outside: str, subject: str) -> AccountRow | None:
    """Return the account for which an issuer vouches under this subject."""
    row = db.execute(
        f"SELECT {_ACCOUNT} FROM account WHERE outside = ? AND subject = ?",  # noqa: S608 - a constant
        (outside, subject),
    ).fetchone()
    return None if row is None else _account(row)


def other_admins(db: sqlite3.Connection, key: str) -> int:
    """Return how many admins can come in beside this account."""
    query = "SELECT count(*) FROM account WHERE role = ? AND disabled = 0 AND key <> ?"
    return int(db.execute(query, (Role.ADMIN.value, key)).fetchone()[0])


def put_session(
    db: sqlite3.Connection, digest: bytes, key: str, *, now_ms: int, network: str | None, terms: Terms
) -> int:
    """Begin a session and return when it ends at the latest; the oldest surplus ones of the account go."""
    expires_ms = now_ms + terms.session_ms
    db.execute("DELETE FROM session WHERE expires_ms <= ? OR seen_ms <= ?", (now_ms, now_ms - terms.idle_ms))
    db.execute("DELETE FROM once WHERE expires_ms <= ?", (now_ms,))
    db.execute(f"INSERT INTO session ({_SESSION}) VALUES (?, ?, ?, ?, ?)", (digest, key, now_ms, now_ms, expires_ms))  # noqa: S608 - a constant
    db.execute(
        "DELETE FROM session WHERE account = ? AND digest NOT IN"
        " (SELECT digest FROM session WHERE account = ? ORDER BY digest = ? DESC, begun_ms DESC LIMIT ?)",
        (key, key, digest, terms.sessions_an_account),
    )
    db.execute("UPDATE account SET seen_ms = max(coalesce(seen_ms, 0), ?) WHERE key = ?", (now_ms, key))
    db.execute("DELETE FROM known WHERE seen_ms <= ?", (now_ms - terms.known_ms,))
    if network is None:
        return expires_ms
    db.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", (key, network, now_ms))
    db.execute(
        "DELETE FROM known WHERE account = ? AND network NOT IN"
        " (SELECT network FROM known WHERE account = ? ORDER BY seen_ms DESC LIMIT ?)",
        (key, key, terms.networks_an_account),
    )
    return expires_ms


def end_sessions(db: sqlite3.Connection, key: str) -> None:
    """End everything by which an account came in, links that were not used yet as well."""
    db.execute("DELETE FROM session WHERE account = ?", (key,))
    db.execute("DELETE FROM once WHERE account = ?", (key,))


def put_token(db: sqlite3.Connection, token: TokenRow) -> None:
    """Add a token."""
    db.execute(
        f"INSERT INTO token ({_TOKEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        (
            token.id,
            token.digest,
            token.name,
            token.role.value,
            scope_text(token.scope),
            token.created_ms,
            token.created_by,
            token.expires_ms,
            token.used_ms,
        ),
    )


def note_use(db: sqlite3.Connection, seen: dict[bytes, int]) -> None:
    """Write down when sessions and tokens were used last; `seen` is by digest."""
    for digest, at_ms in seen.items():
        db.execute("UPDATE session SET seen_ms = ? WHERE digest = ? AND seen_ms < ?", (at_ms, digest, at_ms))
        db.execute(
            "UPDATE account SET seen_ms = ? WHERE key = (SELECT account FROM session WHERE digest = ?)"
            " AND coalesce(seen_ms, 0) < ?",
            (at_ms, digest, at_ms),
        )
        db.execute("UPDATE token SET used_ms = ? WHERE digest = ? AND coalesce(used_ms, 0) < ?", (at_ms, digest, at_ms))


def enter(db: sqlite3.Connection, record: AuditRecord) -> AuditRecord:
    """Append to the audit log, sealed to the newest entry; number and head of `record` don't count."""
    last = db.execute("SELECT number, head FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    number, previous = (1, genesis_of(db)) if last is None else (last[0] + 1, last[1])
    texts = texts_of(record)
    head = sealed(previous, number, record.at_ms, texts)
    marks = ", ".join("?" * 9)
    db.execute(f"INSERT INTO audit ({AUDIT}) VALUES ({marks})", (number, record.at_ms, *texts, head))  # noqa: S608 - constants
    by, role, address, what, target, detail = texts
    return AuditRecord(
        number=number,
        at_ms=record.at_ms,
        by=by,
        role=role,
        address=address,
        what=what,
        target=target,
        detail=detail,
        head=head.hex(),
    )
