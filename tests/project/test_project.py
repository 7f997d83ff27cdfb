"""What holds for the project as a whole."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def direct(requirements: list[str]) -> set[str]:
    return {canonical(re.split(r"[<>=!~\[; ]", line)[0]) for line in requirements}


@pytest.mark.parametrize("program", ["coverage", "mypy", "pytest", "camkeeper"])
def test_running_from_the_root_shadows_nothing(program: str) -> None:
    # `python -m` puts the root on the path, where there is a folder called `coverage`.
    done = subprocess.run(
        [sys.executable, "-m", program, "--version" if program != "camkeeper" else "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_numba_and_coverage_see_the_real_coverage() -> None:
    code = "import coverage, camcover, camkeeper, camboard, camfleet; assert coverage.Coverage"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_every_direct_dependency_has_a_reason() -> None:
    reasons = (ROOT / "docs/design/dependencies.md").read_text(encoding="utf-8")
    named = direct(PROJECT["project"]["dependencies"])
    for group in PROJECT["dependency-groups"].values():
        named |= direct(group)
    told = {canonical(word) for word in re.findall(r"[A-Za-z0-9_.-]+", reasons)}
    # type stubs stand together as `types-*`; the build's two tools come with the format
    assert {n for n in named - told if not n.startswith("types-")} <= {"hatchling", "editables"}


def test_locks_have_hashes_and_no_address() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock
        for block in re.split(r"\n(?=\S)", text):
            if "==" in block.split("\n", maxsplit=1)[0]:
                assert "--hash=sha256:" in block, (lock, block.split("\n", maxsplit=1)[0])


def test_every_benchmark_has_quick_and_speaks_json() -> None:
    programs = sorted((ROOT / "bench").glob("bench_*.py"))
    assert programs
    for program in programs:
        text = program.read_text(encoding="utf-8")
        assert "print_figures(" in text, program
        assert "arguments(" in text, program


def test_documents_link_to_what_exists() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    assert documents
    for document in documents:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), (document.name, target)


def test_no_person_is_ever_analysed() -> None:
    # Devices and geometry, never people: the detectors that OpenCV ships are not called anywhere.
    forbidden = re.compile(
        r"CascadeClassifier|HOGDescriptor|FaceDetector|FaceRecognizer|cv2\.dnn|QRCodeDetector|cv2\.ml"
    )
    for folder in ("monitor", "coverage", "dashboards"):
        for source in (ROOT / folder).rglob("*.py"):
            assert not forbidden.search(source.read_text(encoding="utf-8")), source


def test_the_source_distribution_has_what_a_clone_has() -> None:
    """Whoever has it can test, measure and break what it makes; nothing of this machine goes along."""
    found = {Path(file.relative_path) for file in SdistBuilder(str(ROOT)).recurse_included_files()}
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a checkout: an unpacked source distribution has no list to compare with")
    tracked = {Path(name) for name in listed.stdout.split("\0") if name}
    kept_here = {".ci", ".gitignore", ".pre-commit-config.yaml", "pyproject.toml"}  # the last is taken along anyway
    assert {path for path in tracked - found if path.parts[0] not in kept_here and (ROOT / path).exists()} == set()
    assert {path.parts[0] for path in found - tracked} <= {path.parts[0] for path in tracked}
