"""The sealed file: names in the clear, values by MultiFernet (AES-128-CBC and HMAC-SHA256, cryptography's recipe).

`{"format": "camkeeper secrets 1", "secrets": {NAME: token}}`. A token's contents begin with its own name: tokens that
somebody swapped, so that a password goes to another device, do not open.
"""

from __future__ import annotations

import json
import struct
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from camkeeper.secrets.keyring import new_key, read_keys, ring_of, write_keys
from camkeeper.secrets.places import Places
from camkeeper.secrets.private import alone, write_private
from camkeeper.secrets.record import NAME, SecretsError, check_name, check_value

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

FORMAT = "camkeeper secrets 1"
_MAX_FILE_BYTES = 16 * 1024 * 1024
_TRIES = 4
"""A reader that comes between the two files of a rotation reads again."""

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name, and when its value was set: UTC seconds."""

    name: str
    set_s: int


class Store:
    """The sealed file of one configuration. It is read anew whenever one of its files was replaced."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def entries(self) -> tuple[Entry, ...]:
        """Return the names in order; no key is needed. Empty where there is no file. SecretsError."""
        return tuple(Entry(name=name, set_s=_set_s(token)) for name, token in sorted(self._tokens().items()))

    def get(self, name: str) -> str:
        """Return a value; SecretsError with the remedy."""
        check_name(name)
        for left in reversed(range(_TRIES)):
            before = (_stamp(self.places.key), _stamp(self.places.file))
            try:
                return self._get(name)
            except SecretsError:
                if not left or before == (_stamp(self.places.key), _stamp(self.places.file)):
                    raise
        raise AssertionError  # the last try returns or raises

    def set(self, name: str, value: str, *, at_s: int) -> bool:
        """Keep a value under a name; True where there was one before. The first one makes the key, too."""
        check_name(name)
        check_value(value)
        with alone(self.places.file):
            tokens = self._tokens()
            if not self.places.key.exists() and not tokens and not self.places.given:
                write_keys(self.places.key, (new_key(),))
            ring = _ring(self.places.key, _stamp(self.places.key))
            for other, token in tokens.items():  # a wrong key would make a file that no key opens
                _opened(ring, other, token, self.places.key)
            known = name in tokens
            self._write({**tokens, name: ring.encrypt_at_time(f"{name}\n{value}".encode(), at_s).decode()})
        return known

    def remove(self, name: str) -> bool:
        """Forget a value; False where there was none."""
        check_name(name)
        with alone(self.places.file):
            tokens = dict(self._tokens())
            if tokens.pop(name, None) is None:
                return False
            self._write(tokens)
        return True

    def rotate(self) -> int:
        """Seal everything by a new key and drop the old one; how many values there are. SecretsError."""
        with alone(self.places.file):
            tokens = self._tokens()
            for _ in self.rotation():
                pass
        return len(tokens)

    def rotation(self) -> Iterator[str]:
        """Rotate step by step, under the lock. Whoever is stopped after any step leaves what the next read opens."""
        old, tokens = read_keys(self.places.key), self._tokens()
        keys = (new_key(), *old)
        ring = ring_of(keys, self.places.key)
        for name, token in tokens.items():  # all or nothing: what does not open now would be lost with the old key
            _opened(ring, name, token, self.places.key)
        yield "read"
        write_keys(self.places.key, keys)
        yield "both keys"
        if tokens:
            self._write({name: ring.rotate(token.encode()).decode() for name, token in tokens.items()})
        yield "sealed anew"
        write_keys(self.places.key, keys[:1])
        yield "old key dropped"

    def _get(self, name: str) -> str:
        token = self._tokens().get(name)
        if token is None:
            raise SecretsError(
                zh=f"口令文件里没有 {name}；请运行 camkeeper secrets set {name}",
                en=f"the sealed file has no {name}; run camkeeper secrets set {name}",
            )
        return _opened(_ring(self.places.key, _stamp(self.places.key)), name, token, self.places.key)

    def _tokens(self) -> Mapping[str, str]:
        return _read(self.places.file, _stamp(self.places.file))

    def _write(self, tokens: Mapping[str, str]) -> None:
        text = json.dumps({"format": FORMAT, "secrets": dict(sorted(tokens.items()))}, indent=1)
        write_private(self.places.file, f"{text}\n".encode())


def _stamp(path: Path) -> _Stamp | None:
    """Return what changes when a file is replaced; None where there is none or it cannot be looked at."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


# Thousands of probes a minute want their password: only a file that was replaced is read again. What is kept here is
# as sealed as on disk, and the keys; no value.
@lru_cache(maxsize=8)
def _read(path: Path, _as_of: _Stamp | None) -> Mapping[str, str]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES)
        found = json.loads(data)
        tokens = found["secrets"] if found["format"] == FORMAT else None
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SecretsError(
            zh=f"读不到口令文件 {path}（{error.strerror}）；它应属于运行本程序的用户，权限 0600",
            en=f"the sealed file {path} cannot be read ({error.strerror}); it wants the user of camkeeper as owner",
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        tokens = None
    if not isinstance(tokens, dict) or not all(isinstance(v, str) and NAME.match(k) for k, v in tokens.items()):
        raise SecretsError(
            zh=f"{path} 不是本版本的口令文件，或已损坏；请从保管处取回，或移走后用 camkeeper secrets set 重设",
            en=f"{path} is no sealed file of this version, or is damaged; bring it back, or move it away and set anew",
        )
    return tokens


@lru_cache(maxsize=8)
def _ring(path: Path, _as_of: _Stamp | None) -> MultiFernet:
    return ring_of(read_keys(path), path)


def _opened(ring: MultiFernet, name: str, token: str, key: Path) -> str:
    from cryptography.fernet import InvalidToken

    try:
        own, _, value = ring.decrypt(token.encode()).decode().partition("\n")
    except (InvalidToken, ValueError):
        own, value = "", ""
    if own != name:
        raise SecretsError(
            zh=f"{name} 用 {key} 打不开：密钥不对，或口令文件被改过；请取回正确的密钥，或重设这一项",
            en=f"{name} does not open by {key}: another key sealed it, or it was tampered with; bring back the key,"
            " or set it anew",
        )
    return value


def _set_s(token: str) -> int:
    """Return when a token was made, as it says in the clear; 0 where it does not."""
    try:
        return int(struct.unpack_from(">Q", urlsafe_b64decode(token), 1)[0])
    except (ValueError, struct.error):
        return 0
