"""What was asked for, read from the address and written back into it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from camboard.query import BadQuery, number
from camboard.why.link import WHY
from camkeeper.standing.why import WhyAsk

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyQuery:
    """One figure, and which page of what is behind it."""

    site: str = ""
    device: str = ""
    month: str = ""
    first_day: str = ""
    last_day: str = ""
    page: int = 1
    """Of the stretches."""
    cameras: int = 1
    """Page of the cameras."""

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Self:
        """Read the parameters; BadQuery names the one that can't be read."""
        month, first, last = (params.get(name, "") for name in ("month", "from", "to"))
        for name, text, form in (("month", month, _MONTH), ("from", first, _DAY), ("to", last, _DAY)):
            if text and not form.fullmatch(text):
                raise BadQuery(name)
        if (last and not first) or (last and last < first):
            raise BadQuery("to")
        for name in ("site", "device"):
            if len(params.get(name, "")) > _LONGEST_ID:
                raise BadQuery(name)
        return cls(
            site="" if params.get("device") else params.get("site", ""),
            device=params.get("device", ""),
            month="" if first else month,
            first_day=first,
            last_day=last,
            page=number(params, "page"),
            cameras=number(params, "cameras"),
        )

    def address(self, path: str = WHY, **changes: Any) -> str:
        """Return the address of this question with `changes`; another period or subject begins at page one."""
        if changes and not {"page", "cameras"} & changes.keys():
            changes |= {"page": 1, "cameras": 1}
        new = replace(self, **changes)
        pairs = (
            ("site", new.site),
            ("device", new.device),
            ("month", new.month),
            ("from", new.first_day),
            ("to", new.last_day),
            ("cameras", new.cameras if new.cameras > 1 else ""),
            ("page", new.page if new.page > 1 else ""),
        )
        text = urlencode([(name, value) for name, value in pairs if value])
        return f"{path}?{text}" if text else path

    def ask(self, *, among: frozenset[str] | None, count: int) -> WhyAsk:
        """Return the question."""
        return WhyAsk(
            site_id=self.site,
            device_id=self.device,
            month=self.month,
            first_day=self.first_day,
            last_day=self.last_day,
            among=among,
            parts_from=(self.cameras - 1) * count,
            stretches_from=(self.page - 1) * count,
            count=count,
        )
