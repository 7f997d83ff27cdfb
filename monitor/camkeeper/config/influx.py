"""`influx`: the server that everyone queries, filled from the ledger. Without the section there is no mirror."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, model_validator

from camkeeper.config import scalars as s
from camkeeper.config.channels import Address, is_here
from camkeeper.config.entry import Entry
from camkeeper.config.findings import Findings
from camkeeper.config.scalars import refuse
from camkeeper.model.mirror import Dialect, InfluxSetting

_BUCKET = re.compile(r"[^\s/\"'\\][^/\"'\\]{0,126}(?:/[^/\"'\\]{1,126})?\Z")


def _bucket(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text.isprintable() or not _BUCKET.match(text):
        raise refuse(
            zh="应为桶名，或 1.x 的 数据库/保留策略",
            en="wants the name of a bucket, or database/retention policy of 1.x",
        )
    return text


Bucket = Annotated[str, BeforeValidator(_bucket)]
Kept = Annotated[int, BeforeValidator(s.whole(1, 36_500))]
Patience = Annotated[float, BeforeValidator(s.number(1, 120))]
Lines = Annotated[int, BeforeValidator(s.whole(1, 50_000))]


class InfluxEntry(Entry):
    """One server."""

    url: Address
    bucket: Bucket
    fine: Bucket | None = None
    org: s.Text | None = None
    token: s.SecretRef | None = None
    dialect: Dialect = Dialect.V2
    fine_days: Kept = 90
    timeout_s: Patience = 10.0
    batch_lines: Lines = 5_000

    @model_validator(mode="after")
    def _plain(self) -> InfluxEntry:
        if urlsplit(self.url).query:
            raise refuse(zh="地址里不写参数", en="no query in the address", key="url")
        return self


def build(e: InfluxEntry) -> InfluxSetting:
    """Return the setting."""
    return InfluxSetting(
        url=e.url.rstrip("/"),
        bucket=e.bucket,
        fine=e.fine or "",
        org=e.org or "",
        token_ref=e.token or "",
        dialect=e.dialect,
        fine_days=e.fine_days,
        timeout_s=e.timeout_s,
        batch_lines=e.batch_lines,
    )


def check(e: InfluxEntry, findings: Findings) -> None:
    """Add what somebody should look at: a token that would travel in the clear."""
    if e.token and e.url.startswith("http://") and not is_here(e.url):
        findings.warn(
            ("influx", "url"),
            zh="http:// 会让令牌以明文经过网络；能用 https:// 就用 https://",
            en="over http:// the token crosses the network in the clear; prefer https://",
        )
