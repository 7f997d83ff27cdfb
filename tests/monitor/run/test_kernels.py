"""Kernels lie beside the code, or beside the ledger where that is read-only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from camkeeper.run.kernels import VARIABLE, keep_in_state


def test_what_somebody_said_stands(tmp_path: Path) -> None:
    environment = {VARIABLE: "/elsewhere"}
    keep_in_state(tmp_path / "l", environment)
    assert environment == {VARIABLE: "/elsewhere"}


def test_beside_the_code_or_else_beside_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {}
    keep_in_state(tmp_path / "l", environment)
    assert environment == {}
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    keep_in_state(tmp_path / "l", environment)
    assert environment == {VARIABLE: str(tmp_path / "numba")}
