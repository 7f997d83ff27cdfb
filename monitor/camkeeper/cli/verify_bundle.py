"""What `camkeeper verify` says of a bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from camkeeper.cli.say import fail

if TYPE_CHECKING:
    from camkeeper.bundle.signatures import Signed
    from camkeeper.bundle.verify import BundleProof

_STATES = {"draft": "未封账 draft", "closed": "已封账 closed", "amended": "已更正 amended"}
_MAGIC = b"PK\3\4"


def is_bundle(path: Path) -> bool:
    """Tell whether a file looks like one by its first bytes, or at least by its name."""
    try:
        with path.open("rb") as file:
            first = file.read(4)
    except OSError:
        return False
    return first == _MAGIC or (path.suffix == ".zip" and not first.startswith(b"SQLi"))


def verify_file(path: Path, *, heads: list[str], month: str | None, as_json: bool) -> None:
    """Prove a bundle and say what was found; exit code 1 where something does not hold."""
    from camkeeper.bundle.container import MOST_BYTES, NotABundleError
    from camkeeper.bundle.verify import verify_bundle

    try:
        if path.stat().st_size > MOST_BYTES:
            fail(f"{path} 太大，不是证据包", f"{path} is too large for a bundle")
        found = verify_bundle(path.read_bytes(), heads=heads)
    except NotABundleError as error:
        fail(f"{path} 不是证据包，或已损坏：{error}", f"{path} is no bundle, or is damaged: {error}")
    except OSError as error:
        fail(f"读不了 {path}：{error.strerror}", f"cannot read {path}: {error.strerror}")
    if month is not None and month != found.manifest.get("month"):
        fail(f"包里是 {found.manifest.get('month')}", f"this is the bundle of {found.manifest.get('month')}", code=2)
    if as_json:
        typer.echo(json.dumps(as_values(path, found), ensure_ascii=False, indent=2).encode())
    else:
        _print(path, found)
    if not found.ok:
        raise typer.Exit(1)


def as_values(path: Path, found: BundleProof) -> dict[str, object]:
    """Return the findings as JSON values."""
    return {
        "bundle": str(path),
        "ok": found.ok,
        "manifest": {k: v for k, v in found.manifest.items() if k != "parts"},
        "counts": found.counts,
        "faults": [{"where": f.where, "seq": f.seq, "zh": f.zh, "en": f.en} for f in found.faults],
        "signatures": [
            {
                "name": s.name,
                "party": s.party_id,
                "of_the_contract": s.party_id is not None,
                "public_key": s.public,
                "fingerprint": s.fingerprint,
                "at_ms": s.at_ms,
                "note": s.note,
                "valid": s.valid,
            }
            for s in found.signed
        ],
        "figures": found.figures,
    }


def _print(path: Path, found: BundleProof) -> None:
    manifest, counts = found.manifest, found.counts
    amount = f"{counts.get('sites', 0)} 个地点 sites，{counts.get('devices', 0)} 台设备 devices"
    lines = [
        f"{path}",
        f"月份 month {manifest.get('month')} · {_STATES.get(str(manifest.get('state')), '?')}",
        f"账本 ledger {manifest.get('ledger')}",
        f"链头 head {manifest.get('head')}",
        f"重算 recomputed: {counts.get('records', 0)} 条记录 records，{amount}",
    ]
    lines += _rates(found)
    lines += [_signature(signed) for signed in found.signed] or ["○ 还没有签名 nobody has signed it"]
    for fault in found.faults:
        seq = "" if fault.seq is None else f" seq {fault.seq}"
        lines.append(f"✗ [{fault.where}{seq}] {fault.zh}\n  {fault.en}")
    lines.append("✓ 全部相符 everything holds" if found.ok else f"✗ {len(found.faults)} 处不符 faults")
    if found.ok:
        lines.append(
            "  与己方留存的链头或对方指纹核对后，才能断定是同一本账\n"
            "  that it is the very ledger, a head that you kept or a key that you know says: --head"
        )
    typer.echo("\n".join(lines).encode())


def _rates(found: BundleProof) -> list[str]:
    figures = found.figures
    if not figures.get("sites"):
        return []
    top, policy = figures["sites"][0], figures["deciding_policy"]
    net = top["figures"][policy]["net"]
    percent = net["percent"]["ratio"] or "—"
    return [
        f"{top['name']} {policy}：在线率 rate {percent}%，{net['verdict']}（目标 target {top['target_bp'] / 100:g}%）"
    ]


def _signature(signed: Signed) -> str:
    mark = "✓" if signed.valid and signed.party_id is not None else "△" if signed.valid else "✗"
    whose = (
        "合同中的密钥 key of the contract" if signed.party_id is not None else "不是合同中的密钥 NOT of the contract"
    )
    note = f"：{signed.note}" if signed.note else ""
    return f"{mark} {signed.name} · {whose} · 指纹 fingerprint {signed.fingerprint}{note}"
