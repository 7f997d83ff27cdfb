"""What a contract takes off a month's fee: steps by rate, and answers that came late. Money in whole fen (分)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camkeeper.model.equipment import DeviceKind

_ALL_BP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Below this rate, so much; of several that apply only the deepest counts."""

    below_bp: int
    fen: int

    def __post_init__(self) -> None:
        if not 0 < self.below_bp <= _ALL_BP or self.fen <= 0:
            raise ValueError(f"a step lies between 0 and 100% and costs something: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRule:
    """So much for each begun stretch past the deadline of one repair."""

    every_min: int
    fen: int
    most_fen: int | None = None
    """For one repair."""

    def __post_init__(self) -> None:
        if self.every_min <= 0 or self.fen <= 0 or (self.most_fen is not None and self.most_fen <= 0):
            raise ValueError(f"a rule for lateness costs something: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductionTerms:
    """A named, versioned way from a month's figures to an amount."""

    name: str
    version: int = 1
    contractor_ids: frozenset[str] = frozenset()
    """Whose months it decides; empty: every contractor's that no other terms name."""
    total: tuple[Step, ...] = ()
    """By the rate of all cameras in the contractor's care."""
    village: tuple[Step, ...] = ()
    """By the rate of its cameras in each village."""
    device: Mapping[DeviceKind, tuple[Step, ...]] = field(default_factory=dict)
    """By the rate of each device of a class."""
    response: LateRule | None = None
    repair: LateRule | None = None
    most_fen: int | None = None
    """In a month, all together."""

    @property
    def id(self) -> str:
        """`name/version`, as printed."""
        return f"{self.name}/{self.version}"
