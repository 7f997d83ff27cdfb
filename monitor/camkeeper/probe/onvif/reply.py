"""From a reply's bytes to the element that answers, or to the fault.

Hostile bytes give `MalformedReplyError` and nothing else.
Elements are compared by local name: cameras bind any prefix to any namespace, answer Media2 in the namespace of
Media1 (many), or bind no prefix at all (Reolink TrackMix).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from lxml import etree

MAX_REPLY: Final = 1 << 20
"""Bytes. The largest reply seen is 60 KB; a flat document of 64 MB takes 2 GB in lxml."""
_MAX_TEXT: Final = 256
_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DECLARATION: Final = re.compile(rb"""\s*<\?xml\b[^>]*?(?:encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["'][^>]*?)?\?>""")
_MAX_DECLARATION: Final = 256
"""Bytes. Where its end is missing every way to read it is tried: 48 KB of `encoding='a'` took two seconds."""
_DOCTYPE: Final = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
# Control characters, and those that turn the direction of text: a device's name must not rewrite the line it is on.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_REFUSED: Final = frozenset(
    {
        "notauthorized",
        "failedauthentication",
        "invalidsecurity",
        "invalidsecuritytoken",
        "unauthorized",
        "securityerror",
    }
)
_REFUSED_TEXT: Final = re.compile(r"not\s*authori[sz]ed|unauthori[sz]ed|authenticat|account.*lock", re.IGNORECASE)
_EXPIRED: Final = re.compile(r"messageexpired|expired|time\s*stamp|clock", re.IGNORECASE)
_ABSENT: Final = re.compile(r"not\s*(?:implemented|supported)|no\s*such\s*(?:service|method|operation)", re.IGNORECASE)
_ABSENT_CODES: Final = frozenset({"actionnotsupported", "notsupported", "notimplemented", "noconfig", "nosnapshot"})

_PARSER: Final = etree.XMLParser(
    recover=True,
    resolve_entities=False,
    no_network=True,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    encoding="utf-8",
)

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml names its element type so


class MalformedReplyError(ValueError):
    """The bytes are no readable SOAP reply; the message says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A SOAP fault, 1.1 or 1.2. Codes are local names, outermost first."""

    codes: tuple[str, ...]
    reason: str = ""

    @property
    def refuses(self) -> bool:
        """True where the sender is not authorised. Some cameras say so in words alone (ipycam)."""
        return any(c.lower() in _REFUSED for c in self.codes) or bool(_REFUSED_TEXT.search(self.reason))

    @property
    def expired(self) -> bool:
        """True where the device says that the request's time is the trouble (`wsu:MessageExpired`)."""
        told = " ".join((*self.codes, self.reason))
        return bool(_EXPIRED.search(told)) and "password" not in told.lower()

    @property
    def absent(self) -> bool:
        """True where the device says that it has no such operation."""
        return any(c.lower() in _ABSENT_CODES for c in self.codes) or bool(_ABSENT.search(self.reason))

    @property
    def text(self) -> str:
        """The fault in one line, for a person."""
        return f"{'/'.join(self.codes) or 'fault'}{': ' if self.reason else ''}{self.reason}"


def local(element: Element) -> str:
    """Return the name without namespace or unbound prefix; empty for comments."""
    tag: object = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=2048)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2]


def child(element: Element | None, *names: str) -> Element | None:
    """Follow local names downwards, first match each; None where one is missing."""
    at = element
    for name in names:
        if at is None:
            return None
        # The innermost loop of every poll: a plain loop, half the time of a generator.
        for one in at:
            if local(one) == name:
                at = one
                break
        else:
            return None
    return at


def children(element: Element, name: str) -> Iterator[Element]:
    """Yield the children of this local name."""
    return (c for c in element if local(c) == name)


def text(element: Element | None, *names: str) -> str | None:
    """Return the stripped text at the end of a path of local names, or None where there is none.

    What is kept of it is kept once: 5,000 cameras have a few dozen models, profiles and encodings.
    """
    at = child(element, *names)
    if at is None or not at.text:
        return None
    return sys.intern(at.text.strip()) or None


def clean(value: str | None) -> str | None:
    """Return a device's own words fit to be shown: one line, no control or direction characters, bounded."""
    if value is None:
        return None
    return _UNPRINTABLE.sub(" ", value).strip()[:_MAX_TEXT] or None


def read(body: bytes, answer: str) -> Element | Fault:
    """Return the element `answer` of the SOAP body, or the fault. Raises MalformedReplyError."""
    soap = _soap_body(_parse(body))
    if soap is not None:
        for element in soap:
            name = local(element)
            if name == answer:
                return element
            if name == "Fault":
                return _fault(element)
    raise MalformedReplyError("no SOAP body" if soap is None else f"the SOAP body has no {answer}")


def read_fault(body: bytes) -> Fault | None:
    """Return the fault in a reply, or None where there is none or nothing can be read."""
    try:
        soap = _soap_body(_parse(body))
    except MalformedReplyError:
        return None
    found = None if soap is None else child(soap, "Fault")
    return None if found is None else _fault(found)


def _parse(body: bytes) -> Element:
    if len(body) > MAX_REPLY:
        raise MalformedReplyError(f"longer than {MAX_REPLY} bytes")
    if b"<!" in body and _DOCTYPE.search(body):
        raise MalformedReplyError("a DOCTYPE, which SOAP forbids")
    data = _as_utf8(body)
    try:
        root = etree.fromstring(data, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedReplyError("not XML") from error
    # With `recover`, lxml answers None for bytes without a single element, whatever its stubs say.
    if not isinstance(root, etree._Element):  # noqa: SLF001
        raise MalformedReplyError("not XML")
    return root


def _as_utf8(body: bytes) -> bytes:
    """Return the document in UTF-8 without its declaration, which lies often enough (GB2312 bytes called UTF-8)."""
    if body.startswith(_BOMS[1:]) or b"\x00" in body[:64]:
        try:
            # Without a mark, the first byte of `<` tells the order.
            body = body.decode("utf-16-be" if body.startswith(b"\x00") else "utf-16").encode()
        except UnicodeError as error:
            raise MalformedReplyError("not UTF-8") from error
        if _DOCTYPE.search(body):
            raise MalformedReplyError("a DOCTYPE, which SOAP forbids")
    declared = None
    start = body.find(b"<")
    if start < 0:
        raise MalformedReplyError("not XML")
    found = _DECLARATION.match(body, start, start + _MAX_DECLARATION)
    if found is not None:
        declared, start = found[1], found.end()
    elif body.startswith(b"<?xml", start):
        start = max(body.find(b">", start) + 1, start)
    data = body[start:]
    if data.isascii():
        return data
    return data if _is_utf8(data) else data.decode(_guess(declared), "replace").encode()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _guess(declared: bytes | None) -> str:
    # What is not UTF-8 is GBK here, unless it says Latin.
    return "latin-1" if declared is not None and declared.lower().startswith((b"iso-8859", b"latin")) else "gb18030"


def _soap_body(root: Element) -> Element | None:
    if local(root) == "Envelope":
        found = child(root, "Body")
        if found is not None:
            return found
    return next((e for e in root.iter() if local(e) == "Body"), None)


def _fault(element: Element) -> Fault:
    codes: list[str] = []
    at = child(element, "Code")
    # Deeper than four is nobody's fault code: a bound for hostile nesting.
    while at is not None and len(codes) < 4:
        _append(codes, text(at, "Value"))
        at = child(at, "Subcode")
    _append(codes, text(element, "faultcode"))
    reason = text(element, "Reason", "Text") or text(element, "faultstring") or ""
    return Fault(codes=tuple(codes), reason=clean(reason) or "")


def _append(codes: list[str], value: str | None) -> None:
    if value:
        codes.append((clean(value.rpartition(":")[2]) or "")[:60])
