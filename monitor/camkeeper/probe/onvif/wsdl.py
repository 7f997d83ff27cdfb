"""zeep with onvif-zeep's WSDLs: writes the request templates, and is the oracle of the tests.

Not imported while polling: loading takes 0.3 s and 54 MB. `python -m camkeeper.probe.onvif.wsdl` writes
`requests.tsv`; a test compares every committed template with what zeep builds. `ONVIFCamera` is never constructed: its
constructor opens a PullPoint subscription that it never closes, and has no timeout.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from camkeeper.probe.onvif.operations import Operation, Service

PROFILE_SLOT: Final = "@PROFILE@"
_WSDLS: Final = {Service.DEVICE: "devicemgmt", Service.MEDIA: "media", Service.SEARCH: "search", Service.PTZ: "ptz"}
REQUESTS: Final = Path(__file__).with_name("requests.tsv")
# onvif-zeep has no WSDL of Media2. By hand from ONVIF's ver20/media/wsdl/media.wsdl.
_TR2: Final = f'xmlns:tr2="{Service.MEDIA2.value}"'
_BY_HAND: Final = {
    Operation.PROFILES2: f"<tr2:GetProfiles {_TR2}><tr2:Type>VideoEncoder</tr2:Type></tr2:GetProfiles>",
    Operation.SNAPSHOT_URI2: (
        f"<tr2:GetSnapshotUri {_TR2}><tr2:ProfileToken>{PROFILE_SLOT}</tr2:ProfileToken></tr2:GetSnapshotUri>"
    ),
    Operation.STREAM_URI2: (
        f"<tr2:GetStreamUri {_TR2}><tr2:Protocol>RTSP</tr2:Protocol>"
        f"<tr2:ProfileToken>{PROFILE_SLOT}</tr2:ProfileToken></tr2:GetStreamUri>"
    ),
}
_PARAMETERS: Final[dict[Operation, dict[str, Any]]] = {
    Operation.SERVICES: {"IncludeCapability": False},
    Operation.CAPABILITIES: {"Category": ["All"]},
    Operation.SNAPSHOT_URI: {"ProfileToken": PROFILE_SLOT},
    Operation.DOME_STATUS: {"ProfileToken": PROFILE_SLOT},
    Operation.DOME_PRESETS: {"ProfileToken": PROFILE_SLOT},
    Operation.STREAM_URI: {
        "StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}},
        "ProfileToken": PROFILE_SLOT,
    },
}


def covers(operation: Operation) -> bool:
    """True where onvif-zeep ships the service's WSDL; it has none of Media2."""
    return operation.value.service in _WSDLS


def folder() -> Path:
    """Return the folder of WSDLs, which the wheel of onvif-zeep puts beside the packages."""
    found = distribution("onvif-zeep").locate_file("wsdl/devicemgmt.wsdl")
    return Path(str(found)).parent


@cache
def client(service: Service) -> Any:
    """Return zeep's client of one service, loaded once in a process. It opens no connection."""
    import zeep

    loader: Any = zeep.Client
    return loader(str(folder() / f"{_WSDLS[service]}.wsdl"))


def proxy(operation: Operation) -> Any:
    """Return zeep's proxy of the operation's service (address and transport are never used)."""
    loaded = client(operation.value.service)
    return loaded.create_service(next(iter(loaded.wsdl.bindings)), "http://127.0.0.1:9/")


def render(operation: Operation) -> bytes:
    """Return the whole envelope that zeep builds, without a header; KeyError where there is no WSDL."""
    from lxml import etree

    service = proxy(operation)
    envelope = client(operation.value.service).create_message(
        service, operation.value.name, **_PARAMETERS.get(operation, {})
    )
    return bytes(etree.tostring(envelope))


def envelope(operation: Operation) -> bytes:
    """Return the template of any operation: zeep's, or ours where there is no WSDL."""
    if covers(operation):
        return render(operation)
    head, tail = render(Operation.TIME).split(b"<soap-env:Body>")
    return b"".join((head, b"<soap-env:Body>", _BY_HAND[operation].encode(), tail[tail.index(b"</soap-env:Body>") :]))


def main() -> None:
    """Write `requests.tsv`: a line an operation, its name and its envelope."""
    REQUESTS.write_bytes(b"".join(b"%s\t%s\n" % (op.name.encode(), envelope(op)) for op in Operation))


if __name__ == "__main__":
    main()
