"""Why something agreed is not taken, in both languages: (Chinese, English)."""

from __future__ import annotations

from collections.abc import Mapping

from camkeeper.window.book import Deed, Refusal
from camkeeper.window.evidence import EvidenceFault
from camkeeper.window.ics_read import IcsFault
from camkeeper.window.plan import PlanFault
from camkeeper.window.rule import RuleFault

PLAN_FAULT: Mapping[PlanFault, tuple[str, str]] = {
    PlanFault.NO_REASON: ("须写明事由", "say why"),
    PlanFault.NO_EVIDENCE: ("剔除须附依据文件", "an exclusion wants a file as evidence"),
    PlanFault.NO_APPROVER: ("剔除须写明批准人", "an exclusion wants somebody who approved it"),
    PlanFault.NO_LIMIT: ("重复的剔除须有截止时间", "an exclusion that comes again wants a time limit"),
    PlanFault.NO_SCOPE: (
        "须写明对哪些地点、设备或链路，或写明对全部",
        "say which sites, devices or links, or that it is all",
    ),
    PlanFault.TWO_SCOPES: ("不能既写全部又写范围", "either all, or what is named"),
    PlanFault.LENGTH: ("每次须在 1 分钟到 31 天之间", "each lasts from one minute to 31 days"),
    PlanFault.OVERLAPS: ("前一次还没结束，后一次又开始了", "it would begin again before it is over"),
    PlanFault.TOO_MANY: ("一年内次数太多", "too many of them in a year"),
    PlanFault.BAD_TIME: ("开始时间须为整分钟", "it begins at a full minute"),
    PlanFault.BAD_ZONE: ("时区无法识别", "there is no such time zone"),
}
RULE_FAULT: Mapping[RuleFault, tuple[str, str]] = {
    RuleFault.TOO_LONG: ("重复规则太长", "the rule is too long"),
    RuleFault.NOT_A_RULE: ("不是重复规则（如 FREQ=WEEKLY;BYDAY=TU）", "not a rule such as FREQ=WEEKLY;BYDAY=TU"),
    RuleFault.TWICE: ("重复规则里有一项写了两次", "a part of the rule stands twice"),
    RuleFault.UNKNOWN_PART: ("重复规则里有不认识的项", "the rule has a part that nobody knows"),
    RuleFault.NO_FREQUENCY: ("重复规则须有 FREQ", "the rule wants its FREQ"),
    RuleFault.TOO_OFTEN: ("重复太频繁，最多每天", "too often: daily at the most"),
    RuleFault.BAD_VALUE: ("重复规则里的值不对", "the rule has a value that does not fit"),
    RuleFault.COUNT_AND_UNTIL: ("次数与截止只能写一个", "COUNT and UNTIL exclude each other"),
}
REFUSAL: Mapping[Refusal, tuple[str, str]] = {
    Refusal.NO_SUCH_PLAN: (
        "没有这条记录，或它写在配置文件里",
        "there is none of this id, or it is the configuration's",
    ),
    Refusal.TAKEN_ID: ("编号已被占用", "this id is taken"),
    Refusal.NOBODY: ("请写明姓名", "say who you are"),
    Refusal.NO_REASON: ("请写明原因", "say why"),
    Refusal.OVER: ("已经结束或已撤回", "it is over, or was withdrawn"),
    Refusal.BEGUN: ("检修已经开始，不能撤回，只能提前结束", "it has begun: end it, it cannot be withdrawn"),
    Refusal.NOT_BEGUN: ("还没有开始，不用结束，可以撤回", "it has not begun: withdraw it instead"),
    Refusal.AFTER_THE_FACT: (
        "检修须事先登记；过去的时段只能登记为剔除，附依据与批准人",
        "maintenance is announced beforehand; for the past enter an exclusion, with evidence and who approved it",
    ),
}
ICS_FAULT: Mapping[IcsFault, tuple[str, str]] = {
    IcsFault.TOO_LARGE: ("日历文件太大", "the calendar is too large"),
    IcsFault.TOO_MANY: ("日历里的事件太多", "too many events"),
    IcsFault.NOT_A_CALENDAR: ("不是日历（ICS）", "not a calendar (ICS)"),
    IcsFault.BAD_START: ("开始时间读不出，或不是整分钟", "its start cannot be read, or is no full minute"),
    IcsFault.BAD_LENGTH: ("时长读不出", "its length cannot be read"),
    IcsFault.BAD_ZONE: ("时区无法识别", "there is no such time zone"),
    IcsFault.BAD_RULE: ("重复规则不能用", "its rule is not taken"),
    IcsFault.NOT_READ: ("含有不支持的内容", "it has something that is not read"),
}
DEED: Mapping[Deed, tuple[str, str]] = {
    Deed.PLANNED: ("登记", "planned"),
    Deed.APPROVED: ("批准", "approved"),
    Deed.ENDED: ("提前结束", "ended early"),
    Deed.WITHDRAWN: ("撤回", "withdrawn"),
}
EVIDENCE_FAULT: Mapping[EvidenceFault, tuple[str, str]] = {
    EvidenceFault.EMPTY: ("依据文件是空的", "the evidence file is empty"),
    EvidenceFault.TOO_LARGE: ("依据文件不能超过 10 MB", "the evidence file has 10 MB at most"),
    EvidenceFault.WRONG_TYPE: (
        "依据文件须是 PDF、OFD、Word、Excel 或照片（JPEG、PNG、WebP、HEIC）",
        "evidence is a PDF, OFD, Word or Excel file, or a photo (JPEG, PNG, WebP, HEIC)",
    ),
}
