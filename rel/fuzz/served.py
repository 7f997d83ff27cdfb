"""Inputs that are met on a socket or a pipe: RTSP and HTTP by the prober's own clients, pictures and workbooks by the
product's own limited processes. `python -m rel.fuzz.served FAMILY SEED FIRST END FOLDER`, as rel.fuzz.watch.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from camkeeper.picture.worker import Job, PictureWorker
from camkeeper.probe import rtsp
from camkeeper.probe.carrier import Carrier, ExchangeError
from rel.fuzz import made
from rel.fuzz.decoders import pictures
from rel.fuzz.mutate import JPEG, LINES, mutated
from rel.fuzz.watch import CPU_S, HARD_S, Grown, inputs

PATIENCE_S = 0.4
"""For an answer that never ends: the peer hangs up at once, so only a client that waits for nothing gets here."""
_SDP = b"v=0\r\no=- 0 0 IN IP4 0\r\nm=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
RTSP = [
    (
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 2\r\n"
        b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%b" % (len(_SDP), _SDP)
    ),
    (
        b'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nRTSP/1.0 401 No\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="r", '
        b'nonce="n"\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\n\r\nm=vid'
    ),
    b"$\0\0\4abcd\r\n$\1\0\2xxRTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://192.0.2.1/\r\n\r\n",
]
_OK = b"HTTP/1.1 200 OK\r\n"
HTTP = [
    _OK + b"Content-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<a>hi\r\n4\r\n</a>\r\n0\r\n\r\n",
    _OK + b"Content-Length: 9\r\nContent-Encoding: identity\r\nDate: Mon, 01 Jan 2026 00:00:00 GMT\r\n\r\n<a>hi</a>",
    (
        b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", domain="http://192.0.2.1/"\r\n'
        b"Content-Length: 0\r\n\r\n"
    ),
    b"HTTP/1.0 302 Found\r\nLocation: http://192.0.2.1/\r\nSet-Cookie: a=b\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + _OK + b"\r\n<a/>",
]
Ask = Callable[[bytes], Awaitable[str]]
"""Returns a fault, or nothing."""


class Peer:
    """Answers a connection with the bytes of the day, whatever is asked, and hangs up."""

    def __init__(self) -> None:
        self.says = b""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Meet one connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.says)
            writer.write_eof()
            # Whoever asked has the last word: an answer that is cut by RST would say nothing of the reader.
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()


async def _listening(stack: AsyncExitStack) -> Peer:
    peer = Peer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    stack.callback(server.close)
    peer.port = server.sockets[0].getsockname()[1]
    return peer


async def _rtsp(stack: AsyncExitStack, _folder: Path) -> tuple[Ask, int | str]:
    peer = await _listening(stack)

    async def ask(data: bytes) -> str:
        peer.says = data
        await rtsp.describe("127.0.0.1", peer.port, "/s", user="u", password="p", timeout_s=PATIENCE_S)  # noqa: S106
        return ""

    return ask, "self"


async def _http(stack: AsyncExitStack, _folder: Path) -> tuple[Ask, int | str]:
    peer, carrier = await _listening(stack), await stack.enter_async_context(Carrier())

    async def ask(data: bytes) -> str:
        peer.says = data
        with suppress(ExchangeError):
            await carrier.exchange(
                "GET", "127.0.0.1", peer.port, "/", timeout_s=PATIENCE_S, max_bytes=1 << 20, last=True
            )
        return ""

    return ask, "self"


async def _jpeg(stack: AsyncExitStack, _folder: Path) -> tuple[Ask, int | str]:
    worker = await stack.enter_async_context(PictureWorker())
    for whole in pictures():
        await worker.examine(Job(device_id="cam", data=whole, thumbnail=True))
    (pid,) = worker.pids

    async def ask(data: bytes) -> str:
        before = worker.stats.crashed
        await worker.examine(Job(device_id="cam", data=data, thumbnail=True))
        return "" if worker.stats.crashed == before else "the decoder's process died"

    return ask, pid


async def _handed(_stack: AsyncExitStack, folder: Path) -> tuple[Ask, int | str]:
    from camkeeper.register import process

    config = folder / "cameras.yaml"
    config.write_bytes(made.configuration())
    head = process.request_of(config, "a.xlsx", {})

    async def ask(data: bytes) -> str:
        child = await asyncio.create_subprocess_exec(
            sys.executable, *process.PROGRAM, stdin=-1, stdout=-1, stderr=-3, env=process.ENVIRONMENT
        )
        out, _ = await child.communicate(head + data)
        # A process that ended by a signal has kept its bounds; what it left of an answer is not believed.
        return "" if child.returncode != 0 or process.answer_of(out) else "no answer"

    return ask, "self"


WAYS = {"rtsp": _rtsp, "http": _http, "jpeg": _jpeg, "handed": _handed}
SEEDS = {
    "rtsp": lambda rng: mutated(RTSP, LINES, rng),
    "http": lambda rng: mutated(HTTP, LINES, rng),
    "jpeg": lambda rng: mutated(pictures(), JPEG, rng),
    "handed": lambda rng: made.workbook_mutated(made.workbook(), rng),
}


def _cpu_s(pid: int | str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def _fed(family: str, seed: int, first: int, end: int, folder: Path) -> dict[str, object]:
    crashes: list[str] = []
    slowest, largest, at = 0.0, 0, folder / "at"
    async with AsyncExitStack() as stack:
        ask, pid = await WAYS[family](stack, folder)
        for number in range(20):
            with suppress(Exception):
                await ask(SEEDS[family](random.Random(f"warm/{number}")) if family != "handed" else made.workbook())
            if family == "handed":
                break
        coming = inputs(family, seed, first, end, SEEDS[family])
        watched = [Grown(each) for each in {pid, "self"}]
        for number, data in enumerate(coming, first):
            at.write_text(str(number), encoding="ascii")
            largest = max(largest, len(data))
            signal.setitimer(signal.ITIMER_PROF, HARD_S)
            for one in watched:
                one.begin()
            began = time.process_time() if pid == "self" else _cpu_s(pid)
            try:
                fault = await ask(data)
            except Exception as error:  # noqa: BLE001 - any is a crash
                fault = f"{type(error).__name__}: {str(error)[:120]}"
            signal.setitimer(signal.ITIMER_PROF, 0)
            if fault:
                crashes.append(f"{family} #{number}: {fault}")
                if "died" in fault:
                    break
            for one in watched:
                one.end()
            took = (time.process_time() if pid == "self" else _cpu_s(pid)) - began
            slowest = max(slowest, took)
            if took > CPU_S:
                crashes.append(f"{family} #{number}: {took:.1f} s of CPU")
    return {
        "family": family,
        "fed": end - first,
        "refused": 0,
        "crashes": crashes,
        "rss_mb": round(max(one.mb for one in watched), 1),
        "slowest_cpu_s": round(slowest, 3),
        "largest_bytes": largest,
    }


def main() -> None:
    """Feed, and print what was found."""
    family, seed, first, end, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps(asyncio.run(_fed(family, seed, first, end, Path(folder)))), flush=True)


if __name__ == "__main__":
    main()
