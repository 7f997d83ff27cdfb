"""The keys of `cameras.yaml`: one model per kind of entry. Unknown keys are faults.

Whether ids exist, cycles close and places lie inside their sites is judged over the
whole file, in `references` and `places`.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from camcover.bands import DORI
from camcover.optics import HALF_CIRCLE_DEG, Lens, LensModel, Mount, OpticsError, hfov_from_focal
from camkeeper.config import scalars as s
from camkeeper.config.scalars import refuse
from camkeeper.model.contract import WindowKind
from camkeeper.model.equipment import DeviceKind, LinkKind
from camkeeper.model.place import KeyPlaceType, SiteKind
from camkeeper.model.policy import JudgePolicy, Rule
from camkeeper.model.probing import Rung


class Entry(BaseModel):
    """Anything written in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_OPTICS_ZH = {
    "not on this globe": "经纬度不在地球上",
    "height_m": "安装高度必须大于 0 米",
    "azimuth_deg": "方位角应在 [0, 360) 度，正北为 0，顺时针",
    "tilt_deg": "俯角应在 [-90, 90] 度，向下为正",
    "survey errors": "测量误差不能为负",
    "hfov_deg": "水平视场角应在 (0, 360] 度",
    "a sensor has pixels": "像素数必须大于 0",
    "ranges are not": "距离必须大于 0 米",
    "vfov_deg": "垂直视场角应在 (0, 180] 度",
    "focal length": "焦距与传感器宽度必须大于 0",
}


def _optics(error: OpticsError) -> Exception:
    text = str(error).replace("vertical_deg", "vfov_deg")
    start = next((k for k in _OPTICS_ZH if text.startswith(k)), "")
    zh = _OPTICS_ZH.get(start, f"光学参数不成立（{text}）")
    return refuse(zh=zh, en=text, key=start if start.endswith(("_m", "_deg")) else "")


class MountEntry(Entry):
    """Where a camera hangs (in the file's datum, until that is brought to WGS-84) and where it looks."""

    lon_deg: s.Degrees
    lat_deg: s.Degrees
    height_m: s.MetresIfKnown = 4.0
    azimuth_deg: s.Degrees | None = None
    tilt_deg: s.DegreesIfKnown = 15.0
    position_error_m: s.Metres = 3.0
    azimuth_error_deg: s.Degrees = 5.0

    def mount(self) -> Mount:
        """Return the value that geometry works with; OpticsError where it cannot exist."""
        return Mount(**self.__dict__)

    @model_validator(mode="after")
    def _exists(self) -> MountEntry:
        s.not_a_globe(self.lon_deg, self.lat_deg)
        try:
            self.mount()
        except OpticsError as error:
            raise _optics(error) from None
        return self


class LensEntry(Entry):
    """What a lens takes in: by its angle, or by focal length and sensor width."""

    hfov_deg: s.Degrees | None = None
    focal_mm: s.Millimetres | None = None
    sensor_width_mm: s.Millimetres | None = None
    width_px: s.Pixels = 1920
    height_px: s.Pixels = 1080
    range_m: s.Metres = 50.0
    ir_range_m: s.Metres | None = None
    model: LensModel | None = None
    vfov_deg: s.Degrees | None = None

    def lens(self) -> Lens:
        """Return the value that geometry works with; OpticsError where it cannot exist."""
        hfov_deg = self.hfov_deg
        if hfov_deg is None:
            hfov_deg = hfov_from_focal(
                focal_mm=self.focal_mm or 0,
                sensor_width_mm=self.sensor_width_mm or 0,
                model=self.model or LensModel.RECTILINEAR,
            )
        return Lens(
            hfov_deg=hfov_deg,
            width_px=self.width_px,
            height_px=self.height_px,
            range_m=self.range_m,
            ir_range_m=self.ir_range_m,
            model=self.model or LensModel.RECTILINEAR,
            vertical_deg=self.vfov_deg,
        )

    @model_validator(mode="after")
    def _exists(self) -> LensEntry:
        by_focal = self.focal_mm is not None or self.sensor_width_mm is not None
        if by_focal == (self.hfov_deg is not None) or (by_focal and None in {self.focal_mm, self.sensor_width_mm}):
            raise refuse(
                zh="镜头写 hfov_deg，或写 focal_mm 与 sensor_width_mm 两项，二者取一",
                en="a lens has either hfov_deg, or both focal_mm and sensor_width_mm",
            )
        try:
            lens = self.lens()
        except OpticsError as error:
            raise _optics(error) from None
        if self.model is LensModel.RECTILINEAR and lens.hfov_deg >= HALF_CIRCLE_DEG:
            raise refuse(
                zh="直线镜头的视场角小于 180 度；鱼眼或拼接全景写 model: fisheye",
                en="a rectilinear lens sees less than 180 degrees; write model: fisheye for fisheyes and panoramas",
                key="model",
            )
        return self


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
    probe: ProbeOverridesEntry | None = None

    @model_validator(mode="after")
    def _only_cameras_have_lenses(self) -> DeviceEntry:
        if self.lens is not None and not self.kind.has_picture:
            raise refuse(zh=f"{self.kind} 没有镜头", en=f"a {self.kind} has no lens", key="lens")
        return self


class LayerTargets(Entry):
    """How much of each layer must be seen, percent: the whole boundary, and each type of key place."""

    area: s.BasisPoints | None = None
    square: s.BasisPoints | None = None
    road: s.BasisPoints | None = None
    junction: s.BasisPoints | None = None
    pond: s.BasisPoints | None = None
    ditch: s.BasisPoints | None = None
    school: s.BasisPoints | None = None
    ancient_building: s.BasisPoints | None = None
    exit: s.BasisPoints | None = None
    patrol_route: s.BasisPoints | None = None
    zone: s.BasisPoints | None = None

    def targets(self) -> dict[str, int]:
        """Return basis points by layer, of the layers that have a target."""
        return {layer: target for layer, target in self.__dict__.items() if target is not None}


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


class WindowEntry(Entry):
    """An agreed span."""

    id: s.Id
    kind: WindowKind
    start: s.InstantMs
    end: s.InstantMs
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


class ProbeEntry(Entry):
    """How often and how patiently devices are asked."""

    every_s: s.Cadence = 60.0
    full_every_s: s.Cadence = 3600.0
    picture_every_s: s.Cadence = 300.0
    timeout_s: s.Seconds = 5.0
    retry_s: s.Seconds = 10.0
    max_in_flight: s.Count = 256
    max_dead_in_flight: s.Count = 512

    @model_validator(mode="after")
    def _sane(self) -> ProbeEntry:
        if self.timeout_s > self.every_s:
            raise refuse(zh="timeout_s 不应长于 every_s", en="timeout_s is not longer than every_s", key="timeout_s")
        if not self.every_s <= self.picture_every_s <= self.full_every_s:
            raise refuse(
                zh="应为 every_s ≤ picture_every_s ≤ full_every_s",
                en="wants every_s <= picture_every_s <= full_every_s",
            )
        return self


class JudgeEntry(Entry):
    """When a run of results becomes a change."""

    name: s.Text = "default"
    version: s.Count = 1
    confirm_down: s.Count = 2
    confirm_degraded: s.Count = 2
    grace_polls: s.Polls = 2.5
    down_on: tuple[Rung, ...] | None = None
    degraded_on: tuple[Rung, ...] | None = None
    flap_changes: s.Count = 6
    flap_window_s: s.Cadence = 3600.0

    @model_validator(mode="after")
    def _decides(self) -> JudgeEntry:
        built_in = JudgePolicy()
        down = built_in.down_on if self.down_on is None else frozenset(self.down_on)
        degraded = built_in.degraded_on if self.degraded_on is None else frozenset(self.degraded_on)
        both = down & degraded
        if both:
            names = " ".join(sorted(both))
            raise refuse(
                zh=f"同一级不能既判离线又判异常：{names}",
                en=f"a rung decides down or degraded, not both: {names}",
                key="degraded_on" if self.degraded_on is not None else "down_on",
            )
        return self


class AccountingEntry(Entry):
    """A named, versioned way from statuses to a figure."""

    name: s.Text
    version: s.Count
    rule: Rule
    unknown_limit: s.BasisPoints = 200
    patrol_at: s.TimeOfDay = "09:00"
    excludes: tuple[WindowKind, ...] | None = None


class CoverageEntry(Entry):
    """How coverage is measured, and how much must be seen."""

    name: s.Text = "default"
    version: s.Count = 1
    standard: s.Standard = DORI
    target_height_m: s.HeightAboveGround = 0.0
    targets: LayerTargets | None = None
    obstacle_height_m: s.HeightOfBuilding | None = None
    storey_m: s.HeightOfStorey = 3.0


class ObstacleEntry(Entry):
    """A file of buildings, walls and tree lines."""

    path: s.Text
    attribution: s.Text | None = None


class PolicyEntry(Entry):
    """All named rules."""

    probe: ProbeEntry | None = None
    judge: JudgeEntry | None = None
    accounting: tuple[AccountingEntry, ...] = ()
    coverage: CoverageEntry | None = None


class HeadEntry(Entry):
    """The top of the file, less its policy and its lists."""

    name: s.Text
    datum: s.DatumName
    mounts_datum: s.DatumName | None = None
    synthetic_geometry: s.Flag = False
