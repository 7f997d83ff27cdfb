"""Listening sockets and accepted connections, bare on the event loop: a fault needs the socket itself.

asyncio's servers make a task, a transport and two futures for each connection; thousands of cameras that are asked once
a minute on a new connection do not need them. Everything here runs on the loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Awaitable, Coroutine
from typing import Any

from camfleet.device import Role, VirtualDevice
from camfleet.faults import Manner, Reach
from camfleet.hostile import TRICKS, Asked
from camfleet.message import BadMessageError, Reply, Request, render, take
from camfleet.soap import MAX_REQUEST_BYTES

_BACKLOG = 512
_LINGER_NOT = struct.pack("ii", 1, 0)
_TCP_CLOSED = frozenset({7, 8})
"""TCP_CLOSE after the client's RST, TCP_CLOSE_WAIT after its FIN."""
_PAUSE_S = 1.0
_DRIP_S = 0.05


class Connection:
    """One accepted connection of one device."""

    __slots__ = ("_buffer", "_busy", "_listener", "_out", "_sock", "is_mute")

    def __init__(self, listener: Listener, sock: socket.socket) -> None:
        self._listener = listener
        self._sock = sock
        self._buffer = bytearray()
        self._out = b""
        self._busy = False
        self.is_mute = False
        """Neither reads nor answers nor notices that the client has gone."""

    def start(self) -> None:
        """Begin to read."""
        self._listener.loop.add_reader(self._sock, self._readable)

    def mute(self) -> None:
        """Fall silent, as a host without power does: the client's bytes arrive nowhere."""
        self.is_mute = True
        self._listener.loop.remove_reader(self._sock)
        self._listener.loop.remove_writer(self._sock)

    def abandoned(self) -> bool:
        """Tell whether the client of a mute connection has closed it."""
        info = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        return info[0] in _TCP_CLOSED

    def reset(self) -> None:
        """End it with RST."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.close()

    def close(self) -> None:
        """End it; harmless where it has ended."""
        if self._sock.fileno() < 0:
            return
        self._listener.loop.remove_reader(self._sock)
        self._listener.loop.remove_writer(self._sock)
        self._sock.close()
        self._listener.connections.discard(self)

    def _readable(self) -> None:
        try:
            data = self._sock.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        device = self._listener.device
        device.counters.bytes_in += len(data)
        if self._listener.role is Role.BARE or device.condition.manner is not Manner.ANSWER:
            return
        self._buffer += data
        if len(self._buffer) > 2 * MAX_REQUEST_BYTES:
            self.close()
        elif not self._busy:
            self._next()

    def _next(self) -> None:
        try:
            request = take(self._buffer, max_body=MAX_REQUEST_BYTES)
        except BadMessageError:
            self.close()
            return
        if request is None:
            return
        self._busy = True
        try:
            answer = self._listener.device.answer(request, self._listener.role)
        except Exception:
            self.close()
            raise
        if isinstance(answer, Reply):
            self._deliver(answer, request)
        else:
            self._listener.later(self._await(answer, request))

    async def _await(self, answer: Awaitable[Reply], request: Request) -> None:
        try:
            reply = await answer
        except BaseException:
            self.close()
            raise
        self._deliver(reply, request)

    def _deliver(self, reply: Reply, request: Request) -> None:
        latency_ms = self._listener.device.condition.latency_ms
        if latency_ms:
            self._listener.loop.call_later(latency_ms / 1000, self._reply, reply, request)
        else:
            self._reply(reply, request)

    def _reply(self, reply: Reply, request: Request) -> None:
        """Send it, unless something happened to the device meanwhile."""
        if self.is_mute or self._sock.fileno() < 0 or self._listener.device.condition.manner is not Manner.ANSWER:
            return
        data = render(reply, request)
        condition = self._listener.device.condition
        if condition.trick:
            trick = TRICKS[condition.trick]
            data = trick.says(Asked(request=request, honest=data, to=condition.trick_to))
            self._listener.device.counters.tricks += 1
            if trick.drips:
                self._busy = True
                self._listener.later(self._drip(data))
                return
        self._listener.device.counters.bytes_out += len(data)
        self._busy = reply.close or request.close
        self._send(data)
        if self._sock.fileno() < 0:
            return
        if self._busy and not self._out:
            self.close()
        elif not self._busy and self._buffer:
            self._listener.loop.call_soon(self._resume)

    async def _drip(self, data: bytes) -> None:
        """Send a byte now and then, and never the last."""
        for n in range(len(data) - 1):
            if self._sock.fileno() < 0:
                return
            try:
                self._sock.send(data[n : n + 1])
            except BlockingIOError:
                pass
            except OSError:
                self.close()
                return
            await asyncio.sleep(_DRIP_S)

    def _resume(self) -> None:
        if not self._busy and not self.is_mute and self._sock.fileno() >= 0:
            self._next()

    def _send(self, data: bytes) -> None:
        if not self._out:
            try:
                data = data[self._sock.send(data) :]
            except BlockingIOError:
                pass
            except OSError:
                self.close()
                return
        self._out += data
        if self._out:
            self._listener.loop.add_writer(self._sock, self._writable)

    def _writable(self) -> None:
        try:
            self._out = self._out[self._sock.send(self._out) :]
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if not self._out:
            self._listener.loop.remove_writer(self._sock)
            if self._busy:
                self.close()


class Listener:
    """One port of one device."""

    def __init__(self, device: VirtualDevice, port: int, role: Role, *, loop: asyncio.AbstractEventLoop) -> None:
        self.device = device
        self.role = role
        self.loop = loop
        self.connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reach: Reach | None = None
        family = socket.AF_INET6 if ":" in device.enrolled.address.host else socket.AF_INET
        self._sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._sock.settimeout(0)
            # The monitor's closed connections of a minute ago must not keep a restarted fleet from its ports.
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._sock.bind((device.enrolled.address.host, port))
        except OSError:
            self._sock.close()
            raise
        self.address: tuple[str, int] = self._sock.getsockname()[:2]

    def later(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a slow answer; held here so that it is not collected, and ended by `close`."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def become(self, reach: Reach, manner: Manner) -> None:
        """Take on what the device's condition says; what was connected feels it at once."""
        if reach is Reach.LISTENING:
            if manner is Manner.RESET:
                self._reset_all(mute_only=False)
            elif manner is Manner.HALF_OPEN:
                self._mute_all()
            else:
                # A device that comes back knows nothing of its old connections.
                self._reset_all(mute_only=True)
        elif reach is Reach.BLACKHOLE:
            self._mute_all()
        else:
            self._reset_all(mute_only=False)
        if reach is not self._reach:
            self._move(reach)

    def _move(self, reach: Reach) -> None:
        before, self._reach = self._reach, reach
        if before is not None:
            self.loop.remove_reader(self._sock)
            if before is not Reach.REFUSED:
                self._drain()
        if reach is Reach.LISTENING:
            self._sock.listen(_BACKLOG)
            self.loop.add_reader(self._sock, self._accept)
        elif reach is Reach.BLACKHOLE:
            self._fill()
        elif before is not None:
            # Linux: a listener shut down refuses, keeps its port, and may listen again.
            self._sock.shutdown(socket.SHUT_RD)

    def _fill(self) -> None:
        """Make every further SYN go unanswered: a queue of one, filled by a connection that nobody accepts.

        The kernel drops SYNs to a listener whose accept queue is full; no firewall, no privilege, no descriptor.
        """
        self._sock.listen(0)
        for _ in range(2):
            with socket.socket(self._sock.family, socket.SOCK_STREAM) as own:
                own.settimeout(0)
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
                own.connect_ex(self.address)

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                Connection(self, self._sock.accept()[0]).reset()

    def _accept(self) -> None:
        """Take one connection; where more wait, the loop calls again."""
        try:
            sock, _peer = self._sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in {errno.EMFILE, errno.ENFILE}:
                raise
            # Out of descriptors: without a pause the loop would spin on a queue that it cannot empty.
            self.loop.remove_reader(self._sock)
            self.loop.call_later(_PAUSE_S, self._resume)
            self.device.counters.turned_away += 1
            return
        sock.settimeout(0)
        device = self.device
        device.counters.connections += 1
        connection = Connection(self, sock)
        manner = device.condition.manner
        if manner is Manner.RESET:
            connection.reset()
            return
        self.connections.add(connection)
        if manner is Manner.HALF_OPEN:
            connection.is_mute = True
        else:
            connection.start()

    def _resume(self) -> None:
        if self._reach is Reach.LISTENING and self._sock.fileno() >= 0:
            self.loop.add_reader(self._sock, self._accept)

    def sweep(self) -> None:
        """Close mute connections that their clients have left."""
        for connection in [c for c in self.connections if c.is_mute and c.abandoned()]:
            connection.close()

    def _mute_all(self) -> None:
        for connection in self.connections:
            if not connection.is_mute:
                connection.mute()

    def _reset_all(self, *, mute_only: bool) -> None:
        for connection in [c for c in self.connections if c.is_mute or not mute_only]:
            connection.reset()

    def close(self) -> None:
        """Close the port, all connections, and all slow answers."""
        for task in self._tasks:
            task.cancel()
        self._reset_all(mute_only=False)
        self.loop.remove_reader(self._sock)
        self._sock.close()
