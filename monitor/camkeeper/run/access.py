"""The door: accounts where people sign in, a key for commands on this machine, and what is said at start."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from camkeeper.access import (
    Access,
    AccessError,
    access_beside,
    file,
    key_beside,
    leave_key,
    new_password,
    os_user,
    take_key,
)
from camkeeper.access.rows import read_all
from camkeeper.clock import Clock
from camkeeper.model.access import EVERYTHING, PEOPLE, Principal, Role, Scope, Via
from camkeeper.run.board import BoardError, is_loopback

Login = Literal["password", "open"]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who keeps the door, and what to tell at start."""

    access: Access | None
    """None: `--login open`."""
    first_password: str | None = None
    """Of the account that was just made."""
    trial: Mapping[Role, Scope] | None = None
    """A demo: an account of each role, with a password of this run."""

    async def tell(self, address: str) -> None:
        """Tell how to come in for the first time: on a terminal only, for what is secret never goes into a log."""
        if self.access is None:
            return
        if self.trial is not None:
            for name, password in await one_of_each(self.access, self.trial):
                print(f"账户 / account  {name:<12} {password}", flush=True)
        if not self.access.untouched:
            return
        if self.first_password is None or not sys.stdout.isatty():
            _log.warning(
                "first_password",
                zh="还没有人设置管理员密码；请运行 camkeeper access first 取得一次性登录链接",
                en="no admin has set a password yet; run camkeeper access first for a link that signs in once",
            )
            return
        told = await self.access.first_link(local())
        print(
            f"\n首次登录 / first sign-in: {address}login?once={told.secret}\n"
            f"  或 / or: admin / {self.first_password}\n"
            "  只显示这一次，登录后须设置新密码；丢失时运行 camkeeper access first\n"
            "  Shown this once; a new password is set after it. Lost: camkeeper access first\n",
            flush=True,
        )


def local() -> Principal:
    """Return whoever runs this program on this machine."""
    return Principal(name=os_user(), role=Role.ADMIN, via=Via.LOCAL)


@asynccontextmanager
async def open_access(
    ledger: Path, clock: Clock, *, login: Login, host: str, trial: Mapping[Role, Scope] | None = None, tls: bool = False
) -> AsyncIterator[Door]:
    """Keep the door until the block ends. AccessError where it cannot be kept."""
    if login == "open":
        key_beside(ledger).unlink(missing_ok=True)
        yield Door(access=None)
        return
    with Access.open(access_beside(ledger), clock=clock) as access:
        first = await access.first_run()
        if not tls and not is_loopback(host):
            _log.warning(
                "plain_http",
                zh="看板以明文 HTTP 对外监听，密码可被同网段窃听；请配置 board.tls，或在前面放置 TLS 反向代理",
                en="the board listens beyond loopback in plain HTTP: passwords can be overheard; configure board.tls",
            )
        key = leave_key(ledger)
        access.let_local(key)
        try:
            yield Door(access=access, first_password=first, trial=trial)
        finally:
            take_key(ledger, key)


def check_reach(ledger: Path, listen: str, host: str) -> None:
    """Refuse to be reached from elsewhere while the first password stands. BoardError with the remedy."""
    path = access_beside(ledger)
    if is_loopback(host) or (path.is_file() and not file.read(path, read_all).untouched):
        return
    raise BoardError(
        f"--listen {listen}：管理员还没有自己的密码，不能对外监听；"
        f"请先运行 camkeeper access passwd admin --ledger {ledger}"
        f" / no admin has a password of their own yet: first run camkeeper access passwd admin --ledger {ledger}"
    )


async def one_of_each(access: Access, scopes: Mapping[Role, Scope]) -> list[tuple[str, str]]:
    """Give an account of each role a password of this run, for a demo; (name, password) each."""
    out = []
    there = {account.name for account in access.accounts()}
    for role in PEOPLE:
        scope, password = scopes.get(role, EVERYTHING), new_password()
        if role.value not in there:
            await access.add_account(local(), role.value, role, scope)
        told = await access.set_password(local(), role.value, password)
        if not told.done:
            raise AccessError(f"{told.zh} / {told.en}")
        out.append((role.value, password))
    return sorted(out)
