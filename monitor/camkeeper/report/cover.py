"""What the cover says in words that a village official reads once: kept or not, where not, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camkeeper.availability.buckets import Promise
from camkeeper.report.parts import places, worst_first
from camkeeper.report.table import cut_percent, money, percent
from camkeeper.report.values import Book
from camkeeper.report.words import Words
from camkeeper.sheet.text import clean
from camkeeper.standing.report import Rated

NAMED = 6
"""Places called by name."""


def cover_told(book: Book) -> Iterator[Words]:
    """Yield the sentences of the cover, each in both languages."""
    total = book.report.total
    yield _promise(total)
    listed = [site for site in places(book.report.sites) if site.cameras]
    if listed:
        yield _places(listed)
    if book.bills is not None:
        fen, doubt = (sum(getattr(bill, key) for bill in book.bills) for key in ("fen", "doubt_fen"))
        yield (
            f"按条款扣款 {money(fen)} 元" + (f"，另有未判定 {money(doubt)} 元。" if doubt else "。"),
            f"Deductions by the terms: CNY {money(fen)}" + (f", undetermined CNY {money(doubt)}." if doubt else "."),
        )


def _promise(total: Rated) -> Words:
    target = f"{total.target_bp / 100:g}%"
    net = total.net
    rate, low, high = (_told(cut_percent(share)) for share in (net.ratio, net.lower, net.upper))
    return {
        Promise.MET: (
            f"承诺在线率 {target}，本月做到了：{rate}；把未知的时间全算离线，也有 {low}。",
            f"{target} online was promised and kept: {rate}; even with all unknown time as down, {low}.",
        ),
        Promise.MISSED: (
            f"承诺在线率 {target}，本月没有做到：{rate}；把未知的时间全算在线，也只有 {high}。",
            f"{target} online was promised and not kept: {rate}; even with all unknown time as up, only {high}.",
        ),
        Promise.UNDETERMINED: (
            f"承诺在线率 {target}，本月无法判定：已知时间内 {rate}；未知的全算离线是 {low}，全算在线是 {high}。",
            (
                f"{target} online was promised; nobody can tell whether it was kept: {rate} of the known time, "
                f"{low} with all unknown time as down, {high} with it as up."
            ),
        ),
    }[net.verdict]


def _places(listed: Sequence[Rated]) -> Words:
    count = {kind: sum(site.net.verdict is kind for site in listed) for kind in Promise}
    zh = (
        f"有摄像机的 {len(listed)} 个村、校园、卡口、网格：达标 {count[Promise.MET]}，"
        f"未达标 {count[Promise.MISSED]}，未能判定 {count[Promise.UNDETERMINED]}。"
    )
    en = (
        f"{len(listed)} villages, campuses, checkpoints and grids with cameras: {count[Promise.MET]} met, "
        f"{count[Promise.MISSED]} missed, {count[Promise.UNDETERMINED]} undetermined."
    )
    missed = [site for site in worst_first(listed) if site.net.verdict is Promise.MISSED]
    if not missed:
        return zh, en
    named = [f"{clean(site.name, 14)} {_told(cut_percent(site.net.ratio))}" for site in missed[:NAMED]]
    more_zh, more_en = ("等", " and others") if len(missed) > NAMED else ("", "")
    return f"{zh}未达标：{'、'.join(named)}{more_zh}。", f"{en} Missed: {', '.join(named)}{more_en}."


def _told(bp: int | None) -> str:
    return "–" if bp is None else percent(bp)
