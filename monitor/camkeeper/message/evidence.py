"""Evidence in words: the facts that the correlation names, by their keys."""

from __future__ import annotations

from collections.abc import Mapping

from camkeeper.message.clean import clean
from camkeeper.model.channel import Language
from camkeeper.model.incident import Evidence

_WORDS = {
    "all_out": ("所属{known}台全部离线", "all {known} on it are out"),
    "most_out": ("所属{known}台中{out}台离线", "{out} of the {known} on it are out"),
    "began_within": ("{spread_s}秒内同时离线", "all within {spread_s} s"),
    "upstream_up": ("上级{device_id}正常", "upstream {device_id} is up"),
    "power_link": ("同一供电{link_id}", "one power feed, {link_id}"),
    "own_device_down": ("{device_id}本身离线", "{device_id} itself is down"),
    "neighbours_up": ("同链路{of}台中{up}台正常", "{up} of {of} on the same link are up"),
    "site_dark": ("{site_id}全部离线", "all of {site_id} is dark"),
    "unstable": ("{window_min}分钟内变化{changes}次", "{changes} changes within {window_min} min"),
    "beacons_silent": ("出口{uplink_id}的信标均无应答", "no beacon of {uplink_id} answers"),
    "no_answer": ("{devices}台无应答", "{devices} without answer"),
    "no_onvif": ("端口通，ONVIF无应答", "the port accepts, ONVIF does not answer"),
    "auth_refused": ("{devices}台拒绝口令", "{devices} refuse the password"),
    "clock_skew": ("设备时钟偏差过大", "the device's clock is too far off"),
    "no_answer_authed": ("登录后无应答", "no answer after the login"),
    "no_picture": ("取不到图像", "no picture"),
    "no_stream": ("无码流", "no stream"),
    "recording_stale": ("录像已停止更新", "recordings have stopped"),
    "image_no_signal": ("没有视频信号", "no video signal"),
    "image_half_picture": ("画面只有一半", "half of the picture is missing"),
    "image_noise": ("画面噪点严重", "the picture is full of noise"),
    "image_stripes": ("画面有条纹", "the picture has stripes"),
    "image_dark": ("画面过暗", "the picture is too dark"),
    "image_bright": ("画面过亮", "the picture is too bright"),
    "image_fog": ("画面发雾，邻近摄像机正常", "the picture is milky, its neighbours' are not"),
    "image_moved": ("镜头转动", "the camera was turned"),
    "image_rotated": ("画面倾倒或翻转", "the camera is rolled or its picture flipped"),
    "image_blur": ("画面模糊", "the picture is blurred"),
    "image_cover": ("疑似遮挡", "suspected cover"),
    "image_other_scene": ("画面不是原来的场景", "the picture shows another scene"),
    "image_ir_stuck": ("白天无彩色，红外未切换", "no colour by day: the infrared filter is stuck"),
    "image_frozen": ("画面冻结", "the picture is frozen"),
    "image_platform": ("{devices}台画面同时冻结", "{devices} pictures froze at once"),
}
"""Key: Chinese, English. Fields as the evidence has them; milliseconds also as whole seconds and minutes."""


def told(
    evidence: tuple[Evidence, ...], language: Language, *, most: int = 2, names: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return the first `most` facts that there are words for. `names`: of devices, links and sites, by id."""
    out = []
    for fact in evidence:
        words = _WORDS.get(fact.name)
        if words is None:
            continue
        values = {
            k: clean((names or {}).get(v, v) if k.endswith("_id") else v) if isinstance(v, str) else v
            for k, v in fact.facts.items()
        }
        for key, value in fact.facts.items():
            if key.endswith("_ms") and isinstance(value, int):
                values |= {f"{key[:-3]}_s": max(1, -(-value // 1000)), f"{key[:-3]}_min": max(1, value // 60_000)}
        try:
            out.append(words[language is Language.EN].format(**values))
        except (KeyError, IndexError):  # a fact without its number says nothing
            continue
    return tuple(out[:most])
