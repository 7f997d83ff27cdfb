"""All checks over one register, in the order in which people read them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from camkeeper.doctor import answers, mounts, places, twins, wiring
from camkeeper.doctor.accuracy import Sheet, sheets
from camkeeper.doctor.finding import Check, Finding, Severity
from camkeeper.doctor.patient import Patient
from camkeeper.doctor.places import Whereabouts

_BY_PLACE: Final[tuple[Callable[[Whereabouts], Iterator[Finding]], ...]] = (
    places.datum, places.slipped, places.outside, places.position_twin, places.in_building,
)  # fmt: skip
_BY_ENTRY: Final[tuple[Callable[[Patient], Iterator[Finding]], ...]] = (
    twins.id_twin, twins.address_twin, twins.gb_twin, twins.serial_twin, twins.name_twin, twins.gb_id,
    mounts.no_position, mounts.azimuth, mounts.height, mounts.lens, mounts.blind,
    answers.crossed, answers.same_device, answers.serials, answers.models, answers.makers, answers.resolution,
    answers.clocks, answers.firmware,
    wiring.credential, wiring.no_camera, wiring.no_link, wiring.idle_link, wiring.idle_contractor, wiring.uplink,
)  # fmt: skip
_ORDER: Final = {check: n for n, check in enumerate(Check)}
_GRAVITY: Final = {severity: n for n, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found, gravest first, and how right each field is."""

    findings: tuple[Finding, ...]
    sheets: tuple[Sheet, ...]
    devices: int
    answered: int
    """How many devices said anything of themselves."""

    @property
    def severe(self) -> int:
        """How many findings are severe."""
        return sum(f.severity is Severity.SEVERE for f in self.findings)

    def by_id(self) -> dict[str, Finding]:
        """Return the findings by their id."""
        return {f.id: f for f in self.findings}

    def only(self, checks: Collection[Check]) -> tuple[Finding, ...]:
        """Return the findings of some checks; of all where none is named."""
        return tuple(f for f in self.findings if not checks or f.check in checks)


def examine(patient: Patient) -> Examined:
    """Return everything that is odd. The same register, in any order, gives the same."""
    where = Whereabouts(patient)
    found = [finding for check in _BY_PLACE for finding in check(where)]
    found += [finding for check in _BY_ENTRY for finding in check(patient)]
    found.sort(key=lambda f: (_GRAVITY[f.severity], _ORDER[f.check], f.subject))
    return Examined(
        findings=tuple(found),
        sheets=sheets(where, found),
        devices=len(patient.registry.devices),
        answered=sum(1 for _ in answers.told(patient)),
    )
