"""Names in the language of the report. Devices, contractors and people keep the name that they are registered by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from camkeeper.report.deduct import Bill, Ground
from camkeeper.report.values import Book
from camkeeper.report.words import Lang
from camkeeper.standing.report import Rated


def in_language(book: Book, lang: Lang) -> Book:
    """Return the book with places called as `lang` calls them; who has no English name keeps the one there is."""
    names = book.names_en
    if lang is Lang.ZH or not names:
        return book
    report = book.report
    return replace(
        book,
        title=names.get("", book.title),
        report=replace(
            report,
            total=_rated(report.total, names),
            sites=_all(report.sites, names),
            coverage=None
            if report.coverage is None
            else tuple(replace(line, name=names.get(line.site_id, line.name)) for line in report.coverage),
        ),
        devices=tuple(replace(one, site=names.get(one.site_id, one.site)) for one in book.devices),
        versions=tuple(replace(v, total=_rated(v.total, names), sites=_all(v.sites, names)) for v in book.versions),
        bills=None if book.bills is None else tuple(_bill(one, names) for one in book.bills),
    )


def _rated(one: Rated, names: Mapping[str, str]) -> Rated:
    return replace(one, name=names.get(one.id, one.name))


def _all(found: Iterable[Rated], names: Mapping[str, str]) -> tuple[Rated, ...]:
    return tuple(_rated(one, names) for one in found)


def _bill(bill: Bill, names: Mapping[str, str]) -> Bill:
    amounts = tuple(
        replace(one, name=names.get(one.id, one.name)) if one.ground is Ground.VILLAGE else one for one in bill.amounts
    )
    return replace(bill, amounts=amounts)
