"""A decoding process whose pictures tell it how to die. Run as a program, under the real loop and the real limits."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from camkeeper.model.picture import Diagnosis, PictureVerdict
from camkeeper.picture.examined import Examined
from camkeeper.picture.protocol import Message, examined_message
from camkeeper.picture.workerprocess import Handlers, serve


def segv(_: str) -> str:
    return str(ctypes.string_at(0))


def segv_once(marker: str) -> str:
    if Path(marker).exists():
        Path(marker).unlink()
        os.kill(os.getpid(), signal.SIGSEGV)
    return "alive"


def spin(_: str) -> str:
    while True:
        pass


def sleep(seconds: str) -> str:
    time.sleep(float(seconds))
    return seconds


def eat(megabytes: str) -> str:
    return str(len([bytes(2**20) for _ in range(int(megabytes))]))


def bug(_: str) -> str:
    raise ZeroDivisionError("a bug")


def say(words: str) -> str:
    print("a library says something")
    return words


def leave(_: str) -> str:
    os._exit(3)


def write(path: str) -> str:
    with Path(path).open("wb") as file:
        return str(file.write(bytes(10)))


DEEDS: dict[str, Callable[[str], str]] = {
    "ok": str,
    "segv": segv,
    "segv-once": segv_once,
    "spin": spin,
    "sleep": sleep,
    "eat": eat,
    "bug": bug,
    "print": say,
    "exit": leave,
    "write": write,
    "environment": lambda _: " ".join(sorted(os.environ)),
    "limits": lambda _: f"nice {os.nice(0)}",
}
REPLIES = {
    "odd": Message(head={"kind": "examined", "verdict": "splendid"}),
    "refuse": Message(head={"kind": "refused", "why": "a broken baseline"}),
}


def examine(request: Message) -> Message:
    deed, _, rest = (request.parts[0] or b"").decode().partition(":")
    return REPLIES.get(deed) or told(DEEDS[deed](rest))


def told(detail: str) -> Message:
    return examined_message(Examined(diagnosis=Diagnosis(verdict=PictureVerdict.OK, detail=detail), trace=b"trace"))


def handlers() -> Handlers:
    return {"examine": examine}


if __name__ == "__main__":
    serve(handlers)
