"""Sites whose pictures are all poor at once, by name: weather, nobody's fault. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from camboard.i18n import Language
from camboard.index import Index
from camboard.rows import site_name
from camboard.text import plain


def weather_names(ids: Iterable[str], index: Index, say: Language, *, site_id: str | None = None) -> str:
    """Return their names in one text; with `site_id` only that site and what lies below it. Empty: nowhere."""
    inside = None if site_id is None else index.subtree_by_id.get(site_id, frozenset({site_id}))
    names = [
        site_name(index.site_by_id[i], say) if i in index.site_by_id else plain(i)
        for i in ids
        if inside is None or i in inside
    ]
    return ("、" if say.code == "zh" else ", ").join(names)
