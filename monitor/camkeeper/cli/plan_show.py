"""A plan for people: turns, posts, places, patrols."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from camkeeper.geo.fault import printable

Json = dict[str, Any]
_UNITS = {"m2": " m²", "m": " m", "count": ""}
_MOST_ROWS = 20
_KINDS = {"corner": "墙角 corner", "road": "路边 road", "wall": "墙面 wall", "given": "指定 given"}


def show(console: Console, figures: Json, *, everything: bool = False) -> None:
    """Print the plan; of the places some that change or are not wholly seen, or `everything`."""
    when = "夜间 by night" if figures["night"] else "白天 by day"
    synthetic = " · 几何为合成数据 synthetic geometry" if figures["synthetic"] else ""
    _line(console, f"{figures['scene']} · {when}{synthetic}")
    console.print(_turns(figures))
    _unturned(console, figures)
    console.print(_posts(figures))
    _verdict(console, figures)
    console.print(_places(figures, everything=everything))
    for walk in figures["patrols"]:
        console.print(_patrol(walk))
        _rounds(console, walk)
    _line(console, figures["definition"])
    _line(console, figures["definition_en"])
    kit = figures["kit"]
    like = f"照 {figures['like']} like it" if figures["like"] else "同最常见的 as most here"
    _line(console, f"新机 New: {like}, HFOV {kit['hfov_deg']:g}°, {kit['range_m']:g} m, h {kit['height_m'] or '?'} m")
    _line(
        console,
        f"CRS {figures['crs']} · {figures['standard']} · {figures['elements']} 个采样点 elements, "
        f"{figures['cell_m']:.1f} m × {figures['step_m']:.1f} m · SHA-256 {figures['inputs'][:16]}",
    )


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False)


def _percent(share: float) -> str:
    """Return a share rounded down: 99.96% is not 100%."""
    return f"{int(share * 1000 + 1e-6) / 10:.1f}%"


def _gain(share: float) -> str:
    return f"+{share * 100:.2f}%"


def _table(title: str, *headings: str, left: int = 1) -> Table:
    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number < left else "right")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(escape(printable(cell, 200)) for cell in cells))


def _won(figures: Json, won: dict[str, float]) -> str:
    units = {place["id"]: _UNITS[place["unit"]] for place in figures["places"]}
    most = sorted(won.items(), key=lambda pair: -abs(pair[1]))
    told = [f"{id_} {amount:+,.0f}{units[id_]}" for id_, amount in most[:4] if abs(amount) >= 0.5]
    return "，".join(told) + ("…" if len(most) > 4 else "")


def _turns(figures: Json) -> Table:
    title = f"一、先转向 First turn · {_percent(figures['before'])} → {_percent(figures['turned'])}"
    table = _table(title, "摄像机\ncamera", "现方位\nfrom", "转到\nto", "收益\ngain", "得失\nwon and lost")
    for turn in figures["turns"]:
        name = f"{turn['camera']} {turn['name']}" if turn["name"] else turn["camera"]
        _row(
            table,
            name,
            f"{turn['from_deg']:.0f}°",
            f"{turn['to_deg']:.0f}°",
            _gain(turn["gain"]),
            _won(figures, turn["won"]),
        )
    if not figures["turns"]:
        table.caption = "没有值得转动的 / none is worth turning"
    return table


def _unturned(console: Console, figures: Json) -> None:
    for key, zh, en in (
        ("azimuth_unknown", "方位未知，先去现场看", "azimuth unknown, look first"),
        ("inside_building", "点位落在建筑内，先复测", "put inside a building, survey first"),
    ):
        if figures[key]:
            _line(console, f"{zh} {en}: {', '.join(printable(id_) for id_ in figures[key])}")


def _posts(figures: Json) -> Table:
    title = f"二、再新立 Then put up · {_percent(figures['turned'])} → {_percent(figures['after'])}"
    headings = ("#", "位置\nspot", "经度, 纬度\nlon, lat", "方位\nazimuth", "收益\ngain", "累计\nseen", "上界\nbound")
    table = _table(title, *headings, left=3)
    for number, post in enumerate(figures["posts"], start=1):
        _row(
            table,
            str(number),
            _KINDS.get(post["kind"], post["kind"]),
            f"{post['lon']:.6f}, {post['lat']:.6f}",
            f"{post['azimuth_deg']:.0f}°",
            _gain(post["gain"]),
            _percent(post["after"]),
            _percent(post["bound"]),
        )
    if not figures["posts"]:
        table.caption = "不新立 / none"
    return table


def _verdict(console: Console, figures: Json) -> None:
    if figures["posts"]:
        last, options = figures["posts"][-1], figures["options"]
        _line(console, f"从 {options} 个位置与方位中选出；同样多的新机最多看见 {_percent(last['bound'])}")
        _line(
            console, f"Chosen of {options} spots and azimuths; no choice of as many sees over {_percent(last['bound'])}"
        )
    if figures["reached"] is not None:
        needs = "" if figures["at_least"] is None else f"，至少要 {figures['at_least']} 台"
        least = "" if figures["at_least"] is None else f"; at least {figures['at_least']} are needed"
        _line(console, f"目标{'达到' if figures['reached'] else '达不到'}{needs}")
        _line(console, f"The target is {'reached' if figures['reached'] else 'not reached'}{least}")
    exact = figures["exact"]
    if exact is not None:
        zh = "已证明最优" if exact["proven"] else f"限时内未证明最优，相差至多 {exact['gap'] * 100:.2f}%"
        en = "proven best" if exact["proven"] else f"not proven in time, at most {exact['gap'] * 100:.2f}% off"
        _line(console, f"整数规划：{zh} / Integer programming: {en}")


def _places(figures: Json, *, everything: bool) -> Table:
    headings = ("部位\nplace", "等级\nband", "总量\ntotal", "现在\nbefore", "转后\nturned", "新立后\nafter")
    table = _table("三、逐项 Place by place", *headings, left=2)
    told = figures["places"] if everything else _telling(figures["places"])[:_MOST_ROWS]
    for place in told:
        total = place["total"] or 1.0
        _row(
            table,
            f"{place['id']} {place['name']}" if place["name"] else place["id"],
            place["band"],
            f"{place['total']:,.0f}{_UNITS[place['unit']]}",
            *(_percent(place[key] / total) for key in ("before", "turned", "after")),
        )
    met = sum(_met(place) for place in figures["places"])
    rest = len(figures["places"]) - len(told)
    if rest:
        table.caption = (
            f"另有 {rest} 处未列（--all 列出全部），共 {met} 处已看全 / {rest} more with --all; {met} wholly seen"
        )
    return table


def _met(place: Json) -> bool:
    return bool(place["after"] >= place["total"] * (1 - 1e-9))


def _telling(places: list[Json]) -> list[Json]:
    """Return the places that the plan changes, then those that it leaves partly unseen."""
    changed = [place for place in places if not _same(place)]
    return changed + [place for place in places if _same(place) and not _met(place)]


def _same(place: Json) -> bool:
    moved = max(abs(place["after"] - place["before"]), abs(place["turned"] - place["before"]))
    return bool(moved <= place["total"] * 1e-6)


def _patrol(walk: Json) -> Table:
    title = f"盲区巡逻 Patrol · {printable(walk['site'])} · {walk['blind_m2']:,.0f} m²"
    headings = (
        "站\nstop",
        "轮\nround",
        "经度, 纬度\nlon, lat",
        "最近重点部位\nnearest key place",
        "路程\nleg",
        "盲区\nblind",
    )
    table = _table(escape(title), *headings, left=4)
    for number, one in enumerate(walk["rounds"], start=1):
        for stop in one["stops"]:
            place = "-" if stop["place"] is None else f"{stop['place']} {stop['place_m']:.0f} m"
            at = f"{stop['lon']:.6f}, {stop['lat']:.6f}"
            _row(
                table,
                str(stop["number"]),
                str(number),
                at,
                place,
                f"{stop['leg_m']:,.0f} m",
                f"{stop['area_m2']:,.0f} m²",
            )
    return table


def _rounds(console: Console, walk: Json) -> None:
    how = "沿路 along roads" if walk["by_road"] else "直线 straight"
    for number, one in enumerate(walk["rounds"], start=1):
        over = " · 超过每轮步行上限 over the budget" if one["over_budget"] else ""
        length = f"{one['length_m']:,.0f} m {how}"
        _line(
            console,
            f"第 {number} 轮 round {number}: {len(one['stops'])} 站 stops, {length}, {one['minutes']:.0f} min{over}",
        )
    if walk["dropped"]:
        _line(console, f"另有 {walk['dropped']} 块太小，共 {walk['dropped_m2']:,.0f} m² / too small to walk to")
