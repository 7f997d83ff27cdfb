"""`python -m rel NAME...`: break camkeeper on purpose and print what held, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rel.drive import ROOT, drive, say
from rel.result import Result, read
from rel.rows import NAMES, row
from rel.table import page

STORED = ROOT / "docs" / "reliability.json"
FINDINGS = ROOT / "docs" / "reliability-findings.md"


def stored(path: Path) -> dict[str, Result]:
    """Return the runs kept in a file, by row; none where there is no file."""
    if not path.exists():
        return {}
    return {plain["rel"]: read(plain) for plain in json.loads(path.read_text(encoding="utf-8"))}


def keep(path: Path, results: dict[str, Result]) -> None:
    """Write the runs in the scorecard's order, through a second file so that a break leaves the old one."""
    ordered = [results[name].plain() for name in NAMES if name in results]
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(ordered, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rel",
        description="真的弄坏它，再看承诺是否守住 / Breaks it for real, then looks whether its promises held.",
        epilog="退出码 / exit code: 0 全部通过 all passed, 1 有未通过 some failed, 2 用法 usage",
    )
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"all, list, table, {', '.join(NAMES)}")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_true", help="小规模，每行 30 秒以内 / small: at most 30 s a row (default)"
    )
    size.add_argument("--full", action="store_true", help="记分卡门槛所说的规模 / the sizes that the pass marks name")
    parser.add_argument("--seed", type=int, default=1, help="随机种子 / seed of all that is drawn (1)")
    parser.add_argument("--out", type=Path, help="把结果并入此文件 / put the results into this file")
    told = parser.parse_args()
    unknown = [name for name in told.names if name not in {*NAMES, "all", "list", "table"}]
    if unknown:
        parser.error(f"没有这一行 / no such row: {', '.join(unknown)}; {', '.join(NAMES)}")
    return told


def main() -> int:
    """Run what was asked for and return the exit code."""
    told = _arguments()
    if "list" in told.names:
        for name in NAMES:
            one = row(name)
            print(f"{name:10} {one.does_zh} / {one.does_en}\n{'':10} {one.mark_zh} / {one.mark_en}")
        return 0
    if "table" in told.names:
        findings = FINDINGS.read_text(encoding="utf-8") if FINDINGS.exists() else ""
        print(page((row(name) for name in NAMES), stored(STORED), findings), end="")
        return 0
    names = NAMES if "all" in told.names else tuple(told.names)
    passed = True
    for at, name in enumerate(names, 1):
        one = row(name)
        say(f"[{at}/{len(names)}] {name}：{one.does_zh}", f"{one.does_en}")
        result = drive(one, quick=not told.full, seed=told.seed)
        passed = passed and result.passed
        print(json.dumps(result.plain(), ensure_ascii=False), flush=True)
        if told.out:
            keep(told.out, {**stored(told.out), name: result})
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
