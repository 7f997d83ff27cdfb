"""`make audit`: known holes in what is locked. A package that could not be looked up is a failure, never a pass.

Exit 0: every package was looked up and none has a known hole; 1: holes, or packages that were skipped; 3: the advisory
service did not answer, so that nothing is known. It wants the network, and is therefore no part of `make check`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def judged(reply: dict[str, Any], locked: int) -> tuple[int, list[str]]:
    """Return the exit code and what to say of pip-audit's JSON; `locked`: how many packages there are."""
    found = reply["dependencies"]
    skipped = [d for d in found if "skip_reason" in d]
    holes = [(d, hole) for d in found for hole in d.get("vulns", ())]
    said = [
        f"{d['name']} {d['version']}: {hole['id']}; mended in / 修复于 {', '.join(hole['fix_versions']) or 'none / 无'}"
        for d, hole in holes
    ]
    if found and len(skipped) == len(found):
        why = skipped[0]["skip_reason"]
        return 3, [f"无法查询公告服务，什么都没有核对 / nothing could be looked up: {why}"]
    said += [f"{d['name']}: 没有核对 / not looked up: {d['skip_reason']}" for d in skipped]
    if len(found) < locked:
        n = len(found)
        said.append(f"锁定 {locked} 个包，只答复了 {n} 个 / {locked} packages locked, {n} answered for")
    return (1, said) if said else (0, [f"{len(found)} 个包，没有已知漏洞 / {len(found)} packages, no known holes"])


def main() -> int:
    """Ask for every package of the run-time lock."""
    lock = ROOT / "requirements" / "run.lock"
    locked = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines() if line[:1].isalnum())
    program = Path(sys.executable).with_name("pip-audit")
    command: list[str | Path] = [program, "--require-hashes", "--disable-pip", "-r", lock, "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    try:
        reply = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["?"])[-1][:200]
        print(f"无法查询公告服务，什么都没有核对 / the advisory service did not answer, nothing is known: {last}")
        return 3
    code, said = judged(reply, locked)
    print("\n".join(said))
    return code


if __name__ == "__main__":
    sys.exit(main())
