"""One way to compile: native code that is kept on disk and lets other threads run.

Numba looks only at the date of the file whose kernel is called: a helper or a constant that changed in another file
would silently run as it was. So kernels are kept in a folder named after the digest of every file that they are
made from: another version of the code cannot find them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TypeVar, cast

F = TypeVar("F", bound=Callable[..., object])

_HERE = Path(__file__).parent
_KERNEL = re.compile(r"^from camcover\.jit import .*\bkernel\b", re.MULTILINE)
_IMPORT = re.compile(
    r"^\s*(?:from camcover\.(\w+) import|import camcover\.(\w+)|from camcover import (\w+))", re.MULTILINE
)


def _numba() -> ModuleType:
    """Import Numba. It asks for coverage.py, and takes a mere folder of that name beside us for it; then it fails."""
    name = "coverage"
    found = None if name in sys.modules else find_spec(name)
    shadowed = found is not None and found.origin is None
    if shadowed:
        sys.modules[name] = cast("ModuleType", None)  # an import of it now says that it isn't there
    try:
        import numba
    finally:
        if shadowed:
            del sys.modules[name]
    return numba


def sources(folder: Path = _HERE) -> list[Path]:
    """Return the files with kernels and all that they import from here, this one too: what machine code depends on."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    found = {"jit"} & set(texts)
    ahead = [name for name, text in texts.items() if _KERNEL.search(text)]
    while ahead:
        name = ahead.pop()
        if name in texts and name not in found:
            found.add(name)
            ahead += [next(filter(None, names)) for names in _IMPORT.findall(texts[name])]
    return sorted(folder / f"{name}.py" for name in found)


def digest(folder: Path = _HERE) -> str:
    """Return what tells versions of the kernels apart."""
    whole = hashlib.sha256()
    for path in sources(folder):
        text = path.read_bytes()
        whole.update(f"{path.name}|{len(text)}|".encode() + text)
    return whole.hexdigest()[:16]


def kept_in() -> Path | None:
    """Return the folder of the kernels of this version; None: nothing is writable, so every process compiles.

    `NUMBA_CACHE_DIR`, else beside the code, else the user's cache. What an install compiled beside the code is taken
    along where that is read-only: Numba wants to write where it reads.
    """
    name = f"kernels-{digest()}"
    beside = _HERE / "__pycache__" / name
    given = os.environ.get("NUMBA_CACHE_DIR")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  (no home: no error)
    places = [Path(given) / name] if given else [beside, Path(cache) / "camkeeper" / name]
    return next((place for place in places if _ready(place, beside)), None)


def _ready(folder: Path, installed: Path) -> bool:
    """Make a folder that can be written to, with what an install compiled."""
    if not folder.is_dir():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=folder.parent) as fresh:
                made = Path(fresh) / folder.name
                if installed.is_dir() and installed != folder and not os.access(installed, os.W_OK):
                    shutil.copytree(installed, made)
                else:
                    made.mkdir()
                made.replace(folder)  # whole, or not at all; another process may be as quick
        except OSError:
            return folder.is_dir() and os.access(folder, os.W_OK)
    return os.access(folder, os.W_OK)


_NUMBA = _numba()
_KEPT_IN = kept_in()


def kernel(function: F) -> F:
    """Compile `function` with Numba when it is first called; later processes load it from the disk."""
    config = _NUMBA.config
    before = config.CACHE_DIR
    try:
        if _KEPT_IN is not None:
            config.CACHE_DIR = str(_KEPT_IN)  # read while decorating; other users of Numba keep theirs
        compiled = _NUMBA.njit(cache=_KEPT_IN is not None, nogil=True, error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before
    return cast("F", compiled)
