"""RTSP against GStreamer's server, with Digest and with Basic."""

from pathlib import Path
from typing import Literal

import pytest
from tests.peers.gst_rtsp import rtsp_server

from camkeeper.model.probing import Verdict
from camkeeper.probe import rtsp


@pytest.mark.parametrize("method", ["digest", "basic"])
async def test_a_real_server_with_a_password(tmp_path: Path, method: Literal["digest", "basic"]) -> None:
    with rtsp_server(tmp_path, method=method) as it:

        async def ask(path: str, user: str | None, password: str | None) -> tuple[Verdict, str]:
            result = await rtsp.describe(it.host, it.port, path, user=user, password=password, timeout_s=20)
            assert it.password not in repr(result)
            return result.verdict, result.detail

        assert await ask(it.path, it.user, it.password) == (Verdict.OK, "video JPEG")
        assert (await ask(it.path, it.user, "wrong"))[0] is Verdict.AUTH_REFUSED
        assert (await ask(it.path, "nobody", it.password))[0] is Verdict.AUTH_REFUSED
        assert (await ask(it.path, None, None))[0] is Verdict.AUTH_REFUSED
        assert (await ask("/nowhere", it.user, it.password))[0] is Verdict.FAULT
