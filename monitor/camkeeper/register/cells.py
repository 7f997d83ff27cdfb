"""How each field reads its cell: the spellings that registers have, and the reason where one is none. Pure."""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from typing import Final

from camkeeper.model.equipment import DeviceKind
from camkeeper.model.tags import TagError, split, tags_of
from camkeeper.register.finding import What

_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_METRES = re.compile(r"约?([-+]?[0-9]+(?:\.[0-9]+)?)\s*(?:m|米|公尺)?", re.IGNORECASE)
_DEGREES = re.compile(r"约?([-+]?[0-9]+(?:\.[0-9]+)?)\s*(?:°|度|deg)?", re.IGNORECASE)
_MILLIMETRES = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:mm|毫米)?", re.IGNORECASE)
_PIXELS = re.compile(r"([0-9]{3,5})\s*[x×*]\s*([0-9]{3,5})", re.IGNORECASE)
_HOST_PORT = re.compile(r"(?:(?:https?|rtsp)://)?([A-Za-z0-9.-]+)(?:\s*:\s*([0-9]{1,6}))?/?")
_DMS = re.compile(
    r"([NSEW东西南北]?(?:经|纬)?)\s*([-+]?[0-9]{1,3}(?:\.[0-9]+)?)\s*[°度d:\s]\s*"
    r"(?:([0-9]{1,2}(?:\.[0-9]+)?)\s*(?:['′’‘分m:]|\s|$)\s*)?"
    r"(?:([0-9]{1,2}(?:\.[0-9]+)?)\s*(?:[\"″”“秒s]|''|′′|’’)?\s*)?([NSEW]?)",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\s*[,，;；、/|]\s*|\s+(?=[NSEW东西南北])|(?<=[0-9NSEW°])\s{1,}(?=[-+]?[0-9]{2,3}(?:\.|°|度|\s|$))")
_LATITUDE = re.compile(r"[NS]|[南北]纬|^[南北]", re.IGNORECASE)
_LONGITUDE = re.compile(r"[EW]|[东西]经|^[东西]", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})(?:\s*[-/.月]\s*([0-9]{1,2}))?\s*日?(?:[ T].*)?|([0-9]{8})")
_NOTHING: Final = frozenset(
    {"", "-", "--", "---", "/", "\\", "无", "空", "不详", "未知", "n/a", "na", "none", "null", "?"}
)

COMPASS: Final = {
    **dict.fromkeys(("北", "正北", "n", "north", "向北", "朝北"), 0.0),
    **dict.fromkeys(("东北", "ne", "northeast", "北东"), 45.0),
    **dict.fromkeys(("东", "正东", "e", "east", "向东", "朝东"), 90.0),
    **dict.fromkeys(("东南", "se", "southeast", "南东"), 135.0),
    **dict.fromkeys(("南", "正南", "s", "south", "向南", "朝南"), 180.0),
    **dict.fromkeys(("西南", "sw", "southwest", "南西"), 225.0),
    **dict.fromkeys(("西", "正西", "w", "west", "向西", "朝西"), 270.0),
    **dict.fromkeys(("西北", "nw", "northwest", "北西"), 315.0),
    **{w: n * 22.5 for n, w in ((1, "nne"), (3, "ene"), (5, "ese"), (7, "sse"), (9, "ssw"), (11, "wsw"), (13, "wnw"),
                                (15, "nnw"), (1, "北东北"), (3, "东东北"), (5, "东东南"), (7, "南东南"),
                                (9, "南西南"), (11, "西西南"), (13, "西西北"), (15, "北西北"))},
}  # fmt: skip
_AROUND: Final = frozenset({"全景", "360", "360度", "360°", "球机", "全向", "云台", "all", "ptz", "旋转"})
KINDS: Final = {
    **dict.fromkeys(("camera", "枪机", "枪型", "枪型摄像机", "固定", "固定枪机", "固定摄像机", "摄像机", "高清摄像机",
                     "半球", "半球摄像机", "筒机", "网络摄像机", "ipc", "bullet", "fixed", "高清枪机"),
                    DeviceKind.CAMERA),
    **dict.fromkeys(("ptz", "球机", "球型", "球型摄像机", "快球", "高速球", "高速球机", "云台", "云台摄像机", "dome",
                     "speed dome", "全景球机"), DeviceKind.PTZ),
    **dict.fromkeys(("checkpoint", "卡口", "智能卡口", "卡口摄像机", "电警", "电子警察"), DeviceKind.CHECKPOINT),
    **dict.fromkeys(("speaker", "音柱", "喇叭", "广播", "网络音柱", "大喇叭"), DeviceKind.SPEAKER),
    **dict.fromkeys(("transceiver", "光端机", "光纤收发器", "光猫", "收发器"), DeviceKind.TRANSCEIVER),
    **dict.fromkeys(("switch", "交换机", "接入交换机", "poe交换机", "汇聚交换机"), DeviceKind.SWITCH),
    **dict.fromkeys(("recorder", "录像机", "硬盘录像机", "nvr", "dvr", "网络录像机"), DeviceKind.RECORDER),
}  # fmt: skip
_NAMED_PIXELS: Final = {
    "720p": (1280, 720), "1080p": (1920, 1080), "2k": (2560, 1440), "4k": (3840, 2160), "100万": (1280, 720),
    "130万": (1280, 960), "200万": (1920, 1080), "300万": (2048, 1536), "400万": (2560, 1440), "500万": (2592, 1944),
    "600万": (3072, 2048), "800万": (3840, 2160), "1200万": (4000, 3000), "2mp": (1920, 1080), "4mp": (2560, 1440),
    "5mp": (2592, 1944), "8mp": (3840, 2160),
}  # fmt: skip


class CellError(ValueError):
    """A cell that is none of its field's spellings."""

    def __init__(self, what: What, zh: str, en: str) -> None:
        super().__init__(en)
        self.what, self.zh, self.en = what, zh, en


def nothing(text: str) -> bool:
    """Return whether a cell says that there is nothing."""
    return text.lower() in _NOTHING


def shown(text: str) -> str:
    """Return a cell as a message may show it: short, and never what could hold a password."""
    if "@" in text:
        return "***"
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"


def metres(text: str, low: float, high: float) -> float:
    """Read a length; CellError outside [low, high]."""
    return _within(_first(_METRES, text, "长度（米）", "a length in metres"), low, high)


def degrees(text: str, low: float, high: float) -> float:
    """Read an angle; CellError outside [low, high]."""
    return _within(_first(_DEGREES, text, "角度", "an angle in degrees"), low, high)


def millimetres(text: str) -> float:
    """Read a focal length; of a zoom (2.8-12mm) nobody knows where it stands."""
    return _within(_first(_MILLIMETRES, text, "焦距（毫米）", "a focal length in millimetres"), 0.5, 2000)


def _first(pattern: re.Pattern[str], text: str, zh: str, en: str) -> float:
    found = pattern.fullmatch(text)
    if found is None:
        raise CellError(What.UNREADABLE, f"应为{zh}，不是{shown(text)}", f"wants {en}, not {shown(text)}")
    return float(found[1])


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise CellError(
            What.OUT_OF_RANGE,
            f"应在 {low:g} 与 {high:g} 之间，不是 {value:g}",
            f"must be from {low:g} to {high:g}, not {value:g}",
        )
    return value


def azimuth(text: str) -> float | None:
    """Read a bearing, as degrees or as a word of the compass; None for a dome that looks everywhere.

    >>> azimuth("东南"), azimuth("北偏东30度"), azimuth("360"), azimuth("向西")
    (135.0, 30.0, None, 270.0)
    """
    word = text.lower().replace(" ", "")
    if word in _AROUND:
        return None
    if word in COMPASS:
        return COMPASS[word]
    word = word.removeprefix("由").removeprefix("面").removeprefix("朝").removeprefix("向").removesuffix("方向")
    if word in COMPASS or word.removesuffix("方") in COMPASS:
        return COMPASS.get(word, COMPASS.get(word.removesuffix("方")))
    leaning = re.fullmatch(r"([东南西北])偏([东南西北])([0-9]+(?:\.[0-9]+)?)[°度]?", word)
    if leaning is not None:
        start, towards = COMPASS[leaning[1]], COMPASS[leaning[2]]
        turn = (towards - start + 180) % 360 - 180
        if abs(turn) == 90 and float(leaning[3]) <= 90:
            return (start + (1 if turn > 0 else -1) * float(leaning[3])) % 360
    value = degrees(word, 0, 360)
    return value % 360


def pixels(text: str) -> tuple[int, int]:
    """Read a resolution: 1920x1080, 1080P, 400万.

    >>> pixels("2560×1440"), pixels("1080P"), pixels("400万像素")
    ((2560, 1440), (1920, 1080), (2560, 1440))
    """
    word = text.lower().replace(" ", "").removesuffix("像素").removesuffix("高清")
    if word in _NAMED_PIXELS:
        return _NAMED_PIXELS[word]
    found = _PIXELS.fullmatch(word)
    if found is None:
        raise CellError(
            What.UNREADABLE,
            f"应为 1920x1080、1080P 或 200万 样式的分辨率，不是{shown(text)}",
            f"wants a resolution as 1920x1080, 1080P or 200万, not {shown(text)}",
        )
    return int(found[1]), int(found[2])


def kind(text: str) -> DeviceKind:
    """Read what a device is."""
    word = text.lower().strip()
    if word in KINDS:
        return KINDS[word]
    raise CellError(
        What.UNKNOWN_WORD,
        f"不认识的设备类型{shown(text)}；应为 {' '.join(DeviceKind)} 或 枪机、球机、卡口、音柱、光端机、交换机、录像机",
        f"unknown kind {shown(text)}; wants one of: {' '.join(DeviceKind)}",
    )


def path(text: str) -> str:
    """Read the path of a service on a device.

    >>> path("/onvif/device_service")
    '/onvif/device_service'
    """
    if re.fullmatch(r"/[!-~]{0,200}", text) is None:
        raise CellError(What.UNREADABLE, f"路径应以 / 开头：{shown(text)}", f"a path begins with /: {shown(text)}")
    return text


def host_port(text: str) -> tuple[str, int | None]:
    """Read an IP address or host name, with its port where the cell has one.

    >>> host_port("10.1.2.3:8000"), host_port("http://10.1.2.3/")
    (('10.1.2.3', 8000), ('10.1.2.3', None))
    """
    word = text.replace("。", ".").replace("，", ".").strip() if not text.isascii() else text
    found = _HOST_PORT.fullmatch(word)
    host = found[1] if found is not None else ""
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        dotted = host.replace(".", "").isdigit() or not host
        if found is None or dotted or not re.fullmatch(r"(?=.*[a-z])[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host.lower()):
            raise CellError(What.ADDRESS, f"不是 IP 地址：{shown(text)}", f"no IP address: {shown(text)}") from None
        return host.lower(), _port(found[2])
    if address.is_unspecified or address.is_multicast or int(address) == 0xFFFFFFFF:
        raise CellError(What.ADDRESS, f"{host} 不是一台设备的地址", f"{host} is not the address of one device")
    assert found is not None  # noqa: S101  (else there was no address)
    return str(address), _port(found[2])


def _port(text: str | None) -> int | None:
    return None if text is None else port(text)


def port(text: str) -> int:
    """Read a port."""
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= 65535:
        raise CellError(
            What.OUT_OF_RANGE, f"端口应在 1 与 65535 之间，不是{shown(text)}", f"no port: {shown(text)} (1 to 65535)"
        )
    return int(text)


def coordinate(text: str) -> float:
    r"""Read one coordinate: decimal, degrees and minutes, or degrees, minutes and seconds.

    >>> round(coordinate("113°50'58.4\""), 6), coordinate("北纬33度48分"), coordinate("33.8N"), coordinate("113.85°")
    (113.849556, 33.8, 33.8, 113.85)
    """
    if _NUMBER.fullmatch(text):
        return float(text)
    lettered = re.fullmatch(
        r"([NSEW东西南北]?(?:经|纬)?)\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*[°度]?\s*([NSEW]?)", text, re.IGNORECASE
    )
    if lettered is not None:
        return _signed(float(lettered[2]), lettered[1] + lettered[3])
    found = _DMS.fullmatch(text)
    if found is None or found[3] is None:
        raise CellError(
            What.UNREADABLE,
            f"应为 113.849556 或 113°50'58.4\" 样式的坐标，不是{shown(text)}",
            f"wants a coordinate as 113.849556 or 113°50'58.4\", not {shown(text)}",
        )
    minutes, seconds = float(found[3]), float(found[4] or 0)
    if minutes >= 60 or seconds >= 60:
        raise CellError(What.OUT_OF_RANGE, "分、秒应小于 60", "minutes and seconds are below 60")
    return _signed(float(found[2]) + minutes / 60 + seconds / 3600, (found[1] or "") + found[5])


def _signed(value: float, letters: str) -> float:
    return -value if any(letter in "SsWw西南" for letter in letters) else value


def pair(text: str) -> tuple[float, float]:
    """Read longitude and latitude of one cell; letters (N, 北纬) say which is which.

    >>> pair("113.85,33.80"), pair("北纬33.8 东经113.85")
    ((113.85, 33.8), (113.85, 33.8))
    """
    parts = [part for part in _PAIR.split(text.strip(" ()（）[]")) if part]
    if len(parts) != 2:
        raise CellError(
            What.UNREADABLE,
            f"应为 经度,纬度，如 113.849556,33.800123，不是{shown(text)}",
            f"wants longitude,latitude as 113.849556,33.800123, not {shown(text)}",
        )
    first, second = coordinate(parts[0]), coordinate(parts[1])
    if _LATITUDE.search(parts[0]) or _LONGITUDE.search(parts[1]):
        return second, first
    return first, second


def day(text: str) -> str:
    """Read a date; a month alone is its first day.

    >>> day("2023年5月"), day("2023/5/17"), day("20230517"), day("2023-05-17 00:00:00")
    ('2023-05-01', '2023-05-17', '2023-05-17', '2023-05-17')
    """
    found = _DAY.fullmatch(text.removesuffix("月").strip() if text.endswith("月") else text)
    year_alone = re.fullmatch(r"((?:19|20)[0-9]{2})\s*年?", text)
    try:
        if year_alone is not None:
            return f"{year_alone[1]}-01-01"
        if found is not None and found[4]:
            return date(int(found[4][:4]), int(found[4][4:6]), int(found[4][6:])).isoformat()
        if found is not None:
            return date(int(found[1]), int(found[2]), int(found[3] or 1)).isoformat()
    except ValueError:
        pass
    raise CellError(What.UNREADABLE, f"不是日期：{shown(text)}", f"no date: {shown(text)}")


def tags(text: str) -> tuple[str, ...]:
    """Return the labels of a cell, in order: it has all that the device is to have."""
    try:
        return tags_of(split(text))
    except TagError as error:
        raise CellError(What.UNREADABLE, error.zh, error.en) from None
