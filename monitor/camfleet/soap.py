"""What a SOAP request asks, and the two faults that every make answers in its own envelope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from camfleet.auth import UsernameToken

MAX_REQUEST_BYTES = 262_144

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_SPACES = {
    "http://www.onvif.org/ver10/device/wsdl": "",
    "http://www.onvif.org/ver10/media/wsdl": "",
    "http://www.onvif.org/ver20/media/wsdl": "media2.",
    "http://www.onvif.org/ver20/ptz/wsdl": "ptz.",
    "http://www.onvif.org/ver10/search/wsdl": "search.",
}

OPEN_OPERATIONS = frozenset({"GetSystemDateAndTime", "GetCapabilities", "GetServices"})
"""Asked and answered without credentials (ONVIF Core, access class PRE_AUTH)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One SOAP request: `operation` with `media2.`, `ptz.` or `search.` before it where it is of that namespace."""

    operation: str
    token: UsernameToken | None = None
    profile: str | None = None


def read_call(body: bytes) -> Call | None:
    """Return what `body` asks, None where it is no SOAP request.

    An unsigned request is the same bytes every minute, so that those are remembered; a signed one never is.
    """
    return _read(body) if b"Security" in body else _read_unsigned(body)


@lru_cache(maxsize=256)
def _read_unsigned(body: bytes) -> Call | None:
    return _read(body)


def _read(body: bytes) -> Call | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None
    found = root.find(f"{{{_SOAP}}}Body")
    asked = None if found is None else next(found.iterchildren(tag=etree.Element), None)
    if asked is None:
        return None
    name = etree.QName(asked)
    prefix = _SPACES.get(name.namespace or "", "other.")
    profile = next((e.text for e in asked.iter("{*}ProfileToken")), None)
    return Call(operation=f"{prefix}{name.localname}", token=_token(root), profile=profile)


def _token(root: etree._Element) -> UsernameToken | None:
    element = root.find(f"{{{_SOAP}}}Header/{{{_WSSE}}}Security/{{{_WSSE}}}UsernameToken")
    if element is None:
        return None
    password = element.find(f"{{{_WSSE}}}Password")
    return UsernameToken(
        user=element.findtext(f"{{{_WSSE}}}Username") or "",
        password=(password.text or "") if password is not None else "",
        nonce=element.findtext(f"{{{_WSSE}}}Nonce") or "",
        created=(element.findtext(f"{{{_WSU}}}Created") or "").strip(),
        is_digest=password is not None and (password.get("Type") or "").endswith("#PasswordDigest"),
    )


def fault(subcode: str, reason: str, *, sender: bool = True) -> bytes:
    """Return a SOAP 1.2 fault."""
    side = "Sender" if sender else "Receiver"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="{_SOAP}" '
        'xmlns:ter="http://www.onvif.org/ver10/error"><SOAP-ENV:Body><SOAP-ENV:Fault>'
        f"<SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:{side}</SOAP-ENV:Value><SOAP-ENV:Subcode>"
        f"<SOAP-ENV:Value>ter:{subcode}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code>"
        f'<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">{reason}</SOAP-ENV:Text></SOAP-ENV:Reason>'
        "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def recording_summary(*, since: str, until: str, count: int) -> bytes:
    """Return the answer to GetRecordingSummary (ONVIF Recording Search): oldest, newest, number."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="{_SOAP}" '
        'xmlns:tse="http://www.onvif.org/ver10/search/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema">'
        "<SOAP-ENV:Body><tse:GetRecordingSummaryResponse><tse:Summary>"
        f"<tt:DataFrom>{since}</tt:DataFrom><tt:DataUntil>{until}</tt:DataUntil>"
        f"<tt:NumberRecordings>{count}</tt:NumberRecordings>"
        "</tse:Summary></tse:GetRecordingSummaryResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def presets(placed: Iterable[tuple[str, str | None]], *, tilt: str, zoom: str) -> bytes:
    """Return the answer to GetPresets: names, and the pan of those that have a position."""
    rows = []
    for number, (name, pan) in enumerate(placed, 1):
        where = f'<tt:PanTilt x="{pan}" y="{tilt}"/><tt:Zoom x="{zoom}"/>'
        at = "" if pan is None else f"<tt:PTZPosition>{where}</tt:PTZPosition>"
        rows.append(f'<tptz:Preset token="{number}"><tt:Name>{name}</tt:Name>{at}</tptz:Preset>')
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="{_SOAP}" '
        'xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema">'
        f"<SOAP-ENV:Body><tptz:GetPresetsResponse>{''.join(rows)}</tptz:GetPresetsResponse>"
        "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()
