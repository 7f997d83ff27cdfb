"""Where the sealed file and its key are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = "camkeeper.secrets"
KEY = "camkeeper.secrets.key"
FILE_ENV = "CAMKEEPER_SECRETS"
KEY_ENV = "CAMKEEPER_SECRETS_KEY"
CREDENTIALS_ENV = "CREDENTIALS_DIRECTORY"
"""systemd sets it for a service with LoadCredential= or LoadCredentialEncrypted=; its files are the service's alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The sealed file, its key, and whether the key is a credential that systemd gave (read only)."""

    file: Path
    key: Path
    given: bool = False


def places_of(base_dir: Path, environ: Mapping[str, str]) -> Places:
    """Return where they are for a configuration in `base_dir`: as the environment says, systemd gave, or beside it."""
    file = Path(environ.get(FILE_ENV) or _credential(FILE, environ) or base_dir / FILE)
    if environ.get(KEY_ENV):
        return Places(file=file, key=Path(environ[KEY_ENV]))
    given = _credential(KEY, environ)
    if given is not None:
        return Places(file=file, key=given, given=True)
    return Places(file=file, key=file.with_name(f"{file.name}.key"))


def _credential(name: str, environ: Mapping[str, str]) -> Path | None:
    folder = environ.get(CREDENTIALS_ENV, "")
    path = Path(folder) / name
    return path if folder and path.is_file() else None
