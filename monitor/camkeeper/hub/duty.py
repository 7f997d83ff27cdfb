"""`hub.yaml` in a hub's folder: the county's name, who is told, and from when on. Every fault with its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, ValidationError

from camkeeper.config import board as board_config
from camkeeper.config import channels as channel_config
from camkeeper.config import scalars as s
from camkeeper.config.defaults import without_nothing
from camkeeper.config.document import MAX_BYTES, UnreadableError, decode, parse
from camkeeper.config.entry import Entry
from camkeeper.config.fault import ConfigError, Fault
from camkeeper.config.findings import Findings
from camkeeper.config.scalars import refuse
from camkeeper.hub.alarms import Limits
from camkeeper.model.board import TlsSetting
from camkeeper.model.channel import AnyChannel

E = TypeVar("E", bound=Entry)
FILE = "hub.yaml"
ZONE = "Asia/Shanghai"

TEMPLATE = """\
# 县级平台 / the county's hub. 改后自动生效 / changes take effect by themselves.
# 检查：camkeeper hub check DIR ；试发：camkeeper hub notify DIR CHANNEL

name: 县级平台
timezone: Asia/Shanghai     # 月份按此时区 / months are this zone's
target: 95                  # 全县目标 % / the county's target

alerts:
  silent_after_s: 120       # 多久没有上报算失联 / silence from then on is told
  lag_after_s: 900          # 还连着，但记录旧了多久要报 / connected, and what is told is this old
  gap_after_s: 600          # 缺段多久补不齐要报 / a gap that does not close
  disk_free_percent: 10     # 平台磁盘剩余低于多少要报 / less than this free
  gather_s: 30              # 这段时间内一起发生的，合成一条 / what begins within this is one message
  # channels: [duty]        # 默认发给下面所有通道 / default: all channels below

# 看板的 TLS；不配置则只监听本机。路径从本文件夹算起，证书更新后自动采用
# The board's TLS; without it loopback only. Paths start here; a renewed certificate is taken by itself
# board:
#   tls: {certificate: board.pem, key: board.key}

# 通道写法与 cameras.yaml 相同，见 docs/channels.md；密钥写 env:变量名 或 file:文件
# Channels are written as in cameras.yaml; secrets as env:NAME or file:PATH
channels: []
#  - id: duty
#    kind: wecom
#    token: env:COUNTY_WECOM
"""


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise refuse(zh="不是时区名（如 Asia/Shanghai）", en="no time zone (such as Asia/Shanghai)") from None


Zone = Annotated[str, BeforeValidator(_zone)]
Percent = Annotated[int, BeforeValidator(s.whole(1, 90))]
Target = Annotated[float, BeforeValidator(s.number(1, 100))]


def _span(low: int, high: int) -> Any:
    return BeforeValidator(s.whole(low, high))


class AlertsEntry(Entry):
    """From when on people are told."""

    silent_after_s: Annotated[int, _span(30, 86_400)] = 120
    lag_after_s: Annotated[int, _span(60, 604_800)] = 900
    gap_after_s: Annotated[int, _span(60, 604_800)] = 600
    disk_free_percent: Percent = 10
    gather_s: Annotated[int, _span(1, 600)] = 30
    channels: tuple[s.Id, ...] | None = None


class HeadEntry(Entry):
    """What stands at the top."""

    name: s.Text = "县级平台"
    timezone: Zone = ZONE
    target: Target = 95.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A hub's own configuration; the defaults are those of a folder without the file."""

    name: str = "县级平台"
    timezone: str = ZONE
    target_bp: int = 9500
    limits: Limits = field(default_factory=Limits)
    channels: tuple[AnyChannel, ...] = ()
    told: tuple[str, ...] = ()
    """Ids of the channels that alarms go to."""
    tls: TlsSetting | None = None
    """The board's, from the hub's folder; None: it is served on loopback only."""
    warnings: tuple[Fault, ...] = ()


def load(folder: Path) -> Duty:
    """Read `hub.yaml`; defaults where there is none, ConfigError with every fault where it cannot be used."""
    path = folder / FILE
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Duty()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigError([Fault(file=str(path), line=0, path="", zh=f"读不到文件（{why}）", en=f"{why}")]) from None
    return read(data, str(path))


def read(data: bytes, file: str) -> Duty:
    """Return what is written in `data`; `file` is its name in messages. ConfigError as `load`."""
    try:
        document = parse(file, decode(data))
    except UnreadableError as error:
        raise ConfigError([Fault(file=file, line=error.line, path="", zh=error.zh, en=error.en)]) from None
    findings = Findings(document)
    root = document.root
    if not isinstance(root, dict):
        if root is None:
            return Duty()
        findings.fault((), zh="最外层应为键值表（name: ...）", en="the top of the file is a mapping (name: ...)")
        raise ConfigError(findings.sorted_faults())
    known = (*HeadEntry.model_fields, "alerts", "board", "channels")
    for key in root:
        if key not in known:
            findings.unknown_key((key,), known)
    head = _model(findings, (), {k: v for k, v in root.items() if k in HeadEntry.model_fields}, HeadEntry)
    alerts = _model(findings, ("alerts",), root.get("alerts") or {}, AlertsEntry)
    channels = _channels(findings, root.get("channels"))
    board = _model(findings, ("board",), root.get("board") or {}, board_config.BoardEntry)
    if board is not None:
        board_config.check(board, Path(file).parent, findings)
    told = _told(findings, alerts, channels)
    if findings.faults or head is None or alerts is None:
        raise ConfigError(findings.sorted_faults())
    return Duty(
        name=head.name,
        timezone=head.timezone,
        target_bp=round(head.target * 100),
        limits=Limits(
            silent_ms=alerts.silent_after_s * 1000,
            lag_ms=alerts.lag_after_s * 1000,
            gap_ms=alerts.gap_after_s * 1000,
            disk_free_percent=alerts.disk_free_percent,
            gather_ms=alerts.gather_s * 1000,
        ),
        channels=channels,
        told=told,
        tls=board_config.build(board),
        warnings=findings.sorted_warnings(),
    )


def _channels(findings: Findings, written: Any) -> tuple[AnyChannel, ...]:
    if written is None:
        return ()
    if not isinstance(written, list):
        findings.fault(("channels",), zh="应为列表（每项以 - 开头）", en="wants a list (each entry begins with -)")
        return ()
    valid: dict[int, channel_config.ChannelEntry] = {}
    seen: set[str] = set()
    for place, raw in enumerate(written):
        entry = _model(findings, ("channels", place), raw, channel_config.ChannelEntry)
        if entry is None:
            continue
        if entry.id in seen:
            findings.fault(("channels", place, "id"), zh=f"编号 {entry.id} 重复", en=f"the id {entry.id} is taken")
        seen.add(entry.id)
        valid[place] = entry
    channel_config.check(valid, findings)
    return tuple(channel_config.build(entry) for entry in valid.values())


def _told(findings: Findings, alerts: AlertsEntry | None, channels: tuple[AnyChannel, ...]) -> tuple[str, ...]:
    known = tuple(channel.id for channel in channels)
    if alerts is None or alerts.channels is None:
        return known
    for place, channel_id in enumerate(alerts.channels):
        if channel_id not in known:
            findings.unknown_id(("alerts", "channels", place), channel_id, known, zh="通道", en="channel")
    return alerts.channels


def _model(findings: Findings, loc: tuple[str | int, ...], raw: Any, model: type[E]) -> E | None:
    try:
        return model.model_validate(without_nothing(raw))
    except ValidationError as error:
        findings.invalid(loc, error, model)
        return None
