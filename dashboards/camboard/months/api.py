"""`POST /api/v1/months/{month}/{close|preview|amend}`: one writer of the ledger, so commands come here."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web

from camboard import form
from camboard.api import answer
from camboard.board import board_of
from camboard.source import MonthSource
from camkeeper.standing.month import MonthAct, MonthStep

_MOST_SIGNATURES = 4


async def step(request: web.Request) -> web.Response:
    """Take a step; 409 with a sentence where it is refused."""
    board = board_of(request)
    source = board.source
    if not isinstance(source, MonthSource):
        raise web.HTTPNotFound
    try:
        wanted = MonthStep(request.match_info["step"])
    except ValueError:
        raise web.HTTPNotFound from None
    sent = await form.read(request, board)
    acted = await source.act_month(
        MonthAct(
            step=wanted,
            month=request.match_info["month"],
            by=sent.by,
            why=sent.text,
            expected=_expected(sent.fields),
            signatures=_signatures(sent.fields),
        )
    )
    if not acted.done:
        raise form.Refused(409, acted.zh, acted.en)
    return answer({"done": True, **acted.told})


def _expected(fields: Mapping[str, str]) -> tuple[str, str] | None:
    figures, windows = fields.get("figures", ""), fields.get("windows", "")
    return (figures, windows) if figures and windows else None


def _signatures(fields: Mapping[str, str]) -> tuple[dict[str, str], ...]:
    """Return the field `signatures`: a JSON list of {public_key, signature}; Refused for anything else."""
    text = fields.get("signatures", "")
    if not text:
        return ()
    try:
        listed = json.loads(text)
        if not isinstance(listed, list) or len(listed) > _MOST_SIGNATURES:
            raise ValueError(text)  # noqa: TRY301 - told as every other fault of it
        return tuple({"public_key": str(s["public_key"]), "signature": str(s["signature"])} for s in listed)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise form.Refused(400, "签名读不出", "The signatures cannot be read") from None
