"""`python -m camfleet.render`: one picture of one virtual camera, written to a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from camfleet.faults import Fault
from camfleet.mistake import MistakeError
from camfleet.pictures import render
from camfleet.scenario import fault_of
from camfleet.targets import unknown
from camkeeper.config import ConfigError, load
from camkeeper.model.registry import Registry


def fault_from(text: str) -> Fault:
    """Return the fault that `cover`, `moved:by=20,pitch=3` or `fog:density=70%` says; MistakeError otherwise."""
    kind, _, rest = text.partition(":")
    arguments: dict[str, str] = {}
    for word in filter(None, rest.split(",")):
        name, equals, value = word.partition("=")
        if not equals:
            raise MistakeError(f"{word!r} 应写成 名=值", f"{word!r} should read name=value")
        arguments[name.strip()] = value.strip()
    return fault_of(kind.strip(), arguments)


def instant_of(text: str, zone: str) -> int:
    """Return an ISO time as UTC milliseconds; without an offset it is the site's own time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise MistakeError(f"{text!r} 不是 ISO 时间", f"{text!r} is no ISO time (2026-06-01T12:00)") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(zone))
    return round(at.timestamp() * 1000)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m camfleet.render",
        description="把一台虚拟摄像机此刻的画面写成 JPEG 文件。 Write the picture of a virtual camera to a JPEG file.",
    )
    add = parser.add_argument
    add("--config", type=Path, default=Path("config/cameras.yaml"), help="配置文件 / configuration")
    add("--device", required=True, help="设备编号 / id of the device")
    add("--at", required=True, help="时间，如 2026-06-01T12:00 / when, site's time unless it has an offset")
    add("--fault", action="append", default=[], help="故障，可重复 / fault, repeatable: cover, moved:by=20,pitch=3")
    add("--size", default="1280x720", help="像素 / pixels, WIDTHxHEIGHT")
    add("--seed", type=int, default=1, help="种子 / seed of the villages")
    add("--out", type=Path, required=True, help="写到哪里 / where to write")
    return parser


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 16 <= int(width) <= 4096 and 16 <= int(height) <= 4096):
        raise MistakeError(f"{text!r} 应为 宽x高（16 至 4096）", f"{text!r} should be WIDTHxHEIGHT, 16 to 4096 each")
    return int(width), int(height)


def picture(registry: Registry, args: argparse.Namespace) -> bytes:
    """Return the picture that the command line asks for; MistakeError tells what is wrong with it."""
    device = registry.device_by_id.get(args.device)
    if device is None:
        raise unknown("device", args.device, registry.device_by_id)
    if not device.kind.has_picture:
        raise MistakeError(f"{device.id} 没有图像", f"{device.id} has no picture")
    at_ms = instant_of(args.at, registry.site_by_id[device.site_id].timezone)
    faults = tuple(fault_from(text) for text in args.fault)
    return render(device, registry, at_ms, faults, size=_size(args.size), seed=args.seed)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 1 with the reason told in both languages."""
    args = _parser().parse_args(words)
    try:
        data = picture(load(args.config), args)
        args.out.write_bytes(data)
    except MistakeError as mistake:
        print(f"{mistake.zh}\n{mistake.en}", file=sys.stderr)
        return 1
    except ConfigError as error:
        print("\n".join(fault.chinese for fault in error.faults), error, sep="\n", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"写不了：{error.strerror}\ncannot write: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
