"""GB/T 28181 ids: 8 digits of place, 2 of trade, 3 of type, 1 of network, 6 of number."""

from __future__ import annotations

import re
from typing import Final

from camkeeper.model.equipment import DeviceKind

_REGIONS: Final = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
PROVINCES: Final = frozenset(str(code) for low, high in _REGIONS for code in range(low, high + 1))
"""GB/T 2260."""
_IS_ID = re.compile(r"[0-9]{20}\Z", re.ASCII)
# Types that a thing of this kind never has: 111-118 recorders and encoders, 133-137 displays, alarms and sound,
# 200-499 platforms and users. Types from 119 on were given out by each province: they tell nothing.
_NEVER: Final = {
    **dict.fromkeys((DeviceKind.CAMERA, DeviceKind.PTZ, DeviceKind.CHECKPOINT), ((111, 118), (133, 137), (200, 499))),
    DeviceKind.RECORDER: ((131, 137), (200, 499)),
    DeviceKind.SPEAKER: ((111, 118), (131, 132), (200, 499)),
}


def is_id(text: str) -> bool:
    """Return whether it has the twenty digits."""
    return _IS_ID.match(text) is not None


def region_fault(text: str, known: frozenset[str]) -> tuple[str, str] | None:
    """Return what is wrong with the place of an id; `known`: six-digit codes of this configuration, if any."""
    if text[:2] not in PROVINCES:
        return f"国标编号前两位 {text[:2]} 不是省级代码", f"no province has the code {text[:2]}"
    if known and text[:6] not in known:
        listed = " ".join(sorted(known)[:3])
        return (
            f"国标编号区划 {text[:6]} 不是本地（{listed}）",
            f"the id is of region {text[:6]}, not of here ({listed})",
        )
    return None


def type_fault(text: str, kind: DeviceKind) -> tuple[str, str] | None:
    """Return what is wrong with the type of an id, for a device of this kind."""
    code = int(text[10:13])
    if any(low <= code <= high for low, high in _NEVER.get(kind, ())):
        return f"国标编号类型码 {code} 不是 {kind} 的", f"type {code} of the id is not that of a {kind}"
    return None
