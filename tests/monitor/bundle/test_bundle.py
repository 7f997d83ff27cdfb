"""Laws of bundles: what is exported is what the ledger says, the same bytes each time, and no byte may differ."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.monitor.bundle.towns import DAY_MS, HOUR_MS, NOVEMBER_MS, OCTOBER_MS, ZONE, snapshot, stories, written
from tests.monitor.ledger.stories import Story
from typer.testing import CliRunner

from camkeeper.bundle import names
from camkeeper.bundle.container import NotABundleError, canonical, pack, unpack
from camkeeper.bundle.export import export
from camkeeper.bundle.readme import README
from camkeeper.bundle.verify import BundleProof, verify_bundle
from camkeeper.cli import app
from camkeeper.ledger import Batch, LedgerError, LedgerReader
from camkeeper.ledger.closing import amend, close_month
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.sla import sla

SAMPLE = 120


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """September's end to mid November, October closed."""
    path = tmp_path_factory.mktemp("bundle") / "l"
    session = written(path, stories(), until_ms=NOVEMBER_MS + 2 * DAY_MS)
    session.begin()
    close_month(session, "2026-10", zone=ZONE, by="镇政府", at_ms=NOVEMBER_MS + 2 * DAY_MS)
    session.commit()
    session.begin()
    session.write(Batch(tick_ms=NOVEMBER_MS + 3 * DAY_MS), 0)
    session.commit()
    session.db.close()
    return path


@pytest.fixture(scope="module")
def bundle(ledger: Path) -> bytes:
    return export(ledger, "2026-10").data


def proof_of(data: bytes) -> BundleProof | None:
    """None: it is not even taken for a bundle."""
    try:
        return verify_bundle(data)
    except NotABundleError:
        return None


def test_a_bundle_says_what_sla_says(ledger: Path, bundle: bytes) -> None:
    proof = verify_bundle(bundle)
    assert proof.ok, proof.faults
    wanted = sla(ledger, month="2026-10", site_id=None, policy=None, now_ms=NOVEMBER_MS + 3 * DAY_MS)
    windows = wanted.pop("windows")
    assert proof.figures == wanted
    parts = unpack(bundle)
    assert json.loads(parts[names.WINDOWS]) == windows
    with LedgerReader(ledger) as reader:
        config = reader.config_for("2026-10")
        assert config is not None
        span = Span(start_ms=OCTOBER_MS, end_ms=NOVEMBER_MS)
        buckets = reader.buckets(span, excluded=config.excluded(config.policies[0].excludes, span))
    rows = [line.split(",") for line in parts[names.DEVICES].decode().splitlines()[1:]]
    assert {r[0]: tuple(map(int, r[1:])) for r in rows} == {
        i: (b.up_ms, b.down_ms, b.unknown_ms, b.excluded_ms, b.absent_ms, b.degraded_ms) for i, b in buckets.items()
    }


def test_it_begins_at_a_sealed_state_not_at_the_beginning(ledger: Path, bundle: bytes) -> None:
    manifest = verify_bundle(bundle).manifest
    with LedgerReader(ledger) as reader:
        assert 1 < manifest["first_seq"] < manifest["last_seq"] < reader.last_seq()
    assert manifest["state"] == "closed"


def test_the_same_head_gives_the_same_bytes(ledger: Path, bundle: bytes) -> None:
    assert export(ledger, "2026-10").data == bundle


@pytest.mark.parametrize("part", [*names.ALL, ""])
def test_a_flipped_bit_is_found_in_every_part(bundle: bytes, part: str) -> None:
    """An empty name: in what is of no part, the container's own bytes."""
    rng = random.Random(part)
    parts = unpack(bundle)
    places = places_of(bundle, parts)
    inside = places[part] if part else [p for p in range(len(bundle)) if not any(p in r for r in places.values())]
    for _ in range(min(SAMPLE // 12, len(inside))):
        changed = bytearray(bundle)
        changed[rng.choice(inside)] ^= 1 << rng.randrange(8)
        proof = proof_of(bytes(changed))
        assert proof is None or not proof.ok


def places_of(data: bytes, parts: dict[str, bytes]) -> dict[str, range]:
    """Where each part's bytes are."""
    out, at = {}, 0
    for name, body in parts.items():
        begin = data.index(name.encode(), at) + len(name)
        out[name] = range(begin, begin + len(body))
        at = begin + len(body)
    return out


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_other_bytes_are_a_bundle(bundle: bytes, data: st.DataObject) -> None:
    """Cut anywhere, lengthened, or with a piece moved: it is not what it was."""
    at = data.draw(st.integers(0, len(bundle) - 1))
    length = data.draw(st.integers(1, 40))
    kind = data.draw(st.sampled_from(["cut", "end", "repeat", "drop"]))
    changed = {
        "cut": bundle[:at],
        "end": bundle + bundle[at : at + length],
        "repeat": bundle[:at] + bundle[at : at + length] + bundle[at:],
        "drop": bundle[:at] + bundle[at + length :],
    }[kind]
    proof = proof_of(changed)
    assert proof is None or not proof.ok


def test_a_touched_figure_is_named_though_every_digest_is_made_again(bundle: bytes) -> None:
    """Somebody who rewrites manifest and digests is still told by the records which rows differ."""
    parts = unpack(bundle)
    rows = parts[names.DEVICES].decode().splitlines()
    cells = rows[2].split(",")
    cells[1] = str(int(cells[1]) + 1)
    rows[2] = ",".join(cells)
    told = resealed(parts | {names.DEVICES: ("\n".join(rows) + "\n").encode()})
    proof = verify_bundle(told)
    assert [f.where for f in proof.faults] == [names.DEVICES]
    assert cells[0] in proof.faults[0].en
    figures = parts[names.FIGURES].replace(b'"up_ms": ', b'"up_ms": 1', 1)
    proof = verify_bundle(resealed(parts | {names.FIGURES: figures}))
    assert proof.faults
    assert all("up_ms" in f.en for f in proof.faults)


def test_a_touched_record_is_placed_between_two_hours(bundle: bytes) -> None:
    parts = unpack(bundle)
    segment = bytearray(parts[names.SEGMENT])
    at = segment.index(b",3,", len(segment) // 2)
    segment[at + 1] = ord("2")
    proof = verify_bundle(resealed(parts | {names.SEGMENT: bytes(segment)}))
    heads = [f for f in proof.faults if f.where == names.HEADS]
    assert len(heads) == 1
    assert "after record" in heads[0].en


def resealed(parts: dict[str, bytes]) -> bytes:
    """A bundle whose manifest has the digests of these parts: what a forger would write."""
    from camkeeper.bundle.claims import readable
    from camkeeper.bundle.export import digest_line
    from camkeeper.bundle.segment import sha256

    manifest = json.loads(parts[names.MANIFEST])
    for entry in manifest["parts"]:
        entry["bytes"], entry["sha256"] = len(parts[entry["name"]]), sha256(parts[entry["name"]])
    body = readable(manifest)
    return pack(parts | {names.MANIFEST: body, names.DIGEST: digest_line(body)})


def test_a_month_that_is_not_closed_ends_at_a_seal(ledger: Path) -> None:
    made = export(ledger, "2026-11")
    proof = verify_bundle(made.data)
    assert proof.ok, proof.faults
    assert made.manifest["state"] == "draft"
    assert not made.manifest["complete"]
    assert made.manifest["to_ms"] == NOVEMBER_MS + 3 * DAY_MS
    wanted = sla(ledger, month="2026-11", site_id=None, policy=None, now_ms=NOVEMBER_MS + 3 * DAY_MS)
    assert proof.figures["sites"] == wanted["sites"]


def test_an_amended_month(tmp_path: Path) -> None:
    told = stories()
    session = written(tmp_path / "l", told, until_ms=NOVEMBER_MS + DAY_MS)
    session.begin()
    close_month(session, "2026-10", zone=ZONE, by="x", at_ms=1)
    longer = [replace(s, excluded=(Span(start_ms=OCTOBER_MS, end_ms=OCTOBER_MS + 9 * DAY_MS),)) for s in told]
    session.write(Batch(config=snapshot(longer), at_ms=NOVEMBER_MS + DAY_MS), 0)
    amend(session, "2026-10", by="x", why="停电 9 天", at_ms=2)
    session.commit()
    session.db.close()
    made = export(tmp_path / "l", "2026-10")
    proof = verify_bundle(made.data)
    assert proof.ok, proof.faults
    assert made.manifest["state"] == "amended"
    assert [c["why"] for c in json.loads(unpack(made.data)[names.CLOSINGS])] == ["", "停电 9 天"]


@settings(max_examples=12, deadline=None)
@given(
    changes=st.lists(
        st.lists(st.tuples(st.integers(0, 40 * 24), st.sampled_from(list(Status))), max_size=25), min_size=1, max_size=3
    )
)
def test_law_any_history_exports_to_its_own_figures(
    tmp_path_factory: pytest.TempPathFactory, changes: list[list[tuple[int, Status]]]
) -> None:
    life = Span(start_ms=OCTOBER_MS - 5 * DAY_MS, end_ms=NOVEMBER_MS + 60 * DAY_MS)
    told = [
        Story(
            device_id=f"d{n}",
            lives=(life,),
            changes=tuple((life.start_ms + hour * HOUR_MS, status) for hour, status in sorted(one)),
        )
        for n, one in enumerate(changes)
    ]
    path = tmp_path_factory.mktemp("law") / "l"
    session = written(path, told, until_ms=NOVEMBER_MS + 2 * HOUR_MS)
    session.begin()
    close_month(session, "2026-10", zone=ZONE, by="law", at_ms=0)
    session.commit()
    session.db.close()
    proof = verify_bundle(export(path, "2026-10").data)
    assert proof.ok, proof.faults
    wanted = sla(path, month="2026-10", site_id=None, policy=None, now_ms=NOVEMBER_MS + DAY_MS)
    assert proof.figures["sites"] == wanted["sites"]


def test_nothing_to_export(tmp_path: Path, ledger: Path) -> None:
    with pytest.raises(LedgerError):
        export(tmp_path / "none", "2026-10")
    with pytest.raises(LedgerError):
        export(ledger, "2027-10")
    with pytest.raises(ValueError, match="2026-13"):
        export(ledger, "2026-13")


def test_any_tool_opens_it_and_the_page_inside_proves_the_chain(tmp_path: Path, bundle: bytes) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(bundle)
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        assert tuple(opened.namelist()) == names.ALL
    program = README[
        README.index("import struct") : README.index("print(seq") + len("print(seq, head.hex(), head == last)")
    ]
    said = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    manifest = verify_bundle(bundle).manifest
    assert said.stdout.split() == [str(manifest["last_seq"]), manifest["head"], "True"]


@given(st.dictionaries(st.sampled_from(["a", "b/c", "d.txt"]), st.binary(max_size=50), min_size=1))
def test_law_a_container_gives_back_what_it_got(parts: dict[str, bytes]) -> None:
    data = pack(parts)
    assert unpack(data) == parts
    assert canonical(data, parts)


@given(st.binary(max_size=300))
def test_law_other_bytes_are_no_bundle(data: bytes) -> None:
    proof = proof_of(data)
    assert proof is None or not proof.ok


def test_commands(tmp_path: Path, ledger: Path, bundle: bytes) -> None:
    out = tmp_path / "o.zip"
    run = CliRunner().invoke
    assert run(app, ["export", "--ledger", str(ledger), "--month", "2026-10", "--out", str(out)]).exit_code == 0
    assert out.read_bytes() == bundle
    said = run(app, ["verify", str(out), "--json"])
    assert said.exit_code == 0
    value = json.loads(said.stdout)
    assert value["ok"]
    head = value["manifest"]["head"]
    assert run(app, ["verify", str(out), "--head", head]).exit_code == 0
    assert run(app, ["verify", str(out), "--head", "0" * 64]).exit_code == 1
    changed = bytearray(bundle)
    changed[len(changed) // 2] ^= 1
    out.write_bytes(bytes(changed))
    said = run(app, ["verify", str(out)])
    assert said.exit_code == 1
    assert "✗" in said.stdout
    assert run(app, ["export", "--ledger", str(ledger), "--month", "2026-10", "--out", str(out)]).exit_code == 1
    assert run(app, ["export", "--ledger", str(ledger), "--month", "soon"]).exit_code == 2
