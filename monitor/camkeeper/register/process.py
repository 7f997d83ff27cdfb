"""The process that reads what somebody handed in: `python -m camkeeper.register.process`, one file, one answer.

A workbook of some kilobytes can unfold to gigabytes, and a county's register keeps a processor busy for a while. So
neither happens inside the monitor: this process has so much memory and time, and ends with its one answer.
In on 0: a line of JSON (configuration, name, wishes), then the file. Out on 1: the answer; on 2: a line a stage.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import sys
from dataclasses import is_dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any, Final

MEMORY_BYTES: Final = 1536 * 2**20
"""Address space: numpy and its threads reserve half of it before the first row."""
CPU_S: Final = 120
NICE: Final = 5
ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
PROGRAM: Final = ("-P", "-m", "camkeeper.register.process")
_OURS: Final = ("camkeeper.register.", "camkeeper.model.", "camcover.datum")
TOO_MUCH: Final = (
    "文件展开后太大，无法在限定的内存和时间内读完",
    "unfolded, the file is too large to be read within the memory and time that it may have",
)


def main() -> None:
    """Read one file and answer."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    os.nice(NICE)
    head = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints gets into the answer
    out.write(pickle.dumps(_answer(head, data)))
    out.close()


def request_of(config: Path, name: str, wishes: dict[str, Any]) -> bytes:
    """Return the line before the file."""
    return json.dumps({"config": str(config), "name": name, "wishes": wishes}).encode() + b"\n"


def _answer(head: dict[str, Any], data: bytes) -> Any:
    """Return a Draft, or the two sentences that say why there is none."""
    from camkeeper.config import ConfigError
    from camkeeper.register.book import draft, wishes_of
    from camkeeper.register.reading import UnreadableRegister
    from camkeeper.register.store import StoreRefused

    try:
        return draft(Path(head["config"]), data, head["name"], wishes_of(head["wishes"]), progress=_told)
    except (UnreadableRegister, StoreRefused) as refused:
        return refused.zh, refused.en
    except ConfigError as error:
        n = len(error.faults)
        return (
            f"现有配置有 {n} 处错误，请先改正：{error.faults[0].chinese}",
            f"the configuration has {n} faults already; mend them first: {error.faults[0]}",
        )
    except MemoryError:
        return TOO_MUCH


def _told(stage: str, rows: int) -> None:
    print(f"@{stage} {rows}", file=sys.stderr, flush=True)


def answer_of(data: bytes) -> Any:
    """Read an answer. Of a pickle only our own values are taken: no function of any module is ever called."""
    return _Ours(BytesIO(data)).load()


class _Ours(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name) if module.startswith(_OURS) else None
        if isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is none of our values")


if __name__ == "__main__":
    main()
