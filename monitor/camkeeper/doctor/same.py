"""Whether what a device says is what the register has: the same thing is written in many ways."""

from __future__ import annotations

import re
from typing import Final

from camkeeper.register.fields import plain

_JOINTS = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
SHORTEST_SERIAL: Final = 6
_FEWEST_SIGNS: Final = 3
_SHORTEST_PART: Final = 5
_MAKERS: Final = (
    ("hikvision", "hik", "海康威视", "海康"),
    ("dahua", "大华"),
    ("uniview", "unv", "宇视", "宇视科技"),
    ("tiandy", "天地伟业"),
    ("huawei", "holosens", "华为"),
    ("tplink", "普联", "tp"),
    ("kedacom", "科达"),
    ("jovision", "中维", "中维世纪"),
    ("xmeye", "xiongmai", "雄迈"),
)
_MAKER: Final = {word: words[0] for words in _MAKERS for word in words}
_TAILS = (
    "digitaltechnology",
    "technology",
    "technologies",
    "股份有限公司",
    "有限公司",
    "科技",
    "数字技术",
    "coltd",
    "inc",
)


def bare(text: str) -> str:
    """Return letters and digits alone.

    >>> bare("DS-2CD3T47WD-L"), bare(" ＤＳ ")
    ('ds2cd3t47wdl', 'ds')
    """
    return _JOINTS.sub("", plain(text).lower())


def serial(text: str | None) -> str | None:
    """Return a serial number that can tell one device from another; None for none, or a maker's blank.

    >>> serial("0000000000"), serial("123"), serial("AB-12 34567")
    (None, None, 'ab1234567')
    """
    out = bare(text or "")
    return out if len(out) >= SHORTEST_SERIAL and len(set(out)) >= _FEWEST_SIGNS else None


def same_serial(a: str, b: str) -> bool:
    """Return whether two serial numbers (as `serial` has them) may be one.

    Hikvision says model, date and number in one; on the label stands the last part alone.
    """
    return a.endswith(b) or b.endswith(a)


def same_model(registered: str, answered: str) -> bool:
    """Return whether a model is another's name, at length or in short: DS-2CD3T47 of a DS-2CD3T47WD-L."""
    a, b = bare(registered), bare(answered)
    if not a or not b:
        return a == b
    short, long = sorted((a, b), key=len)
    return long == short or (len(short) >= _SHORTEST_PART and short in long)


def same_maker(registered: str, answered: str) -> bool | None:
    """Return whether two names are of one maker; None where that can't be told (an unknown brand, "ONVIF")."""
    a, b = _maker(registered), _maker(answered)
    if a == b or (a and b and (a in b or b in a)):
        return True
    return False if a in _MAKER and b in _MAKER else None


def _maker(text: str) -> str:
    word = bare(text)
    for tail in _TAILS:
        word = word.removesuffix(tail)
    return _MAKER.get(word, word)
