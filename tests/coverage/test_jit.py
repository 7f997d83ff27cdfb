"""Kernels are found again by the same code, and by no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from camcover import jit

HERE = Path(jit.__file__).parent


def kept(folder: Path | str, **environment: str) -> str:
    """Where a process of its own, started in a folder, keeps its kernels."""
    done = subprocess.run(
        [sys.executable, "-c", "from camcover import jit; print(jit.kept_in())"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def copied(to: Path) -> Path:
    folder = to / "camcover"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_every_file_that_a_kernel_is_made_from_changes_the_digest(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    assert jit.digest(folder) == jit.digest()
    names = {path.name for path in jit.sources(folder)}
    assert {"jit.py", "sweep.py", "grid.py", "shadows.py"} <= names
    for name in sorted(names):
        before, path = jit.digest(folder), folder / name
        path.write_text(path.read_text(encoding="utf-8") + "\n# another day\n", encoding="utf-8")
        assert jit.digest(folder) != before


def test_what_no_kernel_is_made_from_changes_nothing(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    path = folder / "tour.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert jit.digest(folder) == jit.digest()


def test_kernels_lie_beside_the_code_or_where_one_says(tmp_path: Path) -> None:
    name = f"kernels-{jit.digest()}"
    if os.access(HERE, os.W_OK):
        assert kept(tmp_path) == str(HERE / "__pycache__" / name)
    assert kept(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "state")) == str(tmp_path / "state" / name)
    assert (tmp_path / "state" / name).is_dir()
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder", encoding="utf-8")
    assert kept(tmp_path, NUMBA_CACHE_DIR=str(in_the_way)) == "None"


def test_a_folder_called_coverage_in_the_working_directory_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "coverage").mkdir()
    assert kept(tmp_path).endswith(jit.digest())
