"""`load`: from a path to a Registry, or every fault at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from camcover.bands import DORI
from camcover.datum import Datum
from camkeeper.config import (
    agreed,
    bands,
    board,
    build,
    channels,
    datums,
    deductions,
    desk,
    digests,
    enrolment,
    influx,
    inspections,
    login,
    obstacles,
    picture,
    places,
    policies,
    references,
    registers,
    schema,
)
from camkeeper.config.defaults import Defaults, merged, without_nothing
from camkeeper.config.document import MAX_BYTES, Document, UnreadableError, decode, parse
from camkeeper.config.entry import Entry
from camkeeper.config.fault import ConfigError, Fault, Loc
from camkeeper.config.findings import Findings, salvaged
from camkeeper.model.contract import Contact, Contractor
from camkeeper.model.cover import ObstacleFile
from camkeeper.model.equipment import Credential
from camkeeper.model.policy import DEFAULT_ACCOUNTING, ProbePolicy
from camkeeper.model.registry import Registry

_SECTIONS: dict[str, type[Entry]] = {
    "contacts": schema.ContactEntry,
    "contractors": schema.ContractorEntry,
    "parties": schema.PartyEntry,
    "credentials": schema.CredentialEntry,
    "uplinks": schema.UplinkEntry,
    "sites": schema.SiteEntry,
    "links": schema.LinkEntry,
    "devices": schema.DeviceEntry,
    "key_places": schema.KeyPlaceEntry,
    "windows": schema.WindowEntry,
    "inspections": inspections.InspectionEntry,
    "deductions": deductions.DeductionEntry,
    "obstacles": schema.ObstacleEntry,
    "channels": channels.ChannelEntry,
}
_HEAD = tuple(schema.HeadEntry.model_fields)
_KEYS = (*_HEAD, "policy", "notify", "digests", "influx", "login", "board", "defaults", *_SECTIONS)

_E = TypeVar("_E", bound=Entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration that works, and what somebody should look at all the same."""

    registry: Registry
    warnings: tuple[Fault, ...]


def load(path: Path) -> Registry:
    """Return the register in the file; ConfigError with every fault where it cannot be used."""
    return load_with_warnings(path).registry


def load_with_warnings(path: Path) -> Loaded:
    """Return the register and its warnings; ConfigError with every fault where it cannot be used."""
    try:
        with path.open("rb") as file:
            # One more than is allowed: a device file has no end.
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        fault = Fault(file=str(path), line=0, path="", zh=f"读不到文件（{why}）", en=f"cannot be read: {why}")
        raise ConfigError([fault]) from None
    return read(data, str(path))


def read(data: bytes, file: str, given: Mapping[str, bytes] | None = None) -> Loaded:
    """Return the register in `data`; `file` is its name in messages. ConfigError as `load`.

    `given`: contents of registers by the name that `data` has for them, in place of what lies on disk.
    """
    try:
        document = parse(file, decode(data))
        if not isinstance(document.root, dict):
            raise _not_a_register(document)
    except UnreadableError as error:
        raise ConfigError([Fault(file=file, line=error.line, path="", zh=error.zh, en=error.en)]) from None
    reading = _Reading(document, given)
    registry = reading.register(digest=hashlib.sha256(data).hexdigest())
    if registry is None:
        raise ConfigError(reading.findings.sorted_faults())
    warnings = list(reading.findings.sorted_warnings())
    if data.startswith(b"\xef\xbb\xbf"):
        zh, en = "文件开头有 BOM；建议另存为不带 BOM 的 UTF-8", "begins with a BOM; better save it as UTF-8 without one"
        warnings.insert(0, Fault(file=file, line=1, path="", zh=zh, en=en))
    return Loaded(registry=registry, warnings=tuple(warnings))


def _not_a_register(document: Document) -> UnreadableError:
    if document.root is None:
        return UnreadableError(0, zh="文件是空的", en="the file is empty")
    return UnreadableError(1, zh="最外层应为键值表（name: ...）", en="the top of the file is a mapping (name: ...)")


class _Reading:
    """One pass over a document."""

    def __init__(self, document: Document, given: Mapping[str, bytes] | None = None) -> None:
        self.root: dict[str, Any] = document.root
        self.findings = Findings(document)
        self._merged = registers.merge(document, self.findings, given)
        if self._merged is not None:
            self.root = {**self.root, "devices": self._merged.devices}
            self.findings.where = self._merged.where
        self._valid: dict[str, dict[int, Any]] = {section: {} for section in _SECTIONS}
        self._probe: policies.ProbeEntry | None = None
        self._judge: policies.JudgeEntry | None = None
        self._accounting: dict[int, policies.AccountingEntry] = {}
        self._coverage: policies.CoverageEntry | None = None
        self._incident: desk.IncidentEntry | None = None
        self._service: desk.ServiceEntry | None = None
        self._picture: picture.PictureEntry | None = None
        self._notify = desk.NotifyEntry()
        self._digests = digests.DigestsEntry()
        self._influx: influx.InfluxEntry | None = None
        self._oidc: login.OidcEntry | None = None
        self._board: board.BoardEntry | None = None
        self._routes: dict[int, desk.RouteEntry] = {}
        self._obstacles: tuple[ObstacleFile, ...] = ()

    def register(self, *, digest: str) -> Registry | None:
        """Return the register, or None where there are faults."""
        for key in self.root:
            if key not in _KEYS:
                self.findings.unknown_key((key,), _KEYS)
        head = self._head()
        defaults = self._defaults()
        found = {section: self._section(section, model, defaults) for section, model in _SECTIONS.items()}
        raw = {section: entries for section, entries in found.items() if entries is not None}
        references.check(raw, defaults, self.findings)
        self._policy()
        self._notified()
        self._mirrored()
        self._signed_in()
        self._whole(head)
        if self.findings.faults or head is None:
            return None
        return self._registry(head, digest)

    def _head(self) -> schema.HeadEntry | None:
        own = {key: value for key, value in self.root.items() if key in _HEAD and value is not None}
        return self._model((), without_nothing(own), schema.HeadEntry)

    def _policy(self) -> None:
        policy = self.root.get("policy")
        policy = without_nothing({} if policy is None else policy)
        if not isinstance(policy, dict):
            self._model(("policy",), policy, policies.PolicyEntry)
            return
        for key in policy.keys() - policies.PolicyEntry.model_fields.keys():
            self.findings.unknown_key(("policy", key), tuple(policies.PolicyEntry.model_fields))
        self._probe = self._model(("policy", "probe"), policy.get("probe", {}), policies.ProbeEntry)
        self._judge = self._model(("policy", "judge"), policy.get("judge", {}), policies.JudgeEntry)
        self._coverage = self._model(("policy", "coverage"), policy.get("coverage", {}), policies.CoverageEntry)
        self._incident = self._model(("policy", "incident"), policy.get("incident", {}), desk.IncidentEntry)
        self._service = self._model(("policy", "service"), policy.get("service", {}), desk.ServiceEntry)
        self._picture = self._model(("policy", "picture"), policy.get("picture", {}), picture.PictureEntry)
        rules = policy.get("accounting", [])
        if not isinstance(rules, list):
            self._model(("policy",), {"accounting": rules}, policies.PolicyEntry)
            return
        for place, rule in enumerate(rules):
            entry = self._model(("policy", "accounting", place), without_nothing(rule), policies.AccountingEntry)
            if entry is not None:
                self._accounting[place] = entry

    def _notified(self) -> None:
        written = without_nothing(self.root.get("notify"))
        written = {} if written is None else written
        routes = written.get("routes") if isinstance(written, dict) else None
        if isinstance(routes, list):
            written = {key: value for key, value in written.items() if key != "routes"}
            for place, route in enumerate(routes):
                entry = self._model(("notify", "routes", place), route, desk.RouteEntry)
                if entry is not None:
                    self._routes[place] = entry
        self._notify = self._model(("notify",), written, desk.NotifyEntry) or desk.NotifyEntry()
        desk.check(self._notify, self._routes, self.root, self.findings)
        summed = without_nothing(self.root.get("digests"))
        if summed is not None:
            self._digests = self._model(("digests",), summed, digests.DigestsEntry) or digests.DigestsEntry()
            digests.check(self._digests, self.root, self.findings)

    def _mirrored(self) -> None:
        written = without_nothing(self.root.get("influx"))
        if written is not None:
            self._influx = self._model(("influx",), written, influx.InfluxEntry)
        if self._influx is not None:
            influx.check(self._influx, self.findings)

    def _signed_in(self) -> None:
        written = without_nothing(self.root.get("login"))
        entry = None if written is None else self._model(("login",), written, login.LoginEntry)
        self._oidc = None if entry is None else entry.oidc
        if self._oidc is not None:
            login.check(self._oidc, self.root, self.findings)
        written = without_nothing(self.root.get("board"))
        self._board = None if written is None else self._model(("board",), written, board.BoardEntry)
        if self._board is not None:
            board.check(self._board, Path(self.findings.document.file).parent, self.findings)

    def _defaults(self) -> dict[str, Any]:
        """Return the block as written, less the parts that are at fault (told once, not at each device)."""
        block = without_nothing(self.root.get("defaults"))
        if block is None:
            return {}
        try:
            Defaults.model_validate(block)
        except ValidationError as error:
            self.findings.invalid(("defaults",), error, Defaults)
            for detail in error.errors(include_url=False):
                _cut(block, detail["loc"])
        return block if isinstance(block, dict) else {}

    def _section(
        self, section: str, model: type[Entry], defaults: dict[str, Any]
    ) -> list[tuple[int, dict[str, Any]]] | None:
        """Validate each entry of a list; return the entries as written that are mappings, or None: it is no list."""
        entries = self.root.get(section)
        if entries is None:
            if section == "sites":
                self.findings.fault((section,), zh="缺少这一项", en="missing")
            return []
        if not isinstance(entries, list):
            self.findings.fault(
                (section,), zh="应为列表（每项以 - 开头）", en="wants a list (each entry begins with -)"
            )
            return None
        out: list[tuple[int, dict[str, Any]]] = []
        for place, written in enumerate(entries):
            entry = self._model((section, place), without_nothing(merged(section, written, defaults)), model)
            if entry is not None:
                self._valid[section][place] = entry
            if isinstance(written, dict):
                out.append((place, written))
        return out

    def _model(self, loc: Loc, raw: Any, model: type[_E]) -> _E | None:
        """Return the entry, or tell its faults; what is valid of it takes part in what follows."""
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            self.findings.invalid(loc, error, model)
            if not isinstance(raw, dict):
                return None
            rest = salvaged(raw, error)
        try:
            return model.model_validate(rest)
        except ValidationError:
            return None

    def _whole(self, head: schema.HeadEntry | None) -> None:
        valid, findings = self._valid, self.findings
        self._places(head)
        bands.check(valid["key_places"], self._standard, findings)
        self._obstacles = obstacles.check(valid["obstacles"], Path(findings.document.file).parent, findings)
        enrolment.check_devices(valid["devices"], findings)
        enrolment.check_uplinks(valid["uplinks"], valid["links"], findings)
        if self._judge is not None:
            enrolment.check_judge(self._judge, findings)
        if self._coverage is not None:
            enrolment.check_coverage(self._coverage, findings)
        if self._picture is not None:
            picture.check(self._picture, findings)
        enrolment.check_accounting(self._accounting, findings)
        channels.check(valid["channels"], findings)
        agreed.check(valid["windows"], self._zone, findings)

    @property
    def _zone(self) -> str:
        return next((e.timezone for e in self._valid["sites"].values() if e.parent is None), "UTC")

    @property
    def _standard(self) -> str:
        return self._coverage.standard if self._coverage is not None else DORI

    def _places(self, head: schema.HeadEntry | None) -> None:
        """Bring all positions to WGS-84, then judge what lies where."""
        valid, findings = self._valid, self.findings
        datum = Datum(head.datum if head is not None else Datum.WGS84)
        picked = Datum(head.mounts_datum) if head is not None and head.mounts_datum is not None else datum
        valid["sites"] = {place: datums.site_to_wgs84(e, datum) for place, e in valid["sites"].items()}
        valid["key_places"] = {place: datums.key_place_to_wgs84(e, datum) for place, e in valid["key_places"].items()}
        ours = self._merged.wgs84 if self._merged is not None else frozenset()
        written = {place: e for place, e in valid["devices"].items() if place not in ours}
        kept = {place: e for place, e in valid["devices"].items() if place in ours}
        valid["devices"] = dict(sorted({**datums.devices_to_wgs84(written, picked), **kept}.items()))
        valid["contractors"] = {i: datums.contractor_to_wgs84(e, datum) for i, e in valid["contractors"].items()}
        areas = places.check(valid["sites"], valid["key_places"], findings)
        suspected = datums.suspicion(written, areas, picked)
        if suspected is not None:  # one sentence for the batch instead of one for each camera
            datums.warn(suspected, "mounts_datum" if "mounts_datum" in self.root else "datum", findings)
        else:
            places.check_mounts(valid["devices"], areas, findings)

    def _registry(self, head: schema.HeadEntry, digest: str) -> Registry:
        valid = {section: tuple(entries.values()) for section, entries in self._valid.items()}
        tz = self._zone
        sites_of = {e.id: e.site for e in valid["devices"]}
        return Registry(
            name=head.name,
            sites=tuple(build.site(e) for e in valid["sites"]),
            devices=tuple(build.device(e) for e in valid["devices"]),
            links=tuple(build.link(e) for e in valid["links"]),
            key_places=tuple(build.key_place(e, self._standard) for e in valid["key_places"]),
            credentials=tuple(Credential(id=e.id, user=e.user, secret_ref=e.secret) for e in valid["credentials"]),
            contractors=tuple(self._contractor(e, tz) for e in valid["contractors"]),
            contacts=tuple(Contact(**{k: v or "" for k, v in dict(e).items()}) for e in valid["contacts"]),
            windows=tuple(build.window(e) for e in valid["windows"] if e.rule is None),
            plans=agreed.plans(valid["windows"], tz),
            inspections=tuple(inspections.inspection(e, sites_of, tz) for e in valid["inspections"]),
            deductions=tuple(deductions.terms(e) for e in valid["deductions"]),
            uplinks=tuple(build.uplink(e) for e in valid["uplinks"]),
            probe=ProbePolicy(**dict(self._probe or policies.ProbeEntry())),
            judge=build.judge(self._judge or policies.JudgeEntry()),
            accounting=tuple(build.accounting(e) for e in self._accounting.values()) or DEFAULT_ACCOUNTING,
            coverage=build.coverage(self._coverage or policies.CoverageEntry()),
            obstacles=self._obstacles,
            channels=tuple(channels.build(e) for e in valid["channels"]),
            routing=desk.routing(self._notify, self._routes.values(), tz),
            public_url=(self._notify.public_url or "").rstrip("/"),
            digests=digests.policy(self._digests, tz),
            watchdog=desk.watchdog(self._notify.watchdog or desk.WatchdogEntry(), tz),
            incident=desk.incident(self._incident or desk.IncidentEntry()),
            service=desk.service(self._service or desk.ServiceEntry(), tz),
            picture=picture.policy(self._picture or picture.PictureEntry()),
            influx=None if self._influx is None else influx.build(self._influx),
            oidc=None if self._oidc is None else login.build(self._oidc),
            tls=board.build(self._board),
            parties=tuple(build.party(e) for e in valid["parties"]),
            closing=head.closing,
            backup_to=head.backup_to or "",
            synthetic_geometry=head.synthetic_geometry,
            digest=self._digest(digest),
            source=self.findings.document.file,
        )

    def _digest(self, own: str) -> str:
        """Return the digest of all files together; of the one file alone where it names no register."""
        if self._merged is None:
            return own
        return hashlib.sha256(b"".join((bytes.fromhex(own), *self._merged.digests))).hexdigest()

    def _contractor(self, e: schema.ContractorEntry, tz: str) -> Contractor:
        usual = self._service or desk.ServiceEntry()
        own = None if e.service is None else desk.contract_of(e.service, usual, e.id, tz)
        return Contractor(id=e.id, name=e.name, contact_ids=e.contacts, service=own, depot=e.depot)


def _cut(block: Any, loc: Loc) -> None:
    """Remove what is at fault from the defaults."""
    for part in loc[:-1]:
        if not isinstance(block, dict) or not isinstance(part, str) or part not in block:
            return
        block = block[part]
    if isinstance(block, dict):
        block.pop(str(loc[-1]), None)
