"""Replies that real devices sent: all are read, and zeep reads the same wherever it can read at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from lxml import etree

from camkeeper.probe.onvif import readers, reply, wsdl
from camkeeper.probe.onvif.operations import Operation, Service

CAPTURES: Final = Path(__file__).parents[2] / "data/onvif"
FILES: Final = sorted(p.relative_to(CAPTURES).as_posix() for p in CAPTURES.rglob("*.xml"))
_READ: Final = {
    "GetSystemDateAndTime": Operation.TIME,
    "GetDeviceInformation": Operation.INFORMATION,
    "GetServices": Operation.SERVICES,
    "GetCapabilities": Operation.CAPABILITIES,
    "GetProfiles": Operation.PROFILES,
    "GetSnapshotUri": Operation.SNAPSHOT_URI,
    "GetStreamUri": Operation.STREAM_URI,
    "media2.GetProfiles": Operation.PROFILES2,
    "media2.GetSnapshotUri": Operation.SNAPSHOT_URI2,
    "media2.GetStreamUri": Operation.STREAM_URI2,
}
READ_FILES: Final = [f for f in FILES if Path(f).stem in _READ]


def _element(file: str) -> reply.Element:
    found = reply.read((CAPTURES / file).read_bytes(), _READ[Path(file).stem].value.answer)
    assert not isinstance(found, reply.Fault)
    return found


def test_every_capture_has_its_source() -> None:
    listed = {row["file"] for row in json.loads((CAPTURES / "manifest.json").read_text())}
    assert set(FILES) <= listed


@pytest.mark.parametrize("file", FILES)
def test_every_capture_is_an_answer_or_a_fault(file: str) -> None:
    stem = Path(file).stem
    operation = stem.rpartition(".")[2].rpartition("_")[2].removesuffix("Encoder")
    found = reply.read((CAPTURES / file).read_bytes(), f"{operation}Response")
    if isinstance(found, reply.Fault):
        assert found.codes
        assert not found.refuses
    else:
        assert stem not in {"Fault", "Error"}


@pytest.mark.parametrize("file", READ_FILES)
def test_the_readers_find_what_is_there(file: str) -> None:
    element, stem = _element(file), Path(file).stem
    if stem == "GetSystemDateAndTime":
        assert readers.time_ms(element) is not None
    elif stem == "GetDeviceInformation":
        told = readers.information(element)
        assert told.model
        assert told.firmware
        assert told.manufacturer != ""
    elif stem in {"GetServices", "GetCapabilities"}:
        told_at = readers.services(element) if stem == "GetServices" else readers.capabilities(element)
        assert Service.DEVICE.value in told_at
        assert Service.MEDIA.value in told_at
    elif stem.endswith("GetProfiles"):
        found = readers.profiles(element)
        assert found
        # Media2 answers without configurations where the question named no type.
        assert stem.startswith("media2") or (found[0].width and found[0].height)
    else:
        assert readers.uri(element)


@pytest.mark.parametrize("file", [f for f in READ_FILES if not Path(f).stem.startswith("media2")])
def test_zeep_reads_the_same(file: str) -> None:
    operation = _READ[Path(file).stem]
    element = _element(file)
    try:
        told = _zeep_reads(operation, (CAPTURES / file).read_bytes())
    except etree.XMLSyntaxError:
        # An unbound prefix: zeep cannot read it, not even leniently. We did, above.
        assert file == "agsh_mockup/GetSnapshotUri.xml"
        return
    match operation:
        case Operation.TIME:
            utc = told.UTCDateTime
            date = (utc.Date.Year, utc.Date.Month, utc.Date.Day, utc.Time.Hour, utc.Time.Minute, utc.Time.Second)
            assert readers.time_ms(element) == _ms(date)
        case Operation.INFORMATION:
            ours = readers.information(element)
            theirs = (told.Manufacturer, told.Model, told.FirmwareVersion, told.SerialNumber)
            assert (ours.manufacturer, ours.model, ours.firmware, ours.serial) == tuple(v or None for v in theirs)
        case Operation.SERVICES:
            assert readers.services(element) == {s.Namespace: s.XAddr for s in told}
        case Operation.CAPABILITIES:
            ours_at = readers.capabilities(element)
            assert ours_at[Service.DEVICE.value] == told.Device.XAddr
            assert ours_at[Service.MEDIA.value] == told.Media.XAddr
            search = getattr(told.Extension, "Search", None)
            # Vendors put elements of their own before it; zeep then keeps all of the extension as raw XML.
            assert search is None or ours_at[Service.SEARCH.value] == search.XAddr
        case Operation.PROFILES:
            ours_p = [(p.token, p.width, p.height, p.encoding) for p in readers.profiles(element)]
            assert ours_p == [_profile(p) for p in told]
        case _:
            assert readers.uri(element) == told.Uri.strip()


def _ms(date: tuple[int, ...]) -> int:
    from datetime import UTC, datetime

    return int(datetime(*date, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]


def _profile(profile: Any) -> tuple[str, int | None, int | None, str | None]:
    encoder = profile.VideoEncoderConfiguration
    if encoder is None:
        return (profile.token, None, None, None)
    return (profile.token, encoder.Resolution.Width, encoder.Resolution.Height, encoder.Encoding)


def _zeep_reads(operation: Operation, body: bytes) -> Any:
    """Read with zeep: strictly, or leniently where a device left out what the schema demands."""
    import zeep

    service = wsdl.proxy(operation)
    binding = service._binding
    known = binding._operations[operation.value.name]
    root = etree.fromstring(body)
    settings = wsdl.client(operation.value.service).settings
    try:
        return known.process_reply(root)
    except (zeep.exceptions.Error, etree.Error):
        with settings(strict=False):
            return known.process_reply(root)
