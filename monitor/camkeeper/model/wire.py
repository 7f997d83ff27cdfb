"""Frozen values to JSON and back, by their own annotations. What does not fit is told with its path, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from camkeeper.model.letter import JSON

T = TypeVar("T")


class WireError(ValueError):
    """A stored value is not what its type wants."""


def to_json(value: object) -> JSON:
    """Return plain JSON. Fields that have their default are left out."""
    if value is None or isinstance(value, bool | int | float | str):
        return str(value) if isinstance(value, StrEnum) else value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted((to_json(v) for v in value), key=str)
    if isinstance(value, tuple | list):
        return [to_json(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): to_json(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(got) for f in fields(value) if not _is_default(f, got := getattr(value, f.name))}
    raise TypeError(f"no JSON for {type(value).__name__}")


def from_json(kind: type[T], value: object, *, at: str = "$") -> T:
    """Return the value that `to_json` wrote; WireError with the path of what does not fit."""
    try:
        return _read(kind, value, at)  # type: ignore[no-any-return]
    except WireError:
        raise
    except (TypeError, ValueError, KeyError) as e:
        raise WireError(f"{at}: {e}") from e


def _is_default(f: Field[Any], value: object) -> bool:
    if f.default is not MISSING:
        return bool(f.default == value and type(f.default) is type(value))
    return f.default_factory is not MISSING and bool(f.default_factory() == value)


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: object, at: str) -> Any:
    origin = get_origin(kind)
    if origin is Union or origin is UnionType:
        (inner,) = (a for a in get_args(kind) if a is not NoneType)
        return None if value is None else _read(inner, value, at)
    if origin in {tuple, frozenset}:
        if not isinstance(value, list):
            raise WireError(f"{at}: a list is wanted")
        inner = get_args(kind)[0]
        return origin(_read(inner, v, f"{at}[{i}]") for i, v in enumerate(value))
    if origin is not None and issubclass(origin, Mapping):
        of_key, of_value = get_args(kind)
        return {_read(of_key, k, at): _read(of_value, v, f"{at}.{k}") for k, v in _object(value, at).items()}
    if is_dataclass(kind):
        return _record(kind, _object(value, at), at)
    try:
        return _plain(kind, value, at)
    except WireError:
        raise
    except ValueError as e:
        raise WireError(f"{at}: {e}") from e


def _object(value: object, at: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise WireError(f"{at}: an object is wanted")
    return value


def _record(kind: Any, value: dict[str, object], at: str) -> Any:
    hints = _hints(kind)
    unknown = value.keys() - hints.keys()
    if unknown:
        raise WireError(f"{at}: unknown {', '.join(sorted(unknown))}")
    try:
        return kind(**{k: _read(hints[k], v, f"{at}.{k}") for k, v in value.items()})
    except WireError:
        raise
    except (TypeError, ValueError) as e:
        raise WireError(f"{at}: {e}") from e


def _plain(kind: Any, value: object, at: str) -> Any:
    if kind is datetime and isinstance(value, str):
        return datetime.fromisoformat(value)
    if kind is date and isinstance(value, str):
        return date.fromisoformat(value)
    if issubclass(kind, StrEnum) and isinstance(value, str):
        return kind(value)
    if type(value) is not kind:
        raise WireError(f"{at}: {kind.__name__} is wanted, not {type(value).__name__}")
    return value
