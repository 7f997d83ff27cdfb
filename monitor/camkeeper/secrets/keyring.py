"""The key's file: Fernet keys, one a line, the newest first. Older ones stand there only while a rotation runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from camkeeper.secrets.private import write_private
from camkeeper.secrets.record import SecretsError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_HEAD = b"# camkeeper secrets key / \xe5\xaf\x86\xe9\x92\xa5\xe6\x96\x87\xe4\xbb\xb6\n"
_MAX_BYTES = 64 * 1024


def new_key() -> bytes:
    """Return a fresh key: 256 random bits, as text."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key()


def read_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys, newest first; SecretsError with the remedy."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES)
    except FileNotFoundError:
        raise SecretsError(
            zh=f"没有密钥文件 {path}；请从保管处取回。丢失则无法读出：移走口令文件后用 camkeeper secrets set 重设",
            en=f"there is no key {path}; bring it back from where it is kept. Lost: move the sealed file away and"
            " set every secret anew (camkeeper secrets set)",
        ) from None
    except OSError as error:
        raise SecretsError(
            zh=f"读不到密钥文件 {path}（{error.strerror}）；它应属于运行本程序的用户，权限 0600",
            en=f"the key {path} cannot be read ({error.strerror}); it wants the user of camkeeper as owner, mode 0600",
        ) from None
    keys = tuple(line.strip() for line in data.splitlines() if line.strip() and not line.startswith(b"#"))
    if not keys:
        raise _no_key(path)
    ring_of(keys, path)
    return keys


def ring_of(keys: tuple[bytes, ...], path: Path) -> MultiFernet:
    """Return what opens whatever one of the keys sealed, and seals by the first; SecretsError for what is no key."""
    from cryptography.fernet import Fernet, MultiFernet

    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise _no_key(path) from None


def write_keys(path: Path, keys: tuple[bytes, ...]) -> None:
    """Replace the key's file."""
    write_private(path, _HEAD + b"".join(key + b"\n" for key in keys))


def _no_key(path: Path) -> SecretsError:
    return SecretsError(
        zh=f"{path} 不是密钥文件，或已损坏；请从保管处取回",
        en=f"{path} is no key, or is damaged; bring it back from where it is kept",
    )
