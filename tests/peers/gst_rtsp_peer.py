"""Runs GStreamer's RTSP server, which many cameras are built on, with a password. Started by Debian's own Python."""

from __future__ import annotations

import sys
from typing import Any

import gi  # type: ignore[import-not-found]

for name in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

USER, PASSWORD, METHOD = sys.argv[1:4]


def main() -> None:
    Gst.init(None)
    server: Any = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory.new()
    # The format is fixed: with another, rtpjpegpay never gets ready and DESCRIBE waits for ever.
    picture = "video/x-raw,format=I420,width=320,height=240,framerate=5/1"
    factory.set_launch(f"( videotestsrc is-live=true ! {picture} ! jpegenc ! rtpjpegpay name=pay0 )")
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("access", "construct"):
        permissions.add_permission_for_role("viewer", f"media.factory.{right}", True)
    factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/live", factory)
    auth = GstRtspServer.RTSPAuth.new()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if METHOD == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(USER, PASSWORD, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(USER, PASSWORD), token)
    server.set_auth(auth)
    server.attach(None)
    print(f"port {server.get_bound_port()}", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
