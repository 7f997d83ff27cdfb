"""The keys of `cameras.yaml`; those of `optics` and `policies` lie there. Unknown keys are faults.

Whether ids exist, cycles close and places lie inside their sites is judged over the
whole file, in `references` and `places`.
"""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from camkeeper.config import scalars as s
from camkeeper.config.contracts import ServiceTermsEntry
from camkeeper.config.entry import Entry
from camkeeper.config.optics import LensEntry, MountEntry
from camkeeper.config.policies import LayerTargets
from camkeeper.config.scalars import refuse
from camkeeper.model.contract import WindowKind
from camkeeper.model.equipment import DeviceKind, LinkKind
from camkeeper.model.place import KeyPlaceType, SiteKind, SitePictures
from camkeeper.model.probing import Rung


class AddressEntry(Entry):
    """Where a device was enrolled."""

    host: s.Host
    port: s.Port = 80
    onvif_path: s.UrlPath = "/onvif/device_service"
    rtsp_port: s.Port = 554
    snapshot_port: s.Port | None = None
    snmp_port: s.Port = 161
    approved_ports: tuple[s.Port, ...] = ()


class ProbeOverridesEntry(Entry):
    """What a device wants otherwise than the policy."""

    every_s: s.Cadence | None = None
    full_every_s: s.Cadence | None = None
    picture_every_s: s.Cadence | None = None
    timeout_s: s.Seconds | None = None
    ladder: tuple[Rung, ...] | None = None

    @model_validator(mode="after")
    def _climbs(self) -> ProbeOverridesEntry:
        order = list(Rung)
        places = [order.index(rung) for rung in self.ladder or ()]
        if self.ladder is not None and (not places or places != sorted(set(places))):
            raise refuse(
                zh=f"阶梯自下而上、不重复：{' '.join(order)}",
                en=f"a ladder goes upwards and repeats nothing: {' '.join(order)}",
                key="ladder",
            )
        return self


class DeviceEntry(Entry):
    """一机一档: one device."""

    id: s.Id
    name: s.Text
    kind: DeviceKind
    site: s.Id
    address: AddressEntry
    credential: s.Id | None = None
    link: s.Id | None = None
    contractor: s.Id | None = None
    mount: MountEntry | None = None
    lens: LensEntry | None = None
    gb_id: s.GbId | None = None
    maker: s.Text | None = None
    model: s.Text | None = None
    serial: s.Text | None = None
    installed: s.Date | None = None
    tags: s.Tags = ()
    probe: ProbeOverridesEntry | None = None

    @model_validator(mode="after")
    def _only_cameras_have_lenses(self) -> DeviceEntry:
        if self.lens is not None and not self.kind.has_picture:
            raise refuse(zh=f"{self.kind} 没有镜头", en=f"a {self.kind} has no lens", key="lens")
        return self


class SiteEntry(Entry):
    """A place with a target."""

    id: s.Id
    name: s.Text
    name_en: s.Text | None = None
    kind: SiteKind
    parent: s.Id | None = None
    code: s.Text | None = None
    target: s.BasisPoints
    timezone: s.TimeZone
    boundary: tuple[s.Position, ...] | None = None
    coverage: LayerTargets | None = None
    pictures: SitePictures | None = None
    """Not among the defaults: who lets whole pictures be looked at says so of a place, by name."""


class LinkEntry(Entry):
    """Something that others depend on."""

    id: s.Id
    name: s.Text
    kind: LinkKind
    upstream: s.Id | None = None
    device: s.Id | None = None
    operator: s.Text | None = None


class KeyPlaceEntry(Entry):
    """重点部位: exactly one of point, line, polygon."""

    id: s.Id
    site: s.Id
    type: KeyPlaceType
    name: s.Text
    point: s.Position | None = None
    line: tuple[s.Position, ...] | None = None
    polygon: tuple[s.Position, ...] | None = None
    band: s.Text | None = None
    """A name of `policy.coverage.standard`; judged over the whole file."""
    weight: s.Weight = 1.0

    @model_validator(mode="before")
    @classmethod
    def _one_shape(cls, value: Any) -> Any:
        if isinstance(value, dict) and sum(key in value for key in ("point", "line", "polygon")) != 1:
            raise refuse(zh="point、line、polygon 三者取一", en="wants exactly one of point, line, polygon")
        return value


class CredentialEntry(Entry):
    """A user, and where the password lies."""

    id: s.Id
    user: s.Text
    secret: s.SecretRef


class ContactEntry(Entry):
    """A person or a duty desk."""

    id: s.Id
    name: s.Text
    role: s.Text | None = None
    phone: s.Phone | None = None
    email: s.Email | None = None


class ContractorEntry(Entry):
    """维保单位."""

    id: s.Id
    name: s.Text
    contacts: tuple[s.Id, ...] = ()
    service: ServiceTermsEntry | None = None
    depot: s.Position | None = None


class PartyEntry(Entry):
    """Who signs for one side of the contract."""

    id: s.Id
    name: s.Text
    role: s.Text | None = None
    public_key: s.PublicKey


class WindowEntry(Entry):
    """An agreed span."""

    id: s.Id
    kind: WindowKind
    start: s.InstantMs
    end: s.InstantMs
    rule: s.RuleText | None = None
    until: s.InstantMs | None = None
    reason: s.Text
    evidence: s.Text | None = None
    approver: s.Text | None = None
    sites: tuple[s.Id, ...] = ()
    devices: tuple[s.Id, ...] = ()
    links: tuple[s.Id, ...] = ()

    @model_validator(mode="after")
    def _agreed(self) -> WindowEntry:
        if self.end <= self.start:
            raise refuse(zh="结束须晚于开始", en="must end after its start", key="end")
        if self.kind is WindowKind.EXCLUSION and not (self.evidence and self.approver):
            raise refuse(
                zh="免责时段须写明依据 evidence 与批准人 approver",
                en="an exclusion wants its evidence and its approver",
            )
        if self.rule is not None and self.kind is WindowKind.EXCLUSION:
            raise refuse(
                zh="重复的剔除要附依据文件：用 camkeeper window add 登记",
                en="an exclusion that comes again wants an evidence file: enter it by camkeeper window add",
                key="rule",
            )
        if self.until is not None and self.rule is None:
            raise refuse(zh="until 只用于重复规则 rule", en="belongs to a rule, and there is none", key="until")
        return self


class UplinkEntry(Entry):
    """Our own way out, and the hosts that prove it."""

    id: s.Id
    name: s.Text
    beacons: tuple[s.BeaconAt, ...]
    lines: tuple[s.Id, ...] = ()

    @model_validator(mode="after")
    def _provable(self) -> UplinkEntry:
        if not self.beacons:
            raise refuse(zh="至少要有一个信标", en="wants at least one beacon", key="beacons")
        return self


class ObstacleEntry(Entry):
    """A file of buildings, walls and tree lines."""

    path: s.Text
    attribution: s.Text | None = None


class HeadEntry(Entry):
    """The top of the file, less its policy and its lists."""

    name: s.Text
    datum: s.DatumName
    mounts_datum: s.DatumName | None = None
    synthetic_geometry: s.Flag = False
    closing: s.Closing = "ask"
    backup_to: s.Text | None = None
    registers: tuple[s.Text, ...] = ()
