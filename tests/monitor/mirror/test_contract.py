"""What 2.x and 3.x answer, from their documentation: neither can be installed from the packages here.

Sources: https://docs.influxdata.com/influxdb/v2/write-data/troubleshoot/ (204, 400, 401, 404, 413, 422, 429, 503) and
https://docs.influxdata.com/influxdb3/core/write-data/troubleshoot/ (400 with `data` for a partial write).
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.monitor.mirror.township import DAY_MS, START_MS, begin, mirror_of, setting, stories

from camkeeper.mirror import AwayError, RefusedError, Server
from camkeeper.mirror.deliver import Delivery
from camkeeper.mirror.lines import Row
from camkeeper.mirror.read import device_days
from camkeeper.mirror.server import TooLargeError
from camkeeper.model.mirror import Dialect, InfluxSetting
from camkeeper.model.span import Span

CONFLICT = (
    'failure writing points to database: partial write: field type conflict: input field "up_ms" on measurement'
    ' "camkeeper_availability_day" is type integer, already exists as type float dropped=1'
)
TOO_MANY_BYTES = {"code": "request too large", "message": "cannot read data: points data is too large"}


class Asked(NamedTuple):
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    status: int
    body: object = None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


@contextmanager
def answering(answer: Callable[[Asked], Answer]) -> Iterator[tuple[str, list[Asked]]]:
    """A server that answers as recorded; yields its address and what it was asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # one packet an answer: two of them wait for each other

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw
            parts = urlsplit(self.path)
            headers = {name.title(): value for name, value in self.headers.items()}
            one = Asked(self.command, parts.path, parse_qs(parts.query), headers, body)
            asked.append(one)
            said = answer(one)
            text = b"" if said.body is None else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def where(url: str, dialect: Dialect = Dialect.V2) -> InfluxSetting:
    return setting(url, dialect, bucket="camkeeper", org="town")


def test_a_write_goes_to_the_v2_path_with_bucket_org_precision_token_and_packed() -> None:
    with answering(lambda _: Answer(204)) as (url, asked), closing(Server(where(url), "t0ken")) as server:
        server.write("camkeeper", [b"m v=1i 5", b"m v=2i 6"])
    (one,) = asked
    assert (one.method, one.path, one.body) == ("POST", "/api/v2/write", b"m v=1i 5\nm v=2i 6")
    assert one.query == {"bucket": ["camkeeper"], "org": ["town"], "precision": ["ms"]}
    assert one.headers["Authorization"] == "Token t0ken"
    assert one.headers["Content-Encoding"] == "gzip"


def test_the_older_dialect_writes_to_database_and_retention_policy_with_basic_authorization() -> None:
    with answering(lambda _: Answer(204)) as (url, asked):
        setup = where(url, Dialect.V1)
        with closing(Server(setup, "keeper:pw")) as server:
            server.write("camkeeper/year", [b"m v=1i 5"])
            server.write("camkeeper", [b"m v=1i 5"])
    assert [(a.path, a.query, a.body) for a in asked] == [
        ("/write", {"db": ["camkeeper"], "rp": ["year"], "precision": ["ms"]}, b"m v=1i 5"),
        ("/write", {"db": ["camkeeper"], "precision": ["ms"]}, b"m v=1i 5"),
    ]
    assert all(a.headers["Authorization"] == "Basic a2VlcGVyOnB3" for a in asked)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(401, {"code": "unauthorized", "message": "unauthorized access"}), AwayError, "unauthorized access"),
        (Answer(404, {"code": "not found", "message": 'bucket "camkeeper" not found'}), AwayError, "not found"),
        (Answer(429, {"code": "too many requests", "message": "slow"}, {"Retry-After": "7"}), AwayError, "slow"),
        (Answer(503, None, {"Retry-After": "30"}), AwayError, "503"),
        (Answer(500, {"code": "internal error", "message": "engine: cache-max"}), AwayError, "cache-max"),
        (Answer(302, None, {"Location": "http://127.0.0.1:9/"}), AwayError, "302"),
        (Answer(413, TOO_MANY_BYTES), TooLargeError, "too large"),
        (Answer(400, {"code": "invalid", "message": "unable to parse 'm v='"}), RefusedError, "unable to parse"),
        (Answer(422, {"code": "unprocessable entity", "message": CONFLICT}), RefusedError, "field type conflict"),
        (
            Answer(
                400,
                {
                    "error": "partial write of line protocol occurred",
                    "data": [
                        {"original_line": "m v=x 1", "line_number": 2, "error_message": "invalid column type for v"}
                    ],
                },
            ),
            RefusedError,
            "partial write of line protocol occurred; invalid column type for v",
        ),
    ],
)
def test_what_an_answer_means(answer: Answer, error: type[Exception], words: str) -> None:
    with answering(lambda _: answer) as (url, asked), closing(Server(where(url), "canary-7d1e")) as server:
        with pytest.raises(error, match=words) as caught:
            server.write("camkeeper", [b"m v=1i 5"])
        assert "canary-7d1e" not in str(caught.value)
    assert len(asked) == 1  # nothing is sent again behind our back, nor to another host
    if isinstance(caught.value, AwayError) and "Retry-After" in answer.headers:
        assert caught.value.retry_after_s == float(answer.headers["Retry-After"])


def rows(count: int) -> list[Row]:
    return [Row(f"camkeeper_status,device=d{n}", (("status", 1),), n) for n in range(count)]


def test_only_refused_lines_are_set_aside_whatever_the_server_took_of_the_rest() -> None:
    bad = {7, 8, 400}
    stored: set[int] = set()

    def partial(asked: Asked) -> Answer:
        numbers = {int(line.rsplit(b" ", 1)[1]) for line in asked.body.split(b"\n")}
        stored.update(numbers - bad)
        refused = numbers & bad
        return Answer(422, {"code": "unprocessable entity", "message": CONFLICT}) if refused else Answer(204)

    aside: list[bytes] = []
    with answering(partial) as (url, asked), closing(Server(where(url))) as server:
        setup = where(url)
        found = Delivery(server, setup, lambda lines, _: aside.extend(lines)).deliver(rows(1000))
    assert stored == set(range(1000)) - bad
    assert sorted(int(line.rsplit(b" ", 1)[1]) for line in aside) == sorted(bad)
    assert (found.taken, found.refused) == (997, 3)
    assert "field type conflict" in found.why
    assert len(asked) < 100


def test_a_batch_that_is_refused_whole_ends_within_bounded_requests() -> None:
    aside: list[bytes] = []
    message = {"code": "unprocessable entity", "message": "partial write: dropped 5000 points outside retention policy"}
    with answering(lambda _: Answer(422, message)) as (url, asked), closing(Server(where(url))) as server:
        found = Delivery(server, where(url), lambda lines, _: aside.extend(lines)).deliver(rows(5000))
    assert (found.taken, found.refused, len(aside)) == (0, 5000, 5000)
    assert len(asked) < 200


def test_a_body_that_is_too_large_is_halved_and_the_size_learned() -> None:
    def small(asked: Asked) -> Answer:
        return Answer(413, TOO_MANY_BYTES) if len(asked.body) > 3000 else Answer(204)

    with answering(small) as (url, asked), closing(Server(where(url))) as server:
        delivery = Delivery(server, where(url), lambda *_: None)
        assert delivery.deliver(rows(1000)).taken == 1000
        first = len(asked)
        assert delivery.deliver(rows(1000)).taken == 1000
    assert len(asked) - first < first


def test_while_it_does_not_let_us_in_no_mark_moves(tmp_path: Path) -> None:
    path = tmp_path / "l"
    begin(path, stories(2, 2), tick_ms=START_MS + 2 * DAY_MS).db.close()
    with answering(lambda _: Answer(401, {"code": "unauthorized", "message": "unauthorized access"})) as (url, _):
        mirror = mirror_of(path, where(url))
        with mirror.opened() as cursor:
            before = cursor.marks()
            with pytest.raises(AwayError, match="unauthorized"):
                mirror.step()
            assert cursor.marks() == before


def test_three_core_is_asked_in_pieces_of_two_days() -> None:
    series = {
        "name": "camkeeper_availability_day",
        "tags": {"device": "cam", "site": "v1", "kind": "camera", "policy": "p/1"},
        "columns": ["time", "up_ms", "degraded_ms", "down_ms", "unknown_ms", "excluded_ms"],
    }

    def day(asked: Asked) -> Answer:
        text = asked.query["q"][0]
        start_ms = int(text.split("time >= ")[1].split("ms")[0])
        return Answer(
            200, {"results": [{"statement_id": 0, "series": [series | {"values": [[start_ms, 5, 1, 2, 3, 4]]}]}]}
        )

    period = Span(start_ms=START_MS, end_ms=START_MS + 7 * DAY_MS)
    with answering(day) as (url, asked):
        setup = where(url, Dialect.V3)
        with closing(Server(setup, "t")) as server:
            days = device_days(server, setup, "cam", period)
    assert [d.start_ms for d in days] == [START_MS + n * 2 * DAY_MS for n in range(4)]
    assert days[0].buckets.up_ms == 5
    assert {a.query["db"][0] for a in asked} == {"camkeeper"}
    assert all(a.path == "/query" and a.headers["Authorization"] == "Token t" for a in asked)


def test_a_query_s_error_is_told() -> None:
    body = {"results": [{"statement_id": 0, "error": "database not found: camkeeper"}]}
    with (
        answering(lambda _: Answer(200, body)) as (url, _),
        closing(Server(where(url))) as server,
        pytest.raises(RefusedError, match="database not found"),
    ):
        device_days(server, where(url), "cam", Span(start_ms=0, end_ms=1))
