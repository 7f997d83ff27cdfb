"""A finding: what is odd, by which evidence, how sure, and what would mend it. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any


class Check(StrEnum):
    """What is looked for; the page shows them in this order."""

    DATUM = "datum"
    SWAPPED = "swapped"
    SLIP = "slip"
    OUTSIDE = "outside"
    POSITION_TWIN = "position-twin"
    IN_BUILDING = "in-building"
    ID_TWIN = "id-twin"
    ADDRESS_TWIN = "address-twin"
    GB_TWIN = "gb-twin"
    SERIAL_TWIN = "serial-twin"
    NAME_TWIN = "name-twin"
    GB_ID = "gb-id"
    NO_POSITION = "no-position"
    AZIMUTH = "azimuth"
    HEIGHT = "height"
    LENS = "lens"
    BLIND = "blind"
    CROSSED = "crossed"
    SAME_DEVICE = "same-device"
    SERIAL = "serial"
    MODEL = "model"
    MAKER = "maker"
    RESOLUTION = "resolution"
    CLOCK = "clock"
    FIRMWARE = "firmware"
    CREDENTIAL = "credential"
    NO_CAMERA = "no-camera"
    NO_LINK = "no-link"
    IDLE_LINK = "idle-link"
    IDLE_CONTRACTOR = "idle-contractor"
    UPLINK = "uplink"


class Severity(StrEnum):
    """What it does."""

    SEVERE = "severe"
    """Figures or repairs go to the wrong device or place."""
    MINOR = "minor"
    """Something is not as written; figures hardly suffer."""
    ADVICE = "advice"
    """Nothing is wrong; something could be better."""


class Sureness(StrEnum):
    """How sure."""

    PROVEN = "proven"
    LIKELY = "likely"
    POSSIBLE = "possible"
    """Somebody should look; nothing is mended unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """New values of one device's fields, by the keys of `camkeeper.register.known.flat`."""

    device_id: str
    fields: tuple[tuple[str, Any, Any], ...]
    """(key, as registered, as proposed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is odd; the sentences are for people, the numbers for programs."""

    check: Check
    subject: str
    """Within its check, this finding's own name: an id of a device, a site, a link..."""
    severity: Severity
    sureness: Sureness
    zh: str
    en: str
    device_ids: tuple[str, ...] = ()
    """Whom it is of; for a pair, both."""
    site_ids: tuple[str, ...] = ()
    numbers: Mapping[str, float | int | str] = field(default_factory=dict)
    """The evidence, units in names."""
    edits: tuple[Edit, ...] = ()
    """Empty: nothing can be proposed; a person decides."""
    advice_zh: str = ""
    advice_en: str = ""

    @property
    def id(self) -> str:
        """`check:subject`; the same as long as the oddity is."""
        return f"{self.check}:{self.subject}"


class FieldName(StrEnum):
    """What accuracy is told of."""

    NAME = "name"
    POSITION = "position"
    ADDRESS = "address"
    GB_ID = "gb_id"
    AZIMUTH = "azimuth"
    HEIGHT = "height"
    LENS = "lens"
    RESOLUTION = "resolution"
    MAKER = "maker"
    MODEL = "model"
    SERIAL = "serial"
    LINK = "link"
    CONTRACTOR = "contractor"


PROVABLE = frozenset(
    {
        FieldName.POSITION,
        FieldName.ADDRESS,
        FieldName.RESOLUTION,
        FieldName.MAKER,
        FieldName.MODEL,
        FieldName.SERIAL,
    }
)
"""Fields that something else can speak for. Of the others only faults show: a share of them would say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Of one field: how many devices should have it, and what evidence says. The rest is unknown, never right."""

    field: FieldName
    devices: int
    right: int
    wrong: int
    missing: int
    """Nobody wrote it down; part of the unknown."""

    @property
    def checked(self) -> int:
        """How many there was evidence of."""
        return self.right + self.wrong

    @property
    def unknown(self) -> int:
        """How many nothing speaks for or against."""
        return self.devices - self.checked

    @property
    def rate(self) -> Fraction | None:
        """Share of the checked that is right; None where nothing was checked, or where only faults ever show."""
        return Fraction(self.right, self.checked) if self.checked and self.field in PROVABLE else None
