"""How long the doctor takes with a county's register, and how often it is wrong of a batch's datum.

5,000 devices in 229 villages, with answers and key places: seconds of this process's own processor time, median of
three; once clean, once with a third of the villages in GCJ-02. Then batches of 8 to 500 points of random villages, in
all six ways in which two datums are taken for each other, beside key places and without any: how many are recognised,
missed, taken for another datum; and how many that fit are accused. `--quick`: fewer of each.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path
from time import process_time

from camcover.datum import Datum
from camkeeper.doctor.examine import examine
from camkeeper.doctor.finding import Check
from camkeeper.doctor.patient import Patient
from camkeeper.doctor.plane import READINGS
from figures import arguments, median, print_figures

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.monitor.doctor.township import shifted, township

SIZES = (8, 12, 20, 50, 150, 500)


def speed(villages: int, each: int) -> dict[str, object]:
    """Return how long one register takes, clean and with shifted villages."""
    clean = township(7, villages=villages, each=each)
    third = {f"v{n:03}" for n in range(0, villages, 3)}
    sick = shifted(clean, Datum.GCJ02, Datum.WGS84, lambda d: d.site_id in third)
    out: dict[str, object] = {"devices": len(clean.registry.devices), "villages": villages}
    for name, patient in (("clean", clean), ("shifted", sick)):
        took = []
        for _ in range(3):
            begun = process_time()
            found = examine(patient).findings
            took.append(process_time() - begun)
        out |= {f"{name}_cpu_s": round(median(took), 2), f"{name}_findings": len(found)}
    return out


def verdict(patient: Patient) -> tuple[object, object] | None:
    """Return which reading the doctor proposes for all of it; None where it proposes nothing."""
    found = [f for f in examine(patient).findings if f.check is Check.DATUM and f.edits]
    return (found[0].numbers["written"], found[0].numbers["taken_for"]) if found else None


def rates(tries: int, *, marks: bool) -> dict[str, object]:
    """Return how many batches are recognised, missed, mistaken; and how many that fit are accused."""
    dice = random.Random(1)
    right = missed = wrong = accused = 0
    total = tries * len(SIZES) * len(READINGS)
    for size in SIZES:
        for number in range(tries):
            villages = max(1, min(size // 8, 1 + number % 12))
            truth = township(
                dice.randrange(10**6), villages=villages, each=-(-size // villages), marks=marks,
                spread_m=dice.uniform(150, 700), noise_m=dice.uniform(0, 15),
            )  # fmt: skip
            accused += verdict(strayed(truth, dice)) is not None
            for pair in READINGS:
                told = verdict(shifted(truth, pair.written, pair.taken_for, lambda _: True))
                right += told == (pair.written, pair.taken_for)
                missed += told is None
                wrong += told not in {None, (pair.written, pair.taken_for)}
    name = "beside_key_places" if marks else "boundaries_alone"
    return {
        f"{name}_batches": total,
        f"{name}_recognised": right,
        f"{name}_nothing_proposed": missed,
        f"{name}_mistaken": wrong,
        f"{name}_fitting": tries * len(SIZES),
        f"{name}_accused": accused,
    }


def strayed(patient: Patient, dice: random.Random) -> Patient:
    """Return the patient with a tenth of its points anywhere within two kilometres."""
    devices = list(patient.registry.devices)
    for n in dice.sample(range(len(devices)), len(devices) // 10):
        mount = devices[n].mount
        assert mount is not None
        lon, lat = mount.lon_deg + dice.uniform(-0.02, 0.02), mount.lat_deg + dice.uniform(-0.02, 0.02)
        devices[n] = replace(devices[n], mount=replace(mount, lon_deg=lon, lat_deg=lat))
    return replace(patient, registry=replace(patient.registry, devices=tuple(devices)))


def main(*, quick: bool) -> None:
    """Measure and print."""
    figures = speed(40, 22) if quick else speed(229, 22)
    tries = 4 if quick else 30
    print_figures("doctor", {**figures, **rates(tries, marks=True), **rates(tries, marks=False)})


if __name__ == "__main__":
    main(quick=arguments(__doc__ or "").parse_args().quick)
