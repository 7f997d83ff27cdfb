"""Backups that once made `restore` break off: each is refused in words, and nothing is there afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from camkeeper.backup.restore import restore
from camkeeper.backup.write import BackupError

FOUND = sorted((Path(__file__).parents[2] / "data" / "fuzz" / "backup").glob("*.bin"))


@pytest.mark.parametrize("archive", FOUND, ids=lambda path: path.stem)
def test_a_broken_backup_is_refused(archive: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "t.ledger"
    with pytest.raises(BackupError, match=" / "):
        restore(archive, ledger, tmp_path / "cameras.yaml")
    assert not ledger.exists()
