"""Structured logs: one JSON object a line, or text for a person, to standard error; secrets are cut out on the way."""

from __future__ import annotations

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

# rtsp://user:password@host, and the headers that carry proofs of a password.
_USERINFO = re.compile(r"(?<=://)[^/\s@]+:[^/\s@]*@")
_AUTHORIZATION = re.compile(r"(?i)\b((?:proxy-|www-)?auth(?:orization|enticate)\"?\s*[:=]).*")
_NAMED = re.compile(r"(?i)\b(password|passwd|secret|nonce|digest)(\"?\s*[:=]\s*)(\"[^\"]*\"|\S+)")


def redacted(text: str) -> str:
    """Return `text` without user information in URLs and without values that name themselves secrets."""
    return _NAMED.sub(r"\1\2[…]", _AUTHORIZATION.sub(r"\1 […]", _USERINFO.sub("[…]@", text)))


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: redacted(value) if isinstance(value, str) else value for key, value in event.items()}


def configure(*, form: Literal["json", "text"] = "json", level: str = "INFO") -> None:
    """Set logging up for the process. Library logs (aiohttp, apscheduler) come out in the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # One line a tick is noise; their warnings (a missed calendar job) are not.
    for noisy in ("apscheduler", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
