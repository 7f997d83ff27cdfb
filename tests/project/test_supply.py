"""What a release is made of: every pinned package with its licence, no GPL at run time, holes and skips told apart."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from scripts import audit, supply

ROOT = Path(__file__).parents[2]
PACKAGES = supply.locked(supply.LOCK.read_text(encoding="utf-8"))
RECORDED = Path(__file__).parent / "pip-audit"


def test_every_package_of_the_lock_has_hashes_and_a_licence() -> None:
    assert len(PACKAGES) > 60
    assert len({p.name for p in PACKAGES}) == len(PACKAGES)
    for package in PACKAGES:
        assert package.hashes, package
        assert package.wanted_by, package
        assert supply.licence_of(package.name) or package.name in supply.BUILD, f"{package.name} states no licence"


def test_nothing_that_runs_is_gpl() -> None:
    licences = {p.name: supply.licence_of(p.name) for p in PACKAGES if p.name not in supply.BUILD}
    assert {name: said for name, said in licences.items() if supply.copyleft(said)} == {}


@pytest.mark.parametrize(
    ("licence", "is_copyleft"),
    [
        ("MIT", False),
        ("GPL-3.0-only", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GNU Affero General Public License v3", True),
        ("AGPL-3.0-or-later", True),
        ("LGPL-3.0-or-later", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("MIT OR GPL-2.0-only", False),
        ("Apache-2.0 AND GPL-2.0-only", True),
    ],
)
def test_what_copyleft_is(licence: str, *, is_copyleft: bool) -> None:
    assert supply.copyleft(licence) is is_copyleft


def test_the_list_of_licences_is_of_this_lock() -> None:
    """After a change of the lock: `make licences`."""
    listed = re.findall(r"^\| (\S+) \| (.*) \|$", supply.LICENCES.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = {p.name for p in PACKAGES if p.name not in supply.BUILD}
    assert {name for name, _ in listed} | {"package", "---"} >= wanted


def test_the_bill_of_materials() -> None:
    bill = json.loads(json.dumps(supply.bill(PACKAGES, "1.2.3")))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill == json.loads(json.dumps(supply.bill(PACKAGES, "1.2.3")))  # the same for the same lock
    refs = {c["bom-ref"] for c in bill["components"]} | {"pkg:pypi/camkeeper@1.2.3"}
    assert {d["ref"] for d in bill["dependencies"]} == refs
    assert {n for d in bill["dependencies"] for n in d["dependsOn"]} == refs - {"pkg:pypi/camkeeper@1.2.3"}
    aiohttp = next(c for c in bill["components"] if c["name"] == "aiohttp")
    assert aiohttp["scope"] == "required"
    assert aiohttp["purl"].startswith("pkg:pypi/aiohttp@")
    assert re.match(r"urn:uuid:[0-9a-f-]{36}\Z", bill["serialNumber"])


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Draft7Validator:
    """CycloneDX 1.6 as its authors give it, with the licence ids of SPDX and what formats demand.

    The files come with `cyclonedx-python-lib` (Apache-2.0), which pip-audit brings and the lock pins.
    """
    folder = files("cyclonedx.schema") / "_res"

    def read(name: str) -> Any:
        return json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))

    # The main schema names its neighbours from its own address.
    known = [(f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", read(name)) for name in ("spdx", "jsf-0.82")]
    return jsonschema_rs.Draft7Validator(read("bom-1.6"), registry=jsonschema_rs.Registry(known), validate_formats=True)


def test_the_bill_is_cyclonedx(schema: jsonschema_rs.Draft7Validator) -> None:
    bill = json.loads(json.dumps(supply.bill(PACKAGES, supply.version())))
    assert [f"{error.instance_path}: {error.message}" for error in schema.iter_errors(bill)] == []


@pytest.mark.parametrize(
    "spoilt",
    [
        {"serialNumber": "urn:uuid:7"},
        {"note": "an unknown key"},
        {"components": [{"type": "library"}]},
        {"components": [{"type": "library", "name": "a", "licenses": [{"license": {"id": "Apache 2"}}]}]},
        {"dependencies": [{"dependsOn": []}]},
    ],
)
def test_the_schema_refuses_what_is_none(schema: jsonschema_rs.Draft7Validator, spoilt: dict[str, object]) -> None:
    assert not schema.is_valid({**json.loads(json.dumps(supply.bill(PACKAGES, "1.2.3"))), **spoilt})


def test_aiohttp_has_its_fixes() -> None:
    """3.14.5: header and compression fixes of a server that anybody may talk to."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    floor = next(d for d in project["dependencies"] if re.match(r"aiohttp\W", d) and not d.startswith("aiohttp-"))
    assert floor == "aiohttp>=3.14.5"
    for lock in ("run", "dev"):
        pins = supply.locked((ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8"))
        pinned = next(p.version for p in pins if p.name == "aiohttp")
        assert pinned == floor.partition(">=")[2], "the floor is a version that is tested, so both move together"
    assert tuple(map(int, version("aiohttp").split(".")[:3])) >= (3, 14, 5)


@pytest.mark.parametrize(
    ("name", "locked", "code", "words"),
    [
        ("clean", 2, 0, "2 packages, no known holes"),
        ("hole", 2, 1, "GHSA-9548-qrrj-x5pj; mended in / 修复于 3.14.5"),
        ("skipped", 2, 1, "not looked up: Dependency not found on PyPI"),
        ("offline", 2, 3, "nothing could be looked up"),
        ("clean", 3, 1, "3 packages locked, 2 answered for"),
    ],
)
def test_what_pip_audit_says(name: str, locked: int, code: int, words: str) -> None:
    reply = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    got, said = audit.judged(reply, locked)
    assert got == code
    assert words in "\n".join(said)
