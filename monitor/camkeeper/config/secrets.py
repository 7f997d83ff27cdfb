"""Where passwords come from: `store:NAME`, `env:NAME` or `file:PATH`. No message holds one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from camkeeper.model.equipment import Credential
from camkeeper.secrets import SecretsError, Store, places_of

MAX_BYTES = 4096


class SecretError(ValueError):
    """A secret that cannot be had. `zh` and `en` name the remedy, never what was read."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretWarning:
    """Something about a secret that somebody should look at."""

    credential_id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets beside one configuration file, read anew each time: a changed file counts at once."""

    base_dir: Path
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def resolve(self, credential: Credential) -> str:
        """Return the password; SecretError with the remedy."""
        return resolve(credential, self.base_dir, self.environ)

    def faults(self, credentials: Iterable[Credential]) -> tuple[SecretError, ...]:
        """Return why secrets cannot be had, all at once; empty where all can."""
        out = []
        for credential in credentials:
            try:
                self.resolve(credential)
            except SecretError as error:
                out.append(error)
        return tuple(out)

    def warnings(self, credentials: Iterable[Credential]) -> tuple[SecretWarning, ...]:
        """Return which secret files others can read."""
        return tuple(w for c in credentials if (w := exposure(c, self.base_dir, self.environ)) is not None)


def resolve(credential: Credential, base_dir: Path, environ: Mapping[str, str]) -> str:
    """Return the password of `credential`; SecretError with the remedy. Files are relative to `base_dir`."""
    kind, _, rest = credential.secret_ref.partition(":")
    if kind == "env":
        password = environ.get(rest, "")
        if not password:
            raise SecretError(
                zh=f"凭据 {credential.id}：环境变量 {rest} 没有设置；请先 export {rest}=口令",
                en=f"credential {credential.id}: the environment variable {rest} is not set; export {rest}=PASSWORD",
            )
        return password
    if kind == "file":
        return _from_file(credential.id, base_dir / rest)
    if kind == "store":
        try:
            return Store(places_of(base_dir, environ)).get(rest)
        except SecretsError as error:
            raise SecretError(
                zh=f"凭据 {credential.id}：{error.zh}", en=f"credential {credential.id}: {error.en}"
            ) from None
    # The reference itself may be a password in the wrong place: it is not repeated.
    raise SecretError(
        zh=f"凭据 {credential.id}：secret 应为 store:名称、env:变量名 或 file:口令文件",
        en=f"credential {credential.id}: secret wants store:NAME, env:NAME or file:PATH",
    )


def _from_file(id_: str, path: Path) -> str:
    try:
        if not path.is_file():
            raise SecretError(
                zh=f"凭据 {id_}：没有口令文件 {path}；请写入一行口令并 chmod 600",
                en=f"credential {id_}: there is no file {path}; write the password into it, one line, and chmod 600",
            )
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretError(
            zh=f"凭据 {id_}：读不到口令文件 {path}（{error.strerror}）；它应属于运行本程序的用户",
            en=f"credential {id_}: {path} cannot be read ({error.strerror}); it wants the user of camkeeper as owner",
        ) from None
    except UnicodeDecodeError:
        text = ""
    if not text or "\n" in text or len(data) > MAX_BYTES:
        raise SecretError(
            zh=f"凭据 {id_}：口令文件 {path} 应只有一行 UTF-8 口令",
            en=f"credential {id_}: {path} wants one line of UTF-8, the password",
        )
    return text


def exposure(credential: Credential, base_dir: Path, environ: Mapping[str, str] | None = None) -> SecretWarning | None:
    """Return a warning where the secret's file, or the key of the sealed one, can be read by others than its owner."""
    kind, _, rest = credential.secret_ref.partition(":")
    if kind == "file":
        paths = [base_dir / rest]
    elif kind == "store":
        places = places_of(base_dir, os.environ if environ is None else environ)
        # A credential of systemd shows a group's bit for its access list, and is the service's alone all the same.
        paths = [places.file] if places.given else [places.key, places.file]
    else:
        return None
    for path in paths:
        mode = open_to_others(path)
        if mode is not None:
            return SecretWarning(
                credential_id=credential.id,
                zh=f"凭据 {credential.id}：其他用户也能读 {path}（权限 {mode:04o}）；请执行 chmod 600",
                en=f"credential {credential.id}: others can read {path} (mode {mode:04o}); run chmod 600 on it",
            )
    return None


def open_to_others(path: Path) -> int | None:
    """Return the mode of a file that others than its owner can read or change; None: they can't, or it isn't there."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
    return mode if mode & (stat.S_IRWXG | stat.S_IRWXO) else None
