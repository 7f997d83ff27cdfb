"""`camkeeper key`, `camkeeper sign`: the parties' keys, and their names under a month."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.keys.key import SigningKey

PASSPHRASE_ENV = "CAMKEEPER_KEY_PASSPHRASE"  # noqa: S105  (the name of a variable)
app = typer.Typer(
    no_args_is_help=True,
    help="签名密钥：各方各有一把，合同里写公钥。\n\nKeys to sign with: one a party, its public half in the contract.",
)


@app.command("new")
def new(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="密钥文件，不得已存在 / a file that is not there yet")],
    name: Annotated[str, typer.Option("--name", help="谁的密钥，如单位全称 / whose key it is")],
) -> None:
    """生成密钥，用口令保护；口令从终端读，或取自环境变量 CAMKEEPER_KEY_PASSPHRASE。

    Make a key, sealed by a passphrase from the terminal or from CAMKEEPER_KEY_PASSPHRASE.
    """
    from camkeeper.keys.key import SigningKey
    from camkeeper.keys.keyfile import KeyFileError, write_key

    if not name.strip():
        fail("--name 不能为空", "--name is empty", code=2)
    key = SigningKey.new(name.strip())
    try:
        write_key(path, key, _passphrase(confirm=True))
    except FileExistsError:
        fail(f"{path} 已存在，不覆盖密钥", f"{path} is there already; a key is never replaced")
    except (KeyFileError, OSError) as error:
        fail(f"写不了密钥：{error}", f"the key cannot be written: {error}")
    tell(f"密钥已写入 {path}，口令丢失便无法再用", f"the key is in {path}; without its passphrase it is lost")
    _show(key.name, key.public)


@app.command("show")
def show(path: Annotated[Path, typer.Argument(metavar="FILE", help="密钥文件 / a key file")]) -> None:
    """显示公钥与指纹，不需口令：指纹当面或电话核对，公钥写进配置 parties。

    Show the public key and its fingerprint; no passphrase is needed. Compare the fingerprint face to face or by
    telephone; the public key goes into `parties` of the configuration.
    """
    from camkeeper.keys.keyfile import KeyFileError, read_public

    try:
        name, public = read_public(path)
    except (KeyFileError, OSError) as error:
        fail(f"读不了密钥：{error}", f"the key cannot be read: {error}")
    _show(name, public)


def sign(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="证据包 / a bundle")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="密钥文件 / a key file")],
    note: Annotated[str, typer.Option("--note", help="随签名的一句话 / a sentence with it")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="另存，默认原地 / elsewhere than in place")] = None,
) -> None:
    """在证据包上签名或会签：先核验，不符不签。

    Sign a bundle, or counter-sign it: it is verified first, and what does not hold is not signed.
    """
    from camkeeper.bundle.container import NotABundleError
    from camkeeper.bundle.signatures import signed_by
    from camkeeper.bundle.verify import verify_bundle
    from camkeeper.cli.export import write
    from camkeeper.clock import SystemClock

    try:
        data = bundle.read_bytes()
        proof = verify_bundle(data)
    except (NotABundleError, OSError) as error:
        fail(f"{bundle} 不是证据包，或读不出：{error}", f"{bundle} is no bundle, or cannot be read: {error}")
    if not proof.ok:
        fail(
            f"{bundle} 有 {len(proof.faults)} 处不符，不签：{proof.faults[0].zh}",
            f"{len(proof.faults)} faults in {bundle}, not signed: {proof.faults[0].en}",
        )
    signer = open_key(key)
    try:
        signed = signed_by(data, signer, at_ms=SystemClock().wall_ms(), note=note)
    except ValueError as error:
        fail(str(error).partition(" / ")[0], str(error).rpartition(" / ")[2])
    write(out or bundle, signed, force=out is None)
    tell(f"{signer.name} 已签名：{out or bundle}", f"signed by {signer.name}: {out or bundle}")
    parties = {s.public for s in proof.signed}
    if signer.public in parties:
        return
    _show(signer.name, signer.public)


def open_key(path: Path) -> SigningKey:
    """Open a key file with its passphrase; ends the command where it does not open."""
    from camkeeper.keys.keyfile import KeyFileError, read_key, read_public

    try:
        read_public(path)
        return read_key(path, _passphrase(confirm=False))
    except (KeyFileError, OSError) as error:
        fail(f"打不开密钥 {path}：{error}", f"the key {path} does not open: {error}")


def _passphrase(*, confirm: bool) -> str:
    given = os.environ.get(PASSPHRASE_ENV)
    if given is not None:
        return given
    value: str = typer.prompt("口令 passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return value


def _show(name: str, public: str) -> None:
    from camkeeper.keys.key import fingerprint

    typer.echo(f"名称 name        {name}\n公钥 public key  {public}\n指纹 fingerprint {fingerprint(public)}".encode())
