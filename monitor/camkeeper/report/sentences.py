"""What the report says in sentences. Each gives (Chinese, English)."""

from __future__ import annotations

from camkeeper.availability.buckets import Promise
from camkeeper.report.table import local
from camkeeper.report.values import Book, Method
from camkeeper.report.words import Lang, Words, words

EXCLUDED_NOTE: Words = ("设备数为“–”：全部设备。", "Devices –: every device.")
SITES_NOTE: Words = ("没有摄像机的地点没有在线率。", "A site without cameras has no rate.")
TRACE_NOTE: Words = (
    "“#”后是附表“时段”的序号；每项的全部序号见同名 XLSX。",
    "# numbers are those of the annex of intervals; the XLSX of the same name has all of each amount's.",
)
NO_COVERAGE: Words = ("没有可用的覆盖数字。", "There are no figures of coverage.")
NO_AREA: Words = ("本报告的范围没有覆盖数字。", "The scope of this report has no area.")
NO_TERMS: Words = ("没有配置扣款条款。", "No terms of deduction are configured.")
COVERAGE: Words = (
    "白天、开阔地。设计：全部摄像机完好时。月均按时间加权，下限把状态未知的算作看不见。最差：当月任一时刻的最小值。",
    (
        "Open ground by day. Design: every camera working. Mean: weighted by time; its lower bound takes unknown ones "
        "as dark. Worst: the least at any moment of the month."
    ),
)
DEDUCTION: Words = (
    "只有上限也低于某一档时才扣，多档只取最深一档；未能判定的不扣，另列。设备一律按时间计。金额按整数分计算。",
    (
        "A step counts only where even the upper bound lies below it, and only the deepest one. What is undetermined"
        " takes nothing off and stands apart. Rates of single devices are by time. Amounts are reckoned in whole fen."
    ),
)


def verdict(promise: Promise, target: str) -> Words:
    """Answer "was the promise kept, and how sure are we"."""
    return {
        Promise.MET: (
            f"把未知全算作离线，在线率也达到 {target}。",
            f"Even with all unknown time as down, {target} is met.",
        ),
        Promise.MISSED: (
            f"把未知全算作在线，在线率也不到 {target}。",
            f"Even with all unknown time as up, {target} is not reached.",
        ),
        Promise.UNDETERMINED: (
            f"未知的时间足以改变结论（目标 {target}），所以不下结论。",
            f"What is unknown would decide (target {target}), so there is no verdict.",
        ),
    }[promise]


def asking(m: Method) -> Words:
    """Say how devices are asked."""
    zh = (
        f"每 {m.every_s:g} 秒探测一次，失败后 {m.retry_s:g} 秒复核，连续 {m.confirm_down} 次失败才判离线，"
        f"从第一次失败起算；超过 {m.grace_polls:g} 个周期没有结果的时间计为未知。"
    )
    en = (
        f"Each device is asked every {m.every_s:g} s, and again {m.retry_s:g} s after a failure; {m.confirm_down} "
        f"failures in a row are an outage, dated at the first. Time without a result for {m.grace_polls:g} intervals "
        "is unknown."
    )
    return zh, en


def counting(limit_bp: int) -> Words:
    """Say how rates are made."""
    limit = f"{limit_bp / 100:g}%"
    zh = (
        "在线率 = 在线 ÷（在线 + 离线），按整数毫秒计算；下限把未知全算离线，上限把未知全算在线。"
        f"未知超过 {limit} 或上下限跨过目标时“未能判定”。各地点是其全部设备之和，不是百分比的平均；"
        "百分数一律截断，不进位。完好率只计画面可用的在线时间。"
    )
    en = (
        "Online rate = up / (up + down), in whole milliseconds; the lower bound takes all unknown as down, the upper "
        f"as up. Undetermined: unknown above {limit}, or the target between the bounds. A site is the sum of its "
        "devices, never a mean of percentages; percentages are cut, never rounded up. The good-order rate counts only "
        "time with a usable picture."
    )
    return zh, en


def basis(book: Book) -> Words:
    """Say what is left out, and by which configuration."""
    kinds = sorted(book.report.policy.excludes)
    zh, en = ((sep.join(lang.pick(words(k)) for k in kinds)) for lang, sep in ((Lang.ZH, "、"), (Lang.EN, ", ")))
    zone, judge, config = book.report.timezone, book.judge or "–", book.config_digest[:16]
    return (
        f"剔除的时段：{zh or '无'}。时区 {zone}。判定策略 {judge}。配置摘要 {config}。",
        f"Left out: {en or 'nothing'}. Zone {zone}. Judging policy {judge}. Configuration {config}.",
    )


def incidents(book: Book) -> Words:
    """Count incidents and late orders."""
    causes, s = book.report.causes, book.report.service
    count, still = sum(line.count for line in causes), sum(line.open for line in causes)
    zh = (
        f"共 {count} 起，未恢复 {still} 起；响应超时 {s.late_response} 单，修复超时 {s.late_repair} 单。"
        "历时只计本月以内的部分；平均恢复从第一次断线到最后恢复。"
    )
    en = (
        f"{count} incidents, {still} not over; {s.late_response} orders answered late, {s.late_repair} repaired late. "
        "Lasted: the part within the month. MTTR: from the first outage to the last recovery."
    )
    return zh, en


def repeated(book: Book) -> Words:
    """Count the devices that failed again."""
    count = sum(d.outages > 1 for d in book.devices)
    return (
        f"断线两次及以上的设备 {count} 台；全部设备见附表。",
        f"{count} devices had two outages or more; the annex has every device.",
    )


def left_out(book: Book) -> Words:
    """Say how much was left out, and what the verdict would be with it."""
    net, gross = book.report.total.net, book.report.total.gross
    tenths = net.buckets.excluded_ms // 360_000
    hours, (zh, en) = f"{tenths // 10:,}.{tenths % 10}", words(gross.verdict)
    return (
        f"共剔除 {hours} 摄像机小时；两种在线率见各表“在线率”（剔除）与“不剔除”两列。不剔除时：{zh}。",
        (
            f"{hours} camera-hours are left out; every table has the rate without them (Online) and with them (Gross). "
            f"With them: {en}."
        ),
    )


def annex(book: Book) -> Words:
    """Name the head of the ledger, and what the workbook has."""
    report = book.report
    until = f"{local(report.period.end_ms, report.timezone):%Y-%m-%d %H:%M:%S}"
    i, o, s, d = (f"{len(x):,}" for x in (book.incidents, book.orders, book.intervals, book.devices))
    return (
        (
            f"账本第 {report.seq} 条，哈希 {report.head}。数字截至 {until}。"
            f"原始事件 {i} 起、工单 {o} 单、时段 {s} 条、设备 {d} 台，见同名 XLSX。"
        ),
        (
            f"Ledger record {report.seq}, hash {report.head}. Figures up to {until}. "
            f"The XLSX of the same name has {i} incidents, {o} orders, {s} intervals and {d} devices."
        ),
    )
