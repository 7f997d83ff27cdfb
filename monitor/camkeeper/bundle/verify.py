"""Proof of a bundle: nothing but its own bytes is asked, and every one of them counts.

In this order: the file is written as bundles are; the manifest names every part; the records amount to the head; what
they begin with is what their first seal says; every figure, window and digest follows from them; who signed it.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from camkeeper.bundle import names
from camkeeper.bundle.amendments import faults_of
from camkeeper.bundle.claims import Claims, claims_of, heads_of, readable
from camkeeper.bundle.container import canonical, unpack
from camkeeper.bundle.export import digest_line
from camkeeper.bundle.replayed import Replayed, replayed
from camkeeper.bundle.segment import sha256
from camkeeper.bundle.signatures import Signed, signatures_of
from camkeeper.ledger.chain import Kind, read_object
from camkeeper.ledger.parcel import Parcel, ParcelError, pack
from camkeeper.ledger.parcel import unpack as unpack_parcel
from camkeeper.ledger.proofs import Fault, Findings
from camkeeper.ledger.record import LedgerError

_DERIVED = (
    names.FIGURES,
    names.DEVICES,
    names.WINDOWS,
    names.CLOSINGS,
    names.POLICY,
    names.REGISTER,
)
_UNREADABLE = (
    *(LedgerError, sqlite3.Error, struct.error, zlib.error, ZeroDivisionError, StopIteration),
    *(ValueError, KeyError, TypeError, OverflowError, RecursionError, IndexError, AttributeError),
)
"""What nonsense in place of a record may raise on its way to a figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleProof:
    """What `verify_bundle` found."""

    faults: tuple[Fault, ...]
    manifest: dict[str, Any]
    """As written; empty where it cannot be read."""
    figures: dict[str, Any]
    """As recomputed; empty where that was not possible."""
    signed: tuple[Signed, ...]
    counts: dict[str, int]

    @property
    def ok(self) -> bool:
        """True where everything holds."""
        return not self.faults


def verify_bundle(data: bytes, *, heads: Collection[str] = ()) -> BundleProof:
    """Prove a bundle. NotABundleError where it is none; whatever else is wrong is a fault.

    `heads`: hashes that were kept elsewhere, hexadecimal; each must be among those of the segment's seals.
    """
    parts, out = unpack(data), Findings()
    if not canonical(data, parts):
        out.add("file", "文件有不属于任何部分的改动", "bytes outside its parts were changed")
    if tuple(parts) != names.ALL:
        out.add("file", f"部分不齐或多余：{', '.join(parts)}", f"not the parts of a bundle: {', '.join(parts)}")
    manifest = _manifest(parts, out)
    found: Claims | None = None
    try:
        found = _figures(parts, manifest, out, {h.lower() for h in heads})
    except ParcelError as error:
        out.add(names.SEGMENT, f"账本片段读不出：{error}", f"the segment cannot be read: {error}")
    except _UNREADABLE as error:
        out.add(names.SEGMENT, f"由记录算不出数字：{error}", f"no figures follow from the records: {error}")
    parties = found.asked.config.parties if found is not None else ()
    signed = _signatures(parts, parties, out)
    return BundleProof(
        faults=tuple(out.faults),
        manifest=manifest,
        figures={} if found is None else found.figures,
        signed=signed,
        counts=out.counts,
    )


def _manifest(parts: Mapping[str, bytes], out: Findings) -> dict[str, Any]:
    body = parts.get(names.MANIFEST, b"")
    if digest_line(body) != parts.get(names.DIGEST):
        out.add(names.MANIFEST, "清单不是其摘要所指的清单", "the manifest is not the one that its digest means")
    try:
        value = json.loads(body)
        stated = {str(p["name"]): (int(p["bytes"]), str(p["sha256"])) for p in value["parts"]}
        if value["format"] != names.FORMAT or readable(value) != body:
            raise ValueError("another format")
    except _UNREADABLE as error:
        out.add(names.MANIFEST, f"清单读不出：{error}", f"the manifest cannot be read: {error}")
        return {}
    for name in names.CONTENTS:
        data = parts.get(name)
        if data is None or stated.get(name) != (len(data), sha256(data)):
            out.add(name, "内容与清单不符：被改动或缺失", "not what the manifest says: changed or gone")
    for extra in stated.keys() - set(names.CONTENTS):
        out.add(names.MANIFEST, f"清单有多余的部分 {extra}", f"the manifest names another part {extra}")
    return dict(value)


def _figures(parts: Mapping[str, bytes], manifest: Mapping[str, Any], out: Findings, heads: set[str]) -> Claims:
    parcel = unpack_parcel(parts.get(names.SEGMENT, b""))
    if pack(parcel) != parts.get(names.SEGMENT):
        out.add(names.SEGMENT, "账本片段写法不符", "the segment is not written as segments are")
    opening, config = parts.get(names.OPENING, b""), parts.get(names.OPENING_CONFIG, b"")
    stated = heads_of(parcel)
    _compare(names.HEADS, stated, parts.get(names.HEADS, b""), out)
    _check_heads(stated, parcel, heads, out)
    _check_opening(parcel, opening, config, out)
    out.counts["records"] = len(parcel.records)
    with replayed(parcel, opening, config, out.add) as reader:
        found = claims_of(reader, str(manifest.get("month", "")))
        _check_windows(reader, out)
    if not found.holds:
        out.add("close", "数字或剔除与封账时不同", "figures or windows are not those it was closed with")
    records = json.loads(found.parts[names.CLOSINGS])
    for zh, en, seq in faults_of(records, parcel.identity.ledger_id.hex(), found.asked.config.parties):
        out.add("amend", zh, en, seq)
    _check_manifest(manifest, found, parcel, out)
    for name in _DERIVED:
        _compare(name, found.parts[name], parts.get(name, b""), out)
    out.counts["sites"] = len(found.figures["sites"])
    out.counts["devices"] = found.parts[names.DEVICES].count(b"\n") - 1
    return found


def _check_opening(parcel: Parcel, opening: bytes, config: bytes, out: Findings) -> None:
    """Hold what stood before the records against the digest in the first of them; at the very beginning nothing did."""
    if parcel.start.seq == 0:
        good = opening == b'{"config":null,"devices":[]}' and not config
    else:
        first = parcel.records[0] if parcel.records else None
        good = first is not None and first.kind is Kind.SEAL and read_object(first.body).get("state") == sha256(opening)
        mark = json.loads(opening)["config"]
        good = good and (not config if mark is None else mark[1] == sha256(config))
    if not good:
        out.add(names.OPENING, "起始状态不是封记所指的状态", "what it begins with is not what its first seal says")


def _check_heads(stated: bytes, parcel: Parcel, heads: set[str], out: Findings) -> None:
    known = {line.rpartition(",")[2] for line in stated.decode().splitlines()} | {parcel.start_head.hex()}
    for lost in sorted(heads - known):
        out.add("chain", f"片段中没有留存的链头 {lost}", f"the head {lost} that was kept is not in the segment")


def _check_windows(reader: Replayed, out: Findings) -> None:
    from camkeeper.ledger.windows import newest_head

    found = reader.config_at()
    with reader.reading() as db:
        head = newest_head(db)
    if found is not None and found.config.windows_head != head:
        out.add("windows", "检修与剔除的记录与配置不符", "the agreements are not those that the configuration names")


def _check_manifest(manifest: Mapping[str, Any], found: Claims, parcel: Parcel, out: Findings) -> None:
    """Hold every word of the manifest against the records: people read it first."""
    wanted = {
        "ledger": parcel.identity.ledger_id.hex(),
        "month": found.asked.month,
        "timezone": found.asked.tz,
        "from_ms": found.asked.period.start_ms,
        "to_ms": found.asked.period.end_ms,
        "complete": found.asked.complete,
        "state": "amended" if len(found.closings) > 1 else "closed" if found.closings else "draft",
        "first_seq": parcel.start.seq + 1,
        "last_seq": parcel.end.seq,
        "head": parcel.head.hex(),
    }
    for key in sorted(wanted.keys() | (manifest.keys() - {"format", "parts"})):
        if manifest.get(key) != wanted.get(key):
            told = f"{manifest.get(key)!r} ≠ {wanted.get(key)!r}"
            out.add(names.MANIFEST, f"{key} 与记录不符：{told}", f"{key} is not what the records say: {told}")


def _compare(name: str, wanted: bytes, stated: bytes, out: Findings) -> None:
    """Name the rows that differ from what was recomputed; the part as a whole where no row does."""
    if wanted == stated:
        return
    before = len(out.faults)
    try:
        rows, other = dict(_rows(name, wanted)), dict(_rows(name, stated))
    except (*_UNREADABLE, csv.Error):
        rows, other = {}, {}
    differing = [k for k in {**rows, **other} if rows.get(k) != other.get(k)] if other else []
    if name == names.HEADS and differing:
        _between(list(rows), differing[0], out)
        return
    for key in differing:
        told = f"{key}: {other.get(key)} ≠ {rows.get(key)}"
        out.add(name, f"所附与重算不符 {told}", f"stated and recomputed differ {told}")
    if len(out.faults) == before:
        out.add(name, "所附与由记录重算的不符", "not what follows from the records")


def _between(seqs: list[str], first: str, out: Findings) -> None:
    """After the record that was changed every head differs: the first of them says where it lies."""
    place = seqs.index(first) if first in seqs else 0
    since = seqs[place - 1] if place > 1 else "—"
    out.add(
        names.HEADS,
        f"链头自第 {first} 条起不符：改动在第 {since} 条之后、第 {first} 条为止",
        f"the heads differ from record {first} on: what was changed lies after record {since}, up to {first}",
    )


def _rows(name: str, body: bytes) -> Iterator[tuple[str, object]]:
    if name.endswith(".csv"):
        for line in csv.reader(io.StringIO(body.decode(), newline=""), strict=True):
            yield line[0], line[1:]
        return
    yield from _leaves("", json.loads(body))


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(f"{path}.{key}" if path else str(key), value[key])
    elif isinstance(value, list):
        for number, one in enumerate(value):
            named = one.get("id") if isinstance(one, dict) else None
            yield from _leaves(f"{path}[{number if named is None else named}]", one)
    else:
        yield path, value


def _signatures(parts: Mapping[str, bytes], parties: Any, out: Findings) -> tuple[Signed, ...]:
    try:
        found = signatures_of(parts.get(names.SIGNATURES, b""), sha256(parts.get(names.MANIFEST, b"")), parties)
    except _UNREADABLE as error:
        out.add(names.SIGNATURES, f"签名读不出：{error}", f"the signatures cannot be read: {error}")
        return ()
    for signed in found:
        if not signed.valid:
            out.add(
                names.SIGNATURES,
                f"{signed.name} 的签名不成立（{signed.fingerprint}）",
                f"the signature of {signed.name} does not hold ({signed.fingerprint})",
            )
    return found
