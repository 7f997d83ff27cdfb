"""What a release is made of, from its lock: a CycloneDX 1.6 bill of materials, and the list of licences.

    python scripts/supply.py sbom [FILE]     JSON, the same bytes for the same lock
    python scripts/supply.py licences        writes docs/design/licences.md

Names, versions, hashes and who wants what come from requirements/run.lock; licences from the installed packages.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "run.lock"
LICENCES = ROOT / "docs" / "design" / "licences.md"
BUILD = frozenset({"hatchling", "editables", "pathspec", "pluggy", "trove-classifiers", "packaging"})
"""In the lock to install from source; hatchling and what it alone wants are no part of what runs."""

_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_CLASSIFIER = "License :: OSI Approved :: "
# Packages whose metadata name no licence in words that a machine reads; from their own LICENSE files.
_SAID = {"pysnmp": "BSD-2-Clause"}


@dataclass(kw_only=True)
class Package:
    """One line of the lock."""

    name: str
    version: str
    hashes: list[str] = field(default_factory=list)
    wanted_by: list[str] = field(default_factory=list)


def locked(text: str) -> list[Package]:
    """Return the packages of a lock in its order."""
    out: list[Package] = []
    for line in text.splitlines():
        if pin := _PIN.match(line):
            out.append(Package(name=pin[1].lower(), version=pin[2]))
        if found := _HASH.search(line):
            out[-1].hashes.append(found[1])
        elif line.startswith("    #"):
            name = line.strip().removeprefix("#").strip().removeprefix("via").strip()
            if name:
                out[-1].wanted_by.append(name.partition(" ")[0].lower())
    return out


def licence_of(name: str) -> str:
    """Return the licence that an installed package states; empty where it states none."""
    try:
        meta = distribution(name).metadata
    except PackageNotFoundError:
        return ""
    for expression in meta.get_all("License-Expression", []):
        return str(expression)
    named = [c.removeprefix(_CLASSIFIER) for c in meta.get_all("Classifier", []) if c.startswith(_CLASSIFIER)]
    if named:
        return " AND ".join(sorted(named))
    text = "".join(meta.get_all("License", [])).strip()
    return text.splitlines()[0][:80] if text else _SAID.get(name, "")


def copyleft(licence: str) -> bool:
    """Tell whether a licence is of the GPL or AGPL; the LGPL and "GPL with an exception, or MIT" are not meant."""
    parts = re.split(r"\s+OR\s+|,\s*", licence.replace("(", "").replace(")", ""))

    def bad(part: str) -> bool:
        words = part.replace("GNU Lesser General Public", "").replace("LGPL", "")
        return bool(re.search(r"\bA?GPL|Affero|GNU General Public", words))

    return all(bad(part) for part in parts)


def bill(packages: list[Package], version: str) -> dict[str, object]:
    """Return the bill of materials. Its serial number follows from its contents."""
    pins = {p.name: f"pkg:pypi/{p.name}@{p.version}" for p in packages}
    own = f"pkg:pypi/camkeeper@{version}"
    wants: dict[str, list[str]] = {own: [], **{ref: [] for ref in pins.values()}}
    for package in packages:
        for who in package.wanted_by:
            wants[own if who.startswith("camkeeper") else pins.get(who, own)].append(pins[package.name])
    serial = uuid.uuid5(uuid.NAMESPACE_URL, own + "".join(sorted(h for p in packages for h in p.hashes)))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "camkeeper",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [_component(package, pins[package.name]) for package in packages],
        "dependencies": [{"ref": ref, "dependsOn": sorted(set(names))} for ref, names in wants.items()],
    }


def _component(package: Package, ref: str) -> dict[str, object]:
    licence = licence_of(package.name)
    return {
        "type": "library",
        "bom-ref": ref,
        "name": package.name,
        "version": package.version,
        "purl": ref,
        "scope": "excluded" if package.name in BUILD else "required",
        **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
        # One of these is the file that was installed: which, depends on the machine.
        "properties": [{"name": "camkeeper:accepted:sha256", "value": digest} for digest in package.hashes],
    }


def table(packages: list[Package]) -> str:
    """Return the list of licences as Markdown. No versions: it changes with the lock's names alone."""
    rows = [f"| {p.name} | {licence_of(p.name)} |" for p in packages if p.name not in BUILD]
    head = (
        "# Licences of what runs\n\n"
        "Generated by `make licences` from `requirements/run.lock` and what the packages state; none is GPL or AGPL"
        " (tested).\n"
        "Fonts: `monitor/camkeeper/sheet/fonts/README.md`. Scripts of the board: `NOTICE`.\n\n"
        "| package | licence |\n|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def version() -> str:
    """Return the version of this tree."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def main(arguments: list[str]) -> None:
    """Run one of the two commands."""
    packages = locked(LOCK.read_text(encoding="utf-8"))
    if arguments[:1] == ["sbom"]:
        target = Path(arguments[1]) if len(arguments) > 1 else ROOT / "build" / "camkeeper.cdx.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(bill(packages, version()), indent=1, ensure_ascii=False)
        target.write_text(f"{text}\n", encoding="utf-8")
        print(f"{target}: {len(packages)} packages")
    elif arguments == ["licences"]:
        LICENCES.write_text(table(packages), encoding="utf-8")
        print(f"{LICENCES.relative_to(ROOT)}: {len(packages)} packages")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
