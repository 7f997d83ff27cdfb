"""The key of this machine: commands of the monitor's owner are let in by a file that only its owner can read.

It holds a secret of this run of the monitor and goes with it. Who can read it could as well write the accounts' file.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import tempfile
from pathlib import Path
from urllib.parse import quote, unquote

from camkeeper.access.record import MAX_NAME
from camkeeper.access.secret import new_secret
from camkeeper.message.clean import clean

PREFIX = "ckl_"
_MAX_BYTES = 200


def key_beside(ledger: Path) -> Path:
    """Return where the monitor of a ledger leaves the key of its run."""
    return ledger.with_suffix(".localkey")


def leave_key(ledger: Path) -> str:
    """Write a new key, readable by the owner alone, and return it."""
    secret = PREFIX + new_secret()
    target = key_beside(ledger)
    fd, name = tempfile.mkstemp(dir=target.parent, prefix=".localkey-")  # mode 0600
    try:
        with os.fdopen(fd, "w") as file:
            file.write(f"{secret}\n")
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return secret


def take_key(ledger: Path, secret: str) -> None:
    """Remove the key of a run that ends, but not that of a later one."""
    with contextlib.suppress(OSError):
        if _read(ledger) == secret:
            key_beside(ledger).unlink()


def bearer(ledger: Path) -> str | None:
    """Return what a command of this user sends; None where there is no key or it isn't theirs to read."""
    try:
        secret = _read(ledger)
    except OSError:
        return None
    return f"{secret}.{quote(os_user(), safe='')}" if secret.startswith(PREFIX) else None


def taken_apart(text: str) -> tuple[str, str]:
    """Return (key, name of the user) of what a command sent; the name cleaned."""
    secret, _, name = text.partition(".")
    return secret, clean(unquote(name, errors="replace"), limit=MAX_NAME) or "?"


def os_user() -> str:
    """Return the name of who runs this command; who took root's place by sudo keeps their own name."""
    named = os.environ.get("SUDO_USER", "") if os.getuid() == 0 else ""
    if named:
        return named
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user of a container without an entry
        return f"uid-{os.getuid()}"


def _read(ledger: Path) -> str:
    with key_beside(ledger).open("rb") as file:
        return file.read(_MAX_BYTES).decode("ascii", errors="replace").strip()
