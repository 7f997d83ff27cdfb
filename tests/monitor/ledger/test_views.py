"""The register of views: append-only, sealed; a row that is changed, taken out or cut off shows."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.ledger.stories import open_ledger

from camkeeper.ledger import Batch, Ledger, LedgerDamagedError, LedgerReader
from camkeeper.ledger.chain import Kind
from camkeeper.ledger.verify import verify
from camkeeper.ledger.views import genesis, sealed
from camkeeper.model.span import Span
from camkeeper.model.view import Viewed, ViewRecord
from camkeeper.model.wire import from_json, to_json

T0 = 1_790_000_000_000
HOUR = 3_600_000
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).filter(str.strip)


def view(n: int = 0, *, device_id: str = "c1", incident_id: str | None = None, who: str = "王强") -> ViewRecord:
    return ViewRecord(
        at_ms=T0 + n * HOUR,
        who=who,
        unit="大郭镇",
        why="核实",
        device_id=device_id,
        what=Viewed.THUMBNAIL,
        incident_id=incident_id,
    )


def written(path: Path) -> tuple[ViewRecord, ...]:
    """Three views, a seal that names the third, and a fourth after it."""
    views = (view(0), view(1, incident_id="I000001"), view(2, device_id="c2"), view(3))
    with open_ledger(path) as ledger:
        ledger.append(Batch(views=views[:1])).result(10)
        ledger.append(Batch(views=views[1:3])).result(10)
        ledger.append(Batch(tick_ms=T0)).result(10)
        ledger.append(Batch(views=views[3:])).result(10)
    return views


@given(
    st.builds(
        ViewRecord,
        at_ms=st.integers(0, 2**53),
        who=TEXT,
        unit=st.text(max_size=5),
        why=TEXT,
        device_id=TEXT,
        what=st.sampled_from(Viewed),
        incident_id=st.none() | TEXT,
    )
)
def test_a_view_comes_back_as_it_was(one: ViewRecord) -> None:
    assert from_json(ViewRecord, json.loads(json.dumps(to_json(one)))) == one


def test_views_are_found_by_time_device_and_incident(tmp_path: Path) -> None:
    views = written(tmp_path / "l")
    with LedgerReader(tmp_path / "l") as reader:
        assert reader.views() == views
        assert reader.views(limit=2) == views[2:]
        assert reader.views(Span(start_ms=T0 + HOUR, end_ms=T0 + 3 * HOUR)) == views[1:3]
        assert reader.views(device_id="c2") == views[2:3]
        assert reader.views(incident_id="I000001") == views[1:2]
    proof = verify(tmp_path / "l")
    assert proof.ok
    assert proof.counts["picture_view"] == 4


def test_half_a_character_does_not_keep_a_batch_from_being_recorded(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l") as ledger, LedgerReader(tmp_path / "l") as reader:
        ledger.append(Batch(views=(view(who="\ud800"), view(device_id="\ud800")))).result(10)
        assert [v.who for v in reader.views()] == ["\ud800", "王强"]
    assert verify(tmp_path / "l").ok


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE picture_view SET body = replace(body, '王强', '李四') WHERE number = 1",
        "UPDATE picture_view SET at_ms = at_ms + 1 WHERE number = 2",
        "UPDATE picture_view SET device_id = 'c9' WHERE number = 2",
        "UPDATE picture_view SET incident = NULL WHERE number = 2",
        "UPDATE picture_view SET hash = zeroblob(32) WHERE number = 4",
        "DELETE FROM picture_view WHERE number = 1",
        "DELETE FROM picture_view WHERE number = 2",
        "DELETE FROM picture_view WHERE number >= 3",  # the seal names the third
        "DELETE FROM picture_view",
        "DROP TABLE picture_view",
    ],
)
def test_whatever_is_done_to_it_shows(tmp_path: Path, tampering: str) -> None:
    path = tmp_path / "l"
    written(path)
    db = sqlite3.connect(path)
    db.execute(tampering)
    db.commit()
    db.close()
    proof = verify(path)
    assert not proof.ok
    assert {f.where for f in proof.faults} == {"picture_view"}


def test_a_rewritten_register_does_not_fit_the_seal(tmp_path: Path) -> None:
    """Whoever can compute the hashes anew cannot compute the chain's seal anew without every later record."""
    path = tmp_path / "l"
    written(path)
    other = tmp_path / "other"
    with open_ledger(other) as ledger:
        rows = rewritten(ledger, path)
    db = sqlite3.connect(path)
    db.execute("DELETE FROM picture_view")
    db.executemany("INSERT INTO picture_view VALUES (?, ?, ?, ?, ?, ?)", rows)
    db.commit()
    db.close()
    [fault] = verify(path).faults
    assert fault.seq is not None
    assert "another" in fault.en


def rewritten(ledger: Ledger, path: Path) -> list[tuple[object, ...]]:
    """The register without its second view, sealed properly to the first ledger's genesis."""
    db = sqlite3.connect(path)
    (ledger_id,) = db.execute("SELECT ledger_id FROM ledger").fetchone()
    kept = db.execute("SELECT at_ms, device_id, incident, body FROM picture_view WHERE number <> 2").fetchall()
    db.close()
    head = genesis(ledger_id)
    rows: list[tuple[object, ...]] = []
    for number, (at_ms, device_id, incident, body) in enumerate(kept, 1):
        head = sealed(head, number, body)
        rows.append((number, at_ms, device_id, incident, body, head))
    assert ledger.path != path
    return rows


def test_a_seal_speaks_of_views_only_where_there_are_any(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l") as ledger:
        ledger.append(Batch(tick_ms=T0)).result(10)
        ledger.append(Batch(views=(view(),), tick_ms=T0 + HOUR)).result(10)
    db = sqlite3.connect(tmp_path / "l")
    seals = [
        json.loads(body) for (body,) in db.execute("SELECT body FROM chain WHERE kind = ? ORDER BY seq", (Kind.SEAL,))
    ]
    db.close()
    assert set(seals[0]) == {"through_ms", "samples"}
    assert seals[1]["views"] == 1
    assert len(seals[1]["views_head"]) == 64


def test_a_view_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    written(tmp_path / "l")
    db = sqlite3.connect(tmp_path / "l")
    db.execute("UPDATE picture_view SET body = '{}' WHERE number = 1")
    db.commit()
    db.close()
    with LedgerReader(tmp_path / "l") as reader, pytest.raises(LedgerDamagedError, match="register of views"):
        reader.views()
