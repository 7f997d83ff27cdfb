"""Request bytes: the committed template of an operation, with the security header and the profile token spliced in."""

from __future__ import annotations

from importlib.resources import files
from typing import Final
from xml.sax.saxutils import escape

from camkeeper.probe.onvif.operations import Operation

_BODY: Final = b"<soap-env:Body>"
_SLOT: Final = b"@PROFILE@"


def _load() -> dict[Operation, tuple[bytes, bytes]]:
    lines = files(__package__).joinpath("requests.tsv").read_bytes().splitlines()
    out: dict[Operation, tuple[bytes, bytes]] = {}
    for line in lines:
        name, _, envelope = line.partition(b"\t")
        head, _, tail = envelope.partition(_BODY)
        out[Operation[name.decode()]] = (head, _BODY + tail)
    return out


_TEMPLATES: Final = _load()
_UNSIGNED: Final = {op: head + tail for op, (head, tail) in _TEMPLATES.items()}
HEADERS: Final = {
    op: {"Content-Type": f'application/soap+xml; charset=utf-8; action="{op.value.action}"'} for op in Operation
}
"""The HTTP headers of each request, SOAP 1.2: the action is a parameter of the content type."""


def build(operation: Operation, *, security: bytes = b"", profile: str | None = None) -> bytes:
    """Return the request's bytes; `security` is a whole `Security` element. ValueError without a wanted profile."""
    if operation.value.wants_profile != (profile is not None):
        raise ValueError(f"{operation.name}: a profile is {'missing' if profile is None else 'not wanted'}")
    if not security and profile is None:
        return _UNSIGNED[operation]
    head, tail = _TEMPLATES[operation]
    if profile is not None:
        tail = tail.replace(_SLOT, escape(profile).encode())
    if not security:
        return head + tail
    return b"".join((head, b"<soap-env:Header>", security, b"</soap-env:Header>", tail))
