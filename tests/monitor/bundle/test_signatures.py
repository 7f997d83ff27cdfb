"""Who signed what: counter-signatures, strangers, forgeries, and amendments that want a party's key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.monitor.bundle.test_bundle import resealed
from tests.monitor.bundle.towns import DAY_MS, NOVEMBER_MS, ZONE, stories, written
from typer.testing import CliRunner

from camkeeper.bundle import names
from camkeeper.bundle.container import pack, unpack
from camkeeper.bundle.export import export
from camkeeper.bundle.signatures import signed_by
from camkeeper.bundle.verify import verify_bundle
from camkeeper.cli import app
from camkeeper.cli.key import PASSPHRASE_ENV
from camkeeper.keys.key import SigningKey, fingerprint, holds
from camkeeper.keys.keyfile import KeyFileError, read_key, read_public, write_key
from camkeeper.ledger.closing import close_month
from camkeeper.model.contract import Party

OWNER, KEEPER, STRANGER = SigningKey.new("镇政府"), SigningKey.new("维保公司"), SigningKey.new("某人")
PARTIES = (
    Party(id="owner", name="大郭镇人民政府", role="owner", public_key=OWNER.public),
    Party(id="keeper", name="维保公司", role="contractor", public_key=KEEPER.public),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("signed") / "l"
    session = written(path, stories(2, 20), until_ms=NOVEMBER_MS + DAY_MS, parties=PARTIES)
    session.begin()
    close_month(session, "2026-10", zone=ZONE, by="x", at_ms=0)
    session.commit()
    session.db.close()
    return export(path, "2026-10").data


def test_both_parties_sign_one_after_the_other(bundle: bytes) -> None:
    once = signed_by(bundle, OWNER, at_ms=1)
    twice = signed_by(once, KEEPER, at_ms=2, note="无异议")
    proof = verify_bundle(twice)
    assert proof.ok, proof.faults
    assert [(s.name, s.party_id, s.valid) for s in proof.signed] == [
        ("大郭镇人民政府", "owner", True),
        ("维保公司", "keeper", True),
    ]
    assert proof.manifest == verify_bundle(bundle).manifest
    with pytest.raises(ValueError, match="signed it already"):
        signed_by(twice, OWNER, at_ms=3)


def test_a_stranger_s_signature_holds_and_is_called_a_stranger_s(bundle: bytes) -> None:
    proof = verify_bundle(signed_by(bundle, STRANGER, at_ms=1))
    assert proof.ok
    assert [(s.name, s.party_id, s.valid) for s in proof.signed] == [("某人", None, True)]


def test_a_signature_stands_under_one_manifest_alone(bundle: bytes) -> None:
    parts = unpack(signed_by(bundle, OWNER, at_ms=1))
    figures = parts[names.FIGURES].replace(b'"up_ms": ', b'"up_ms": 1', 1)
    proof = verify_bundle(resealed(parts | {names.FIGURES: figures}))
    assert [s.valid for s in proof.signed] == [False]


@pytest.mark.parametrize("change", ["drop the first", "swap", "another name", "another time"])
def test_signatures_cannot_be_taken_apart(bundle: bytes, change: str) -> None:
    parts = unpack(signed_by(signed_by(bundle, OWNER, at_ms=1), KEEPER, at_ms=2))
    listed = json.loads(parts[names.SIGNATURES])
    if change == "drop the first":
        listed = listed[1:]
    elif change == "swap":
        listed.reverse()
    elif change == "another name":
        listed[0]["statement"]["name"] = "别人"
    else:
        listed[1]["statement"]["at_ms"] = 3
    from camkeeper.bundle.claims import readable

    assert not verify_bundle(pack(parts | {names.SIGNATURES: readable(listed)})).ok


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "k"
    write_key(path, OWNER, "打开 sesame")
    assert path.stat().st_mode & 0o777 == 0o600
    assert OWNER.seed.hex() not in path.read_text()
    assert read_public(path) == (OWNER.name, OWNER.public)
    assert read_key(path, "打开 sesame").public == OWNER.public
    with pytest.raises(KeyFileError, match="wrong passphrase"):
        read_key(path, "sesame")
    with pytest.raises(FileExistsError):
        write_key(path, KEEPER, "x")
    changed = path.read_text().replace(OWNER.public, KEEPER.public)
    path.write_text(changed)
    with pytest.raises(KeyFileError):
        read_key(path, "打开 sesame")
    (tmp_path / "other").write_text("{}")
    with pytest.raises(KeyFileError):
        read_public(tmp_path / "other")
    with pytest.raises(KeyFileError):
        write_key(tmp_path / "empty", OWNER, "")
    assert OWNER.seed.hex() not in repr(OWNER)


def test_a_signature_has_one_spelling() -> None:
    signature = OWNER.sign("k", {"a": 1})
    assert holds("k", {"a": 1}, public=OWNER.public, signature=signature)
    assert not holds("k", {"a": 1}, public=OWNER.public, signature=signature.upper())
    assert not holds("another", {"a": 1}, public=OWNER.public, signature=signature)
    assert not holds("k", {"a": 1}, public="zz", signature=signature)
    assert fingerprint("zz") == "?"


def test_commands(tmp_path: Path, bundle: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_ENV, "p")
    run = CliRunner().invoke
    key, file = tmp_path / "k", tmp_path / "m.zip"
    file.write_bytes(bundle)
    made = run(app, ["key", "new", str(key), "--name", "镇政府"])
    assert made.exit_code == 0
    public = read_public(key)[1]
    assert public in made.stdout
    assert fingerprint(public) in run(app, ["key", "show", str(key)]).stdout
    assert run(app, ["key", "new", str(key), "--name", "x"]).exit_code == 1
    assert run(app, ["sign", str(file), "--key", str(key)]).exit_code == 0
    said = json.loads(run(app, ["verify", str(file), "--json"]).stdout)
    assert [(s["name"], s["of_the_contract"], s["valid"]) for s in said["signatures"]] == [("镇政府", False, True)]
    assert run(app, ["sign", str(file), "--key", str(key)]).exit_code == 1
    monkeypatch.setenv(PASSPHRASE_ENV, "q")
    assert run(app, ["sign", str(file), "--key", str(key)]).exit_code == 1
    file.write_bytes(bundle[:-1])
    assert run(app, ["sign", str(file), "--key", str(key)]).exit_code == 1
