"""Whether the amendments of a month are signed as its contract wants, and say truly what was before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from camkeeper.keys.key import holds
from camkeeper.ledger.amending import KIND
from camkeeper.model.contract import Party


def faults_of(
    records: Sequence[dict[str, Any]], ledger: str, parties: Sequence[Party]
) -> Iterator[tuple[str, str, int]]:
    """Yield (Chinese, English, record) of what does not hold. `records`: a closing and its amendments, in order."""
    keys = {party.public_key for party in parties}
    for earlier, record in pairwise(records):
        seq, before = int(record["seq"]), record.get("before")
        if before is not None and before["figures"] != earlier["figures"]:
            yield "更正所说的旧数字不是封账的数字", "what the amendment says was before is not what was closed", seq
        statement = {
            "ledger": ledger,
            "month": record["month"],
            "before": earlier["figures"],
            "figures": record["figures"],
            "windows": record["windows"],
            "why": record["why"],
        }
        signed = [
            str(s["public_key"])
            for s in record.get("signatures", ())
            if holds(KIND, statement, public=str(s["public_key"]), signature=str(s["signature"]))
        ]
        if len(signed) != len(record.get("signatures", ())):
            yield "更正上有不成立的签名", "a signature under the amendment does not hold", seq
        if keys and keys.isdisjoint(signed):
            yield "更正没有合同任何一方的签名", "no party of the contract signed the amendment", seq
