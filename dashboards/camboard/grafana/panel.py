"""Panels and dashboards as the JSON that Grafana reads (schema of Grafana 10 and later). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from camboard.words import SHAPE, State

Json = dict[str, Any]

COARSE = {"type": "influxdb", "uid": "camkeeper"}
"""Days, changes, coverage."""
FINE = {"type": "influxdb", "uid": "camkeeper-fine"}
"""Hours, heartbeats, the monitor's own state."""
SCHEMA_VERSION = 39
WIDTH = 24
COLOURS = {
    State.UP: "#4592fa",
    State.DEGRADED: "#c58717",
    State.DOWN: "#7b0607",
    State.MAINTENANCE: "#8c1180",
    State.UNKNOWN: "#8a8b8d",
}
"""The board's palette, `static/board.css`."""
WORDS = {
    State.UP: "在线 up",
    State.DEGRADED: "异常 degraded",
    State.DOWN: "离线 down",
    State.MAINTENANCE: "维护 maintenance",
    State.UNKNOWN: "未知 unknown",
}
CODES = {1: State.UP, 2: State.DEGRADED, 3: State.DOWN, 4: State.UNKNOWN}
"""What `status` is in the mirror."""
LINE = "#5794f2"
NOT_MEASURED = "未测得 not measured"
NOTHING = "– 无 none"


def shaped(state: State) -> str:
    """Return a state by shape and word: never by colour alone."""
    return f"{SHAPE[state]} {WORDS[state]}"


def target(query: str, *, alias: str = "", source: Mapping[str, str] = COARSE, table: bool = False) -> Json:
    """Return one question of a panel; `panel` gives it its letter."""
    return {
        "alias": alias,
        "datasource": dict(source),
        "query": query,
        "rawQuery": True,
        "resultFormat": "table" if table else "time_series",
    }


def panel(
    kind: str,
    title: str,
    targets: Sequence[Json],
    *,
    width: int,
    defaults: Json,
    options: Json,
    overrides: Sequence[Json] = (),
    note: str = "",
    every: str = "",
    transformations: Sequence[Json] = (),
) -> Json:
    """Return a panel; its place and number are given by `dashboard`."""
    out: Json = {
        "type": kind,
        "title": title,
        "description": note,
        "datasource": targets[0]["datasource"],
        "targets": [one | {"refId": chr(ord("A") + n)} for n, one in enumerate(targets)],
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": options,
        "transformations": list(transformations),
        "gridPos": {"w": width},
    }
    return out | ({"interval": every} if every else {})


def stat(
    title: str,
    targets: Sequence[Json],
    *,
    width: int,
    unit: str = "percent",
    colour: str = "text",
    none: str = NOT_MEASURED,
    note: str = "",
) -> Json:
    """Return a figure in large type. No colour says good or bad: that is the settlement's to say."""
    return panel(
        "stat",
        title,
        targets,
        width=width,
        note=note,
        defaults={
            "unit": unit,
            "decimals": 2 if unit == "percent" else 0,
            "noValue": none,
            "color": {"mode": "fixed", "fixedColor": colour},
            "mappings": [],
        },
        options={
            "reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": ""},
            "orientation": "auto",
            "textMode": "auto",
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
        },
    )


def lines(
    title: str,
    targets: Sequence[Json],
    *,
    width: int,
    every: str,
    unit: str = "percent",
    note: str = "",
    highest: float | None = None,
) -> Json:
    """Return a chart of lines; where there is no value there is no line."""
    defaults: Json = {
        "unit": unit,
        "noValue": NOT_MEASURED,
        "color": {"mode": "palette-classic"},
        "custom": {
            "drawStyle": "line",
            "lineWidth": 2,
            "fillOpacity": 0,
            "showPoints": "always",
            "pointSize": 5,
            "spanNulls": False,
            "stacking": {"mode": "none", "group": "A"},
        },
        "mappings": [],
    }
    if highest is not None:
        defaults["max"] = highest
    return panel(
        "timeseries",
        title,
        targets,
        width=width,
        note=note,
        every=every,
        defaults=defaults,
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
    )


def stacked(title: str, targets: Sequence[Json], *, width: int, every: str, note: str = "") -> Json:
    """Return bars of the five states as shares of the time in service: what is unknown has its place in each."""
    return panel(
        "timeseries",
        title,
        targets,
        width=width,
        note=note,
        every=every,
        defaults={
            "unit": "ms",
            "noValue": NOT_MEASURED,
            "color": {"mode": "palette-classic"},
            "custom": {
                "drawStyle": "bars",
                "lineWidth": 0,
                "fillOpacity": 90,
                "showPoints": "never",
                "spanNulls": False,
                "stacking": {"mode": "percent", "group": "A"},
            },
            "mappings": [],
        },
        overrides=[_coloured(shaped(state), COLOURS[state]) for state in State if state in COLOURS],
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
    )


def timeline(title: str, targets: Sequence[Json], *, width: int, note: str = "") -> Json:
    """Return one band per device, a stretch for each status."""
    return panel(
        "state-timeline",
        title,
        targets,
        width=width,
        note=note,
        defaults={
            "color": {"mode": "thresholds"},
            "thresholds": {"mode": "absolute", "steps": [{"color": COLOURS[State.UNKNOWN], "value": None}]},
            "noValue": NOT_MEASURED,
            "custom": {"lineWidth": 0, "fillOpacity": 90},
            "mappings": [status_words()],
        },
        options={
            "mergeValues": True,
            "showValue": "auto",
            "alignValue": "left",
            "rowHeight": 0.85,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )


def table(
    title: str,
    targets: Sequence[Json],
    *,
    width: int,
    note: str = "",
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
) -> Json:
    """Return a table."""
    return panel(
        "table",
        title,
        targets,
        width=width,
        note=note,
        defaults={"noValue": NOT_MEASURED, "custom": {"align": "auto", "inspect": False}, "mappings": []},
        overrides=overrides,
        options={"showHeader": True, "cellHeight": "sm"},
        transformations=transformations,
    )


def status_words() -> Json:
    """Return the mapping from codes to shape, word and colour."""
    named = {
        str(code): {"text": shaped(state), "color": COLOURS[state], "index": n}
        for n, (code, state) in enumerate(CODES.items())
    }
    gone = {"text": "– 不在册 not in service", "color": "transparent", "index": len(named)}
    return {"type": "value", "options": named | {"0": gone}}


def named(field: str, word: str, *, unit: str = "", mappings: Sequence[Json] = ()) -> Json:
    """Return what shows a column by another name, with its unit and the words for its values."""
    properties: list[Json] = [{"id": "displayName", "value": word}]
    if unit:
        properties += [{"id": "unit", "value": unit}, {"id": "decimals", "value": 2 if unit == "percent" else 0}]
    if mappings:
        properties.append({"id": "mappings", "value": list(mappings)})
    return {"matcher": {"id": "byName", "options": field}, "properties": properties}


def _coloured(word: str, colour: str) -> Json:
    return {
        "matcher": {"id": "byName", "options": word},
        "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
    }


def chosen(name: str, label: str, query: str, *, newest_first: bool = False) -> Json:
    """Return a variable that is chosen from the values of a tag."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": dict(COARSE),
        "query": query,
        "refresh": 1,
        "sort": 2 if newest_first else 1,
        "multi": False,
        "includeAll": False,
        "hide": 0,
    }


def fixed(name: str, label: str, value: str) -> Json:
    """Return a variable that who provisions may edit in the file."""
    current = {"text": value, "value": value, "selected": True}
    return {
        "name": name,
        "label": label,
        "type": "constant",
        "query": value,
        "current": current,
        "hide": 2,
        "skipUrlSync": True,
    }


def one_of(name: str, label: str, values: Mapping[str, str]) -> Json:
    """Return a variable with a few values, each with its word."""
    options = [{"text": word, "value": value, "selected": n == 0} for n, (value, word) in enumerate(values.items())]
    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ", ".join(f"{word} : {value}" for value, word in values.items()),
        "current": options[0],
        "options": options,
        "multi": False,
        "includeAll": False,
        "hide": 0,
    }


def dashboard(
    uid: str,
    title: str,
    rows: Sequence[tuple[int, Sequence[Json]]],
    *,
    variables: Sequence[Json],
    since: str,
    note: str,
) -> Json:
    """Return a dashboard; `rows`: (height, panels side by side), top to bottom."""
    placed: list[Json] = []
    y = 0
    for height, panels in rows:
        x = 0
        for one in panels:
            width = one["gridPos"]["w"]
            at = {"x": x, "y": y, "w": width, "h": height}
            placed.append(one | {"id": len(placed) + 1, "gridPos": at})
            x += width
        if x > WIDTH:
            raise ValueError(f"{title}: a row is {x} wide")
        y += height
    return {
        "uid": uid,
        "title": title,
        "description": note,
        "tags": ["camkeeper"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "Asia/Shanghai",
        "time": {"from": since, "to": "now"},
        "refresh": "1m",
        "templating": {"list": list(variables)},
        "annotations": {"list": []},
        "links": [
            {
                "type": "dashboards",
                "title": "camkeeper",
                "tags": ["camkeeper"],
                "asDropdown": False,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "panels": placed,
    }
