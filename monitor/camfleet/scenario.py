"""Reads a scenario file: every fault in it told at once, with line and hint."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from camfleet.faults import ARGUMENTS, MS_1970, MS_2000, WAYS, Fault, FaultKind, Reach
from camfleet.mistake import MistakeError
from camfleet.targets import Target, faults_of, unknown
from camfleet.timeline import Event, Timeline
from camkeeper.model.registry import Registry


class ScenarioError(Exception):
    """All that is wrong with a scenario file, one line each: `file:line: path: reason`; `chinese` says the same."""

    def __init__(self, faults: list[tuple[str, MistakeError]]) -> None:
        self.faults = tuple(f"{where}: {mistake.en}" for where, mistake in faults)
        self.chinese = tuple(f"{where}：{mistake.zh}" for where, mistake in faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A timeline, and the seed of all its draws."""

    seed: int
    timeline: Timeline


EMPTY = Scenario(seed=1, timeline=Timeline(events=()))

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"\s*([+-]?)((?:\d+(?:\.\d+)?(?:ms|s|m|h|d)\s*)+)")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_TARGET_KEYS = ("link", "line", "device", "site", "kind", "uplink", "share")
_EVENT_KEYS = ("at", "for", "fault", "target")


def duration_ms(text: str) -> int:
    """Return `1h30m`, `90s`, `-45m`, `500ms` or a bare number of seconds in milliseconds; MistakeError otherwise."""
    try:
        return round(float(text) * 1000)
    except ValueError:
        pass
    match = _DURATION.fullmatch(text)
    if match is None:
        raise MistakeError(
            f"{text!r} 不是时长（如 90s、2m、1h30m）", f"{text!r} is not a length of time (90s, 2m, 1h30m)"
        )
    total = sum(float(number) * _UNITS_MS[unit] for number, unit in _PART.findall(match[2]))
    return round(-total if match[1] == "-" else total)


def share_of(text: str) -> float:
    """Return `5%` or `0.05` as 0.05; MistakeError otherwise."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise MistakeError(f"{text!r} 不是比例（如 5%）", f"{text!r} is no share (5%)") from None


def _dead(text: str) -> Reach:
    if text not in {"blackhole", "refused"}:
        raise MistakeError(f"{text!r} 应为 blackhole 或 refused", f"{text!r} is neither blackhole nor refused")
    return Reach.BLACKHOLE if text == "blackhole" else Reach.REFUSED


def _wakes_at(text: str) -> int:
    if text not in {"1970", "2000"}:
        raise MistakeError(f"{text!r} 应为 1970 或 2000", f"{text!r} is neither 1970 nor 2000")
    return MS_1970 if text == "1970" else MS_2000


def _status(text: str) -> int:
    if not re.fullmatch(r"[45]\d\d", text):
        raise MistakeError(f"{text!r} 不是 HTTP 错误状态码", f"{text!r} is no HTTP error status")
    return int(text)


def degrees_of(text: str) -> float:
    """Return `20`, `-5.5` or `20deg` as degrees, within half a circle either way; MistakeError otherwise."""
    match = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)(?:deg|°)?", text.strip())
    if match is None or abs(float(match[1])) > 180:
        raise MistakeError(f"{text!r} 不是角度（-180 至 180）", f"{text!r} is not an angle (-180 to 180 degrees)")
    return float(match[1])


def _how(kind: FaultKind) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in WAYS[kind]:
            raise unknown(f"{kind.value} how", text, WAYS[kind])
        return text

    return read


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "dead": ("dead", _dead),
    "by": ("by_ms", duration_ms),
    "latency": ("latency_ms", duration_ms),
    "period": ("period_ms", duration_ms),
    "down": ("down_ms", duration_ms),
    "unsynced": ("unsynced_ms", duration_ms),
    "wakes_at": ("wakes_at_ms", _wakes_at),
    "status": ("status", _status),
    "pitch": ("pitch_deg", degrees_of),
    "share": ("share", share_of),
    "density": ("density", share_of),
    "to": ("to", str),
}
_OWN_READERS: dict[tuple[FaultKind, str], tuple[str, Callable[[str], Any]]] = {
    (FaultKind.MOVED, "by"): ("by_deg", degrees_of),
    (FaultKind.PATROL, "by"): ("by_deg", degrees_of),
    (FaultKind.ROTATED, "by"): ("by_deg", degrees_of),
    **{(kind, "how"): ("how", _how(kind)) for kind in WAYS},
}
"""What a word means to one kind alone: a clock is wrong by hours, a camera by degrees."""


def fault_of(kind: str, arguments: dict[str, str]) -> Fault:
    """Return the fault of that name with its arguments as text; MistakeError tells what is wrong."""
    if kind not in set(FaultKind):
        raise unknown("fault", kind, [k.value for k in FaultKind])
    taken = ARGUMENTS[FaultKind(kind)]
    values: dict[str, Any] = {}
    for name, text in arguments.items():
        if name not in taken:
            raise unknown(f"argument of {kind}", name, taken)
        key, reader = _OWN_READERS.get((FaultKind(kind), name)) or _READERS[name]
        values[key] = reader(text)
    return Fault(kind=FaultKind(kind), **values)


def target_of(raw: dict[str, str | list[str]]) -> Target:
    """Return the target that a mapping of texts (or lists of texts) says; ValueError tells what is wrong."""
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in _TARGET_KEYS:
            raise unknown("key", key, _TARGET_KEYS)
        words = value if isinstance(value, list) else [value]
        values[key] = share_of("".join(words)) if key == "share" else tuple(words)
    return Target(**values)


class _Reader:
    """Walks the YAML nodes, which know their lines, and gathers what is wrong."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[tuple[str, MistakeError]] = []

    def tell(self, node: yaml.Node, path: str, mistake: MistakeError) -> None:
        self.faults.append((f"{self.name}:{node.start_mark.line + 1}: {path}", mistake))

    def mapping(self, node: yaml.Node, path: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.tell(node, path, MistakeError("应为键值表（键: 值）", "must be a mapping (key: value)"))
            return {}
        out: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if str(key.value) in out:
                self.tell(key, f"{path}.{key.value}", MistakeError("写了两次", "is given twice"))
            out[str(key.value)] = value
        return out

    def text(self, node: yaml.Node, path: str) -> str | None:
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.tell(node, path, MistakeError("应为单个值", "must be a single value"))
        return None

    def length(self, found: dict[str, yaml.Node], key: str, path: str) -> int | None:
        """Read a length of time that must not be negative."""
        node = found.get(key)
        text = None if node is None else self.text(node, f"{path}.{key}")
        if node is None or text is None:
            return None
        try:
            value = duration_ms(text)
        except MistakeError as mistake:
            self.tell(node, f"{path}.{key}", mistake)
            return None
        if value < 0:
            self.tell(node, f"{path}.{key}", MistakeError(f"{text!r} 为负", f"{text!r} is negative"))
            return None
        return value

    def strange(self, found: dict[str, yaml.Node], known: tuple[str, ...], path: str) -> None:
        for key, node in found.items():
            if key not in known:
                self.tell(node, f"{path}.{key}".lstrip("."), unknown("key", key, known))

    def target(self, node: yaml.Node, path: str, registry: Registry | None) -> Target | None:
        raw: dict[str, str | list[str]] = {}
        before = len(self.faults)
        for key, value in self.mapping(node, path).items():
            items = value.value if isinstance(value, yaml.SequenceNode) else [value]
            raw[key] = [text for item in items if (text := self.text(item, f"{path}.{key}")) is not None]
        if len(self.faults) > before:
            return None
        try:
            target = target_of(raw)
        except MistakeError as mistake:
            self.tell(node, path, mistake)
            return None
        for strange in faults_of(target, registry) if registry is not None else ():
            self.tell(node, path, strange)
        return target

    def event(self, node: yaml.Node, path: str, repeat_ms: int | None, registry: Registry | None) -> Event | None:
        found = self.mapping(node, path)
        if not found:
            return None
        before = len(self.faults)
        for key in ("at", "fault", "target"):
            if key not in found:
                self.tell(node, path, MistakeError(f"缺少 {key}", f"{key} is missing"))
        at_ms = self.length(found, "at", path)
        fault = self._fault(found, path)
        target = self.target(found["target"], f"{path}.target", registry) if "target" in found else None
        for_ms = self.length(found, "for", path) if "for" in found else _natural_length(fault, at_ms, repeat_ms)
        if for_ms is None and len(self.faults) == before:
            self.tell(
                node, path, MistakeError("缺少 for，而剧本又不循环", "for is missing, and the scenario does not repeat")
            )
        if len(self.faults) > before or at_ms is None or for_ms is None or fault is None or target is None:
            return None
        if for_ms == 0:
            self.tell(found["for"], f"{path}.for", MistakeError("时长为零", "lasts no time"))
            return None
        if repeat_ms is not None and at_ms + for_ms > repeat_ms:
            zh = f"{at_ms + for_ms} 毫秒才结束，超出一轮的 {repeat_ms} 毫秒"
            en = f"ends at {at_ms + for_ms} ms, after the cycle of {repeat_ms} ms"
            self.tell(node, path, MistakeError(zh, en))
            return None
        return Event(at_ms=at_ms, for_ms=for_ms, fault=fault, target=target, line=node.start_mark.line + 1)

    def _fault(self, found: dict[str, yaml.Node], path: str) -> Fault | None:
        if "fault" not in found:
            return None
        extra = {key: value for key, value in found.items() if key not in _EVENT_KEYS}
        texts = {key: self.text(value, f"{path}.{key}") for key, value in extra.items()}
        kind = self.text(found["fault"], f"{path}.fault")
        if kind is None or None in texts.values():
            return None
        try:
            return fault_of(kind, {key: text for key, text in texts.items() if text is not None})
        except MistakeError as mistake:
            self.tell(found["fault"], f"{path}.fault", mistake)
            return None


def _natural_length(fault: Fault | None, at_ms: int | None, repeat_ms: int | None) -> int | None:
    """A reboot knows how long it takes; anything else lasts to the end of the cycle."""
    if fault is not None and fault.kind is FaultKind.REBOOT:
        return fault.down_ms + fault.unsynced_ms
    return None if repeat_ms is None or at_ms is None else repeat_ms - at_ms


def parse(text: str, *, name: str, registry: Registry | None = None) -> Scenario:
    """Return the scenario; ids are checked where a registry is given. ScenarioError tells every fault at once."""
    reader = _Reader(name)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        mistake = MistakeError(f"不是 YAML（{error.problem}）", f"is no YAML: {error.problem}")
        raise ScenarioError([(f"{name}:{line}", mistake)]) from None
    if node is None:
        return EMPTY
    top = reader.mapping(node, "scenario")
    reader.strange(top, ("seed", "repeat", "events"), "")
    seed_text = reader.text(top["seed"], "seed") if "seed" in top else "1"
    if seed_text is None or not seed_text.isdigit():
        reader.tell(top["seed"], "seed", MistakeError("应为整数", "must be a whole number"))
        seed_text = "1"
    repeat_ms = reader.length(top, "repeat", "scenario")
    listed = top.get("events")
    if listed is not None and not isinstance(listed, yaml.SequenceNode):
        reader.tell(listed, "events", MistakeError("应为列表", "must be a list"))
    items = listed.value if isinstance(listed, yaml.SequenceNode) else []
    events = [reader.event(item, f"events.{i}", repeat_ms, registry) for i, item in enumerate(items)]
    if reader.faults:
        raise ScenarioError(reader.faults)
    timeline = Timeline(events=tuple(event for event in events if event is not None), repeat_ms=repeat_ms)
    return Scenario(seed=int(seed_text), timeline=timeline)


def load(path: Path, *, registry: Registry | None = None) -> Scenario:
    """Read the file at `path`; ScenarioError tells every fault at once, an unreadable file too."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ScenarioError([(str(path), MistakeError(f"读不到（{why}）", f"cannot be read: {why}"))]) from None
    return parse(text, name=str(path), registry=registry)
