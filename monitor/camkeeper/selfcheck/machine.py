"""The machine: disk, clock, limits, versions, what reports need."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import sqlite3
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from camkeeper.selfcheck.finding import Finding, Level, fine, unknown
from camkeeper.selfcheck.subject import Subject

_MIB = 1 << 20
LOW_BYTES, FULL_BYTES = 2048 * _MIB, 256 * _MIB
"""A county's ledger grows by 250 MB a year; an upgrade and a backup each want room for another copy of it."""
LOW_INODES = 2_000
_IN_FLIGHT = 768
"""Probes at the same time, of the healthy and of the dead together."""
_STA_UNSYNC, _TIME_ERROR = 0x0040, 5


def disk(subject: Subject) -> Iterator[Finding]:
    """Check room and inodes where the ledger is, and where backups go."""
    places = {"disk": subject.ledger.absolute().parent}
    if subject.registry is not None and subject.registry.backup_to:
        places["backup_disk"] = subject.config.parent / subject.registry.backup_to
    for check, folder in places.items():
        try:
            state = os.statvfs(folder)
        except OSError as error:
            yield Finding(
                check=check,
                level=Level.BAD,
                zh=f"{folder} 看不到（{error.strerror}）",
                en=f"{folder} cannot be looked at ({error.strerror})",
                remedy_zh="建立该目录，或改正配置",
                remedy_en="make the folder, or correct the configuration",
            )
            continue
        own = subject.ledger.stat().st_size if subject.ledger.exists() else 0
        yield _room(check, folder, state.f_bavail * state.f_frsize, state.f_favail if state.f_files else None, own)


def _room(check: str, folder: Path, free: int, inodes: int | None, own: int) -> Finding:
    figures = {"free_bytes": free, "free_inodes": inodes, "ledger_bytes": own}
    short = inodes is not None and inodes < LOW_INODES
    level = Level.BAD if free < FULL_BYTES or short else Level.WARN if free < max(LOW_BYTES, 2 * own) else Level.OK
    zh = f"{folder}：剩余 {free // _MIB:,} MiB" + (f"，inode 仅剩 {inodes:,}" if short else "")
    en = f"{folder}: {free // _MIB:,} MiB free" + (f", {inodes:,} inodes left" if short else "")
    if level is Level.OK:
        return fine(check, zh, en, **figures)
    return Finding(
        check=check,
        level=level,
        zh=zh,
        en=en,
        remedy_zh="清理或扩容；旧备份与 *.before-v* 副本可移走。空间不足时新样本会记为未知",
        remedy_en="make room: old backups and *.before-v* copies may go. With none, new samples become unknown time",
        figures=figures,
    )


def synchronised() -> tuple[bool, int] | None:
    """Return whether the kernel's clock is disciplined, and its error bound in microseconds; None: it does not say."""

    class Timex(ctypes.Structure):
        # The beginning of struct timex (adjtimex(2)); the rest is room.
        _fields_ = (
            ("modes", ctypes.c_uint),
            ("offset", ctypes.c_long),
            ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long),
            ("status", ctypes.c_int),
            ("room", ctypes.c_char * 256),
        )

    timex = Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    return not (state == _TIME_ERROR or timex.status & _STA_UNSYNC), int(timex.maxerror)


def clock(_subject: Subject) -> Iterator[Finding]:
    """Check that somebody keeps the clock."""
    found = synchronised()
    if found is None:
        yield unknown("clock", "内核不说时钟是否同步", "the kernel does not say whether the clock is kept")
    elif found[0]:
        yield fine("clock", "时钟已同步", "the clock is synchronised", max_error_us=found[1])
    else:
        yield Finding(
            check="clock",
            level=Level.WARN,
            zh="时钟没有与时间源同步；时间走偏会使故障时刻失真",
            en="the clock is not synchronised; a drifting clock dates outages wrongly",
            remedy_zh="启用 systemd-timesyncd 或 chrony；在虚拟机里确认宿主机已同步（timedatectl）",
            remedy_en="enable systemd-timesyncd or chrony; on a virtual machine its host keeps time, too (timedatectl)",
        )


def descriptors(subject: Subject) -> Iterator[Finding]:
    """Check the limit of open files against what so many devices want."""
    pid = subject.monitor_pid()
    limit, whose = resource.getrlimit(resource.RLIMIT_NOFILE)[0], "this command"
    if pid is not None:
        try:
            found = re.search(r"Max open files\s+(\d+)", Path(f"/proc/{pid}/limits").read_text(encoding="ascii"))
        except OSError:
            found = None
        if found:
            limit, whose = int(found[1]), f"process {pid}"
    wanted = 256 + 2 * min(subject.devices, _IN_FLIGHT)
    zh, en = (
        f"可打开 {limit:,} 个文件（{whose}），需要约 {wanted:,}",
        f"{limit:,} open files ({whose}), about {wanted:,} wanted",
    )
    if limit >= wanted or limit == resource.RLIM_INFINITY:
        yield fine("descriptors", zh, en, limit=limit, wanted=wanted)
        return
    yield Finding(
        check="descriptors",
        level=Level.BAD,
        zh=zh,
        en=en,
        remedy_zh="systemd 单元写 LimitNOFILE=65536；手工运行前执行 ulimit -n 65536",
        remedy_en="LimitNOFILE=65536 in the unit; ulimit -n 65536 before running it by hand",
        figures={"limit": limit, "wanted": wanted},
    )


def memory(subject: Subject) -> Iterator[Finding]:
    """Check the control group's limit against what so many devices want."""
    pid = subject.monitor_pid() or os.getpid()
    limit = _memory_limit(pid)
    wanted = (384 + subject.devices // 12) * _MIB
    if limit is None:
        yield fine("memory", "没有内存上限", "no limit of memory", wanted_bytes=wanted)
        return
    zh, en = (
        f"内存上限 {limit // _MIB:,} MiB，需要约 {wanted // _MIB:,}",
        f"{limit // _MIB:,} MiB allowed, about {wanted // _MIB:,} wanted",
    )
    if limit >= wanted:
        yield fine("memory", zh, en, limit_bytes=limit, wanted_bytes=wanted)
        return
    yield Finding(
        check="memory",
        level=Level.WARN,
        zh=zh,
        en=en,
        remedy_zh="调大单元的 MemoryMax=",
        remedy_en="raise MemoryMax= of the unit",
        figures={"limit_bytes": limit, "wanted_bytes": wanted},
    )


def _memory_limit(pid: int) -> int | None:
    try:
        group = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").strip().rpartition("::")[2]
        text = Path(f"/sys/fs/cgroup{group}/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def versions(_subject: Subject) -> Iterator[Finding]:
    """Check for releases with bugs that touch us."""
    at = sqlite3.sqlite_version_info
    # The WAL-reset bug is answered by design: one connection writes and checkpoints (docs/design/0002-ledger.md).
    yield fine(
        "sqlite", f"SQLite {sqlite3.sqlite_version}", f"SQLite {sqlite3.sqlite_version}", walled=str(at < (3, 51, 3))
    )
    now = sys.version_info
    text = f"Python {now.major}.{now.minor}.{now.micro}"
    # Fixed in 3.11.5: data sent before the handshake passed for data of the handshake's peer.
    if (3, 11) <= now < (3, 11, 5):
        yield Finding(
            check="python",
            level=Level.WARN,
            zh=f"{text} 有已知的 TLS 缺陷（CVE-2023-40217）",
            en=f"{text} has a known hole in TLS (CVE-2023-40217)",
            remedy_zh="升级到 3.11 的最新修订版",
            remedy_en="upgrade to the newest 3.11",
        )
    else:
        yield fine("python", text, text)


def zones(subject: Subject) -> Iterator[Finding]:
    """Check that time zones and the font of reports are there."""
    wanted = {site.timezone for site in subject.registry.sites} if subject.registry is not None else {"Asia/Shanghai"}
    missing = []
    for name in sorted(wanted):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            missing.append(name)
    if missing:
        yield Finding(
            check="zones",
            level=Level.BAD,
            zh=f"没有时区数据：{'、'.join(missing)}",
            en=f"no data of the zones {', '.join(missing)}",
            remedy_zh="pip install tzdata，或安装系统的 tzdata",
            remedy_en="pip install tzdata, or the system's",
        )
    else:
        yield fine("zones", "时区数据齐全", "time zones are there")
    fonts = [
        entry.name for entry in files("camkeeper.sheet").joinpath("fonts").iterdir() if entry.name.endswith(".ttc")
    ]
    if fonts:
        yield fine("fonts", "报表字体齐全", "the font of reports is there", font=fonts[0])
    else:
        yield Finding(
            check="fonts",
            level=Level.BAD,
            zh="缺少报表字体，PDF 里的中文会是空白",
            en="the font of reports is missing: Chinese in PDFs would be blank",
            remedy_zh="重新安装本程序",
            remedy_en="install the program anew",
        )
