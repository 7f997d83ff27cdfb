"""An examination as a page and as tables. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from camboard.device.way import device_address
from camboard.download import Cell
from camboard.i18n import Language
from camboard.index import Index
from camboard.text import percent, plain
from camkeeper.doctor.examine import Examined
from camkeeper.doctor.finding import Accuracy, Check, Finding, Severity
from camkeeper.doctor.words import FIELD, SEVERITY, SURENESS, TITLE
from camkeeper.register.kept import text

PATH = "/doctor"
PER_PAGE = 50
_DEVICES, _CHANGES = 3, 4
_SENTENCE = 600
SHAPE = {Severity.SEVERE: "■", Severity.MINOR: "▲", Severity.ADVICE: "○"}
FINDINGS_HEAD = (
    "id", "check", "severity", "sureness", "title", "finding", "proposal", "devices", "sites", "edits",
)  # fmt: skip
FIELDS_HEAD = ("field", "name", "devices", "checked", "right", "wrong", "unknown", "missing", "rate_percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finding."""

    id: str
    tone: str
    shape: str
    grave: str
    sure: str
    told: str
    advice: str
    devices: tuple[tuple[str, str], ...]
    """(name, address)."""
    more: int
    chart: str
    """Where it lies on the map; empty: nowhere."""
    changes: tuple[str, ...]
    changes_more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The findings of one check."""

    check: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One check that found something."""

    word: str
    address: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field's accuracy."""

    name: str
    row: Accuracy
    rate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Which part of the findings is shown; as `macros.pager` wants it."""

    page: int
    pages: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorView:
    """The whole page."""

    counts: tuple[tuple[str, str, str, int], ...]
    """(tone, shape, word, how many)."""
    devices: int
    answered: int
    choices: tuple[Choice, ...]
    groups: tuple[Group, ...]
    pager: Pages
    fields: tuple[FieldRow, ...]
    chosen: str


def doctor_view(
    examined: Examined, index: Index, mapped: frozenset[str], say: Language, *, check: Check | None, page: int
) -> DoctorView:
    """Write an examination. `mapped`: the sites that the map knows."""
    found = examined.findings if check is None else examined.only({check})
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, page), pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    grave = Counter(f.severity for f in examined.findings)
    return DoctorView(
        counts=tuple((s.value, SHAPE[s], _word(SEVERITY[s], say), grave[s]) for s in Severity),
        devices=examined.devices,
        answered=examined.answered,
        choices=_choices(examined, check, say),
        groups=tuple(
            Group(
                check=each.value,
                title=_word(TITLE[each], say),
                rows=tuple(_row(f, index, mapped, say) for f in findings),
            )
            for each, findings in groupby(shown, key=lambda f: f.check)
        ),
        pager=Pages(
            page=page,
            pages=pages,
            before=address(check, page - 1) if page > 1 else "",
            after=address(check, page + 1) if page < pages else "",
        ),
        fields=tuple(field_row(sheet.over(), say) for sheet in examined.sheets),
        chosen="" if check is None else check.value,
    )  # fmt: skip


def address(check: Check | None = None, page: int = 1, path: str = PATH) -> str:
    """Return the address of a part of the findings."""
    asked = urlencode([*([("check", check.value)] if check else []), *([("page", str(page))] if page > 1 else [])])
    return f"{path}?{asked}" if asked else path


def field_row(row: Accuracy, say: Language) -> FieldRow:
    """Write one field's accuracy; percents are cut."""
    return FieldRow(name=_word(FIELD[row.field], say), row=row, rate=percent(row.rate))


def finding_lines(examined: Examined, say: Language) -> Iterator[tuple[Cell, ...]]:
    """Yield the table of findings, all of them."""
    for f in examined.findings:
        yield (
            f.id, f.check.value, f.severity.value, f.sureness.value, _word(TITLE[f.check], say), _told(f, say),
            _advice(f, say), " ".join(f.device_ids), " ".join(f.site_ids), "; ".join(changes(f)),
        )  # fmt: skip


def field_lines(examined: Examined, say: Language) -> Iterator[tuple[Cell, ...]]:
    """Yield the table of accuracy."""
    for sheet in examined.sheets:
        row = sheet.over()
        name, rate = _word(FIELD[row.field], say), "" if row.rate is None else f"{float(row.rate) * 100:.4f}"
        yield (
            row.field.value, name, row.devices, row.checked, row.right, row.wrong, row.unknown, row.missing, rate,
        )  # fmt: skip


def changes(finding: Finding) -> Iterator[str]:
    """Yield what would be written, a value a line."""
    for edit in finding.edits:
        for key, old, new in edit.fields:
            yield f"{edit.device_id} {key}: {'-' if old is None else text(old)} → {text(new)}"


def _choices(examined: Examined, check: Check | None, say: Language) -> tuple[Choice, ...]:
    counts = Counter(f.check for f in examined.findings)
    every = Choice(word=say("全部检查"), address=PATH, count=len(examined.findings), selected=check is None)
    own = (
        Choice(word=_word(TITLE[c], say), address=address(c), count=counts[c], selected=c is check)
        for c in Check
        if counts[c]
    )
    return (every, *own)


def _row(finding: Finding, index: Index, mapped: frozenset[str], say: Language) -> Row:
    known = [index.device_by_id[i] for i in finding.device_ids if i in index.device_by_id]
    sites = (*finding.site_ids, *(d.site_id for d in known))
    site = next((s for s in sites if s in mapped), "")
    edits = list(changes(finding))
    return Row(
        id=finding.id,
        tone=finding.severity.value,
        shape=SHAPE[finding.severity],
        grave=_word(SEVERITY[finding.severity], say),
        sure=_word(SURENESS[finding.sureness], say),
        told=_told(finding, say),
        advice=_advice(finding, say),
        devices=tuple((plain(d.name), device_address(d.id)) for d in known[:_DEVICES]),
        more=max(0, len(finding.device_ids) - _DEVICES),
        chart=f"/map?{urlencode({'site': site})}" if site else "",
        changes=tuple(plain(line) for line in edits[:_CHANGES]),
        changes_more=max(0, len(edits) - _CHANGES),
    )


def _told(finding: Finding, say: Language) -> str:
    return plain(finding.en if say.code == "en" else finding.zh, limit=_SENTENCE)


def _advice(finding: Finding, say: Language) -> str:
    return plain(finding.advice_en if say.code == "en" else finding.advice_zh, limit=_SENTENCE)


def _word(words: tuple[str, str], say: Language) -> str:
    return words[1] if say.code == "en" else words[0]
