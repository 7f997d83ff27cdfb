"""onvif-zeep-async: one ONVIFCamera, its services created once and used again."""

from __future__ import annotations

import asyncio
import sys

from onvif import ONVIFCamera

import rounds


async def main() -> None:
    host, port, password = "127.0.0.1", int(sys.argv[1]), sys.argv[2]
    camera = ONVIFCamera(host, port, "admin", password, adjust_time=True)
    await camera.update_xaddrs()
    device, media = await camera.create_devicemgmt_service(), await camera.create_media_service()

    async def check() -> None:
        utc = (await device.GetSystemDateAndTime()).UTCDateTime
        information = await device.GetDeviceInformation()
        profiles = await media.GetProfiles()
        uri = (await media.GetSnapshotUri({"ProfileToken": profiles[0].token})).Uri
        assert utc.Date.Year
        assert information.Model
        assert uri

    for _ in range(rounds.WARM_UP):
        await check()
    for checks in rounds.requests():
        with rounds.metered(checks):
            for _ in range(checks):
                await check()
    await camera.close()


if __name__ == "__main__":
    asyncio.run(main())
