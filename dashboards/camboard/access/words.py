"""The words of roles and scopes. Chinese here, English in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from camboard.i18n import Language
from camboard.text import plain
from camboard.words import mark
from camkeeper.model.access import Role, Scope

ROLE = {
    Role.ADMIN: mark("管理员"),
    Role.TECHNICIAN: mark("技术员"),
    Role.CONTRACTOR: mark("维保单位"),
    Role.OFFICIAL: mark("主管领导"),
    Role.COUNTY: mark("县级"),
    Role.WALL: mark("大屏"),
    Role.METRICS: mark("指标采集"),
}


def scope_words(scope: Scope, names: Mapping[str, str], say: Language) -> str:
    """Return what part somebody sees; `names` of sites and contractors by id."""
    if scope.whole:
        return say("全部")
    parts = [plain(names.get(i, i)) for i in sorted(scope.site_ids or ())]
    if scope.site_ids is not None and not parts:
        parts.append(say("没有地点"))
    if scope.contractor_id is not None:
        parts.append(plain(names.get(scope.contractor_id, scope.contractor_id)))
    return " · ".join(parts)
