"""A draft of a register as a page shows it: its columns, findings, changes, and what it does to figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from camboard.i18n import Language
from camboard.register.words import FIELD, KEY, STAGE, WEIGHT
from camboard.text import local, plain
from camboard.words import KIND
from camcover.datum import Datum
from camkeeper.model.equipment import DeviceKind
from camkeeper.register.fields import Field
from camkeeper.register.finding import CellFinding, Weight
from camkeeper.register.kept import text as value_text
from camkeeper.register.plan import Change
from camkeeper.standing.registers import Draft, Intake, Version

FINDINGS, CHANGES, EFFECTS = 100, 100, 300
"""So many on a page; the tables to take away have all."""
NOT = "-"
"""Chosen for a column that is left out."""
_LONG = 300
_ORDER = tuple(Weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRow:
    """One column of a sheet and what it may be taken for."""

    id: str
    heading: str
    why: str
    chosen: str
    options: tuple[tuple[str, str], ...]
    """(value, word)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One finding."""

    at: str
    weight: Weight
    word: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One device that is new, or otherwise then."""

    id: str
    at: str
    said: str
    """Field by field, what it was and would be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """Everything that a page says of a draft."""

    sheets: tuple[tuple[str, tuple[ColumnRow, ...]], ...]
    findings: tuple[FindingRow, ...]
    counts: Mapping[Weight, int]
    added: tuple[ChangeRow, ...]
    changed: tuple[ChangeRow, ...]
    removed: tuple[str, ...]
    effects: tuple[tuple[str, int, int, int], ...]
    """(site, cameras before, after, fields of view that change)."""
    refused: str
    """Why it cannot be put in place; empty: it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One import of the past."""

    number: int
    at: str
    by: str
    source: str
    digest: str
    counts: str
    undone: str
    newest: bool
    """It is the one that can be taken back."""


def draft_view(draft: Draft, names: Mapping[str, str], say: Language) -> DraftView:
    """Return what a page says of a draft. `names` of sites and contractors, by id."""
    plan, refused = draft.plan, draft.refused
    ordered = sorted(plan.findings, key=lambda f: _ORDER.index(f.weight))
    counts = {weight: sum(f.weight is weight for f in plan.findings) for weight in Weight}
    return DraftView(
        sheets=tuple(_sheet(at, draft, say) for at in range(len(draft.layouts))),
        findings=tuple(_finding(f, say) for f in ordered[:FINDINGS]),
        counts=counts,
        added=tuple(_change(c, names, say) for c in plan.added[:CHANGES]),
        changed=tuple(_change(c, names, say) for c in plan.changed[:CHANGES]),
        removed=tuple(plain(i) for i in plan.removed[:CHANGES]),
        effects=tuple(
            (plain(e.name), e.cameras_before, e.cameras_after, e.coverage_changes) for e in draft.effects[:EFFECTS]
        ),
        refused="" if refused is None else refused[say.code == "en"],
    )


def _sheet(at: int, draft: Draft, say: Language) -> tuple[str, tuple[ColumnRow, ...]]:
    name, layout = draft.layouts[at]
    fields = [(str(f), say(FIELD[f])) for f in Field if f is not Field.IGNORE]
    columns = []
    for column in layout.columns:
        if not column.heading:
            continue
        here = f"{at}.{column.place}."
        taken = NOT if column.field in {None, Field.IGNORE} else str(column.field)
        options = ((here + NOT, say(FIELD[Field.IGNORE])), *((here + value, word) for value, word in fields))
        why = column.en if say.code == "en" else column.zh
        columns.append(
            ColumnRow(
                id=f"c-{at}-{column.place}",
                heading=plain(column.heading, limit=80),
                why=plain(why),
                chosen=here + taken,
                options=options,
            )
        )
    return plain(name, limit=80), tuple(columns)


def chosen_fields(draft: Draft, chosen: str) -> dict[str, Field | None]:
    """Return what was said by heading, as far as it is otherwise than what stands; ValueError for what is none of ours.

    `chosen`: values of the columns' choices, parted by blanks.
    """
    out = dict(draft.wishes.mapping)
    taken: set[tuple[int, str]] = set()
    for word in chosen.split():
        sheet, place, name = word.split(".", 2)
        layout = draft.layouts[int(sheet)][1] if sheet.isdecimal() and int(sheet) < len(draft.layouts) else None
        if layout is None or not place.isdecimal():
            raise ValueError(word)
        column = next((c for c in layout.columns if c.place == int(place)), None)
        if column is None or not column.heading:
            raise ValueError(word)
        if name == NOT:
            if column.field not in {None, Field.IGNORE}:
                out[column.heading] = None
            continue
        if (int(sheet), name) in taken:
            raise TwiceError(name)
        taken.add((int(sheet), name))
        if Field(name) is not column.field:
            out[column.heading] = Field(name)
    return out


class TwiceError(ValueError):
    """Two columns of a sheet are to be one field; its name is the argument."""


def datum_of(text: str) -> Datum | None:
    """Read a choice of datum; ValueError for none of ours."""
    return Datum(text) if text else None


def _finding(f: CellFinding, say: Language) -> FindingRow:
    return FindingRow(
        at=plain(f.where, limit=80),
        weight=f.weight,
        word=say(WEIGHT[f.weight]),
        said=plain(f.en if say.code == "en" else f.zh, limit=_LONG),
    )


def _change(c: Change, names: Mapping[str, str], say: Language) -> ChangeRow:
    said = (f"{word} {old} → {new}" if old else f"{word} {new}" for word, old, new in _fields(c, names, say))
    return ChangeRow(id=plain(c.device_id), at=plain(f"{c.sheet}!{c.row}"), said=" · ".join(said))


def _fields(c: Change, names: Mapping[str, str], say: Language) -> Iterator[tuple[str, str, str]]:
    for key, old, new in c.fields:
        word = say(FIELD[KEY[key]]) if key in KEY else key
        yield word, "" if old is None else _value(key, old, names, say), _value(key, new, names, say)


def _value(key: str, value: object, names: Mapping[str, str], say: Language) -> str:
    if isinstance(value, DeviceKind):
        return say(KIND[value])
    text = value_text(value)
    return plain(names.get(text, text) if key in {"site", "contractor"} else text)


def finding_lines(draft: Draft, say: Language) -> Iterator[tuple[str, str, str, str]]:
    """Yield all findings: where, weight, kind, sentence."""
    for f in sorted(draft.plan.findings, key=lambda f: _ORDER.index(f.weight)):
        yield f.where, say(WEIGHT[f.weight]), str(f.what), f.en if say.code == "en" else f.zh


def change_lines(
    draft: Draft, names: Mapping[str, str], say: Language
) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Yield all changes: what, device, where, field, before, after."""
    for word, changes in ((say("新增"), draft.plan.added), (say("变更"), draft.plan.changed)):
        for c in changes:
            for name, old, new in _fields(c, names, say):
                yield word, c.device_id, f"{c.sheet}!{c.row}", name, old, new
    for device_id in draft.plan.removed:
        yield say("撤除"), device_id, "", "", "", ""


def version_rows(versions: tuple[Version, ...], zone: tzinfo) -> tuple[VersionRow, ...]:
    """Return the imports, newest first."""
    standing = [v.number for v in versions if v.undone_ms is None]

    def at(at_ms: int) -> str:
        return f"{local(at_ms, zone):%Y-%m-%d %H:%M}"

    return tuple(
        VersionRow(
            number=v.number,
            at=at(v.at_ms),
            by=plain(v.by),
            source=plain(v.source),
            digest=v.source_sha256[:12],
            counts=f"{v.added} / {v.changed} / {v.removed}",
            undone="" if v.undone_ms is None else f"{at(v.undone_ms)} {plain(v.undone_by)}",
            newest=bool(standing) and v.number == standing[-1],
        )
        for v in reversed(versions)
    )


def stage_words(intake: Intake, say: Language) -> str:
    """Return how far a file is."""
    rows = f" · {say('%(n)d 行', n=intake.rows)}" if intake.working and intake.rows else ""
    return say(STAGE[intake.state]) + rows
