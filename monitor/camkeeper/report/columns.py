"""The columns of the report's tables."""

from __future__ import annotations

from camkeeper.report.table import Column, Kind

RATES = (
    Column(key="id", head=("编号", "Id"), width=0),
    Column(key="name", head=("名称", "Name"), width=2.6),
    Column(key="kind", head=("类别", "Kind"), kind=Kind.WORD, width=0),
    Column(key="parent", head=("上级", "Part of"), width=0),
    Column(key="cameras", head=("摄像机", "Cameras"), kind=Kind.COUNT, width=1.1),
    Column(key="target", head=("目标", "Target"), kind=Kind.PERCENT, width=1.2),
    Column(key="rate", head=("在线率", "Online"), kind=Kind.PERCENT, width=1.25),
    Column(key="lower", head=("下限", "Lower"), kind=Kind.PERCENT, width=1.25),
    Column(key="upper", head=("上限", "Upper"), kind=Kind.PERCENT, width=1.25),
    Column(key="known", head=("完整度", "Known"), kind=Kind.PERCENT, width=1.25),
    Column(key="good", head=("完好率", "Good"), kind=Kind.PERCENT, width=1.25),
    Column(key="gross", head=("不剔除", "Gross"), kind=Kind.PERCENT, width=1.25),
    Column(key="verdict", head=("结论", "Verdict"), kind=Kind.WORD, width=1.9),
    Column(key="up", head=("在线 h", "Up h"), kind=Kind.HOURS, width=0),
    Column(key="down", head=("离线 h", "Down h"), kind=Kind.HOURS, width=0),
    Column(key="unknown", head=("未知 h", "Unknown h"), kind=Kind.HOURS, width=0),
    Column(key="excluded", head=("剔除 h", "Excluded h"), kind=Kind.HOURS, width=0),
    Column(key="absent", head=("未在网 h", "Absent h"), kind=Kind.HOURS, width=0),
    Column(key="degraded", head=("异常 h", "Degraded h"), kind=Kind.HOURS, width=0),
)
RULES = (
    Column(key="policy", head=("口径", "Policy"), width=2),
    Column(key="rule", head=("规则", "Rule"), kind=Kind.WORD, width=2),
    *(c for c in RATES if c.key in {"rate", "lower", "upper", "known", "verdict"}),
)
DAYS = (
    Column(key="day", head=("日期", "Day"), kind=Kind.DAY, width=1.5),
    *(c for c in RATES if c.key in {"rate", "lower", "upper", "known", "good"}),
    Column(key="up", head=("在线 h", "Up h"), kind=Kind.HOURS),
    Column(key="down", head=("离线 h", "Down h"), kind=Kind.HOURS),
    Column(key="unknown", head=("未知 h", "Unknown h"), kind=Kind.HOURS),
    Column(key="excluded", head=("剔除 h", "Excluded h"), kind=Kind.HOURS),
)
CAUSES = (
    Column(key="cause", head=("疑因", "Cause"), kind=Kind.WORD, width=2),
    Column(key="count", head=("事件", "Incidents"), kind=Kind.COUNT),
    Column(key="open", head=("未恢复", "Open"), kind=Kind.COUNT),
    Column(key="lasted", head=("历时 min", "Lasted min"), kind=Kind.MINUTES, width=1.4),
    Column(key="answered", head=("已响应", "Answered"), kind=Kind.COUNT),
    Column(key="answer", head=("平均响应 min", "MTTA min"), kind=Kind.MINUTES, width=1.4),
    Column(key="recovered", head=("已恢复", "Recovered"), kind=Kind.COUNT),
    Column(key="recover", head=("平均恢复 min", "MTTR min"), kind=Kind.MINUTES, width=1.4),
)
DEVICES = (
    Column(key="id", head=("编号", "Id"), width=1.8),
    Column(key="name", head=("名称", "Name"), width=2.8),
    Column(key="kind", head=("类别", "Kind"), kind=Kind.WORD, width=1.5),
    Column(key="site", head=("地点", "Site"), width=1.95),
    Column(key="contractor", head=("维保单位", "Contractor"), width=2.9),
    Column(key="rate", head=("在线率", "Online"), kind=Kind.PERCENT, width=1.4),
    Column(key="outages", head=("断线次数", "Outages"), kind=Kind.COUNT, width=1.2),
    Column(key="longest", head=("最长 h", "Longest h"), kind=Kind.HOURS, width=1.1),
    Column(key="up", head=("在线 h", "Up h"), kind=Kind.HOURS, width=0),
    Column(key="down", head=("离线 h", "Down h"), kind=Kind.HOURS, width=1.1),
    Column(key="unknown", head=("未知 h", "Unknown h"), kind=Kind.HOURS, width=1.2),
    Column(key="excluded", head=("剔除 h", "Excluded h"), kind=Kind.HOURS, width=0),
    Column(key="absent", head=("未在网 h", "Absent h"), kind=Kind.HOURS, width=0),
    Column(key="degraded", head=("异常 h", "Degraded h"), kind=Kind.HOURS, width=0),
)
EXCLUDED = (
    Column(key="id", head=("编号", "Id"), width=0),
    Column(key="start", head=("开始", "Start"), kind=Kind.INSTANT, width=1.4),
    Column(key="end", head=("结束", "End"), kind=Kind.INSTANT, width=1.4),
    Column(key="kind", head=("性质", "Kind"), kind=Kind.WORD, width=1.3),
    Column(key="reason", head=("原因", "Reason"), width=3.2),
    Column(key="evidence", head=("依据", "Evidence"), width=2.4),
    Column(key="approver", head=("批准人", "Approver"), width=1.8),
    Column(key="devices", head=("设备数", "Devices"), kind=Kind.COUNT, width=1),
    Column(key="counts", head=("剔除", "Left out"), kind=Kind.FLAG, width=0.9),
)
COVERAGE = (
    Column(key="id", head=("编号", "Id"), width=0),
    Column(key="name", head=("地点", "Site"), width=2.4),
    Column(key="target", head=("目标", "Target"), kind=Kind.PERCENT),
    Column(key="design", head=("设计", "Design"), kind=Kind.PERCENT),
    Column(key="blind", head=("设计盲区", "Blind by design"), kind=Kind.PERCENT),
    Column(key="lower", head=("月均下限", "Mean, lower"), kind=Kind.PERCENT),
    Column(key="upper", head=("月均上限", "Mean, upper"), kind=Kind.PERCENT),
    Column(key="worst", head=("最差时刻", "Worst"), kind=Kind.PERCENT),
    Column(key="worst_at", head=("时间", "At"), kind=Kind.INSTANT, width=1.4),
    Column(key="hours_lower", head=("覆盖小时下限", "Hours, lower"), kind=Kind.NUMBER, width=1.2),
    Column(key="hours_upper", head=("覆盖小时上限", "Hours, upper"), kind=Kind.NUMBER, width=1.2),
)
SERVICE = (
    Column(key="what", head=("项目", "What"), width=3),
    Column(key="count", head=("数量", "Count"), kind=Kind.COUNT),
    Column(key="mean", head=("平均 min", "Mean min"), kind=Kind.MINUTES),
    Column(key="median", head=("中位 min", "Median min"), kind=Kind.MINUTES),
    Column(key="longest", head=("最长 min", "Longest min"), kind=Kind.MINUTES),
)
AMOUNTS = (
    Column(key="contractor_id", head=("单位编号", "Contractor id"), width=0),
    Column(key="ground", head=("依据", "For"), kind=Kind.WORD, width=1.5),
    Column(key="id", head=("对象编号", "Id"), width=0),
    Column(key="contractor", head=("维保单位", "Contractor"), width=2.7, limit=22),
    Column(key="name", head=("对象", "Of"), width=2.2),
    Column(key="reason", head=("算式", "Reckoning"), width=4.8),
    Column(key="traced", head=("附表时段", "Intervals"), width=1.8),
    Column(key="trace", head=("全部时段", "All intervals"), width=0),
    Column(key="fen", head=("扣款 元", "CNY"), kind=Kind.FEN, width=1.1),
    Column(key="doubt", head=("另有未判定 元", "Undetermined CNY"), kind=Kind.FEN, width=1.5),
)
BILLS = (
    Column(key="contractor_id", head=("单位编号", "Contractor id"), width=0),
    Column(key="contractor", head=("维保单位", "Contractor"), width=3),
    Column(key="terms", head=("条款", "Terms"), width=2),
    Column(key="lines", head=("扣款项", "Lines"), kind=Kind.COUNT),
    Column(key="fen", head=("扣款 元", "CNY"), kind=Kind.FEN, width=1.4),
    Column(key="doubt", head=("另有未判定 元", "Undetermined CNY"), kind=Kind.FEN, width=1.5),
)
VERSIONS = (
    Column(key="seq", head=("账本序号", "Record"), kind=Kind.PLAIN),
    Column(key="at", head=("时间", "At"), kind=Kind.INSTANT, width=1.3),
    Column(key="by", head=("操作人", "By"), width=1.6),
    Column(key="why", head=("更正原因", "Why"), width=2.6),
    Column(key="rate", head=("在线率", "Online"), kind=Kind.PERCENT),
    Column(key="lower", head=("下限", "Lower"), kind=Kind.PERCENT),
    Column(key="upper", head=("上限", "Upper"), kind=Kind.PERCENT),
    Column(key="verdict", head=("结论", "Verdict"), kind=Kind.WORD, width=1.6),
    Column(key="agrees", head=("复算一致", "Recomputed alike"), kind=Kind.FLAG),
    Column(key="hash", head=("记录哈希", "Hash"), width=0),
    Column(key="figures", head=("数字摘要", "Digest"), width=0),
)
CHANGES = (
    Column(key="record", head=("更正记录", "Amendment"), kind=Kind.PLAIN),
    Column(key="row", head=("行", "Row"), width=2),
    Column(key="field", head=("项", "Field"), width=1.2),
    Column(key="old", head=("原", "Old"), width=1.4),
    Column(key="new", head=("新", "New"), width=1.4),
)
INCIDENTS = (
    Column(key="id", head=("事件", "Incident"), width=0),
    Column(key="cause", head=("疑因", "Cause"), kind=Kind.WORD, width=0),
    Column(key="began", head=("开始", "Began"), kind=Kind.INSTANT, width=0),
    Column(key="opened", head=("通知", "Told"), kind=Kind.INSTANT, width=0),
    Column(key="acknowledged", head=("响应", "Answered"), kind=Kind.INSTANT, width=0),
    Column(key="by", head=("响应人", "By"), width=0),
    Column(key="resolved", head=("恢复", "Resolved"), kind=Kind.INSTANT, width=0),
    Column(key="devices", head=("设备", "Devices"), width=0),
)
ORDERS = (
    Column(key="id", head=("工单", "Order"), width=0),
    Column(key="kind", head=("性质", "Kind"), kind=Kind.WORD, width=0),
    Column(key="state", head=("状态", "State"), kind=Kind.WORD, width=0),
    Column(key="cause", head=("疑因", "Cause"), kind=Kind.WORD, width=0),
    Column(key="contractor", head=("维保单位", "Contractor"), width=0),
    Column(key="opened", head=("开单", "Opened"), kind=Kind.INSTANT, width=0),
    Column(key="accepted", head=("接单", "Accepted"), kind=Kind.INSTANT, width=0),
    Column(key="restored", head=("恢复", "Restored"), kind=Kind.INSTANT, width=0),
    Column(key="closed", head=("办结", "Closed"), kind=Kind.INSTANT, width=0),
    Column(key="overdue", head=("超时", "Overdue"), kind=Kind.WORD, width=0),
    Column(key="devices", head=("设备", "Devices"), width=0),
)
INTERVALS = (
    Column(key="number", head=("序号", "No."), kind=Kind.PLAIN, width=0),
    Column(key="device", head=("设备", "Device"), width=0),
    Column(key="status", head=("状态", "Status"), kind=Kind.WORD, width=0),
    Column(key="start", head=("开始", "Start"), kind=Kind.INSTANT, width=0),
    Column(key="end", head=("结束", "End"), kind=Kind.INSTANT, width=0),
    Column(key="minutes", head=("时长 min", "Minutes"), kind=Kind.MINUTES, width=0),
    Column(key="start_ms", head=("开始 UTC ms", "Start UTC ms"), kind=Kind.PLAIN, width=0),
    Column(key="end_ms", head=("结束 UTC ms", "End UTC ms"), kind=Kind.PLAIN, width=0),
)
