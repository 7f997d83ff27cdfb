"""Collects what is wrong, as sentences in both languages at the right line."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from camkeeper.config.document import Document
from camkeeper.config.fault import Fault, Loc, Nearest, dotted, shown, shown_zh

NO_PASSWORD = (
    "口令不写在本文件里：写 store:名称（camkeeper secrets set 名称）、env:变量名 或 file:口令文件（权限 0600）",
    "no password in this file: write store:NAME (camkeeper secrets set NAME), env:NAME or file:PATH (mode 0600)",
)
_PASSWORDS = frozenset({"password", "passwd", "pass", "pwd", "pw", "secret_key", "口令", "密码"})


class Findings:
    """The faults and warnings of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.where: Callable[[Loc], tuple[Document, Loc] | None] = lambda _loc: None
        """Which other file has a place, and where there; None: this document has it."""
        self.faults: list[Fault] = list(document.faults)
        self.warnings: list[Fault] = []
        self._nearest = Nearest()

    def fault(self, loc: Loc, *, zh: str, en: str, near: str | None = None) -> None:
        """Add a fault; `near` is the known word that was probably meant."""
        self.faults.append(self._at(loc, zh, en, near))

    def warn(self, loc: Loc, *, zh: str, en: str) -> None:
        """Add a warning: the file works, and somebody should look."""
        self.warnings.append(self._at(loc, zh, en, None))

    def _at(self, loc: Loc, zh: str, en: str, near: str | None) -> Fault:
        if near is not None:
            zh, en = f"{zh}（是否想写 {near}？）", f"{en} (did you mean {near}?)"
        document, there = self.where(loc) or (self.document, loc)
        return Fault(file=document.file, line=document.line(there), path=dotted(there), zh=zh, en=en)

    def fault_in(self, document: Document, loc: Loc, *, zh: str, en: str) -> None:
        """Add a fault of another file."""
        self.faults.append(Fault(file=document.file, line=document.line(loc), path=dotted(loc), zh=zh, en=en))

    def line(self, loc: Loc) -> str:
        """Return the line of `loc` as a sentence names it: with its file where that is another one."""
        document, there = self.where(loc) or (self.document, loc)
        line = str(document.line(there))
        return line if document is self.document else f"{document.file}:{line}"

    def unknown_key(self, loc: Loc, known: Iterable[str]) -> None:
        """Add the fault of a key that nobody reads; inline passwords get their remedy."""
        key = str(loc[-1])
        if key.lower() in _PASSWORDS:
            self.fault(
                loc,
                zh=NO_PASSWORD[0],
                en=NO_PASSWORD[1],
            )
        else:
            self.fault(loc, zh="未知的键", en="unknown key", near=self._nearest.of(key, known))

    def unknown_id(self, loc: Loc, value: str, known: tuple[str, ...], *, zh: str, en: str) -> None:
        """Add the fault of a reference to something that is not in the file."""
        near = self._nearest.of(value, known)
        if loc[-1] == "credential":  # somebody may have put the password itself here
            self.fault(loc, zh=f"没有这个编号的{zh}", en=f"no {en} has this id", near=near)
        else:
            self.fault(loc, zh=f"没有编号为{shown_zh(value)}的{zh}", en=f"no {en} has the id {shown(value)}", near=near)

    def invalid(self, loc: Loc, error: ValidationError, model: type[BaseModel]) -> None:
        """Add every fault that a model found in the entry at `loc`."""
        for detail in error.errors(include_url=False):
            self._detail(loc, detail, model)

    def _detail(self, loc: Loc, detail: ErrorDetails, model: type[BaseModel]) -> None:
        inner: Loc = detail["loc"]
        at, kind, value = (*loc, *inner), detail["type"], detail.get("input")
        if kind == "refused":
            ctx = detail.get("ctx", {})
            key = str(ctx["key"])
            self.fault((*at, key) if key else at, zh=str(ctx["zh"]), en=str(ctx["en"]))
        elif kind == "extra_forbidden":
            self.unknown_key(at, _keys_at(model, inner[:-1]))
        elif kind == "missing":
            self.fault(at, zh="缺少这一项", en="missing")
        elif kind == "enum":
            known = _values_at(model, inner)
            near = self._nearest.of(value, known)
            listed = " ".join(known)
            self.fault(
                at,
                zh=f"应为下列之一：{listed}；不是{shown_zh(value)}",
                en=f"wants one of: {listed}; not {shown(value)}",
                near=near,
            )
        elif kind in {"model_type", "model_attributes_type", "dict_type"}:
            self.fault(at, zh=f"应为键值表，不是{shown_zh(value)}", en=f"wants a mapping, not {shown(value)}")
        elif kind in {"tuple_type", "list_type"}:
            self.fault(at, zh=f"应为列表，不是{shown_zh(value)}", en=f"wants a list, not {shown(value)}")
        else:
            self.fault(at, zh=f"不合要求（{kind}）", en=f"not acceptable ({kind})")

    def sorted_faults(self) -> tuple[Fault, ...]:
        """Return the faults by line, each once."""
        return tuple(sorted(dict.fromkeys(self.faults), key=self._order))

    def sorted_warnings(self) -> tuple[Fault, ...]:
        """Return the warnings by line, each once."""
        return tuple(sorted(dict.fromkeys(self.warnings), key=self._order))

    def _order(self, fault: Fault) -> tuple[bool, str, int]:
        return fault.file != self.document.file, fault.file, fault.line


def _type_at(annotation: Any, loc: Loc) -> Any:
    """Return the type that the schema has at `loc`, or None."""
    for part in loc:
        annotation = _bare(annotation)
        if isinstance(part, int):
            args = get_args(annotation)
            annotation = args[0] if args else None
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel) and part in annotation.model_fields:
            annotation = annotation.model_fields[part].annotation
        else:
            return None
    return _bare(annotation)


def _bare(annotation: Any) -> Any:
    if get_origin(annotation) in {Union, types.UnionType}:
        return next((a for a in get_args(annotation) if a is not type(None)), None)
    return annotation


def _keys_at(model: type[BaseModel], loc: Loc) -> tuple[str, ...]:
    found = _type_at(model, loc)
    return tuple(found.model_fields) if isinstance(found, type) and issubclass(found, BaseModel) else ()


def _values_at(model: type[BaseModel], loc: Loc) -> tuple[str, ...]:
    found = _type_at(model, loc)
    return tuple(str(v.value) for v in found) if isinstance(found, type) and issubclass(found, Enum) else ()


_STAND_INS = {"name": "-", "target": "0", "timezone": "UTC", "reason": "-", "user": "-", "type": "zone"}


def salvaged(raw: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """Return the entry without its faulty parts, with stand-ins for what must be there.

    The file is refused already; the rest of the entry still takes part in what is judged over the whole file (places
    inside boundaries, codes, addresses), so that every fault is told at once.
    """
    out = dict(raw)
    for detail in error.errors(include_url=False):
        # A port that cannot be read is not the default port: the address goes as a whole.
        _remove(out, ("address",) if detail["loc"][:2] == ("address", "port") else detail["loc"])
    return {**{k: v for k, v in _STAND_INS.items() if k in raw or _missing(error, k)}, **out}


def _missing(error: ValidationError, key: str) -> bool:
    return any(d["type"] == "missing" and d["loc"] == (key,) for d in error.errors(include_url=False))


def _remove(entry: dict[str, Any], loc: Loc) -> None:
    """Remove what is at `loc`; of a list the whole list, for the rest of it means something else."""
    if not loc:
        return
    key = str(loc[0])
    inner = entry.get(key)
    if len(loc) > 1 and isinstance(loc[1], str) and isinstance(inner, dict):
        entry[key] = dict(inner)
        _remove(entry[key], loc[1:])
    else:
        entry.pop(key, None)
