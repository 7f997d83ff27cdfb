"""The statement: buckets and bounds of every device and of all together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

from camkeeper.account.fault import Fault
from camkeeper.account.lines import Encoding
from camkeeper.account.samples import SampleFile, read_samples
from camkeeper.account.windows import WindowFile, read_windows
from camkeeper.availability.buckets import BASIS_POINTS, Buckets, Promise
from camkeeper.availability.hold import account
from camkeeper.model.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What both parties agreed on."""

    period: Span
    hold_ms: int
    target: Fraction
    """Share of known time, 0 to 1."""
    unknown_limit_bp: int = 200

    @property
    def target_bp(self) -> int | Fraction:
        """The target in hundredths of a percent: whole wherever it can be, because whole numbers compare fast."""
        points = self.target * BASIS_POINTS
        return points.numerator if points.denominator == 1 else points


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The figures, and what has to be told with them."""

    terms: Terms
    devices: dict[str, Buckets]
    """Sorted by name."""
    rows: int
    """Good rows of samples."""
    conflicts: int
    """Instants in the period at which one device had several statuses; the worst one stood."""
    faults: tuple[Fault, ...]
    """Bad rows, which were left out."""
    strangers: tuple[str, ...]
    """Devices of windows that have no samples."""
    nearest_ms: tuple[int, int] | None
    """First and last sample of the file."""

    @property
    def total(self) -> Buckets:
        """All devices together, added in time."""
        return _sum(self.devices.values())

    def verdict(self, buckets: Buckets) -> Promise:
        """Say whether the target is kept."""
        terms = self.terms
        return buckets.verdict(target_bp=terms.target_bp, unknown_limit_bp=terms.unknown_limit_bp)

    def to_json(self) -> dict[str, Any]:
        """Return `{"devices": {id: {...}}, "total": {...}}` in plain values."""
        return {
            "devices": {device: self._figures(buckets) for device, buckets in self.devices.items()},
            "total": self._figures(self.total),
        }

    def _figures(self, buckets: Buckets) -> dict[str, object]:
        return {
            "up_ms": buckets.up_ms,
            "down_ms": buckets.down_ms,
            "unknown_ms": buckets.unknown_ms,
            "excluded_ms": buckets.excluded_ms,
            "absent_ms": buckets.absent_ms,
            "ratio": _number(buckets.ratio),
            "lower": _number(buckets.lower),
            "upper": _number(buckets.upper),
            "verdict": self.verdict(buckets).value,
        }


def account_csv(
    samples: BinaryIO,
    windows: BinaryIO | None,
    terms: Terms,
    *,
    samples_name: str = "samples.csv",
    windows_name: str = "windows.csv",
    encoding: Encoding = Encoding.UTF_8,
) -> Statement:
    """Read both files and account for every millisecond of the period.

    Bad rows are left out and told in `faults`: it is for the caller to refuse a statement that has some.
    UnreadableError where a file has no header.
    """
    agreed = WindowFile() if windows is None else read_windows(windows, source=windows_name, encoding=encoding)
    return statement(read_samples(samples, source=samples_name, encoding=encoding), agreed, terms)


def statement(found: SampleFile, agreed: WindowFile, terms: Terms) -> Statement:
    """Make the statement from what was read."""
    number = {device: n for n, device in enumerate(found.devices)}
    held = account(
        found.samples,
        devices=len(found.devices),
        period=terms.period,
        hold_ms=terms.hold_ms,
        excluded={number[device]: spans for device, spans in agreed.by_device.items() if device in number},
        excluded_for_all=agreed.every_device,
    )
    at_ms = found.samples.at_ms
    return Statement(
        terms=terms,
        devices=dict(zip(found.devices, held.devices, strict=True)),
        rows=found.rows,
        conflicts=held.conflicts,
        faults=agreed.faults + found.faults,
        strangers=tuple(sorted(device for device in agreed.by_device if device not in number)),
        nearest_ms=(int(at_ms.min()), int(at_ms.max())) if len(at_ms) else None,
    )


def _sum(buckets: Iterable[Buckets]) -> Buckets:
    return sum(buckets, Buckets())


def _number(share: Fraction | None) -> float | None:
    return None if share is None else float(share)
