"""`camkeeper backup` and `camkeeper restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.model.registry import Registry


def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR|FILE.tar", help="目录或 .tar 文件 / a folder, or a .tar file")],
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    config: ConfigOption = Path("config/cameras.yaml"),
    private: Annotated[
        bool,
        typer.Option(
            "--private",
            help="连同边缘节点与轮询端的私密文件：备份本身即须保密"
            " / with the secret files of an edge and its pollers: the backup is a secret then",
        ),
    ] = False,
) -> None:
    """备份账本、基线、账号、依据文件、配置与登记簿（连同其历史）；监测可以照常运行。写完即读回核对。口令与密钥不在其中。

    Copy the ledger, baselines, accounts, evidence files, the configuration and its register with all versions while the
    monitor runs, and read it back. No password and no key is in it: what has to be brought by hand is told.
    """
    from camkeeper.backup.write import BackupError
    from camkeeper.backup.write import backup as write
    from camkeeper.clock import SystemClock

    try:
        made = write(ledger, config, _registry(config), target, SystemClock().wall_ms(), private=private)
    except BackupError as error:
        _fail(error)
    except OSError as error:
        fail(f"写不了 {target}：{error.strerror or error}", f"cannot write {target}: {error.strerror or error}")
    tell(
        f"已备份到 {made.path}（{made.bytes:,} 字节，{len(made.manifest['files'])} 个文件），已读回核对",
        f"written: {made.path} ({made.bytes:,} bytes, {len(made.manifest['files'])} files), read back and proved",
    )
    _tell_by_hand(made.manifest["by_hand"])


def restore(
    archive: Annotated[Path, typer.Argument(metavar="FILE.tar", help="备份文件 / a backup")],
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    config: ConfigOption = Path("config/cameras.yaml"),
) -> None:
    """由备份恢复。先核验备份；已有账本时拒绝，从不覆盖。

    Restore from a backup, which is proved first. Refused where a ledger is there already: nothing is overwritten.
    """
    from camkeeper.backup.restore import restore as unpack
    from camkeeper.backup.write import BackupError

    if not archive.is_file():
        fail(f"没有这个备份：{archive}", f"there is no backup {archive}")
    try:
        done = unpack(archive, ledger, config)
    except BackupError as error:
        _fail(error)
    except OSError as error:
        fail(f"恢复不了：{error.strerror or error}", f"cannot restore: {error.strerror or error}")
    facts = done.manifest["ledger"]
    tell(
        f"已恢复 {done.ledger}：{facts['seq']} 条记录，链头 {facts['head']}，与备份时相同",
        f"restored {done.ledger}: {facts['seq']} records, head {facts['head']}, as when it was backed up",
    )
    for path in done.left:
        tell(f"已有 {path}，未覆盖", f"{path} was there already and was left alone")
    _tell_by_hand(done.manifest["by_hand"])


def _registry(config: Path) -> Registry | None:
    from camkeeper.config import ConfigError, load

    try:
        return load(config)
    except ConfigError as error:
        tell(f"配置有误，照原样备份：{error.faults[0]}", "the configuration has faults and is copied as it is")
        return None


def _fail(error: Exception) -> NoReturn:
    zh, _, en = str(error).partition(" / ")
    fail(zh, en or zh)


def _tell_by_hand(lines: list[str]) -> None:
    tell("须自行带上的：", "to be brought by hand:")
    for line in lines:
        print(f"  - {line}")
