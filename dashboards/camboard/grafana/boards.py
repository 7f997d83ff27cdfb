"""The four dashboards: township, village, device, the monitor itself. Pure."""

from __future__ import annotations

from camboard.grafana import query
from camboard.grafana.panel import (
    COARSE,
    CODES,
    COLOURS,
    FINE,
    NOTHING,
    Json,
    chosen,
    dashboard,
    fixed,
    lines,
    named,
    one_of,
    shaped,
    stacked,
    stat,
    status_words,
    table,
    target,
    timeline,
)
from camboard.words import State
from camkeeper.mirror.series import DEVICE_DAY, DEVICE_HOUR, SITE_DAY, SITE_HOUR, STATUS
from camkeeper.model.place import SiteKind

ORDER = (State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN, State.MAINTENANCE)
"""As `query.BUCKETS`."""
SHARE_WORDS = {
    "rate": "在线率 online",
    "good": "完好率 in good order",
    "lower": "下限 lower bound",
    "upper": "上限 upper bound",
    "known": "完整度 known",
}
RUNGS = (
    ("reach_ms", "连接 reach"),
    ("ping_ms", "ping"),
    ("time_ms", "校时 time"),
    ("snmp_ms", "SNMP"),
    ("auth_ms", "认证 auth"),
    ("snapshot_ms", "抓图 snapshot"),
    ("stream_ms", "视频流 stream"),
    ("recording_ms", "录像 recording"),
)
_RATE_NOTE = (
    "在线时间之和 ÷（在线 + 离线）时间之和，只截断不进位；未知不计入，另列。结算以账本为准。"
    " Sum of time up over sum of time up and down, cut, never rounded; unknown is left out and shown beside it."
    " Settlements come from the ledger."
)
_DAY_NOTE = "按当地整日，一日完结十分钟后写入。 Whole local days, written ten minutes after their end."
_POLICY = "\"policy\" = '$policy'"
_SITE, _DEVICE = "\"site\" = '$site'", "\"device\" = '$device'"


def all_dashboards() -> dict[str, Json]:
    """Return every dashboard by the name of its file."""
    return {"township": township(), "village": village(), "device": device(), "monitor": monitor()}


def township() -> Json:
    """Return the township on one page; `root` is the site that has all others below it."""
    root = f"\"site\" = '$root' AND {_POLICY}"
    return dashboard(
        "camkeeper-township",
        "乡镇 / Township",
        [
            (4, _figures(SITE_DAY, root)),
            (4, _counts("")),
            (9, [_rates(SITE_DAY, root, 12), _buckets(SITE_DAY, root, 12, "1d")]),
            (11, [_ranking('"kind" = \'' + SiteKind.VILLAGE.value + f"' AND {_POLICY}")]),
            (9, [_coverage("\"site\" = '$root'", 12), _desk(12)]),
        ],
        variables=[
            chosen("root", "全镇 whole", _site_values(f"WHERE \"kind\" <> '{SiteKind.VILLAGE.value}'")),
            *_variables(SITE_DAY),
            _light(),
        ],
        since="now-30d",
        note="全镇：摄像机之和，不是百分比的平均。 The whole town: sums of its cameras, never a mean of percentages.",
    )


def village() -> Json:
    """Return one site with all below it."""
    days = f"{_SITE} AND {_POLICY}"
    return dashboard(
        "camkeeper-village",
        "村 / Village",
        [
            (4, _figures(SITE_DAY, days)),
            (4, _counts(_SITE)),
            (10, [_timeline(_SITE, "各设备状态 / Status of each device")]),
            (9, [_rates(SITE_DAY, days, 12), _buckets(SITE_HOUR, days, 12, "1h")]),
            (9, [_coverage(_SITE, 12), _layers(_SITE, 12)]),
        ],
        variables=[chosen("site", "地点 site", _site_values("")), *_variables(SITE_DAY), _light()],
        since="now-7d",
        note="一个村（或网格、校园）连同其下各处。 A village, grid or campus with all below it.",
    )


def device() -> Json:
    """Return one device."""
    days = f"{_DEVICE} AND {_POLICY}"
    return dashboard(
        "camkeeper-device",
        "设备 / Device",
        [
            (4, _figures(DEVICE_DAY, days)),
            (5, [_timeline(_DEVICE, "状态 / Status")]),
            (9, [_buckets(DEVICE_HOUR, days, 12, "1h"), _latency(12)]),
            (9, [_clock(8), _picture(8), _against_baseline(8)]),
            (9, [_changes()]),
        ],
        variables=[
            chosen("site", "地点 site", f'SHOW TAG VALUES FROM "{STATUS}" WITH KEY = "site"'),
            chosen("device", "设备 device", f'SHOW TAG VALUES FROM "{STATUS}" WITH KEY = "device" WHERE {_SITE}'),
            *_variables(DEVICE_DAY),
        ],
        since="now-7d",
        note="时延、时钟与画面分数只作参考，尽力而为。 Latency, clock and picture scores are best effort.",
    )


def monitor() -> Json:
    """Return the monitor itself: whether what the others show can be believed."""
    return dashboard(
        "camkeeper-monitor",
        "监测端自身 / The monitor itself",
        [
            (4, _monitor_now()),
            (8, [_presence(12), _lags(12)]),
            (8, [_probes(12), _lateness(12)]),
            (8, [_mirror(12), _desk(12)]),
        ],
        variables=[fixed("fine", "fine", "autogen"), fixed("tz", "tz", "Asia/Shanghai")],
        since="now-24h",
        note="监测端停了，别的图也就没有依据。 Where the monitor stood still, nothing else here has a basis.",
    )


def _figures(measurement: str, where: str) -> list[Json]:
    shown = [
        stat(
            f"{SHARE_WORDS[name].split()[0]} / {SHARE_WORDS[name].split(' ', 1)[1].capitalize()}",
            [target(query.share(name, measurement, where), alias=SHARE_WORDS[name])],
            width=4,
            note=_RATE_NOTE if name == "rate" else _DAY_NOTE,
        )
        for name in ("rate", "lower", "upper", "good", "known")
    ]
    unknown = stat(
        "未知时长 / Unknown time",
        [target(query.unknown(measurement, where), alias=shaped(State.UNKNOWN))],
        width=4,
        unit="ms",
        colour=COLOURS[State.UNKNOWN],
        note="未知：我们不知道，不计作在线。 Unknown: we do not know; never counted as online.",
    )
    return [*shown, unknown]


def _counts(where: str) -> list[Json]:
    """Return how many devices have each status now."""
    return [
        stat(
            f"{shaped(state).rsplit(' ', 1)[0]} / Devices {shaped(state).rsplit(' ', 1)[1]}",
            [target(query.in_status(code, where), alias=shaped(state))],
            width=6,
            unit="none",
            colour=COLOURS[state],
            none=NOTHING,
            note="选定时段末尾的状态。 Status at the end of the time chosen.",
        )
        for code, state in CODES.items()
    ]


def _rates(measurement: str, where: str, width: int) -> Json:
    asked = [
        target(query.share_over_time(name, measurement, where), alias=SHARE_WORDS[name])
        for name in ("rate", "lower", "upper", "good")
    ]
    return lines(
        "每日在线率与上下限 / Rate of each day and its bounds",
        asked,
        width=width,
        every="1d",
        note=_RATE_NOTE,
        highest=100,
    )


def _buckets(measurement: str, where: str, width: int, every: str) -> Json:
    fine = measurement in {DEVICE_HOUR, SITE_HOUR}
    asked = target(
        query.buckets_over_time(measurement, where, [shaped(state) for state in ORDER]),
        alias="$col",
        source=FINE if fine else COARSE,
    )
    note = "在册时间的去向；没有测得就没有柱。 Where the time in service went."
    return stacked("时间去向 / Where the time went", [asked], width=width, every=every, note=note)


def _ranking(where: str) -> Json:
    asked = [
        target(query.ranked(SITE_DAY, where, ("lower", "upper", "known"), by="site"), table=True),
        target(query.ranked(SITE_DAY, where, ("rate", "good"), by="site"), table=True),
    ]
    columns = [named(name, word, unit="percent") for name, word in SHARE_WORDS.items()]
    return table(
        "各村 / Villages",
        asked,
        width=24,
        note=_RATE_NOTE,
        overrides=[*columns, named("site", "村 village")],
        transformations=[
            {"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {}}},
            {"id": "sortBy", "options": {"sort": [{"field": "lower", "desc": False}]}},
        ],
    )


def _timeline(where: str, title: str) -> Json:
    note = "一种状态一直延续到下一次变化。 A status stands until the next change."
    return timeline(title, [target(query.statuses(where), alias="$tag_device")], width=24, note=note)


def _changes() -> Json:
    words = [status_words()]
    return table(
        "状态变化 / Changes of status",
        [target(query.changes(_DEVICE), table=True)],
        width=24,
        note="seq 是账本链上的记录号。 seq is the number of the record in the ledger's chain.",
        overrides=[
            named("status", "状态 status", mappings=words),
            named("old", "之前 before", mappings=words),
            named("reason", "原因代码 reason code"),
            named("confirmed_after_ms", "确认用时 confirmed after", unit="ms"),
            named("seq", "账本记录 record"),
        ],
    )


def _coverage(where: str, width: int) -> Json:
    """Return what the cameras see of a site's open ground, against the design."""
    area = f"{where} AND \"layer\" = 'area' AND \"light\" = '$light'"
    asked = [
        target(query.covered(field, area), alias=word)
        for field, word in (
            ("design", "设计 design"),
            ("upper", "上限 upper bound"),
            ("lower", "下限 lower bound"),
        )
    ]
    note = "下限把未知的摄像机算作看不见。 The lower bound counts unknown cameras as blind."
    return lines("覆盖率与设计 / Coverage against the design", asked, width=width, every="1h", note=note, highest=100)


def _layers(where: str, width: int) -> Json:
    asked = target(
        query.covered("lower", f"{where} AND \"layer\" <> 'area' AND \"light\" = '$light'", by="layer"),
        alias="$tag_layer",
    )
    return lines("重点部位覆盖下限 / Key places, lower bound", [asked], width=width, every="1h", highest=100)


def _latency(width: int) -> Json:
    asked = target(query.latencies(RUNGS, _DEVICE), alias="$col", source=FINE)
    note = "只计有应答的探测。 Of probes that were answered."
    return lines("各级时延 p95 / Latency of each rung, p95", [asked], width=width, every="5m", unit="ms", note=note)


def _clock(width: int) -> Json:
    asked = target(query.heartbeats([("clock_offset_s", "偏差 offset")], _DEVICE), alias="$col", source=FINE)
    return lines("时钟偏差 / Clock offset", [asked], width=width, every="5m", unit="s")


def _picture(width: int) -> Json:
    scores = [
        ("picture_p50", "亮度 brightness"),
        ("picture_p99", "高光 highlights"),
        ("picture_saturated", "过曝占比 burnt out"),
        ("picture_noise", "噪声 noise"),
    ]
    asked = target(query.heartbeats(scores, _DEVICE), alias="$col", source=FINE)
    return lines("画面 / Picture", [asked], width=width, every="5m", unit="none")


def _against_baseline(width: int) -> Json:
    scores = [
        ("picture_sharpness", "清晰度 sharpness"),
        ("picture_contrast", "对比度 contrast"),
        ("picture_matched", "场景相符 scene matched"),
    ]
    asked = target(query.heartbeats(scores, _DEVICE), alias="$col", source=FINE)
    note = "与本机基线之差：清晰度为负即变糊。 Against its own baseline: negative sharpness is softer."
    return lines("与基线相比 / Against its baseline", [asked], width=width, every="5m", unit="none", note=note)


def _own(title: str, text: str, width: int, *, unit: str, note: str = "") -> Json:
    return lines(title, [target(text, alias="$col", source=FINE)], width=width, every="1m", unit=unit, note=note)


def _monitor_now() -> list[Json]:
    shown = (
        ("已运行 / Up for", "up_ms", "ms"),
        ("账本落后 / Ledger lag", "ledger_lag_ms", "ms"),
        ("镜像落后 / Mirror lag", "mirror_lag_ms", "ms"),
        ("不通的出口 / Uplinks lost", "uplinks_lost", "none"),
        ("未处理事件 / Open incidents", "incidents_open", "none"),
        ("未送达的信 / Letters undelivered", "letters_dead", "none"),
    )
    return [
        stat(title, [target(query.newest(field), alias=field, source=FINE)], width=4, unit=unit)
        for title, field, unit in shown
    ]


def _presence(width: int) -> Json:
    note = "每分钟报一次；少了就是监测端或镜像不在。 Once a minute; where it lacks, the monitor or the mirror was away."
    return _own("监测端在场 / The monitor is there", query.told("每段次数 times"), width, unit="none", note=note)


def _lags(width: int) -> Json:
    fields = [("loop_lag_ms", "事件循环 event loop"), ("ledger_lag_ms", "账本 ledger")]
    return _own("落后 / Lateness", query.gauges(fields), width, unit="ms")


def _probes(width: int) -> Json:
    fields = [
        ("probes", "探测 probes"),
        ("missed", "错过 missed"),
        ("discarded", "作废 discarded"),
        ("bugs", "程序错误 our faults"),
    ]
    return _own("探测 / Probes", query.grown(fields), width, unit="none")


def _lateness(width: int) -> Json:
    fields = [("healthy_late", "在线通道 healthy lane"), ("dead_late", "离线通道 dead lane")]
    note = "开始得比计划晚一秒以上的探测。 Probes that began more than a second late."
    return _own("迟到的探测 / Late probes", query.grown(fields), width, unit="none", note=note)


def _mirror(width: int) -> Json:
    fields = [
        ("mirror_records", "记录 records"),
        ("mirror_hours", "小时 hours"),
        ("heartbeats_lost", "丢失的心跳 heartbeats lost"),
    ]
    return _own("镜像尚缺 / What the mirror lacks", query.gauges(fields), width, unit="none")


def _desk(width: int) -> Json:
    fields = [
        ("incidents_open", "未处理事件 open incidents"),
        ("incidents_overdue", "超时 overdue"),
        ("orders_live", "工单 orders"),
        ("letters_waiting", "待发的信 letters waiting"),
        ("letters_dead", "未送达 undelivered"),
    ]
    return _own("事件与信 / Incidents and letters", query.gauges(fields), width, unit="none")


def _variables(measurement: str) -> list[Json]:
    policies = f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "policy"'
    return [
        chosen("policy", "口径 policy", policies),
        fixed("fine", "fine", "autogen"),
        fixed("tz", "tz", "Asia/Shanghai"),
    ]


def _light() -> Json:
    return one_of("light", "光线 light", {"day": "白天 day", "night": "夜间 night"})


def _site_values(where: str) -> str:
    return f'SHOW TAG VALUES FROM "{SITE_DAY}" WITH KEY = "site" {where}'.strip()
