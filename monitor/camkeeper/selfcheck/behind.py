"""What is behind: backups, letters, the mirror; and what ends or was set."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cryptography import x509

from camkeeper.ledger import LedgerReader
from camkeeper.ledger.chain import Kind
from camkeeper.mirror.cursor import Cursor, sidecar
from camkeeper.mirror.mirror import ledger_id_of
from camkeeper.mirror.source import behind as lacks
from camkeeper.model.post import WAITING
from camkeeper.selfcheck.finding import Finding, Level, fine
from camkeeper.selfcheck.subject import Subject

DAY_MS = 86_400_000
LATE_MS = 900_000


def steps(subject: Subject) -> Iterator[Finding]:
    """Check how often the wall clock was set of late."""
    if not subject.ledger.exists():
        return
    with LedgerReader(subject.ledger) as reader, reader.reading() as db:
        rows = db.execute(
            "SELECT body FROM chain WHERE kind = ? AND kind <> 4 AND at_ms >= ?",
            (int(Kind.CLOCK_STEP), subject.now_ms - 7 * DAY_MS),
        ).fetchall()
    by = [abs(int(json.loads(body).get("by_ms", 0))) for (body,) in rows]
    if not by:
        yield fine("clock_steps", "七天内时钟没有跳变", "the clock was not set within seven days", steps=0)
        return
    yield Finding(
        check="clock_steps",
        level=Level.WARN,
        zh=f"七天内时钟跳变 {len(by)} 次，最大 {max(by) / 1000:.1f} 秒",
        en=f"the clock was set {len(by)} times within seven days, by {max(by) / 1000:.1f} s at most",
        remedy_zh="查明谁在改时间；只用一个时间源，虚拟机关闭与宿主机的对时",
        remedy_en="find who sets it; one source of time only, and no second one from a virtual machine's host",
        figures={"steps": len(by), "max_ms": max(by)},
    )


def backups(subject: Subject) -> Iterator[Finding]:
    """Check that there is a backup, and that it is young."""
    to = "" if subject.registry is None else subject.registry.backup_to
    if not to:
        yield Finding(
            check="backups",
            level=Level.WARN,
            zh="没有配置每日备份",
            en="no daily backup is configured",
            remedy_zh="配置里写 backup_to: 目录（最好在另一块盘上）",
            remedy_en="write backup_to: FOLDER in the configuration, on another disk if there is one",
        )
        return
    folder = subject.config.parent / to
    newest = max((p.stat().st_mtime for p in folder.glob("camkeeper-*.tar")), default=None)
    hours = None if newest is None else (subject.now_ms / 1000 - newest) / 3600
    if hours is not None and hours < 30:
        yield fine(
            "backups",
            f"最近的备份在 {hours:.0f} 小时前",
            f"the newest backup is {hours:.0f} h old",
            hours=round(hours, 1),
        )
        return
    when = (
        ("从未备份", "there is none") if hours is None else (f"已 {hours:.0f} 小时", f"the newest is {hours:.0f} h old")
    )
    yield Finding(
        check="backups",
        level=Level.BAD,
        zh=f"{folder} 里{when[0]}没有新备份" if hours is not None else f"{folder} 里{when[0]}",
        en=f"backups in {folder}: {when[1]}",
        remedy_zh=f"看日志里的 backup_failed；手工运行 camkeeper backup {folder}",
        remedy_en=f"look for backup_failed in the log; camkeeper backup {folder} by hand",
        figures={"hours": None if hours is None else round(hours, 1)},
    )


def outbox(subject: Subject) -> Iterator[Finding]:
    """Check that letters go out."""
    if not subject.ledger.exists():
        return
    with LedgerReader(subject.ledger) as reader:
        waiting = [post.letter for post in reader.letters(WAITING)]
        dead = sum(reader.dead_letters().values())
    oldest_ms = max((subject.now_ms - letter.created_ms for letter in waiting), default=0)
    zh, en = f"待发 {len(waiting)} 封，发不出 {dead} 封", f"{len(waiting)} letters wait, {dead} were given up"
    if oldest_ms < DAY_MS // 4 and not dead:
        yield fine("outbox", zh, en, waiting=len(waiting), dead=dead)
        return
    yield Finding(
        check="outbox",
        level=Level.WARN,
        zh=f"{zh}，最久已等 {oldest_ms // 3_600_000} 小时",
        en=f"{en}; the oldest has waited {oldest_ms // 3_600_000} h",
        remedy_zh="看日志里通道的回答，用 camkeeper notify test 试发",
        remedy_en="see what the channels answer in the log; camkeeper notify test sends one",
        figures={"waiting": len(waiting), "dead": dead, "oldest_ms": oldest_ms},
    )


def mirror(subject: Subject) -> Iterator[Finding]:
    """Check that the mirror is not behind."""
    setting = None if subject.registry is None else subject.registry.influx
    if setting is None or not sidecar(subject.ledger).exists() or not subject.ledger.exists():
        return
    with (
        LedgerReader(subject.ledger) as reader,
        Cursor(sidecar(subject.ledger), ledger_id=ledger_id_of(reader), target=setting.identity) as cursor,
    ):
        lacking = lacks(reader, cursor.marks(), fine_days=setting.fine_days)
    late_ms = 0 if lacking.since_ms is None else subject.now_ms - lacking.since_ms
    zh, en = (
        f"镜像尚缺 {lacking.records} 条记录、{lacking.hours} 小时",
        f"the mirror lacks {lacking.records} records, {lacking.hours} hours",
    )
    if late_ms <= LATE_MS:
        yield fine("mirror", zh, en, late_ms=late_ms)
        return
    yield Finding(
        check="mirror",
        level=Level.WARN,
        zh=zh,
        en=en,
        remedy_zh=f"看 {setting.url} 是否可达（camkeeper mirror status）；账本完整，恢复后自动补齐",
        remedy_en=f"see whether {setting.url} is there (camkeeper mirror status); the ledger has all, it catches up",
        figures={"late_ms": late_ms, "records": lacking.records},
    )


def certificate(subject: Subject) -> Iterator[Finding]:
    """Check how long the board's certificate is still good."""
    setting = None if subject.registry is None else subject.registry.tls
    if setting is None:
        return
    path = subject.config.parent / setting.certificate
    try:
        until_s = x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc.timestamp()
    except (OSError, ValueError) as error:
        yield Finding(
            check="certificate",
            level=Level.BAD,
            zh=f"{path} 读不了：{error}",
            en=f"{path} cannot be read: {error}",
            remedy_zh="放回证书（PEM）；正在运行的看板仍用旧的",
            remedy_en="put the certificate back (PEM); a board that runs goes on with the old one",
        )
        return
    days = int((until_s - subject.now_ms / 1000) // 86_400)
    if days >= 21:
        yield fine(
            "certificate", f"看板证书还有 {days} 天", f"the board's certificate is good for {days} days", days=days
        )
        return
    yield Finding(
        check="certificate",
        level=Level.WARN if days >= 0 else Level.BAD,
        zh=f"看板证书还有 {days} 天到期" if days >= 0 else "看板证书已过期",
        en=f"the board's certificate ends in {days} days" if days >= 0 else "the board's certificate has ended",
        remedy_zh="续期后覆盖原文件，几秒内生效，不必重启",
        remedy_en="renew it over the same files: it counts within seconds, without a restart",
        figures={"days": days},
    )
