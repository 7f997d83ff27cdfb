"""What camkeeper can say to a device, against zeep as the oracle."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from camkeeper.probe.onvif import message, wsdl, wsse
from camkeeper.probe.onvif.operations import Operation, Service

_SOAP = "{http://www.w3.org/2003/05/soap-envelope}"


def test_only_questions_can_be_built() -> None:
    names = {op.value.name for op in Operation}
    assert names == {
        "GetSystemDateAndTime",
        "GetDeviceInformation",
        "GetServices",
        "GetCapabilities",
        "GetProfiles",
        "GetSnapshotUri",
        "GetStreamUri",
        "GetRecordingSummary",
        "GetStatus",
        "GetPresets",
    }
    assert all(name.startswith("Get") for name in names)


def test_no_template_asks_anything_else() -> None:
    lines = wsdl.REQUESTS.read_text().splitlines()
    assert [line.partition("\t")[0] for line in lines] == [op.name for op in Operation]
    for operation in Operation:
        profile = "P" if operation.value.wants_profile else None
        root = etree.fromstring(message.build(operation, profile=profile))
        (asked,) = root.find(f"{_SOAP}Body")  # type: ignore[misc]
        assert asked.tag == f"{{{operation.value.service.value}}}{operation.value.name}"


@pytest.mark.parametrize("operation", list(Operation), ids=lambda op: op.name)
def test_committed_templates_are_what_zeep_builds(operation: Operation) -> None:
    assert wsdl.covers(operation) == (operation.value.service is not Service.MEDIA2)
    profile = wsdl.PROFILE_SLOT if operation.value.wants_profile else None
    assert message.build(operation, profile=profile) == wsdl.envelope(operation)


def test_zeep_agrees_on_the_actions() -> None:
    for operation in filter(wsdl.covers, Operation):
        known = wsdl.proxy(operation)._binding._operations[operation.value.name]
        assert known.soapaction == operation.value.action
        assert f'action="{known.soapaction}"' in message.HEADERS[operation]["Content-Type"]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40))
def test_a_token_stays_a_token(token: str) -> None:
    root = etree.fromstring(message.build(Operation.SNAPSHOT_URI, profile=token, security=b"<x/>"))
    assert [e.text for e in root.iter("{*}ProfileToken")] == [token]


def test_a_wanted_profile_is_demanded() -> None:
    with pytest.raises(ValueError, match="missing"):
        message.build(Operation.SNAPSHOT_URI)
    with pytest.raises(ValueError, match="not wanted"):
        message.build(Operation.TIME, profile="P")


def test_the_security_header_is_what_zeep_builds() -> None:
    from zeep.wsse import username

    oracle: Any = username
    nonce, at = b"0123456789abcdef", 1_768_332_325_000
    created = "2026-01-13T19:25:25Z"
    token = oracle.UsernameToken("ad<min", "se&cret", nonce=nonce.decode(), use_digest=True)
    token.created = None
    envelope = etree.fromstring(message.build(Operation.INFORMATION))
    signed, _ = token.apply(envelope, {})
    ours = etree.fromstring(
        message.build(Operation.INFORMATION, security=wsse.security("ad<min", "se&cret", at_ms=at, nonce=nonce))
    )

    def shape(root: etree._Element) -> list[tuple[str, dict[str, str]]]:
        return [(str(e.tag), {str(k): str(v) for k, v in e.attrib.items()}) for e in root.iter()]

    assert sorted(map(str, shape(ours))) == sorted(map(str, shape(signed)))
    assert ours.findtext(".//{*}Created") == created
    assert ours.findtext(".//{*}Username") == "ad<min"
    right = base64.b64encode(
        hashlib.sha1(nonce + created.encode() + b"se&cret", usedforsecurity=False).digest()
    ).decode()
    assert ours.findtext(".//{*}Password") == right
    assert signed.findtext(".//{*}Nonce") == ours.findtext(".//{*}Nonce")


def test_nonces_are_not_repeated() -> None:
    seen = {wsse.security("u", "p", at_ms=0) for _ in range(50)}
    assert len(seen) == 50


@given(st.integers(-(10**16), 10**16))
def test_every_clock_can_be_signed_with(at_ms: int) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", wsse.created(at_ms))


def test_polling_does_not_load_zeep() -> None:
    heavy = "{'zeep', 'onvif', 'requests', 'cv2', 'numpy', 'pysnmp'}"
    program = f"import sys, camkeeper.probe.prober; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
