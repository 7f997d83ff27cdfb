"""Each kind of fault, with its exact words in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from camkeeper.config import ConfigError, load, read

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_each_fault_has_its_words(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(path.read_bytes(), path.name)
    said = [line for fault in caught.value.faults for line in (str(fault), fault.chinese)]
    assert said == path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()


def test_every_expectation_has_its_file() -> None:
    assert {p.stem for p in BAD.glob("*.txt")} == {p.stem for p in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_message_repeats_a_password(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert "hunter2" not in "".join(f"{f}{f.chinese}{f!r}" for f in caught.value.faults)
    assert "hunter2" not in repr(caught.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError) as caught:
        load(Path("/nowhere/cameras.yaml"))
    assert str(caught.value) == "/nowhere/cameras.yaml: cannot be read: No such file or directory"


def test_a_brackets_bomb_does_not_end_the_process() -> None:
    with pytest.raises(ConfigError, match="nested deeper"):
        read(b"[" * 200_000, "x.yaml")
