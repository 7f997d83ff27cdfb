"""Changes of accounts and tokens, each in one transaction with its entry in the audit log.

Every rule is looked at inside the transaction: what was true when somebody asked may not be any more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from camkeeper.access import rows
from camkeeper.access.notes import entry
from camkeeper.access.record import DAY_MS, MAX_NAME, AccountRow, Terms, TokenRow, key_of
from camkeeper.access.secret import digest_of, new_secret, new_token
from camkeeper.access.writer import Desk
from camkeeper.message.clean import clean
from camkeeper.model.access import PEOPLE, Deed, Principal, Role, Scope
from camkeeper.standing.access import SignedIn, Told

FIRST_NAME = "admin"
MAX_ACCOUNTS = 2_000
MAX_TOKENS = 2_000
MAX_TOKEN_DAYS = 3_650


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of somebody, and when."""

    by: Principal | None
    at_ms: int
    address: str = ""

    def note(self, desk: Desk, what: Deed, target: str, detail: str = "") -> None:
        """Enter it."""
        made = entry(self.by, what.value, target, at_ms=self.at_ms, address=self.address, detail=detail)
        rows.enter(desk.db, made)


def refused(zh: str, en: str) -> Told:
    """Return a refusal."""
    return Told(done=False, zh=zh, en=en)


NOT_ADMIN = refused("只有管理员可以这样做", "Only an admin may do this")
NO_ACCOUNT = refused("没有这个账户", "There is no such account")
LAST_ADMIN = refused("这是最后一个管理员，不能停用或改为其他角色", "This is the last admin: it can't be taken away")
OUTSIDE = refused(
    "这个账户由统一认证登录，这里没有它的密码", "An identity provider vouches for this account: no password"
)


def begin_session(
    desk: Desk, step: Step, account: AccountRow, *, network: str | None, terms: Terms, how: str
) -> SignedIn:
    """Begin a session of an account; `network` None: from one that it has already."""
    secret = new_secret()
    digest = digest_of(secret)
    desk.changed = True
    expires_ms = rows.put_session(desk.db, digest, account.key, now_ms=step.at_ms, network=network, terms=terms)
    principal = rows.principal_of(account, digest)
    replace(step, by=principal).note(desk, Deed.LOGIN, account.name, how)
    return SignedIn(secret=secret, principal=principal, expires_ms=expires_ms)


def first_account(desk: Desk, at_ms: int, password: str) -> bool:
    """Make the first account where there is none; False where there is one."""
    if desk.db.execute("SELECT count(*) FROM account").fetchone()[0]:
        return False
    desk.changed = True
    account = AccountRow(
        name=FIRST_NAME, role=Role.ADMIN, password=password, must_change=True, created_ms=at_ms, changed_ms=at_ms
    )
    rows.put_account(desk.db, account)
    Step(by=None, at_ms=at_ms).note(desk, Deed.STORE_BEGUN, FIRST_NAME)
    return True


def unfit_account(name: str, role: Role) -> Told | None:
    """Return why there can be no such account."""
    if not name or clean(name, limit=MAX_NAME) != name or not key_of(name):
        return refused(
            f"账户名需 1 至 {MAX_NAME} 个字，不含不可见字符", f"A name has 1 to {MAX_NAME} visible characters"
        )
    if role not in PEOPLE:
        return refused("大屏和指标采集只用令牌，不设账户", "The wall and metrics have tokens, not accounts")
    return None


def add_account(desk: Desk, step: Step, account: AccountRow) -> Told:
    """Add an account."""
    if rows.account(desk.db, account.key) is not None:
        return refused("已有同名账户", "There is an account of this name")
    if desk.db.execute("SELECT count(*) FROM account").fetchone()[0] >= MAX_ACCOUNTS:
        return refused(f"账户已满 {MAX_ACCOUNTS} 个", f"There are {MAX_ACCOUNTS} accounts already")
    desk.changed = True
    rows.put_account(desk.db, account)
    step.note(desk, Deed.ACCOUNT_ADD, account.name, said(account.role, account.scope))
    return Told(done=True, zh=f"已添加账户 {account.name}", en=f"Account {account.name} was added")


def change_account(desk: Desk, step: Step, name: str, *, role: Role, scope: Scope, disabled: bool) -> Told:
    """Change an account's role, scope or whether it is disabled; its sessions end."""
    account = rows.account(desk.db, key_of(name))
    if account is None:
        return NO_ACCOUNT
    if role not in PEOPLE:
        return refused("大屏和指标采集只用令牌，不设账户", "The wall and metrics have tokens, not accounts")
    if _takes_last_admin(desk, account, role=role, disabled=disabled):
        return LAST_ADMIN
    desk.changed = True
    rows.put_account(desk.db, replace(account, role=role, scope=scope, disabled=disabled))
    rows.end_sessions(desk.db, account.key)
    step.note(desk, Deed.ACCOUNT_CHANGE, account.name, said(role, scope) + (" disabled" if disabled else ""))
    return Told(done=True, zh=f"已修改账户 {account.name}", en=f"Account {account.name} was changed")


def _takes_last_admin(desk: Desk, account: AccountRow, *, role: Role, disabled: bool) -> bool:
    was = account.role is Role.ADMIN and not account.disabled
    return was and (role is not Role.ADMIN or disabled) and not rows.other_admins(desk.db, account.key)


def set_password(desk: Desk, step: Step, name: str, password: str, *, once: bool) -> Told:
    """Set an account's password; `once`: it has to be changed at the next sign-in. Sessions end."""
    account = rows.account(desk.db, key_of(name))
    if account is None:
        return NO_ACCOUNT
    if account.outside:
        return OUTSIDE
    desk.changed = True
    rows.put_account(desk.db, replace(account, password=password, must_change=once, changed_ms=step.at_ms))
    rows.end_sessions(desk.db, account.key)
    step.note(desk, Deed.PASSWORD_RESET if once else Deed.PASSWORD_SET, account.name)
    return Told(done=True, zh=f"已为 {account.name} 设置新密码", en=f"A new password was set for {account.name}")


def first_link(desk: Desk, step: Step, terms: Terms) -> Told:
    """Make a code that signs in once as the admin who was there first; that one then has to set a new password."""
    row = desk.db.execute(
        "SELECT key FROM account WHERE role = ? AND outside = '' ORDER BY disabled, name <> ?, created_ms, key LIMIT 1",
        (Role.ADMIN.value, FIRST_NAME),
    ).fetchone()
    account = None if row is None else rows.account(desk.db, row[0])
    if account is None:
        return NO_ACCOUNT
    code = new_secret()
    desk.changed = True
    rows.put_account(desk.db, replace(account, disabled=False, must_change=True))
    rows.end_sessions(desk.db, account.key)
    desk.db.execute("INSERT INTO once VALUES (?, ?, ?)", (digest_of(code), account.key, step.at_ms + terms.once_ms))
    step.note(desk, Deed.FIRST_LINK, account.name)
    return Told(done=True, zh=account.name, en=account.name, secret=code)


def add_token(desk: Desk, step: Step, token: TokenRow) -> Told:
    """Add a token whose digest is of the secret that `new_token_row` gave."""
    if desk.db.execute("SELECT count(*) FROM token").fetchone()[0] >= MAX_TOKENS:
        return refused(f"令牌已满 {MAX_TOKENS} 个", f"There are {MAX_TOKENS} tokens already")
    desk.changed = True
    rows.put_token(desk.db, token)
    until = "" if token.expires_ms is None else f" {(token.expires_ms - token.created_ms) // DAY_MS} d"
    step.note(desk, Deed.TOKEN_NEW, f"{token.id} {token.name}", said(token.role, token.scope) + until)
    return Told(done=True, zh=f"已添加令牌 {token.name}（{token.id}）", en=f"Token {token.name} ({token.id}) was made")


def new_token_row(
    name: str, role: Role, scope: Scope, *, by: str, at_ms: int, days: int | None
) -> tuple[TokenRow, str]:
    """Return a token's row and its secret."""
    secret = new_token()
    row = TokenRow(
        id=secrets.token_hex(4),
        digest=digest_of(secret),
        name=name,
        role=role,
        scope=scope,
        created_ms=at_ms,
        created_by=by,
        expires_ms=None if days is None else at_ms + days * DAY_MS,
    )
    return row, secret


def unfit_token(name: str, days: int | None) -> Told | None:
    """Return why there can be no such token."""
    if not name or clean(name, limit=MAX_NAME) != name:
        return refused(
            f"令牌名需 1 至 {MAX_NAME} 个字，不含不可见字符", f"A name has 1 to {MAX_NAME} visible characters"
        )
    if days is not None and not 1 <= days <= MAX_TOKEN_DAYS:
        return refused(f"有效期需 1 至 {MAX_TOKEN_DAYS} 天", f"A token is good for 1 to {MAX_TOKEN_DAYS} days")
    return None


def revoke_token(desk: Desk, step: Step, token_id: str) -> Told:
    """End a token."""
    row = desk.db.execute("SELECT name FROM token WHERE id = ?", (token_id,)).fetchone()
    if row is None:
        return refused("没有这个令牌", "There is no such token")
    desk.changed = True
    desk.db.execute("DELETE FROM token WHERE id = ?", (token_id,))
    step.note(desk, Deed.TOKEN_REVOKE, f"{token_id} {row[0]}")
    return Told(done=True, zh=f"已撤销令牌 {row[0]}", en=f"Token {row[0]} was revoked")


def said(role: Role, scope: Scope) -> str:
    """Return a role and a scope in one line of the audit log."""
    sites = "" if scope.site_ids is None else " sites=" + ",".join(sorted(scope.site_ids))
    return role.value + sites + ("" if scope.contractor_id is None else f" contractor={scope.contractor_id}")
