"""Passwords by reference: found, or a remedy; never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from camkeeper.config.secrets import SecretError, Secrets, exposure, resolve
from camkeeper.model.equipment import Credential

CANARY = "canary-3f9a"


def credential(ref: str) -> Credential:
    return Credential(id="main", user="monitor", secret_ref=ref)


def test_from_the_environment() -> None:
    assert resolve(credential("env:CAM"), Path(), {"CAM": CANARY}) == CANARY
    for environ in ({}, {"CAM": ""}, {"OTHER": CANARY}):
        with pytest.raises(SecretError, match="CAM is not set; export CAM=") as caught:
            resolve(credential("env:CAM"), Path(), environ)
        assert CANARY not in str(caught.value) + caught.value.zh


def test_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "cam").write_text(f"{CANARY} \r\n", encoding="utf-8")
    (tmp_path / "cam").chmod(0o600)
    assert resolve(credential("file:cam"), tmp_path, {}) == f"{CANARY} "  # a password may end with a blank
    assert resolve(credential(f"file:{tmp_path}/cam"), Path("/nowhere"), {}) == f"{CANARY} "
    assert exposure(credential("file:cam"), tmp_path) is None


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"canary-3f9a\nsecond\n", b"canary-3f9a\xff\n", b"canary-3f9a" * 500], ids=range(5)
)
def test_a_file_that_is_no_password(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cam").write_bytes(content)
    with pytest.raises(SecretError, match="wants one line of UTF-8") as caught:
        resolve(credential("file:cam"), tmp_path, {})
    assert CANARY not in str(caught.value) + caught.value.zh + repr(caught.value.__context__)


def test_no_file_and_no_kind(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"there is no file .*chmod 600"):
        resolve(credential("file:cam"), tmp_path, {})
    with pytest.raises(SecretError, match="there is no file"):
        resolve(credential("file:."), tmp_path, {})
    with pytest.raises(SecretError) as caught:
        resolve(credential(CANARY), tmp_path, {})
    assert CANARY not in str(caught.value) + caught.value.zh


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_readable_by_others_is_a_warning(tmp_path: Path, *, mode: int, told: bool) -> None:
    (tmp_path / "cam").write_text(CANARY, encoding="utf-8")
    (tmp_path / "cam").chmod(mode)
    warning = exposure(credential("file:cam"), tmp_path)
    assert (warning is not None) is told
    if warning is not None:
        assert f"mode {mode:04o}" in warning.en
        assert "chmod 600" in warning.zh


def test_all_at_once(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path, {"A": CANARY})
    assert secrets.resolve(credential("env:A")) == CANARY
    faults = secrets.faults([credential("env:A"), credential("env:B"), credential("file:c")])
    assert [str(f).split(": ")[1][:20] for f in faults] == [
        "the environment vari",
        "there is no file " + str(tmp_path)[:3],
    ]
    (tmp_path / "c").write_text(CANARY, encoding="utf-8")
    (tmp_path / "c").chmod(0o644)
    assert len(secrets.warnings([credential("env:A"), credential("file:c")])) == 1
    assert exposure(credential("file:absent"), tmp_path) is None
    assert CANARY not in repr(secrets.faults([credential("env:B")]))
