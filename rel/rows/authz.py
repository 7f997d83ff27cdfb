"""Every route, as every role, about every village, against a served board with a word in it from each village."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from tests.dashboards.authz import PRINCIPALS, Door, Found, canaries, door, reading, steps, stranger
from tests.dashboards.canary_past import write_past
from tests.dashboards.people import KEEPER, PASSWORD

from camkeeper.model.access import PEOPLE, Role
from rel.row import Outcome, Row, Setting, at_least, equal

FROM_EACH = ("repair-one", "tech-zqa", "official-zqa", "screen-zqa")
"""Of the quick run: whom nothing of other villages or contractors is shown. One more is drawn."""


@dataclass(kw_only=True)
class _Seen:
    found: list[Found] = field(default_factory=list)
    canaries: int = 0
    dead_sessions: int = 0
    dead_tokens: int = 0
    survivors: list[str] = field(default_factory=list)


async def _status(board: Door, name: str, path: str) -> int:
    async with board.client.get(path, headers=board.people[name].headers, allow_redirects=False) as got:
        await got.read()
        return got.status


async def _endings(board: Door, seen: _Seen) -> None:
    """Change every password and revoke every token: what was signed in before is nobody afterwards."""
    for name, who in board.people.items():
        path = "/metrics" if who.role is Role.METRICS else "/wall/data" if who.role is Role.WALL else "/api/v1/standing"
        if await _status(board, name, path) != 200:
            seen.survivors.append(f"{name} was not in before")
        if who.role in PEOPLE:
            principal = board.access.by_session(who.secret)
            if principal is not None:
                await board.access.change_password(principal, PASSWORD, f"{PASSWORD}，{name}")
        else:
            (token,) = (one for one in board.access.tokens() if one.name == name)
            await board.access.revoke_token(KEEPER, token.id)
        if await _status(board, name, path) != 401:
            seen.survivors.append(name)
        elif who.role in PEOPLE:
            seen.dead_sessions += 1
        else:
            seen.dead_tokens += 1


async def _authz(setting: Setting, names: list[str]) -> _Seen:
    seen = _Seen()
    past = setting.folder / "past.ledger"
    kept = await asyncio.to_thread(write_past, past)
    async with door(setting.folder, (past, kept)) as board:
        seen.canaries = len(await canaries(board))
        seen.found.append(await stranger(board))
        for n, name in enumerate(names, 1):
            who = board.people[name]
            seen.found.append(await reading(board, name))
            if not (who.scope.whole and who.role in {Role.ADMIN, Role.TECHNICIAN}):
                seen.found.append(await steps(board, name))
            setting.say(f"{n}/{len(names)} {name}", f"{sum(found.asked for found in seen.found)} requests")
        await _endings(board, seen)
    return seen


async def _run(setting: Setting) -> Outcome:
    names = list(PRINCIPALS)
    if setting.quick:
        others = sorted(set(PRINCIPALS) - set(FROM_EACH))
        names = [*FROM_EACH, *random.Random(setting.seed).sample(others, 1)]
    seen = await _authz(setting, names)
    leaks = [leak for found in seen.found for leak in found.leaks]
    wrong = [one for found in seen.found for one in found.wrong]
    return Outcome(
        checks=(
            equal("answers with a word of another village or contractor", len(leaks), 0),
            equal("answers or effects that the rules don't allow", len(wrong), 0),
            equal("sessions and tokens that outlived their end", len(seen.survivors), 0),
            at_least("routes that show the words to who may see them", seen.canaries, 40),
        ),
        injected={
            "requests": sum(found.asked for found in seen.found),
            "refused": sum(found.refused for found in seen.found),
            "passwords_changed": seen.dead_sessions,
            "tokens_revoked": seen.dead_tokens,
        },
        figures={
            "principals": len(names) + 1,
            "shown": sum(found.shown for found in seen.found),
            "leaks": "; ".join(leaks[:3])[:300],
            "wrong": "; ".join(wrong[:3])[:300],
            "survivors": ", ".join(seen.survivors),
        },
    )


ROW = Row(
    name="authz",
    does_zh="以每种角色访问每个地址、每个村庄；在答复的正文与头部中寻找别村的暗记；改密码、撤令牌。",
    does_en="Asks all routes as all roles about all villages, looks for foreign canaries; ends sessions and tokens.",
    mark_zh="0 处泄漏；会话随改密码失效，令牌随撤销失效",
    mark_en="0 leaks; sessions die on password change, tokens on revocation",
    run=_run,
)
