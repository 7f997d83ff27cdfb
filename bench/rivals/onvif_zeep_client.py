"""onvif-zeep: one ONVIFCamera, its services created once and used again."""

from __future__ import annotations

import sys

from onvif import ONVIFCamera

import rounds


def main() -> None:
    host, port, password = "127.0.0.1", int(sys.argv[1]), sys.argv[2]
    camera = ONVIFCamera(host, port, "admin", password, adjust_time=True)
    device, media = camera.create_devicemgmt_service(), camera.create_media_service()

    def check() -> None:
        utc = device.GetSystemDateAndTime().UTCDateTime
        information = device.GetDeviceInformation()
        profiles = media.GetProfiles()
        uri = media.GetSnapshotUri({"ProfileToken": profiles[0].token}).Uri
        assert utc.Date.Year
        assert information.Model
        assert uri

    rounds.run(check)


if __name__ == "__main__":
    main()
