"""A private key on disk: JSON, the seed sealed by a passphrase (scrypt, then ChaCha20-Poly1305), readable by its owner.

Its name and public key stand beside it in clear and are sealed with it: neither can be exchanged.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from camkeeper.keys.key import SigningKey

FORMAT = "camkeeper key 1"
LOG_N, R, P = 16, 8, 1
"""64 MiB and a fifth of a second for each guess."""
MOST_LOG_N = 20
"""A file that asks for more than 1 GiB is refused: it was not made here."""
MOST_BYTES = 65_536


class KeyFileError(ValueError):
    """A file that is no key, or a passphrase that does not open it."""


def write_key(path: Path, key: SigningKey, passphrase: str) -> None:
    """Write a new key file, mode 0600. FileExistsError where something is there, KeyFileError without a passphrase."""
    if not passphrase:
        raise KeyFileError("口令不能为空 / an empty passphrase")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    head = {"format": FORMAT, "name": key.name, "public": key.public}
    sealed = ChaCha20Poly1305(_derived(passphrase, salt, LOG_N, R, P)).encrypt(nonce, key.seed, _aad(head))
    value = head | {
        "kdf": {"name": "scrypt", "log2_n": LOG_N, "r": R, "p": P, "salt": salt.hex()},
        "nonce": nonce.hex(),
        "sealed": sealed.hex(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def read_public(path: Path) -> tuple[str, str]:
    """Return (name, public key) of a key file without opening it; KeyFileError, OSError. Nothing proves them yet."""
    value = _read(path)
    return str(value["name"]), str(value["public"])


def read_key(path: Path, passphrase: str) -> SigningKey:
    """Open a key file. KeyFileError where it is none or the passphrase is wrong."""
    value = _read(path)
    try:
        kdf = value["kdf"]
        if not isinstance(kdf, dict):
            raise TypeError("kdf")  # noqa: TRY301 - told as every other fault of the file
        log_n, r, p = (int(kdf[k]) for k in ("log2_n", "r", "p"))
        if kdf["name"] != "scrypt" or not (1 <= log_n <= MOST_LOG_N and 1 <= r <= 16 and 1 <= p <= 4):
            raise ValueError("scrypt parameters")  # noqa: TRY301
        derived = _derived(passphrase, bytes.fromhex(str(kdf["salt"])), log_n, r, p)
        head = {k: value[k] for k in ("format", "name", "public")}
        seed = ChaCha20Poly1305(derived).decrypt(
            bytes.fromhex(str(value["nonce"])), bytes.fromhex(str(value["sealed"])), _aad(head)
        )
        key = SigningKey.of_seed(str(value["name"]), seed)
    except InvalidTag:
        raise KeyFileError("口令不对，或文件被改动 / a wrong passphrase, or a changed file") from None
    except (KeyError, ValueError, TypeError) as error:
        raise KeyFileError(f"不是密钥文件 / not a key file: {error}") from None
    if key.public != value["public"]:
        raise KeyFileError("公钥与私钥不符 / the public key is another one's")
    return key


def _read(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    try:
        value = json.loads(data) if len(data) <= MOST_BYTES else None
        if not isinstance(value, dict) or value["format"] != FORMAT or not {"name", "public"} <= value.keys():
            raise ValueError("format")  # noqa: TRY301
    except (ValueError, KeyError, RecursionError):
        raise KeyFileError(f"不是密钥文件 / not a key file: {path}") from None
    return value


def _derived(passphrase: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(passphrase.encode())


def _aad(head: Mapping[str, object]) -> bytes:
    return json.dumps(head, ensure_ascii=False, sort_keys=True).encode()
