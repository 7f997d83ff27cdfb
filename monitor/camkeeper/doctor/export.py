"""Findings and accuracy as JSON values, for commands and programs. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from camkeeper.doctor.examine import Examined
from camkeeper.doctor.finding import Accuracy, Check, Finding
from camkeeper.doctor.words import FIELD, TITLE
from camkeeper.register.kept import text


def as_value(examined: Examined, only: Collection[Check] = ()) -> dict[str, Any]:
    """Return an examination as JSON values; rates are None where nothing was checked."""
    return {
        "devices": examined.devices,
        "answered": examined.answered,
        "severe": examined.severe,
        "findings": [finding_value(f) for f in examined.only(only)],
        "accuracy": [accuracy_value(s.over()) for s in examined.sheets],
    }


def finding_value(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    title = TITLE[finding.check]
    return {
        "id": finding.id,
        "check": finding.check.value,
        "title_zh": title[0],
        "title_en": title[1],
        "severity": finding.severity.value,
        "sureness": finding.sureness.value,
        "zh": finding.zh,
        "en": finding.en,
        "devices": list(finding.device_ids),
        "sites": list(finding.site_ids),
        "numbers": dict(finding.numbers),
        "advice_zh": finding.advice_zh,
        "advice_en": finding.advice_en,
        "edits": [
            {"device": edit.device_id, "field": key, "old": None if old is None else text(old), "new": text(new)}
            for edit in finding.edits
            for key, old, new in edit.fields
        ],
    }


def accuracy_value(row: Accuracy) -> dict[str, Any]:
    """Return one field's accuracy."""
    title = FIELD[row.field]
    return {
        "field": row.field.value,
        "title_zh": title[0],
        "title_en": title[1],
        "devices": row.devices,
        "checked": row.checked,
        "right": row.right,
        "wrong": row.wrong,
        "unknown": row.unknown,
        "missing": row.missing,
        "rate": None if row.rate is None else round(float(row.rate), 6),
    }
