"""The server: one request out, one judgement of its answer back. Blocking; used from the mirror's own thread.

`influxdb-client` carries the requests, synchronously: its batching writer keeps what waits in memory and drops it after
a while, and the ledger with its cursor is the better queue.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import make_headers

from camkeeper.model.mirror import Dialect, InfluxSetting

if TYPE_CHECKING:
    # Loaded with the first server: 14 MB that a township without one needn't carry.
    from influxdb_client.client.influxdb_client import InfluxDBClient
    from influxdb_client.rest import ApiException

_PRECISION = {"ns": "n", "us": "u", "ms": "ms", "s": "s"}


class AwayError(Exception):
    """Nothing was decided: the server is away, busy, or does not let us in. The same again, later."""

    def __init__(self, words: str, *, retry_after_s: float | None = None, gone: bool = False) -> None:
        """`gone`: nobody listens, or the connection broke: the server may have been killed."""
        super().__init__(words)
        self.retry_after_s, self.gone = retry_after_s, gone


class RefusedError(Exception):
    """The server was reached and refuses something of the request: it may have taken the rest. In its words."""


class TooLargeError(RefusedError):
    """The body is larger than the server takes."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server. `secret`: a token, or `user:password` of a 1.x server; empty where it wants none."""

    setting: InfluxSetting
    secret: str = field(default="", repr=False)
    _client: InfluxDBClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient

        setting = self.setting
        client = InfluxDBClient(
            url=setting.url.rstrip("/"),
            token=self.secret if setting.dialect is not Dialect.V1 else "",
            org=setting.org,
            timeout=round(setting.timeout_s * 1000),
            enable_gzip=True,
        )
        if setting.dialect is Dialect.V1:
            speak_v1(client.api_client, self.secret)
        object.__setattr__(self, "_client", client)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()  # type: ignore[no-untyped-call]

    def write(self, bucket: str, lines: Sequence[bytes]) -> None:
        """Have lines taken. AwayError, RefusedError or TooLargeError otherwise."""
        from influxdb_client.client.write_api import SYNCHRONOUS
        from influxdb_client.domain.write_precision import WritePrecision

        writer = self._client.write_api(write_options=SYNCHRONOUS)
        with told():
            writer.write(
                bucket=bucket,
                org=self.setting.org,
                record=b"\n".join(lines),
                write_precision=WritePrecision.MS,  # type: ignore[arg-type]  # the class is its own constants
            )

    def get(self, path: str, query: Mapping[str, str]) -> Iterator[bytes]:
        """Yield the lines of an answer. AwayError or RefusedError as `write`."""
        with told():
            api: Any = self._client.api_client
            answer, _, _ = api.call_api(
                f"{path}?{urlencode(query, quote_via=quote)}",
                "GET",
                header_params={"Accept": "application/json"},
                auth_settings=[],
                _preload_content=False,
                _return_http_data_only=False,
            )
            rest = b""
            try:
                for chunk in answer.stream(65_536):
                    *whole, rest = (rest + chunk).split(b"\n")
                    yield from whole
            finally:
                answer.release_conn()
            if rest:
                yield rest


def speak_v1(api_client: Any, secret: str) -> None:
    """Let the client speak to InfluxDB before 1.8: `/write` with `db` and `rp` in place of the v2 path and bucket."""
    call = api_client.call_api
    headers = make_headers(basic_auth=secret) if secret else {}

    def as_v1(resource_path: str, method: str, *args: Any, **kwargs: Any) -> Any:
        if headers:
            kwargs["header_params"] = {**(kwargs.get("header_params") or {}), **headers}
        if resource_path != "/api/v2/write":
            return call(resource_path, method, *args, **kwargs)
        path_params, query, header_params, *more = args
        asked = dict(query)
        database, _, policy = str(asked["bucket"]).partition("/")
        v1 = {"db": database, "precision": _PRECISION[str(asked["precision"])]} | ({"rp": policy} if policy else {})
        # The client packs only what goes to the v2 path.
        body = kwargs.get("body")
        packed = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
        kwargs["body"] = gzip.compress(body if isinstance(body, bytes) else str(body).encode(), 6)
        merged = {**header_params, **kwargs.pop("header_params", {}), **packed}
        return call("/write", method, path_params, list(v1.items()), merged, *more, **kwargs)

    api_client.call_api = as_v1


class told:  # noqa: N801 - reads as a sentence where it is used
    """A block whose errors come out as ours, in the server's words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        from influxdb_client.rest import ApiException

        if isinstance(error, ApiException):
            raise judged(error) from error
        if isinstance(error, (HTTPError, OSError, UnicodeError)):  # the last: a proxy's page in a letter set of its own
            gone = not isinstance(error, (ReadTimeoutError, UnicodeError))
            raise AwayError(f"{type(error).__name__}: {error}", gone=gone) from error


def judged(error: ApiException) -> AwayError | RefusedError:
    """Return what an answer other than 2xx means."""
    status, words = error.status, f"HTTP {error.status}: {words_of(error)}"
    if status == 413:
        return TooLargeError(words)
    # 404 is a database or bucket that somebody has yet to create; 401 and 403 a token that somebody has yet to mend.
    if status in {400, 422}:
        return RefusedError(words)
    headers: Mapping[str, str] = error.headers or {}
    after = headers.get("Retry-After", "")
    # 502 is a proxy that finds nobody behind it.
    return AwayError(words, retry_after_s=float(after) if after.isdecimal() else None, gone=status == 502)


def words_of(error: ApiException) -> str:
    """Return what the server says, without the JSON around it: 1.x `error`, 2.x `message`, 3 `error` and `data`."""
    body = error.body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or error.reason or "")
    try:
        value = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:500]
    if not isinstance(value, dict):
        return text[:500]
    out = [str(value.get("error") or value.get("message") or text)]
    data = value.get("data")
    if isinstance(data, list):
        out += [str(one.get("error_message", one)) for one in data[:3] if isinstance(one, dict)]
    return " ".join("; ".join(out).split())[:500]
