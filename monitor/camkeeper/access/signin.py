"""Signing in: limits first, then the password, then the session; and all answers to strangers alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from camkeeper.access import changes, rows
from camkeeper.access.changes import Step
from camkeeper.access.hashing import Hashing, TooBusyError
from camkeeper.access.limits import Limits, Try, network_of
from camkeeper.access.notes import Trickle, entry
from camkeeper.access.password import MAX_CHARACTERS, normal, unfit
from camkeeper.access.record import AccountRow, Terms, key_of
from camkeeper.access.secret import digest_of
from camkeeper.access.writer import Desk, Writer
from camkeeper.clock import Clock
from camkeeper.model.access import Deed, Principal
from camkeeper.standing.access import NotSignedIn, SignedIn

WRONG = NotSignedIn(zh="账户名或密码不对", en="Wrong name or password")
NOT_THIS_ONE = NotSignedIn(
    zh="统一认证放行了，但这个账户在本系统已停用，或与已有账户同名；请找管理员",
    en="The identity provider let you through, but this account is disabled here, or its name is taken; ask your admin",
)
WRONG_CODE = NotSignedIn(
    zh="链接已用过或已过期；请在监测主机上运行 camkeeper access first 重新生成",
    en="This link was used or has expired; run camkeeper access first on the monitor's machine for a new one",
)
WRONG_OLD = NotSignedIn(zh="原密码不对", en="The old password is wrong")
SAME = NotSignedIn(zh="新密码与原密码相同", en="The new password is the old one")
ENDED = NotSignedIn(zh="登录已失效，请重新登录", en="The session has ended; sign in again")
BUSY_S = 5
BUSY = NotSignedIn(
    zh="登录的人太多，请几秒后再试", en="Too many sign in at once; try again in a few seconds", retry_after_s=BUSY_S
)


class SignIn:
    """Begins and ends sessions. One owner, the event loop."""

    def __init__(self, writer: Writer, clock: Clock, hashing: Hashing, terms: Terms) -> None:
        self._writer, self._clock, self._hashing, self._terms = writer, clock, hashing, terms
        self._limits = Limits(clock)
        self._limited: dict[str, int] = {}
        self._trickle = Trickle(clock)

    async def by_password(self, name: str, password: str, *, address: str) -> SignedIn | NotSignedIn:
        """Begin a session; the same words and the same time for a wrong name and a wrong password."""
        key, network = key_of(name[:200]), network_of(address)
        account = self._writer.held.accounts.get(key)
        at_home = network in self._writer.held.known.get(key, frozenset())
        one = Try(key=key, network=network, exists=account is not None, at_home=at_home)
        wait_s = self._limits.begin(one)
        if wait_s:
            return await self._wait(one, account, address, wait_s)
        fit = len(password) <= 4 * MAX_CHARACTERS
        stored = account.password if account is not None and fit and not account.disabled else None
        try:
            good = await self._hashing.fits(stored, normal(password) if fit else "")
        except TooBusyError:
            self._limits.unseen(one)
            return BUSY
        if account is None or not good:
            # Whoever types their password into the field of the name shall not find it in the log.
            await self._refuse(Deed.LOGIN_REFUSED, account.name if account is not None else "?", address)
            return WRONG
        signed = await self._begin(account, address=address, how="")
        if isinstance(signed, SignedIn):
            self._limits.right(one)
            if stored is not None and self._hashing.outdated(stored):
                await self._rehash(account, password)
        return signed

    async def by_code(self, code: str, *, address: str) -> SignedIn | NotSignedIn:
        """Begin a session by a one-time code; it is gone afterwards."""
        network = network_of(address)
        one = Try(key=f"once {network}", network=network, exists=False, at_home=False)
        wait_s = self._limits.begin(one)
        if wait_s:
            return await self._wait(one, None, address, wait_s)
        digest, at_ms = digest_of(code[:200]), self._clock.wall_ms()
        step = Step(by=None, at_ms=at_ms, address=address)

        def run(desk: Desk) -> SignedIn | None:
            row = desk.db.execute("SELECT account, expires_ms FROM once WHERE digest = ?", (digest,)).fetchone()
            account = None if row is None else rows.account(desk.db, row[0])
            if row is None or account is None or account.disabled or row[1] <= at_ms:
                return None
            desk.db.execute("DELETE FROM once WHERE digest = ?", (digest,))
            return changes.begin_session(desk, step, account, network=network, terms=self._terms, how="once")

        signed = await asyncio.wrap_future(self._writer.put(run))
        if signed is None:
            await self._refuse(Deed.LOGIN_REFUSED, "once", address)
            return WRONG_CODE
        self._limits.right(one)
        return signed

    async def outside(self, account: AccountRow, *, address: str) -> SignedIn | NotSignedIn:
        """Begin a session for whom an identity provider vouches; role and scope are what it says now."""
        at_ms = self._clock.wall_ms()
        step = Step(by=None, at_ms=at_ms, address=address)
        network = network_of(address)

        def run(desk: Desk) -> SignedIn | None:
            there = rows.vouched(desk.db, account.outside, account.subject)
            if there is None:
                if not changes.add_account(desk, step, account).done:
                    return None
                there = account
            elif there.disabled:
                return None
            elif (there.role, there.scope) != (account.role, account.scope):
                there = replace(there, role=account.role, scope=account.scope)
                rows.put_account(desk.db, there)
                rows.end_sessions(desk.db, there.key)
                step.note(desk, Deed.ACCOUNT_CHANGE, there.name, changes.said(there.role, there.scope))
            return changes.begin_session(desk, step, there, network=network, terms=self._terms, how="oidc")

        signed = await asyncio.wrap_future(self._writer.put(run))
        if signed is None:
            await self._refuse(Deed.LOGIN_REFUSED, account.name, address, detail="oidc")
            return NOT_THIS_ONE
        return signed

    async def change(self, principal: Principal, old: str, new: str, *, address: str) -> SignedIn | NotSignedIn:
        """Set a new password: every session of the account ends, and a new one begins.

        While a one-time password stands the old one isn't asked for: who came by a one-time link has none.
        """
        key = key_of(principal.name)
        account = self._writer.held.accounts.get(key)
        session = self._writer.held.sessions.get(bytes.fromhex(principal.session_id))
        if account is None or session is None or session.account != key or account.outside:
            return ENDED
        bad = unfit(new, name=account.name)
        if bad is not None:
            return NotSignedIn(zh=bad.zh, en=bad.en)
        one = Try(key=key, network="session", exists=True, at_home=True)
        wait_s = self._limits.begin(one)
        if wait_s:
            return too_many(wait_s)
        try:
            hashed = await self._replacing(account, old, new)
        except TooBusyError:
            self._limits.unseen(one)
            return BUSY
        if hashed is WRONG_OLD:
            await self._refuse(Deed.PASSWORD_REFUSED, account.name, address, by=principal)
            return WRONG_OLD
        self._limits.right(one)
        step = Step(by=principal, at_ms=self._clock.wall_ms(), address=address)
        return hashed if isinstance(hashed, NotSignedIn) else await self._replace(step, account, hashed)

    async def _replacing(self, account: AccountRow, old: str, new: str) -> str | NotSignedIn:
        """Return the new hash, or why not."""
        if not account.must_change and not await self._hashing.fits(account.password, normal(old[:1000])):
            return WRONG_OLD
        if account.password is not None and await self._hashing.fits(account.password, normal(new)):
            return SAME
        return await self._hashing.hash(normal(new))

    async def _replace(self, step: Step, account: AccountRow, hashed: str) -> SignedIn | NotSignedIn:
        def run(desk: Desk) -> SignedIn | None:
            there = rows.account(desk.db, account.key)
            # Somebody may have reset it meanwhile: then this session has ended.
            if there is None or there.disabled or there.password != account.password:
                return None
            changes.set_password(desk, step, account.name, hashed, once=False)
            fresh = replace(there, password=hashed, must_change=False, changed_ms=step.at_ms)
            return changes.begin_session(desk, step, fresh, network=None, terms=self._terms, how="password_set")

        return await asyncio.wrap_future(self._writer.put(run)) or ENDED

    async def end(self, principal: Principal, *, address: str) -> None:
        """End one session."""
        digest = bytes.fromhex(principal.session_id)
        step = Step(by=principal, at_ms=self._clock.wall_ms(), address=address)

        def run(desk: Desk) -> None:
            if desk.db.execute("DELETE FROM session WHERE digest = ?", (digest,)).rowcount:
                desk.changed = True
                step.note(desk, Deed.LOGOUT, principal.name)

        await asyncio.wrap_future(self._writer.put(run))

    async def _begin(self, account: AccountRow, *, address: str, how: str) -> SignedIn | NotSignedIn:
        step = Step(by=None, at_ms=self._clock.wall_ms(), address=address)
        network = network_of(address)

        def run(desk: Desk) -> SignedIn | None:
            there = rows.account(desk.db, account.key)
            if there is None or there.disabled or there.password != account.password:
                return None  # it was changed while we computed
            return changes.begin_session(desk, step, there, network=network, terms=self._terms, how=how)

        return await asyncio.wrap_future(self._writer.put(run)) or WRONG

    async def _rehash(self, account: AccountRow, password: str) -> None:
        """Keep a password at today's cost; sessions go on, for it is the same password."""
        try:
            hashed = await self._hashing.hash(normal(password))
        except TooBusyError:
            return

        def run(desk: Desk) -> None:
            query = "UPDATE account SET password = ? WHERE key = ? AND password = ?"
            desk.changed = (
                bool(desk.db.execute(query, (hashed, account.key, account.password)).rowcount) or desk.changed
            )

        await asyncio.wrap_future(self._writer.put(run))

    async def _wait(self, one: Try, account: AccountRow | None, address: str, wait_s: int) -> NotSignedIn:
        name = account.name if account is not None else "?"
        now_ms, key = self._clock.elapsed_ms(), f"{one.network} {name}"
        if self._limited.get(key, -1) < now_ms:
            if len(self._limited) > 1000:
                self._limited = {k: until for k, until in self._limited.items() if until >= now_ms}
            self._limited[key] = now_ms + wait_s * 1000
            await self._refuse(Deed.LOGIN_LIMITED, name, address, detail=f"{wait_s} s")
        return too_many(wait_s)

    async def _refuse(
        self, what: Deed, target: str, address: str, *, by: Principal | None = None, detail: str = ""
    ) -> None:
        if not self._trickle.passes():
            return
        detail = " ".join(filter(None, (detail, self._trickle.told())))
        made = entry(by, what.value, target, at_ms=self._clock.wall_ms(), address=address, detail=detail)
        await asyncio.wrap_future(self._writer.put(lambda desk: rows.enter(desk.db, made)))


def too_many(wait_s: int) -> NotSignedIn:
    """Return the sentence for who has to wait."""
    minutes, seconds = divmod(wait_s, 60)
    zh = f"{minutes} 分 {seconds} 秒" if minutes else f"{seconds} 秒"
    en = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return NotSignedIn(
        zh=f"尝试次数过多，请 {zh}后再试", en=f"Too many attempts; try again in {en}", retry_after_s=wait_s
    )
