"""Runs PyPI's ipycam, a camera that nobody here wrote, on 127.0.0.1 and free ports.

Started by `.venv-ipycam/bin/python`.

Left as it is: its SOAP, its WS-Security check, its Basic check, its JPEG, its RTSP. Changed: where it listens (it takes
every interface and fixed ports), discovery (plain UDP instead of multicast), and the clock that it reports and checks
tokens with. It then prints JSON lines: `ready` with the ports, and each request with what became of its credential.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import re
import signal
import socket
import threading
import time
from typing import Any

import cv2
import ipycam.camera
import ipycam.onvif
from ipycam import CameraConfig, IPCamera

LOOPBACK = "127.0.0.1"
_print_lock = threading.Lock()
_serving = threading.local()


def say(**what: Any) -> None:
    with _print_lock:
        print(json.dumps(what), flush=True)


def say_request(**what: Any) -> None:
    say(event="request", **what)


class Server(ipycam.camera.ReusableThreadingTCPServer):  # type: ignore[misc]
    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        super().__init__((LOOPBACK, address[1]), handler)
        handler.camera.config.onvif_port = self.server_address[1]


class Rtsp(ipycam.camera.NativeRTSPServer):  # type: ignore[misc]
    def __init__(self, port: int) -> None:
        super().__init__(port=port, host=LOOPBACK)

    def start(self) -> bool:
        started = bool(super().start())
        if started:
            self.port = self._server_socket.getsockname()[1]
        return started

    def _handle_rtsp_request(self, request: str, *rest: Any) -> Any:
        say_request(protocol="rtsp", action=request.split(" ", 1)[0], auth="none")
        return super()._handle_rtsp_request(request, *rest)


class Discovery(ipycam.camera.WSDiscoveryServer):  # type: ignore[misc]
    """Answers Probes sent to it directly; joins no multicast group and announces nothing."""

    def __init__(self, onvif_service: Any) -> None:
        threading.Thread.__init__(self, daemon=True)
        self.onvif, self.running = onvif_service, True
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((LOOPBACK, 0))
        self.sock.settimeout(0.2)
        self.port = self.sock.getsockname()[1]

    def _send_announcement(self, action: str) -> None:
        pass


class Handler(ipycam.camera.IPCameraHTTPHandler):  # type: ignore[misc]
    """Tells of each request, and of each credential that was refused."""

    action, auth = "", "none"
    clock_offset_s = 0.0
    tells_date = True

    def handle_one_request(self) -> None:
        self.action, self.auth = "", "none"
        super().handle_one_request()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return str(super().date_time_string(timestamp or device_time(self.clock_offset_s)))

    def send_header(self, keyword: str, value: str) -> None:
        if self.tells_date or keyword != "Date":
            super().send_header(keyword, value)

    def send_response(self, code: int, message: str | None = None) -> None:
        path = self.path.split("?")[0]
        say_request(protocol="http", path=path, action=self.action, auth=self.auth, status=code)
        super().send_response(code, message)

    def _check_basic_auth(self) -> bool:
        # Set first: on a refusal the reply is sent from within.
        self.auth = "refused" if self.headers.get("Authorization") else "none"
        good = bool(super()._check_basic_auth())
        if good and self.headers.get("Authorization"):
            self.auth = "ok"
        return good

    def handle_onvif(self) -> None:
        _serving.handler = self
        super().handle_onvif()


class Onvif(ipycam.camera.ONVIFService):  # type: ignore[misc]
    def verify_usernametoken(self, soap_body: str) -> bool:
        good = bool(super().verify_usernametoken(soap_body))
        handler: Handler = _serving.handler
        if "UsernameToken" in soap_body:
            handler.auth = "ok" if good else "refused"
        found = re.search(r"<(?:[\w.-]+:)?Body[^>]*>\s*<(?:[\w.-]+:)?(\w+)", soap_body)
        handler.action = found[1] if found else "?"
        return good


def device_time(offset_s: float) -> float:
    return time.clock_gettime(time.CLOCK_REALTIME) + offset_s


def shift_clock(offset_s: float) -> None:
    """Let the device report, and check tokens with, a clock that is `offset_s` ahead of ours."""

    class Time:
        @staticmethod
        def gmtime() -> time.struct_time:
            return time.gmtime(device_time(offset_s))

    class Datetime(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Datetime:
            return cls.fromtimestamp(device_time(offset_s), tz)

    Handler.clock_offset_s = offset_s
    ipycam.onvif.time = Time
    ipycam.onvif.datetime = Datetime


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--video", required=True)
    arguments.add_argument("--user", default="")
    arguments.add_argument("--password", default="")
    arguments.add_argument("--clock-offset-s", type=float, default=0.0)
    arguments.add_argument("--no-date", action="store_true", help="send no HTTP Date header")
    asked = arguments.parse_args()
    Handler.tells_date = not asked.no_date
    logging.basicConfig(level=logging.ERROR)
    shift_clock(asked.clock_offset_s)
    room = ipycam.camera
    room.ReusableThreadingTCPServer, room.NativeRTSPServer, room.WSDiscoveryServer = Server, Rtsp, Discovery
    room.IPCameraHTTPHandler, room.ONVIFService = Handler, Onvif
    room.check_go2rtc_running = room.check_rtsp_port_available = lambda **_: False
    room.is_webrtc_available = lambda: False
    config = CameraConfig(
        local_ip=LOOPBACK,
        onvif_port=0,
        rtsp_port=0,
        username=asked.user,
        password=asked.password,
        main_width=768,
        main_height=576,
        main_fps=5,
        sub_width=384,
        sub_height=288,
        sub_fps=5,
        hw_accel="cpu",
    )
    camera = IPCamera(config)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    camera.start()
    config.rtsp_port = camera.rtsp_server.port
    play(camera, asked.video, ended)
    camera.stop()


def play(camera: Any, video: str, ended: threading.Event) -> None:
    """Show the clip over and over; `ready` is told with the first picture."""
    told = False
    while not ended.is_set():
        source = cv2.VideoCapture(video)
        while not ended.is_set():
            good, frame = source.read()
            if not good:
                break
            camera.stream(frame)
            if not told:
                told = True
                ports = {"onvif_port": camera.config.onvif_port, "rtsp_port": camera.config.rtsp_port}
                say(event="ready", discovery_port=camera._discovery.port, **ports)
        source.release()
        if not told:
            raise SystemExit(f"cannot read {video}")


if __name__ == "__main__":
    main()
