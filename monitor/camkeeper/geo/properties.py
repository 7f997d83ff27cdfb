"""Reads the properties of one feature: right type, possible value, or a sentence why not."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from camkeeper.geo.fault import BadValueError, shown

LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Properties:
    """What a feature says of itself. Every getter raises BadValueError for a value that cannot be used."""

    values: Mapping[str, Any]

    def number(self, key: str, low: float, high: float, *, above: bool = False, needed: bool = False) -> float | None:
        """Return a number in [low, high] (`above`: in (low, high]); None where there is none and none is needed."""
        value = self.values.get(key)
        if value is None:
            if needed:
                raise BadValueError(f"缺少 {key}", f"has no {key}")
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadValueError(f"{key} 应为数，不是 {shown(value)}", f"{key} wants a number, not {shown(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise BadValueError(f"{key} 不是有限数：{shown(value)}", f"{key} is not finite: {shown(value)}")
        if not (low < value if above else low <= value) or value > high:
            span = f"{'(' if above else '['}{low:g}, {high:g}]"
            raise BadValueError(f"{key} 应在 {span} 内，不是 {shown(value)}", f"{key} wants {span}, not {shown(value)}")
        return float(value)

    def needed(self, key: str, low: float, high: float, *, above: bool = False) -> float:
        """Return a number that must be there."""
        value = self.number(key, low, high, above=above, needed=True)
        assert value is not None  # noqa: S101  # `needed` raised
        return value

    def whole(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number, or None."""
        value = self.number(key, low, high)
        if value is not None and value != int(value):
            raise BadValueError(f"{key} 应为整数，不是 {value:g}", f"{key} wants a whole number, not {value:g}")
        return None if value is None else int(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise BadValueError(
                f"{key} 应为 true 或 false，不是 {shown(value)}", f"{key} wants true or false, not {shown(value)}"
            )
        return value

    def text(self, key: str, known: Collection[str] = ()) -> str | None:
        """Return a text, one of `known` where there are such, or None."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise BadValueError(f"{key} 应为文字，不是 {shown(value)}", f"{key} wants text, not {shown(value)}")
        if known and value not in known:
            words = " ".join(known)
            raise BadValueError(
                f"{key} 应为下列之一：{words}；不是 {shown(value)}", f"{key} wants one of: {words}; not {shown(value)}"
            )
        return value

    def id(self, key: str = "id") -> str | None:
        """Return an id (a text or a whole number), or None."""
        return named(key, self.values.get(key))

    def ids(self, one: str, many: str) -> tuple[str, ...]:
        """Return the ids under `one` (a single one) and `many` (a list), each once."""
        listed = self.values.get(many)
        if listed is not None and not isinstance(listed, list):
            raise BadValueError(f"{many} 应为列表，不是 {shown(listed)}", f"{many} wants a list, not {shown(listed)}")
        found = [named(one, self.values.get(one)), *(named(many, value) for value in listed or ())]
        return tuple(dict.fromkeys(value for value in found if value is not None))


def named(key: str, value: object) -> str | None:
    """Return an id as text; BadValueError where it can't be one."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadValueError(f"{key} 应为文字或整数，不是 {shown(value)}", f"{key} wants text, not {shown(value)}")
    try:
        text = str(value)
    except ValueError:  # an integer of thousands of digits
        text = ""
    if not text.strip() or len(text) > LONGEST_ID:
        raise BadValueError(f"{key} 为空或超过 {LONGEST_ID} 字", f"{key} is empty or longer than {LONGEST_ID} letters")
    return text
