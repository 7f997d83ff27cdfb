"""Words of old letters go; that they were told stays, and so do incidents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.monitor.ledger.test_incidents import T0, event, incident, letter

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader
from camkeeper.model.letter import Outcome, Receipt
from camkeeper.model.post import LetterState

DAY_MS = 86_400_000
TAKEN = Receipt(outcome=Outcome.ACCEPTED, code="0", detail="ok")


def test_only_words_of_old_delivered_letters_go(tmp_path: Path) -> None:
    path = tmp_path / "t.ledger"
    with Ledger.open(path, boot=Boot(boot_id="b", version="t"), clock=SimulatedClock(wall_ms=T0)) as ledger:
        old = [replace(letter(n), created_ms=T0, text='"text":""', facts={"a": 1}) for n in range(1, 8)]
        young = replace(letter(8), created_ms=T0 + 10 * DAY_MS)
        ledger.append(Batch(incidents=(event(incident(1)),), letters=(*old, young))).result(10)
        for one in (*old[:5], young):
            ledger.mark(one.id, LetterState.SENDING, None, T0 + 1).result(10)
            ledger.mark(one.id, LetterState.DELIVERED, TAKEN, T0 + 2).result(10)
        ledger.mark(old[5].id, LetterState.DEAD, TAKEN, T0 + 2).result(10)
        assert ledger.sweep_letters(T0, limit=3).result(10) == 0
        swept = [ledger.sweep_letters(T0 + DAY_MS, limit=3).result(10) for _ in range(4)]
        assert swept == [3, 2, 0, 0], "a few at a time, each once"
        with LedgerReader(path) as reader:
            posts = {p.letter.id: p for p in reader.letters()}
            assert len(reader.incident_events("I000001")) == 1
            last = reader.last_letters(["duty", "none"])
            assert (set(last), reader.dead_letters()) == ({"duty"}, {"duty": 1})
    for one in old[:5]:
        kept = posts[one.id]
        assert (kept.letter.text, kept.letter.markdown, kept.letter.facts) == ("", "", {})
        assert (kept.letter.subject, kept.state, kept.code) == (one.subject, LetterState.DELIVERED, "0")
    for one in (old[5], old[6], young):
        assert posts[one.id].letter == one
