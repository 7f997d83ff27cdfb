"""A page whose middle part is live: written whole at first, asked for again when something changed."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup, escape

from camboard.board import Board, board_of
from camboard.i18n import Language
from camboard.index import Index
from camboard.pages import PAGES, html_response, page_response, shell
from camboard.text import local, utc_offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The live part of a page, and where it is asked for again."""

    html: Markup
    index: Index
    here: str
    fragment: str
    at: str


class KeptParts:
    """Live parts written already of the newest values: fifty people who look at one list have it written once.

    One owner, the event loop; kept in `Board.kept`, so for one role and scope. What differs between two people of
    these is no part of it: a form's key is put in afterwards, in the place of `KEY`.
    """

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._made: dict[Hashable, Markup] = {}

    def of(self, moment: tuple[object, ...], asked: Hashable, make: Callable[[], Markup]) -> Markup:
        """Return the part for a choice; `moment`: the very values that it is written of, `asked` all else."""
        if not _same(self._of, moment) or len(self._made) >= _PARTS_KEPT:
            self._of, self._made = moment, {}
        if asked not in self._made:
            self._made[asked] = make()
        return self._made[asked]


class KeptEach:
    """Parts of things that stand by themselves, such as months: each beside the very values that it is written of.

    Where one month is made anew, the others stay. Owned and kept as `KeptParts` are; what is written of a Standing
    belongs there, or the old ones would all be held.
    """

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, tuple[tuple[object, ...], Markup]] = OrderedDict()

    def of(self, asked: Hashable, moment: tuple[object, ...], make: Callable[[], Markup]) -> Markup:
        """Return the part that is asked for, as long as it is of these very values."""
        known = self._made.get(asked)
        if known is None or not _same(known[0], moment):
            known = self._made[asked] = (moment, make())
        self._made.move_to_end(asked)
        while len(self._made) > _PARTS_KEPT:
            self._made.popitem(last=False)
        return known[1]


KEY = secrets.token_hex(16)
"""Stands for a form's key in what is kept; random, so that no name of a device can."""
AT, OPEN = secrets.token_hex(16), secrets.token_hex(16)
"""Stand for the instant of the page and for the count of open incidents, in parts that outlive both."""
_PARTS_KEPT = 32


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def kept_parts(board: Board, name: str) -> KeptParts:
    """Return what is written already for who sees as much as whoever asks."""
    made = board.kept.get(name)
    if not isinstance(made, KeptParts):
        made = board.kept[name] = KeptParts()
    return made


def kept_each(board: Board, name: str) -> KeptEach:
    """Return what is written already of months and the like, for who sees as much as whoever asks."""
    made = board.kept.get(name)
    if not isinstance(made, KeptEach):
        made = board.kept[name] = KeptEach()
    return made


def with_now(html: Markup, index: Index, open_count: int | None) -> Markup:
    """Return a kept part with the instant and the count of this page."""
    return Markup(html.replace(AT, escape(at_words(index))).replace(OPEN, Markup(str(open_count))))  # noqa: S704


def with_key(html: Markup, key: str) -> Markup:
    """Return a kept part with the form's key of whoever asks."""
    return Markup(html.replace(KEY, Markup(key)))  # noqa: S704 - the key is hexadecimal


def at_words(index: Index) -> str:
    """Return the instant of what is shown."""
    at = local(index.standing.at_ms, ZoneInfo(index.standing.timezone))
    return f"{at:%Y-%m-%d %H:%M:%S} {utc_offset(at)}"


def write_live(
    request: web.Request, say: Language, template: str, values: Mapping[str, object], here: str, fragment: str
) -> Live:
    """Write the live part of a page."""
    board = board_of(request)
    index = board.index()
    html = request.app[PAGES].write(template, say, {"signed": board.signed, **values})
    return Live(html=html, index=index, here=here, fragment=fragment, at=at_words(index))


def write_kept(
    request: web.Request,
    say: Language,
    template: str,
    values: Callable[[], Mapping[str, object]],
    *,
    moment: tuple[object, ...],
    asked: Hashable,
    here: str,
    fragment: str,
) -> Live:
    """Write the live part of a page, or take what stands written of this moment; `asked`: all else it depends on.

    Nothing of whoever asks is in `values`: no name, no key of a form.
    """
    board = board_of(request)
    index = board.index()

    def write() -> Markup:
        return request.app[PAGES].write(template, say, values())

    html = kept_parts(board, template).of(moment, (say.code, asked), write)
    return Live(html=html, index=index, here=here, fragment=fragment, at=at_words(index))


def page_of_live(
    request: web.Request,
    template: str,
    made: Live,
    say: Language,
    *,
    told: str = "",
    done: str = "",
    more: Mapping[str, object] | None = None,
) -> web.Response:
    """Return the page around a live part; 409 with the reason where a step was refused, `done` where one was taken.

    `more`: what else the template writes around the part.
    """
    board = board_of(request)
    around = shell(
        board,
        made.index,
        say,
        body=made.html,
        here=made.here,
        fragment=made.fragment,
        at=made.at,
        synthetic=made.index.standing.synthetic_geometry,
    )
    text = request.app[PAGES].write(template, say, {"shell": around, "told": told, "done": done, **(more or {})})
    return html_response(text, status=409) if told else page_response(request, text, say)
