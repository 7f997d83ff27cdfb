"""One letter that stands for many: each is named in a line, each keeps its id in the facts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from camkeeper.message.fit import cut
from camkeeper.model.letter import Letter
from camkeeper.model.outbox import ChannelPace


def digest_of(letters: Sequence[Letter], pace: ChannelPace, now_ms: int) -> Letter:
    """Return the digest of letters to one channel, in their order; its id follows from theirs.

    Every letter has a line, cut where the bytes of the channel ask for it. Made from the letters alone: after a restart
    nothing else is known of them.
    """
    ids = [letter.id for letter in letters]
    over, n = sum(letter.recovery for letter in letters), len(letters)
    subject = (
        f"【汇总】{n} 条消息: {n - over} 条故障, {over} 条恢复 / {n} messages: {n - over} faults, {over} recoveries"
    )
    room = pace.digest_bytes - len(subject.encode()) - 1
    each = max(8, room // n - 1)
    lines = [cut(_line(letter), each) for letter in letters]
    return Letter(
        id="digest-" + hashlib.sha256("\n".join(ids).encode("utf-8", "replace")).hexdigest()[:24],
        incident_id="",
        seq=0,
        channel_id=letters[0].channel_id,
        subject=subject,
        text="\n".join([subject, *lines]),
        facts={"letter_ids": ids, "incident_ids": list(dict.fromkeys(i.incident_id for i in letters if i.incident_id))},
        created_ms=now_ms,
        recovery=over == n,
    )


def incidents_in(letter: Letter) -> frozenset[str]:
    """Return the incidents that a letter is about: its own, or those of a digest's letters."""
    if letter.incident_id:
        return frozenset({letter.incident_id})
    named = letter.facts.get("incident_ids")
    return frozenset(map(str, named)) if isinstance(named, list | tuple) else frozenset()


def is_digest(letter: Letter) -> bool:
    """Tell whether a letter stands for others."""
    return not letter.incident_id and "letter_ids" in letter.facts


def _line(letter: Letter) -> str:
    return " ".join((letter.subject or letter.text).split())


def weight(letter: Letter) -> int:
    """Return how many letters it is: those of a digest, or one."""
    named = letter.facts.get("letter_ids")
    return len(named) if isinstance(named, list | tuple) and is_digest(letter) else 1
