"""A draft of a register on a screen and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from camkeeper.register.book import Draft
    from camkeeper.register.plan import Change
    from camkeeper.register.store import Version

_SHOWN = 40
"""So many findings and changes on a screen; --json has all."""


def as_value(made: Draft, version: Version | None) -> dict[str, Any]:
    """Return a draft as JSON values."""
    from camkeeper.register.kept import text

    def change(c: Change) -> dict[str, Any]:
        fields = {k: [None if old is None else text(old), text(new)] for k, old, new in c.fields}
        return {"id": c.device_id, "at": f"{c.sheet}!{c.row}", "fields": fields}

    plan = made.plan
    return {
        "source": made.source,
        "source_sha256": made.source_sha256,
        "applied": None if version is None else version.number,
        "rows": plan.rows,
        "columns": {
            sheet: [{"heading": c.heading, "field": c.field, "zh": c.zh, "en": c.en} for c in layout.columns]
            for sheet, layout in made.layouts
        },
        "findings": [
            {"at": f.where, "weight": f.weight, "what": f.what, "zh": f.zh, "en": f.en} for f in plan.findings
        ],
        "added": [change(c) for c in plan.added],
        "changed": [change(c) for c in plan.changed],
        "unchanged": len(plan.unchanged),
        "removed": plan.removed,
        "effects": [
            {
                "site": e.site_id,
                "name": e.name,
                "cameras_before": e.cameras_before,
                "cameras_after": e.cameras_after,
                "coverage_changes": e.coverage_changes,
            }
            for e in made.effects
        ],
    }


_WEIGHTS = {"error": ("错误", "error"), "doubt": ("存疑", "doubt"), "note": ("说明", "note")}


def show(made: Draft) -> None:
    """Print a draft."""
    from camkeeper.register.kept import text

    plan = made.plan
    for sheet, layout in made.layouts:
        for c in layout.columns:
            if c.heading:
                typer.echo(f"  {sheet}  {c.heading} → {c.field or '-'}  {c.zh} / {c.en}")
    for f in plan.findings[:_SHOWN]:
        zh, en = _WEIGHTS[f.weight]
        typer.echo(f"{f.where} {zh}：{f.zh}\n{f.where} {en}: {f.en}")
    if len(plan.findings) > _SHOWN:
        typer.echo(f"…… 共 {len(plan.findings)} 条（--json 看全部） / {len(plan.findings)} in all (see --json)")
    for mark, changes in (("+", plan.added), ("~", plan.changed)):
        for change in changes[:_SHOWN]:
            told = "，".join(
                f"{k} {'' if old is None else text(old) + ' → '}{text(new)}" for k, old, new in change.fields
            )
            typer.echo(f"{mark} {change.device_id}  {told}")
    for device_id in plan.removed[:_SHOWN]:
        typer.echo(f"- {device_id}")
    for e in made.effects[:_SHOWN]:
        typer.echo(
            f"  {e.name}：摄像机 {e.cameras_before} → {e.cameras_after}，视域变化 {e.coverage_changes} 台"
            f" / cameras {e.cameras_before} -> {e.cameras_after}, fields of view of {e.coverage_changes}"
        )
    a, m, r, u = len(plan.added), len(plan.changed), len(plan.removed), len(plan.unchanged)
    typer.echo(f"{plan.rows} 行：新增 {a}，变更 {m}，撤除 {r}，不变 {u}，错误 {plan.errors}")
    typer.echo(f"{plan.rows} rows: {a} added, {m} changed, {r} removed, {u} unchanged, {plan.errors} errors")
