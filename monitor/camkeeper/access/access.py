"""The room as the board sees it (`AccessSource`). Requests are answered from memory, deeds once on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self, TypeVar

import structlog

from camkeeper.access import changes, file, rows
from camkeeper.access.changes import Step
from camkeeper.access.commands import perform
from camkeeper.access.hashing import Cost, Hashing, TooBusyError
from camkeeper.access.localkey import PREFIX, taken_apart
from camkeeper.access.notes import Trickle, entry
from camkeeper.access.password import normal, unfit
from camkeeper.access.record import AccessError, AccountRow, SessionRow, Terms, TokenRow
from camkeeper.access.secret import TOKEN_PREFIX, digest_of, new_password
from camkeeper.access.signin import BUSY, SignIn
from camkeeper.access.writer import Desk, Writer
from camkeeper.clock import Clock
from camkeeper.model.access import Principal, Role, Scope, Via
from camkeeper.standing.access import Account, ApiToken, AuditRecord, NotSignedIn, SignedIn, Told

T = TypeVar("T")

MAX_PAGE = 1_000
_log = structlog.get_logger(__name__)


class Access:
    """Accounts, sessions, tokens and the audit log. One owner, the event loop.

    `address`: where a request came from, for the audit log; empty: how somebody showed who they are.
    """

    def __init__(self, path: Path, clock: Clock, *, cost: Cost | None = None, terms: Terms | None = None) -> None:
        self.path, self._clock, self._terms = path, clock, terms or Terms()
        self._writer = Writer(path, created_ms=clock.wall_ms())
        self._hashing = Hashing(cost)
        self._sign_in = SignIn(self._writer, clock, self._hashing, self._terms)
        self._trickle = Trickle(clock)
        self._local: bytes | None = None
        self._seen: dict[bytes, int] = {}
        self._written_ms = clock.elapsed_ms()
        self._closed = False

    @classmethod
    def open(cls, path: Path, *, clock: Clock, cost: Cost | None = None, terms: Terms | None = None) -> Self:
        """Open for writing, creating the store where there is none.

        AccessBusyError where another process has it, AccessError where it is damaged or cannot be written.
        """
        return cls(path, clock, cost=cost, terms=terms)

    def let_local(self, key: str) -> None:
        """Say which key commands on this machine have."""
        self._local = digest_of(key)

    # What every request asks

    def by_session(self, secret: str) -> Principal | None:
        """Return whom a session's cookie stands for; None once it ended, aged, or its password was changed."""
        session = self._writer.held.sessions.get(digest_of(secret))
        if session is None:
            return None
        now_ms = self._clock.wall_ms()
        if now_ms >= session.expires_ms or now_ms - self._used_ms(session) >= self._terms.idle_ms:
            return None
        self._use(session.digest, now_ms)
        return session.principal

    def by_token(self, secret: str) -> Principal | None:
        """Return whom a bearer token, or the key of this machine, stands for; None for any other text."""
        if secret.startswith(PREFIX):
            key, name = taken_apart(secret)
            if self._local is None or digest_of(key) != self._local:
                return None
            return Principal(name=name, role=Role.ADMIN, via=Via.LOCAL)
        token = self._writer.held.tokens.get(digest_of(secret)) if secret.startswith(TOKEN_PREFIX) else None
        now_ms = self._clock.wall_ms()
        if token is None or _over(token, now_ms):
            return None
        self._use(token.digest, now_ms)
        return Principal(name=token.name, role=token.role, scope=token.scope, via=Via.TOKEN)

    def _used_ms(self, session: SessionRow) -> int:
        return max(session.seen_ms, self._seen.get(session.digest, 0))

    def _use(self, digest: bytes, now_ms: int) -> None:
        self._seen[digest] = now_ms
        if self._clock.elapsed_ms() - self._written_ms >= self._terms.seen_every_ms:
            self._write_use()

    def _write_use(self) -> None:
        """Let the disk know who was here; nobody waits for it."""
        self._written_ms = self._clock.elapsed_ms()
        held, seen = self._writer.held, self._seen
        self._seen = {d: at for d, at in seen.items() if d in held.sessions or d in held.tokens}
        used = dict(self._seen)

        def run(desk: Desk) -> None:
            rows.note_use(desk.db, used)
            desk.changed = True

        with suppress(AccessError):  # whoever asks is answered all the same
            self._writer.put(run)

    # Signing in

    async def sign_in(self, name: str, password: str, *, address: str) -> SignedIn | NotSignedIn:
        """Begin a session; attempts are limited for each account and for each address."""
        return await self._sign_in.by_password(name, password, address=address)

    async def sign_in_once(self, code: str, *, address: str) -> SignedIn | NotSignedIn:
        """Begin a session by a one-time code; it is gone afterwards."""
        return await self._sign_in.by_code(code, address=address)

    async def sign_in_outside(
        self, issuer: str, subject: str, name: str, role: Role, scope: Scope, *, address: str
    ) -> SignedIn | NotSignedIn:
        """Begin a session for whom an identity provider vouches; an account is made at the first time."""
        bad = changes.unfit_account(name, role)
        if bad is not None:
            return NotSignedIn(zh=bad.zh, en=bad.en)
        now_ms = self._clock.wall_ms()
        account = AccountRow(
            name=name,
            role=role,
            scope=scope,
            created_ms=now_ms,
            changed_ms=now_ms,
            outside=issuer,
            subject=subject,
        )
        return await self._sign_in.outside(account, address=address)

    async def sign_out(self, principal: Principal, *, address: str = "") -> None:
        """End the session; nothing to end for who came otherwise."""
        if principal.via is Via.SESSION:
            await self._sign_in.end(principal, address=address)

    async def change_password(
        self, principal: Principal, old: str, new: str, *, address: str = ""
    ) -> SignedIn | NotSignedIn:
        """Set a new password: every session of the account ends, and a new one begins.

        `old` isn't looked at while `must_change`: who came by a one-time link has none.
        """
        return await self._sign_in.change(principal, old, new, address=address)

    # Accounts and tokens

    @property
    def untouched(self) -> bool:
        """Whether no admin has a password of their own yet."""
        return self._writer.held.untouched

    def accounts(self) -> tuple[Account, ...]:
        """Return every account, by name."""
        held = self._writer.held
        seen: dict[str, int] = {}
        for session in held.sessions.values():
            seen[session.account] = max(seen.get(session.account, 0), self._used_ms(session))
        return tuple(
            Account(
                name=a.name,
                role=a.role,
                scope=a.scope,
                disabled=a.disabled,
                created_ms=a.created_ms,
                changed_ms=a.changed_ms,
                seen_ms=max(a.seen_ms or 0, seen.get(key, 0)) or None,
                outside=a.outside,
            )
            for key, a in sorted(held.accounts.items())
        )

    def tokens(self) -> tuple[ApiToken, ...]:
        """Return every token that still counts, by name."""
        now_ms = self._clock.wall_ms()
        live = [t for t in self._writer.held.tokens.values() if not _over(t, now_ms)]
        return tuple(
            ApiToken(
                id=t.id,
                name=t.name,
                role=t.role,
                scope=t.scope,
                created_ms=t.created_ms,
                created_by=t.created_by,
                expires_ms=t.expires_ms,
                used_ms=max(t.used_ms or 0, self._seen.get(t.digest, 0)) or None,
            )
            for t in sorted(live, key=lambda t: (t.name, t.id))
        )

    async def first_run(self) -> str | None:
        """Make the account `admin` where there is none at all, and return its one-time password; None otherwise."""
        if self._writer.held.accounts:
            return None
        password = new_password()
        hashed, now_ms = await self._hashing.hash(password), self._clock.wall_ms()
        made = await self._do(lambda desk: changes.first_account(desk, now_ms, hashed))
        return password if made else None

    async def first_link(self, by: Principal, *, address: str = "") -> Told:
        """Make a code for `sign_in_once` as the first admin, who then sets a new password; `secret` is the code.

        Only for who is on the machine: `by.via` is LOCAL.
        """
        if by.via is not Via.LOCAL:
            return changes.NOT_ADMIN
        step = self._step(by, address)
        return await self._do(lambda desk: changes.first_link(desk, step, self._terms))

    async def add_account(self, by: Principal, name: str, role: Role, scope: Scope, *, address: str = "") -> Told:
        """Add an account; a one-time password comes back."""
        bad = self._not_admin(by) or changes.unfit_account(name, role)
        if bad is not None:
            return bad
        step = self._step(by, address)

        def change(desk: Desk, hashed: str) -> Told:
            row = AccountRow(
                name=name,
                role=role,
                scope=scope,
                password=hashed,
                must_change=True,
                created_ms=step.at_ms,
                changed_ms=step.at_ms,
            )
            return changes.add_account(desk, step, row)

        return await self._with_password(new_password(), change, shown=True)

    async def change_account(
        self, by: Principal, name: str, *, role: Role, scope: Scope, disabled: bool, address: str = ""
    ) -> Told:
        """Change an account; its sessions end. The last admin can't be taken away."""
        bad, step = self._not_admin(by), self._step(by, address)
        if bad is not None:
            return bad
        return await self._do(
            lambda desk: changes.change_account(desk, step, name, role=role, scope=scope, disabled=disabled)
        )

    async def reset_password(self, by: Principal, name: str, *, address: str = "") -> Told:
        """Give an account a new one-time password; its sessions end."""
        bad, step = self._not_admin(by), self._step(by, address)
        if bad is not None:
            return bad
        return await self._with_password(
            new_password(),
            lambda desk, hashed: changes.set_password(desk, step, name, hashed, once=True),
            shown=True,
        )

    async def set_password(self, by: Principal, name: str, password: str, *, address: str = "") -> Told:
        """Set an account's password for good; its sessions end. Only for who is on the machine."""
        if by.via is not Via.LOCAL:
            return changes.NOT_ADMIN
        bad = unfit(password, name=name)
        if bad is not None:
            return changes.refused(bad.zh, bad.en)
        step = self._step(by, address)
        return await self._with_password(
            normal(password),
            lambda desk, hashed: changes.set_password(desk, step, name, hashed, once=False),
            shown=False,
        )

    async def add_token(
        self, by: Principal, name: str, role: Role, scope: Scope, *, days: int | None, address: str = ""
    ) -> Told:
        """Make a token; its secret comes back once."""
        bad = self._not_admin(by) or changes.unfit_token(name, days)
        if bad is not None:
            return bad
        step = self._step(by, address)
        row, secret = changes.new_token_row(name, role, scope, by=by.name, at_ms=step.at_ms, days=days)
        told = await self._do(lambda desk: changes.add_token(desk, step, row))
        return Told(done=True, zh=told.zh, en=told.en, secret=secret) if told.done else told

    async def revoke_token(self, by: Principal, token_id: str, *, address: str = "") -> Told:
        """End a token."""
        bad, step = self._not_admin(by), self._step(by, address)
        if bad is not None:
            return bad
        return await self._do(lambda desk: changes.revoke_token(desk, step, token_id))

    async def command(self, by: Principal, command: str, fields: Mapping[str, str], *, address: str = "") -> Told:
        """Do what `camkeeper access` asks. LookupError: unknown command; ValueError: a field that cannot be read."""
        return await perform(self, by, command, fields, address=address)

    # The audit log

    async def note(self, by: Principal | None, what: str, target: str, *, address: str, detail: str = "") -> None:
        """Put a deed into the audit log; returns when it is on disk.

        Of people who did not sign in some may be left out, and are counted in the next. ValueError: `what` is no word.
        """
        if by is None:
            if not self._trickle.passes():
                return
            detail = " ".join(filter(None, (detail, self._trickle.told())))
        made = entry(by, what, target, at_ms=self._clock.wall_ms(), address=address, detail=detail)
        await self._do(lambda desk: rows.enter(desk.db, made))

    async def audit(self, *, before: int | None, count: int) -> tuple[AuditRecord, ...]:
        """Return entries of the audit log, newest first, from below number `before`."""
        return await asyncio.to_thread(file.newest, self.path, before=before, count=max(1, min(count, MAX_PAGE)))

    def close(self) -> bool:
        """Write what waits and let go of the file; False where the disk would not take it."""
        if self._closed:
            return True
        self._closed = True
        if self._seen:
            self._write_use()
        self._hashing.close()
        return self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _step(self, by: Principal, address: str) -> Step:
        return Step(by=by, at_ms=self._clock.wall_ms(), address=address or by.via.value)

    def _not_admin(self, by: Principal) -> Told | None:
        # The table of routes says so as well; this is the room's own door.
        # Who sees a part of the township only could otherwise make an account that sees all of it.
        good = by.role is Role.ADMIN and by.scope.whole and not by.must_change
        return None if good else changes.NOT_ADMIN

    async def _with_password(self, password: str, change: Callable[[Desk, str], Told], *, shown: bool) -> Told:
        try:
            hashed = await self._hashing.hash(password)
        except TooBusyError:
            return changes.refused(BUSY.zh, BUSY.en)
        told = await self._do(lambda desk: change(desk, hashed))
        return Told(done=True, zh=told.zh, en=told.en, secret=password) if told.done and shown else told

    async def _do(self, run: Callable[[Desk], T]) -> T:
        return await asyncio.wrap_future(self._writer.put(run))


def _over(token: TokenRow, now_ms: int) -> bool:
    return token.expires_ms is not None and token.expires_ms <= now_ms
