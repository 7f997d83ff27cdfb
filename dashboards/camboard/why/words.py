"""The accounting rule in words, from its numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from camboard.i18n import Language
from camboard.text import plain
from camboard.words import RUNG, mark
from camkeeper.model.contract import WindowKind
from camkeeper.model.policy import AccountingPolicy, JudgePolicy, Rule
from camkeeper.model.probing import Rung

RULE = {
    Rule.TIME_WEIGHTED: mark("按时间：在线毫秒 ÷（在线毫秒 + 离线毫秒），所有摄像机相加，不取百分数的平均"),
    Rule.DAILY_MEAN: mark("日平均：先算每个当地日的在线率，再取各日平均；整日未知的日子不计"),
    Rule.PATROL_DAILY: mark("每日一查：每天在约定时刻各看一次，在线次数 ÷（在线次数 + 离线次数）"),
}
KIND = {WindowKind.MAINTENANCE: mark("约定的检修"), WindowKind.EXCLUSION: mark("约定的剔除")}


def rule_lines(
    policy: AccountingPolicy, judge: JudgePolicy | None, judge_id: str, timezone: str, say: Language
) -> Iterator[tuple[str, str]]:
    """Yield (term, sentence) of everything that decides a figure."""
    yield say("口径"), f"{plain(policy.id)} · {say(RULE[policy.rule])}"
    if policy.rule is Rule.PATROL_DAILY:
        yield say("查看时刻"), plain(policy.patrol_at)
    kinds = [say(KIND[kind]) for kind in WindowKind if kind in policy.excludes]
    yield say("不计"), say("、").join(kinds) if kinds else say("没有：约定的时段也照样计入")
    yield (
        say("未知"),
        say(
            "不算在线也不算离线；下限把它当离线，上限把它当在线；超过 %(limit)s 就不下结论",
            limit=f"{policy.unknown_limit_bp / 100:g}%",
        ),
    )
    if judge is None:
        yield say("判定"), say("%(id)s，其参数已被替换，账本只留了名称", id=plain(judge_id) or "–")
    else:
        yield from _judging(judge, say)
    yield say("取整"), say("全程整数毫秒，只在显示时截断，从不进位：94.996 写作 94.99")
    yield say("时区"), plain(timezone)


def _judging(judge: JudgePolicy, say: Language) -> Iterator[tuple[str, str]]:
    down = say("、").join(say(RUNG[rung]) for rung in Rung if rung in judge.down_on)
    poor = say("、").join(say(RUNG[rung]) for rung in Rung if rung in judge.degraded_on)
    yield (
        say("判定"),
        say(
            "%(id)s：%(down)s失败算离线，%(poor)s失败算异常（仍算在线，不算完好）",
            id=f"{plain(judge.name)}/{judge.version}",
            down=down,
            poor=poor,
        ),
    )
    yield (
        say("确认"),
        say(
            "连续 %(down)d 次失败才算离线，%(poor)d 次才算异常；确认后从第一次失败算起，恢复一次即算",
            down=judge.confirm_down,
            poor=judge.confirm_degraded,
        ),
    )
    yield (
        say("宽限"),
        say("一次结果最多管 %(n)s 个探测周期，之后没有新结果就是未知", n=f"{judge.grace_polls:g}"),
    )
