"""Where compiled kernels are kept by a monitor whose program folder is read-only."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from importlib.util import find_spec
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"


def keep_in_state(ledger: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """Let kernels be kept beside the ledger, where they can't lie beside the code. Before anything of camcover.

    Otherwise each start would compile anew: half a minute in which the board has no coverage.
    """
    found = find_spec("camcover")
    if VARIABLE in environment or found is None or found.origin is None:
        return
    folder = Path(found.origin).parent
    if not all(os.access(one, os.W_OK) for one in (folder, folder / "__pycache__") if one.is_dir()):
        environment[VARIABLE] = str(ledger.absolute().parent / "numba")
