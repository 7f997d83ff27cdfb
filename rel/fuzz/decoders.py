"""Every decoder of what others send or hand in: what it is fed with, and what it may answer with.

An exception that a decoder does not declare is a crash. Each takes bytes; what wants a file gets one in `folder`.
"""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rel.fuzz import made
from rel.fuzz.mutate import BLIND, JPEG, LINES, XML, Mutation, mutated

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """One family: seeds, mutations, and the function with the exceptions that it declares."""

    seeds: Sequence[bytes]
    take: Callable[[bytes], object]
    declared: tuple[type[Exception], ...] = ()
    mutations: Sequence[Mutation] = BLIND
    make: Callable[[random.Random], bytes] | None = field(default=None)
    """Makes one input where mutating a whole one would never get past its digests."""

    def input(self, rng: random.Random) -> bytes:
        """Return one broken input."""
        if self.make is not None and rng.random() < 0.7:
            return self.make(rng)
        return mutated(self.seeds, self.mutations, rng)


def _captures(*parts: str) -> list[bytes]:
    files = sorted((DATA / "onvif").glob("*/*.xml"))
    return [path.read_bytes() for path in files if any(part in path.name for part in parts)]


def soap(_folder: Path) -> Decoder:
    """Replies of ONVIF: each is read as the answer to every question, and as a fault."""
    from camkeeper.probe.onvif import domes, readers, reply
    from camkeeper.probe.onvif.operations import Operation
    from camkeeper.probe.pin import NotAnUriError, target_of

    reading = {
        "GetSystemDateAndTime": readers.time_ms,
        "GetDeviceInformation": readers.information,
        "GetServices": readers.services,
        "GetCapabilities": readers.capabilities,
        "GetProfiles": readers.profiles,
        "GetSnapshotUri": readers.uri,
        "GetStreamUri": readers.uri,
        "GetRecordingSummary": readers.summary,
        "GetStatus": domes.status,
    }
    answers = {operation.value.name: operation.value.answer for operation in Operation}

    def take(data: bytes) -> None:
        names = [name for name in answers if name.encode() in data] or ["GetSystemDateAndTime"]
        for name in names[:3]:
            try:
                found = reply.read(data, answers[name])
            except reply.MalformedReplyError:
                continue
            if isinstance(found, reply.Fault):
                _ = found.refuses, found.expired, found.absent, found.text
            elif name in reading:
                told = reading[name](found)
                if isinstance(told, str):
                    _target(told)
        reply.read_fault(data)

    def _target(text: str) -> None:
        try:
            target_of(text)
        except NotAnUriError:
            return

    captured = _captures("Get", "fault")
    return Decoder(seeds=captured, take=take, declared=(), mutations=XML)


def discovery(_folder: Path) -> Decoder:
    """Datagrams of WS-Discovery: any bytes give devices or nothing."""
    from camkeeper.probe.discovery import parse_matches

    return Decoder(
        seeds=[made.PROBE_MATCH, made.PROBE_MATCH_BARE], take=lambda data: parse_matches(data, sender="192.0.2.7"),
        mutations=XML,
    )  # fmt: skip


def digest(_folder: Path) -> Decoder:
    """Challenges of HTTP and RTSP, and the answers to them."""
    from camkeeper.probe.digest import ChallengeError, answer, challenges, strongest

    def take(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        found = strongest(text)
        _ = challenges(text)
        if found is not None:
            answer(found, method="GET", uri="/", user="u", password="p")  # noqa: S106 - of nobody

    return Decoder(seeds=made.CHALLENGES, take=take, declared=(ChallengeError,), mutations=LINES)


def snmp(_folder: Path) -> Decoder:
    """Datagrams of SNMP."""
    from camkeeper.probe.snmp import read

    return Decoder(seeds=[made.snmp_reply()], take=lambda data: read(data, 1))


def yaml(_folder: Path) -> Decoder:
    """The configuration."""
    from camkeeper.config.fault import ConfigError
    from camkeeper.config.load import read

    def take(data: bytes) -> None:
        try:
            read(data, "cameras.yaml")
        except ConfigError as error:
            _ = [(fault.chinese, str(fault)) for fault in error.faults]

    return Decoder(seeds=[made.configuration()], take=take, mutations=(*LINES, *made.YAML))


def register(_folder: Path) -> Decoder:
    """Registers as people keep them: CSV and XLSX."""
    from camkeeper.register.header import layout_of
    from camkeeper.register.reading import UnreadableRegister, sheets_of

    def take(data: bytes) -> None:
        for sheet in sheets_of(data, "a.csv"):
            layout_of(sheet.filled())

    workbook = made.workbook()
    return Decoder(
        seeds=[made.CSV, made.CSV.decode().encode("gb18030"), workbook], take=take, declared=(UnreadableRegister,),
        mutations=(*LINES,), make=lambda rng: made.workbook_mutated(workbook, rng),
    )  # fmt: skip


def account(_folder: Path) -> Decoder:
    """Samples and windows of anybody, as CSV."""
    from camkeeper.account.fault import UnreadableError
    from camkeeper.account.samples import read_samples
    from camkeeper.account.windows import read_windows

    def take(data: bytes) -> None:
        for read in (read_samples, read_windows):
            try:
                found = read(io.BytesIO(data), source="a.csv")
            except UnreadableError:
                continue
            _ = [str(fault) for fault in found.faults]

    return Decoder(seeds=[made.SAMPLES, made.WINDOWS], take=take, mutations=LINES)


def obstacles(folder: Path) -> Decoder:
    """Buildings and walls as GeoJSON."""
    from camkeeper.geo.fault import UnreadableError
    from camkeeper.geo.obstacles import read

    path = folder / "a.geojson"

    def take(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    return Decoder(seeds=[made.GEOJSON], take=take, declared=(UnreadableError,), mutations=(*LINES, *made.JSON))


def _ledger(folder: Path) -> Path:
    from camkeeper.clock import SystemClock
    from camkeeper.ledger import Boot, Ledger

    newest = max((DATA / "ledgers").glob("v*.ledger.gz"))
    path = folder / "seed.ledger"
    path.write_bytes(gzip.decompress(newest.read_bytes()))
    Ledger.open(path, boot=Boot(boot_id="fuzz", version="rel"), clock=SystemClock()).close()  # of today's schema
    return path


def bundle(folder: Path) -> Decoder:
    """Evidence bundles, as handed to `verify`."""
    from camkeeper.bundle.container import NotABundleError
    from camkeeper.bundle.export import export
    from camkeeper.bundle.verify import verify_bundle

    data = export(_ledger(folder), made.MONTH).data
    return Decoder(
        seeds=[data], take=verify_bundle, declared=(NotABundleError,), make=lambda rng: made.bundle_mutated(data, rng)
    )


def backup(folder: Path) -> Decoder:
    """Backups, as handed to `restore`."""
    from camkeeper.backup.restore import restore
    from camkeeper.backup.write import BackupError
    from camkeeper.backup.write import backup as write

    ledger, config = _ledger(folder), folder / "cameras.yaml"
    config.write_bytes(made.configuration())
    data = write(ledger, config, None, folder / "seed.tar", 1_760_000_000_000).path.read_bytes()
    archive, place = folder / "b.tar", folder / "r"

    def take(broken: bytes) -> None:
        archive.write_bytes(broken)
        try:
            restore(archive, place / "x.ledger", place / "cameras.yaml")
        finally:
            made.emptied(place)

    return Decoder(seeds=[data], take=take, declared=(BackupError,), make=lambda rng: made.backup_mutated(data, rng))


def header(_folder: Path) -> Decoder:
    """The markers of a JPEG, read before anything is decoded."""
    from camkeeper.jpeg import JpegError, read_header

    return Decoder(seeds=pictures(), take=read_header, declared=(JpegError,), mutations=JPEG)


def pictures() -> list[bytes]:
    """Return the photographs that pictures are made of."""
    return [path.read_bytes() for path in sorted((DATA / "pictures").glob("*.jpg"))]


DECODERS: dict[str, Callable[[Path], Decoder]] = {
    "soap": soap,
    "discovery": discovery,
    "digest": digest,
    "snmp": snmp,
    "yaml": yaml,
    "register": register,
    "account": account,
    "obstacles": obstacles,
    "bundle": bundle,
    "backup": backup,
    "header": header,
}
"""Those that are called; `rtsp`, `http` and `jpeg` are met on sockets and pipes (rel.fuzz.served)."""
