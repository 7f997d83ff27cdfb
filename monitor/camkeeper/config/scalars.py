"""How each kind of field reads its text. Every refusal speaks both languages and never echoes a secret."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from camcover.bands import STANDARDS
from camcover.datum import Datum
from camkeeper.config.fault import shown, shown_zh
from camkeeper.model.service import PRESETS
from camkeeper.model.tags import TagError, tags_of
from camkeeper.secrets import NAME
from camkeeper.window.rule import RuleError, read_rule

_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?\Z", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)
_NAME_OF_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*\Z"
)
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  one name less than datetime.UTC
MAX_TEXT = 200
UNKNOWN = "unknown"
_MAPS = {"amap": "gcj02", "gaode": "gcj02", "tencent": "gcj02", "mars": "gcj02", "baidu": "bd09"}
"""Maps whose pickers people name instead of the datum."""

_T = TypeVar("_T")


def refuse(*, zh: str, en: str, key: str = "") -> PydanticCustomError:
    """Return a validation error with both languages; `key` points into the value's mapping."""
    return PydanticCustomError("refused", "{en}", {"zh": zh, "en": en, "key": key})


def whole(low: int, high: int) -> Callable[[Any], int]:
    """Return a reader of whole numbers in [low, high]."""

    def read(value: Any) -> int:
        if not isinstance(value, str) or not _WHOLE.match(value):
            octal = isinstance(value, str) and value.lstrip("0").isdigit() and value.startswith("0")
            raise refuse(
                zh=f"应为整数，不是{shown_zh(value)}" + ("（不写前导 0）" if octal else ""),
                en=f"wants a whole number, not {shown(value)}" + (" (no leading zeros)" if octal else ""),
            )
        if not low <= int(value) <= high:
            raise refuse(zh=f"应在 {low} 与 {high} 之间，不是 {value}", en=f"must be from {low} to {high}, not {value}")
        return int(value)

    return read


def number(low: float, high: float) -> Callable[[Any], float]:
    """Return a reader of decimal numbers in [low, high]."""

    def read(value: Any) -> float:
        if not isinstance(value, str) or not _NUMBER.match(value):
            raise refuse(zh=f"应为数字，不是{shown_zh(value)}", en=f"wants a number, not {shown(value)}")
        out = float(value)
        if not low <= out <= high:
            raise refuse(
                zh=f"应在 {low:.10g} 与 {high:.10g} 之间，不是 {value}",
                en=f"must be from {low:.10g} to {high:.10g}, not {value}",
            )
        return out

    return read


def if_known(read: Callable[[Any], _T]) -> Callable[[Any], _T | None]:
    """Return a reader that takes the word `unknown` too, as None: nobody noted it."""

    def read_or_not(value: Any) -> _T | None:
        return None if isinstance(value, str) and value.strip() == UNKNOWN else read(value)

    return read_or_not


def _one_of(value: Any, known: tuple[str, ...], hint: str | None = None) -> str:
    if isinstance(value, str) and value in known:
        return value
    near = hint or next(iter(get_close_matches(value, known, n=1, cutoff=0.6) if isinstance(value, str) else ()), None)
    raise refuse(
        zh=f"应为下列之一：{' '.join(known)}；不是{shown_zh(value)}" + (f"（是否想写 {near}？）" if near else ""),
        en=f"wants one of: {' '.join(known)}; not {shown(value)}" + (f" (did you mean {near}?)" if near else ""),
    )


def _datum(value: Any) -> str:
    """Read a datum as people write it: WGS-84, gcj_02."""
    plain = re.sub(r"[-_ ]", "", value).lower() if isinstance(value, str) else value
    if isinstance(plain, str) and plain in set(Datum):
        return plain
    return _one_of(value, tuple(Datum), _MAPS.get(plain) if isinstance(plain, str) else None)


def _standard(value: Any) -> str:
    return _one_of(value, tuple(STANDARDS))


def _flag(value: Any) -> bool:
    if value not in {"true", "false"} if isinstance(value, str) else True:
        raise refuse(zh=f"应为 true 或 false，不是{shown_zh(value)}", en=f"wants true or false, not {shown(value)}")
    return bool(value == "true")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(zh=f"应为文字，不是{shown_zh(value)}", en=f"wants text, not {shown(value)}")
    text = value.strip()
    if not text or len(text) > MAX_TEXT:
        raise refuse(zh=f"应有 1 到 {MAX_TEXT} 个字", en=f"wants 1 to {MAX_TEXT} characters")
    if not text.isprintable():
        odd = next(c for c in text if not c.isprintable())
        name = unicodedata.name(odd, "control character")
        # A right-to-left override in a device's name can make a report read otherwise than it is.
        raise refuse(
            zh=f"含有不可见字符 U+{ord(odd):04X}", en=f"holds an invisible character, U+{ord(odd):04X} {name.lower()}"
        )
    return text


def _id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.match(value):
        raise refuse(
            zh="编号只用英文字母、数字和 . _ -（最多 64 个，字母或数字开头）；中文写在 name",
            en="an id has ASCII letters, digits and . _ - (at most 64, a letter or digit first); "
            "what people read goes into name",
        )
    return value


def host(value: Any) -> str:
    """Read an IP address or host name; refuse URLs, host:port, and addresses that are no device's."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if not text or "@" in text or "/" in text or text.count(":") == 1:
        raise refuse(
            zh="host 只写 IP 地址或主机名：不带协议、用户、端口或路径（端口写在 port）",
            en="host is an IP address or a name alone: no scheme, user, port or path (the port goes into port)",
        )
    try:
        address = ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        if _NAME_OF_HOST.match(text) and not text.replace(".", "").isdigit():
            return text
        raise refuse(
            zh=f"不是 IP 地址或主机名：{shown(text)}", en=f"no IP address or host name: {shown(text)}"
        ) from None
    if address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255":
        raise refuse(zh=f"{address} 不是一台设备的地址", en=f"{address} is not the address of one device")
    return str(address)


def beacon(value: Any) -> tuple[str, int]:
    """Read `host:port` (`[v6]:port`)."""
    name, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not colon:
        raise refuse(zh="应写 主机:端口，如 10.0.0.1:80", en="wants host:port, as 10.0.0.1:80")
    return host(name), whole(1, 65535)(port)


def _target(value: Any) -> int:
    """Percent with up to two decimals, to basis points exactly."""
    if not isinstance(value, str) or not re.match(r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,2})?\Z", value, re.ASCII):
        raise refuse(
            zh=f"应为百分数，最多两位小数，如 95 或 99.95（不写 %），不是{shown_zh(value)}",
            en=f"wants percent with at most two decimals, as 95 or 99.95 (no % sign), not {shown(value)}",
        )
    points = int(Decimal(value) * 100)
    if points > 10_000:
        raise refuse(zh=f"应在 0 与 100 之间，不是 {value}", en=f"must be from 0 to 100, not {value}")
    return points


@cache
def _zone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _timezone(value: Any) -> str:
    if not isinstance(value, str) or not _zone(value):
        raise refuse(
            zh=f"没有这个时区：{shown(value)}（如 Asia/Shanghai）",
            en=f"no such time zone: {shown(value)} (as Asia/Shanghai)",
        )
    return value


def _instant(value: Any) -> int:
    """ISO 8601 with an offset, to UTC milliseconds."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        lacks = at is not None
        raise refuse(
            zh="时间缺少时区偏移，如 +08:00"
            if lacks
            else f"应为 2026-10-01T08:00:00+08:00 样式的时间，不是{shown_zh(value)}",
            en="the time lacks its offset, as +08:00"
            if lacks
            else f"wants a time as 2026-10-01T08:00:00+08:00, not {shown(value)}",
        )
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _rule(value: Any) -> str:
    """Return an RRULE's value, in one fixed spelling."""
    try:
        return str(read_rule(value)) if isinstance(value, str) else _rule("")
    except RuleError as error:
        raise refuse(
            zh=f"应为 FREQ=WEEKLY;BYDAY=TU 样式的重复规则，不是{shown_zh(value)}（{error.fault}）",
            en=f"wants a rule as FREQ=WEEKLY;BYDAY=TU, not {shown(value)} ({error})",
        ) from None


def _secret(value: Any) -> str:
    kind, _, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    if (kind == "env" and _ENVIRONMENT.match(rest)) or (kind == "file" and rest.strip() and "\0" not in rest):
        return f"{kind}:{rest.strip()}"
    if kind == "store" and NAME.match(rest.strip()):
        return f"{kind}:{rest.strip()}"
    raise refuse(
        zh="口令不写在本文件里：写 store:名称（camkeeper secrets set 名称）、env:变量名 或 file:口令文件（权限 0600）",
        en="no password in this file: write store:NAME (camkeeper secrets set NAME), env:NAME or file:PATH (mode 0600)",
    )


def _public_key(value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"[0-9a-fA-F]{64}\Z", value, re.ASCII):
        raise refuse(
            zh="公钥是 64 位十六进制数字：见 camkeeper key show",
            en="a public key has 64 hexadecimal digits: see camkeeper key show",
        )
    return value.lower()


def _closing(value: Any) -> str:
    if value not in ("ask", "auto"):
        raise refuse(zh="应为 ask 或 auto", en="wants ask or auto")
    return str(value)


def _preset(value: Any) -> str:
    if not isinstance(value, str) or value not in PRESETS:
        listed = " ".join(PRESETS)
        raise refuse(zh=f"应为下列之一：{listed}", en=f"wants one of: {listed}")
    return value


def _gb_id(value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"[0-9]{20}\Z", value, re.ASCII):
        raise refuse(
            zh=f"国标编号是 20 位数字，不是{shown_zh(value)}", en=f"a GB/T 28181 id has 20 digits, not {shown(value)}"
        )
    return value


def _date(value: Any) -> str:
    """Read a day as 2026-10-01; kept as it is written."""
    try:
        if isinstance(value, str) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", value, re.ASCII):
            date.fromisoformat(value)
            return value
    except ValueError:
        pass
    raise refuse(
        zh=f"应为 2026-10-01 样式的日期，不是{shown_zh(value)}", en=f"wants a day as 2026-10-01, not {shown(value)}"
    )


def _clock(value: Any) -> str:
    if not isinstance(value, str) or not _CLOCK.match(value):
        raise refuse(
            zh=f"应为 09:00 样式的时刻，不是{shown_zh(value)}", en=f"wants a time of day as 09:00, not {shown(value)}"
        )
    return value


def _path(value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"/[!-~]{0,199}\Z", value) or "@" in value:
        raise refuse(zh="应为 / 开头的路径", en="wants a path that begins with /")
    return value


def phone(value: Any) -> str:
    """Read a telephone number."""
    if not isinstance(value, str) or not re.match(r"\+?[0-9][0-9 -]{2,24}\Z", value, re.ASCII):
        raise refuse(zh=f"不是电话号码：{shown(value)}", en=f"no telephone number: {shown(value)}")
    return value


def _tags(value: Any) -> tuple[str, ...]:
    """Read a list of labels."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise refuse(zh=f"应为标签的列表，不是{shown_zh(value)}", en=f"wants a list of labels, not {shown(value)}")
    try:
        return tags_of(value)
    except TagError as error:
        raise refuse(zh=error.zh, en=error.en) from None


def _email(value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"[^@\s]{1,64}@[^@\s]{1,120}\Z", value):
        raise refuse(zh="不是电子邮箱地址", en="no e-mail address")
    return value


def lon_lat(value: Any) -> tuple[float, float]:
    """Read `[longitude, latitude]`, degrees."""
    if not isinstance(value, list) or len(value) != 2:
        raise refuse(
            zh=f"应为 [经度, 纬度]，不是{shown_zh(value)}", en=f"wants [longitude, latitude], not {shown(value)}"
        )
    for part in value:
        if not isinstance(part, str) or not _NUMBER.match(part):
            raise refuse(zh=f"应为数字，不是{shown_zh(part)}", en=f"wants a number, not {shown(part)}")
    lon, lat = float(value[0]), float(value[1])
    not_a_globe(lon, lat)
    return lon, lat


def not_a_globe(lon: float, lat: float) -> None:
    """Refuse a pair outside the globe, and say so where the two were swapped."""
    if abs(lon) <= 180 and abs(lat) <= 90:
        return
    swapped = abs(lat) <= 180 and abs(lon) <= 90
    raise refuse(
        zh=f"经度 {lon}、纬度 {lat} 不在地球上" + ("（经度纬度写反了？）" if swapped else ""),
        en=f"longitude {lon}, latitude {lat} is not on this globe" + (" (swapped?)" if swapped else ""),
    )


Flag = Annotated[bool, BeforeValidator(_flag)]
Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_id)]
Tags = Annotated[tuple[str, ...], BeforeValidator(_tags)]
Host = Annotated[str, BeforeValidator(host)]
Port = Annotated[int, BeforeValidator(whole(1, 65535))]
Count = Annotated[int, BeforeValidator(whole(1, 100_000))]
Seconds = Annotated[float, BeforeValidator(number(0.1, 31_536_000))]
Cadence = Annotated[float, BeforeValidator(number(1, 31_536_000))]
Degrees = Annotated[float, BeforeValidator(number(-360, 360))]
Metres = Annotated[float, BeforeValidator(number(-10_000, 10_000))]
MetresIfKnown = Annotated[float | None, BeforeValidator(if_known(number(-10_000, 10_000)))]
DegreesIfKnown = Annotated[float | None, BeforeValidator(if_known(number(-360, 360)))]
HeightAboveGround = Annotated[float, BeforeValidator(number(0, 100))]
HeightOfBuilding = Annotated[float, BeforeValidator(number(0.1, 1_000))]
HeightOfStorey = Annotated[float, BeforeValidator(number(1, 20))]
Weight = Annotated[float, BeforeValidator(number(0, 1_000))]
Standard = Annotated[str, BeforeValidator(_standard)]
DatumName = Annotated[str, BeforeValidator(_datum)]
Millimetres = Annotated[float, BeforeValidator(number(0, 10_000))]
Pixels = Annotated[int, BeforeValidator(whole(1, 100_000))]
Polls = Annotated[float, BeforeValidator(number(1, 1_000))]
BasisPoints = Annotated[int, BeforeValidator(_target)]
TimeZone = Annotated[str, BeforeValidator(_timezone)]
InstantMs = Annotated[int, BeforeValidator(_instant)]
SecretRef = Annotated[str, BeforeValidator(_secret)]
PublicKey = Annotated[str, BeforeValidator(_public_key)]
Closing = Annotated[str, BeforeValidator(_closing)]
GbId = Annotated[str, BeforeValidator(_gb_id)]
Date = Annotated[str, BeforeValidator(_date)]
TimeOfDay = Annotated[str, BeforeValidator(_clock)]
UrlPath = Annotated[str, BeforeValidator(_path)]
Phone = Annotated[str, BeforeValidator(phone)]
Email = Annotated[str, BeforeValidator(_email)]
Days = Annotated[int, BeforeValidator(whole(0, 3_650))]
Preset = Annotated[str, BeforeValidator(_preset)]
BeaconAt = Annotated[tuple[str, int], BeforeValidator(beacon)]
Position = Annotated[tuple[float, float], BeforeValidator(lon_lat)]
RuleText = Annotated[str, BeforeValidator(_rule)]
