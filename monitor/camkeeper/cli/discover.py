"""`camkeeper discover`: who on this segment says that it is an ONVIF device."""

from __future__ import annotations

import ipaddress
import json
import re
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.probe.discovery import Found

_DURATION: Final = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*(ms|s)?")
_MAX_WAIT_S: Final = 60.0
_PORT: Final = 3702
_HEADER: Final = """\
# 由 camkeeper discover 列出，仅作清点：发现应答并不完整（一次实测 36 台只有 25–32 台应答），没有应答不等于离线。
# Listed by camkeeper discover. Inventory only: answers are incomplete (25-32 of 36 devices in one survey); silence is
# not an outage. 粘贴到 config/cameras.yaml 前请填写 site。Fill in `site` before pasting into config/cameras.yaml.
"""


def discover(
    *,
    timeout: Annotated[str, typer.Option(help="等待应答的时间 / how long to collect answers", metavar="3s")] = "3s",
    interface: Annotated[
        str | None, typer.Option(help="从哪块网卡发出（其 IPv4 地址）/ the network card to ask on", metavar="IP")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="只问这一台（跨网段时）/ ask one host directly, across routers", metavar="HOST[:PORT]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """在本网段清点 ONVIF 设备，输出可粘贴的 YAML。 / List ONVIF devices on this segment as YAML ready to paste."""
    import asyncio

    from camkeeper.probe import discovery

    timeout_s, card, one = _seconds(timeout), _card(interface), _target(target)
    try:
        found = asyncio.run(discovery.discover(timeout_s=timeout_s, interface=card, target=one))
    except OSError as error:
        fail(
            f"无法发出发现请求：{error.strerror or error}。可用 --interface 指定网卡的 IPv4 地址。",
            f"cannot send the request: {error.strerror or error}. Name a card's IPv4 address with --interface.",
        )
    if as_json:
        print(json.dumps([asdict(f) for f in found], ensure_ascii=False, indent=2))
    elif found:
        print(as_yaml(found), end="")
    if found:
        tell(f"{len(found)} 台设备应答。", f"{len(found)} devices answered.")
    else:
        tell(
            "没有设备应答。不在同一网段的设备不会应答（可用 --target），部分设备关闭了发现功能：这不说明设备离线。",
            "No device answered. Devices behind a router do not (try --target), and some have discovery switched off:"
            " this does not mean that they are down.",
        )


def as_yaml(found: tuple[Found, ...]) -> str:
    """Return the `devices:` part of a configuration, one entry a device, with what looks odd as comments."""
    import yaml

    lines = [_HEADER + "devices:"]
    used: set[str] = set()
    for one in found:
        entry = {
            "id": _new_id(one, used),
            "name": one.name or one.hardware or one.host,
            "kind": "recorder" if one.recorder else "camera",
            "site": "CHANGE-ME",
            "address": {"host": one.host, "port": one.port, "onvif_path": one.onvif_path},
        }
        told = [t for t in (one.hardware, one.location, one.endpoint) if t]
        lines += [f"  # {' · '.join(told)}"] if told else []
        if one.told_host is not None:
            lines.append(
                f"  # 设备自称地址是 {one.told_host}，应答来自 {one.host} / it calls itself {one.told_host},"
                f" the answer came from {one.host}"
            )
        # A flow mapping on one line; the dumper quotes whatever could be read as something else.
        text = yaml.safe_dump(entry, allow_unicode=True, default_flow_style=True, sort_keys=False, width=sys.maxsize)
        lines.append(f"  - {text.strip()}")
    return "\n".join(lines) + "\n"


def _new_id(found: Found, used: set[str]) -> str:
    base = "cam-" + re.sub(r"[^0-9A-Za-z]+", "-", found.host) + (f"-{found.port}" if found.port != 80 else "")
    name, number = base, 2
    while name in used:
        name, number = f"{base}-{number}", number + 1
    used.add(name)
    return name


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) / (1000 if match[2] == "ms" else 1) if match else 0.0
    if not 0 < seconds <= _MAX_WAIT_S:
        fail(
            f"--timeout 应为 60 秒以内的时间，例如 3s：{text!r}",
            f"--timeout wants a time up to 60 s, such as 3s: {text!r}",
            code=2,
        )
    return seconds


def _card(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        fail(
            f"--interface 应为网卡的 IPv4 地址：{text!r}", f"--interface wants a card's IPv4 address: {text!r}", code=2
        )


def _target(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, colon, port = text.partition(":")
    try:
        address, number = str(ipaddress.IPv4Address(host)), int(port) if colon else _PORT
    except ValueError:
        address, number = "", 0
    if not 0 < number < 65536:
        fail(f"--target 应为 IPv4[:端口]：{text!r}", f"--target wants IPv4[:PORT]: {text!r}", code=2)
    return address, number
