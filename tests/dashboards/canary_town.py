"""Three villages, two contractors, and a word in every name that betrays where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from shapely.geometry import box
from tests.dashboards.desk_town import MINUTE_MS, incident, order, view
from tests.dashboards.picture_town import PictureTown, looked
from tests.dashboards.township import AT_MS, HOUR_MS, MONTH_MS, buckets, device, standing

from camboard.source import JSON
from camkeeper.model.channel import ChannelKind
from camkeeper.model.contract import WindowKind
from camkeeper.model.equipment import LinkKind
from camkeeper.model.incident import DomainKind, Evidence
from camkeeper.model.letter import Outcome
from camkeeper.model.picture import PictureVerdict
from camkeeper.model.place import KeyPlaceType, SiteKind
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.model.view import Viewed, ViewRecord
from camkeeper.model.workorder import Photo, Step, WorkOrder
from camkeeper.standing.coverage import (
    Basis,
    CameraField,
    Cover,
    CoverageMap,
    CoverageStanding,
    Darkness,
    FaultDomain,
    LayerCover,
    PlaceCover,
    SiteCover,
    Unit,
)
from camkeeper.standing.desk import Act, Acted, DeadLetter, DeskStanding
from camkeeper.standing.picture import PictureStanding
from camkeeper.standing.view import Standing
from camkeeper.standing.windows import WindowAct, WindowActed, WindowsStanding, WindowView
from camkeeper.standing.work import ChannelStanding, OrderView, RouteStanding, Tested, WorkFigures
from camkeeper.window.plan import Document
from camkeeper.workorder.figures import round_figures, service_figures
from camkeeper.workorder.priority import rank
from camkeeper.workorder.route import van_route

VILLAGES = ("zqa", "zqb", "zqc")
CONTRACTORS = ("ykone", "yktwo")
CARE = {"zqa": ("ykone", "ykone"), "zqb": ("ykone", "yktwo"), "zqc": ("yktwo", "yktwo")}
"""Who repairs the two cameras of each village."""
DOWN_MS = {"zqa": 7_771_013, "zqb": 7_772_029, "zqc": 7_773_037}
"""A figure of each village that no other has."""
DIGEST = "ab" * 32


def cameras() -> tuple[tuple[str, str, str], ...]:
    """Return (id, village, contractor)."""
    return tuple((f"{v}-{c}-{n}", v, c) for v in VILLAGES for n, c in enumerate(CARE[v]))


def town_value() -> Standing:
    """Return the town: each camera on its village's pole, all of them on one line."""
    made = []
    for n, (camera, village, contractor) in enumerate(cameras()):
        own = device(
            camera,
            Status.DOWN if camera.endswith("-0") else Status.UP,
            name=f"{village}{contractor}杆",
            site_id=village,
            month=buckets(AT_MS - MONTH_MS, down_ms=DOWN_MS[village]),
        )
        links = (f"pole-{village}", "line-zqazqbzqc")
        made.append(replace(own, contractor_id=contractor, link_ids=links, host=f"host-{village}-{contractor}-{n}"))
    value = standing(made)
    sites = tuple(replace(s, name=f"{s.id}村", name_en=f"{s.id} village") if s.id != "town" else s for s in value.sites)
    return replace(
        value,
        sites=sites,
        total=sites[0],
        contractors=tuple((c, f"{c}维保") for c in CONTRACTORS),
        links=(("line-zqazqbzqc", "zqazqbzqc专线"), *((f"pole-{v}", f"{v}立杆") for v in VILLAGES)),
        monitor=replace(value.monitor, warnings=("cameras.yaml: zqa zqb zqc ykone yktwo",)),
    )


def desk_value() -> DeskStanding:
    """Return a desk: one incident of each camera that is out, and one of the line that all hang on."""
    views, orders = [], []
    for n, (camera, village, contractor) in enumerate(c for c in cameras() if c[0].endswith("-0")):
        of = incident(10 + n, camera, kind=DomainKind.DEVICE, ago_ms=(40 + n) * MINUTE_MS)
        of = replace(of, evidence=(*of.evidence, Evidence(name="power_link", facts={"link_id": f"pole-{village}"})))
        made = _noted(order(100 + n, of, Step.ASSIGNED, site_id=village), contractor, f"备件 {village}{contractor}")
        orders.append(made)
        shown = view(of, made, site_id=village, name=f"{village}{contractor}杆")
        views.append(
            replace(shown, contractor=f"{contractor}维保", position=f"{village}{contractor}北侧", names=_names())
        )
    shared = incident(20, *(c[0] for c in cameras()), kind=DomainKind.OPERATOR_LINE, ago_ms=90 * MINUTE_MS)
    shared = replace(
        shared,
        domain=replace(shared.domain, id="line-zqazqbzqc"),
        evidence=tuple(Evidence(name="own_device_down", facts={"device_id": c[0]}) for c in cameras()),
    )
    whole = _noted(order(110, shared, Step.ASSIGNED, site_id="zqc"), "yktwo", "zqazqbzqc ykoneyktwo")
    orders.append(whole)
    line = replace(view(shared, whole, name="zqazqbzqc专线"), site_ids=VILLAGES, names=_names(), contractor="yktwo维保")
    views.append(replace(line, position="zqazqbzqc", children=tuple(v.incident.id for v in views)))
    return DeskStanding(
        at_ms=AT_MS,
        open=tuple(views),
        recent=(),
        orders=tuple(orders),
        dead_letters=tuple(
            DeadLetter(
                id=f"l{v.incident.id}",
                incident_id=v.incident.id,
                channel_id="hook",
                subject=f"【离线】{v.name}",
                created_ms=AT_MS - HOUR_MS,
                code="1",
                detail="",
            )
            for v in views
        ),
        waiting_letters=3,
        checked_ms=AT_MS,
        names=_names(),
    )


def _names() -> dict[str, str]:
    value = town_value()
    named = {d.id: d.name for d in value.devices} | {s.id: s.name for s in value.sites}
    return named | dict(value.links) | dict(value.contractors)


def _noted(made: WorkOrder, contractor: str, text: str) -> WorkOrder:
    history = tuple(
        replace(e, contractor_id=contractor if e.step is Step.ASSIGNED else "", text=text) for e in made.history
    )
    photo = Photo(digest=DIGEST, size_bytes=3, media_type="image/jpeg")
    return replace(made, contractor_id=contractor, history=history, photos=(photo,))


def windows_value() -> WindowsStanding:
    """Return a window of each village, and one of all."""
    one = tuple(
        WindowView(
            id=f"w-{v}",
            plan_id=f"w-{v}",
            kind=WindowKind.MAINTENANCE,
            span=Span(start_ms=AT_MS - HOUR_MS, end_ms=AT_MS + HOUR_MS),
            reason=f"{v}检修",
            evidence=Document(digest=f"{n}" * 64, name=f"{v}.pdf", media_type="application/pdf", size_bytes=3),
            site_ids=(v,),
            devices=2,
            cameras=2,
            counted_out_ms=2 * HOUR_MS,
            may_end=True,
        )
        for n, v in enumerate(VILLAGES)
    )
    every = replace(one[0], id="w-all", plan_id="w-all", site_ids=(), everything=True, reason="zqa zqb zqc", cameras=6)
    return WindowsStanding(at_ms=AT_MS, tz="Asia/Shanghai", policy="time-weighted/1", now=(*one, every))


def cover_value() -> CoverageStanding:
    """Return the coverage of the town and of each village, with one key place each."""
    cover = Cover(unit=Unit.AREA, total=100.0, design=50.0, lower=30.0, upper=40.0)
    layer = LayerCover(layer="area", target_bp=9000, cover=cover)
    places = tuple(
        PlaceCover(
            id=f"place-{v}", site_id=v, name=f"{v}路口", type=KeyPlaceType.JUNCTION, band="detection", cover=cover
        )
        for v in VILLAGES
    )

    def site(site_id: str, own: tuple[PlaceCover, ...], kind: SiteKind, *, night: bool) -> SiteCover:
        return SiteCover(
            site_id=site_id,
            name=f"{site_id}村",
            name_en=site_id,
            kind=kind,
            parent_id=None if site_id == "town" else "town",
            night=night,
            cameras=2,
            layers=(layer,),
            places=own,
            today=(),
            month=(),
        )

    ids = tuple(c[0] for c in cameras())
    basis = Basis(
        definition="占比",
        definition_en="share",
        policy="p/1",
        inputs="0" * 64,
        crs="EPSG:4326",
        lens_model="pinhole",
        cameras=6,
        unknown_azimuth=ids,
        inside_building=ids,
        no_position=(),
        warnings=("zqa zqb zqc",),
    )
    sites = [site("town", places, SiteKind.TOWN, night=night) for night in (False, True)]
    sites += [
        site(v, (places[n],), SiteKind.VILLAGE, night=night) for n, v in enumerate(VILLAGES) for night in (False, True)
    ]
    return CoverageStanding(at_ms=AT_MS, basis=basis, sites=tuple(sites), survey=())


def chart_value() -> CoverageMap:
    """Return the shapes: villages far from each other."""
    where = {v: box(113.8 + n * 0.1, 33.7, 113.81 + n * 0.1, 33.71) for n, v in enumerate(VILLAGES)}
    fields = tuple(
        CameraField(
            device_id=camera,
            site_id=village,
            lon_deg=where[village].centroid.x,
            lat_deg=where[village].centroid.y,
            azimuth_deg=0.0,
            day=where[village],
            night=where[village],
            envelope=None,
            inside_building=False,
        )
        for camera, village, _ in cameras()
    )
    ids = tuple(c[0] for c in cameras())
    return CoverageMap(
        digest="d",
        boundaries={"town": box(113.8, 33.7, 114.01, 33.71), **where},
        obstacles=tuple((shape, 3.0) for shape in where.values()),
        fields=fields,
        places=tuple((f"place-{v}", shape) for v, shape in where.items()),
        attribution=(),
        synthetic=True,
        links=(
            FaultDomain(id="line-zqazqbzqc", name="zqazqbzqc专线", kind=LinkKind.OPERATOR_LINE, camera_ids=ids),
            *(
                FaultDomain(
                    id=f"pole-{v}", name=f"{v}立杆", kind=LinkKind.POLE, camera_ids=tuple(i for i in ids if v in i)
                )
                for v in VILLAGES
            ),
        ),
    )


def pictures_value() -> PictureStanding:
    """Return a look at each camera."""
    cameras_seen = {c[0]: looked(c[0], PictureVerdict.OK, has_thumbnail=True) for c in cameras()}
    return PictureStanding(at_ms=AT_MS, cameras=cameras_seen, learn_frames=5, weather_site_ids=VILLAGES)


@dataclass(slots=True, kw_only=True)
class CanaryWork:
    """Orders as the desk has them now."""

    town: CanaryTown
    attached: list[Act] = field(default_factory=list)
    tested: list[str] = field(default_factory=list)

    def _orders(self) -> tuple[WorkOrder, ...]:
        assert self.town.now is not None
        return self.town.now.orders

    def order(self, number: int) -> OrderView | None:
        found = next((o for o in self._orders() if o.number == number), None)
        return None if found is None else self._view(found)

    def _view(self, found: WorkOrder) -> OrderView:
        names = _names()
        said = " ".join(names[i] for i in found.devices)
        return OrderView(
            order=found,
            name=said,
            incident_id=found.incident_ids[-1],
            respond_by_ms=None,
            repair_by_ms=None,
            overdue=False,
            position=said,
            contractor=f"{found.contractor_id}维保",
            devices=tuple(names[i] for i in found.devices),
        )

    def rounds(self) -> tuple[OrderView, ...]:
        return ()

    def contractors(self) -> tuple[tuple[str, str], ...]:
        return tuple((c, f"{c}维保") for c in CONTRACTORS)

    def figures(self) -> WorkFigures:
        return self.figures_of(lambda _: True)

    def figures_of(self, has: Callable[[WorkOrder], bool]) -> WorkFigures:
        month, orders = Span(start_ms=MONTH_MS, end_ms=AT_MS), [o for o in self._orders() if has(o)]
        repairs, rounds = service_figures(orders, month, now_ms=AT_MS), round_figures(orders, month, now_ms=AT_MS)
        return WorkFigures(at_ms=AT_MS, repairs=repairs, rounds=rounds, overdue_repairs=0, overdue_rounds=0)

    async def attach(self, act: Act, data: bytes) -> Acted:
        del data
        self.attached.append(act)
        return Acted(done=True)

    async def photo(self, number: int, digest: str) -> tuple[Photo, bytes]:
        found = next((o for o in self._orders() if o.number == number), None)
        if found is None or digest not in {photo.digest for photo in found.photos}:
            raise LookupError(digest)
        return found.photos[0], f"{digest} {found.contractor_id} {' '.join(found.devices)}".encode()

    async def route(self, contractor_id: str, has: Callable[[WorkOrder], bool] | None = None) -> RouteStanding:
        meant = [o for o in self._orders() if (has is None or has(o)) and contractor_id in {"", o.contractor_id}]
        where = {v: (113.8 + n * 0.1, 33.7) for n, v in enumerate(VILLAGES)}
        return RouteStanding(
            at_ms=AT_MS,
            contractor_id=contractor_id,
            start=None,
            route=van_route(rank(meant, {}), where),
            orders={o.number: self._view(o) for o in meant},
            measured=False,
        )

    async def channels(self) -> tuple[ChannelStanding, ...]:
        last = " ".join(VILLAGES)
        return (
            ChannelStanding(
                id="hook",
                name="群",
                kind=ChannelKind.WECOM,
                waiting=0,
                oldest_ms=None,
                failures=0,
                paused_until_ms=None,
                dead=1,
                last_ms=AT_MS,
                last_outcome=Outcome.ACCEPTED.value,
                last_subject=last,
            ),
        )

    async def test_channel(self, channel_id: str) -> Tested:
        self.tested.append(channel_id)
        return Tested(accepted=True, code="0", detail="ok")


@dataclass(slots=True, kw_only=True)
class CanaryTown(PictureTown):
    """A source that has everything, each with the words of its village and contractor."""

    value: Standing = field(default_factory=town_value)
    now: DeskStanding | None = field(default_factory=desk_value)
    seen: PictureStanding | None = field(default_factory=pictures_value)
    deeds: list[WindowAct] = field(default_factory=list)
    _work: CanaryWork | None = None

    def __post_init__(self) -> None:
        self._work = CanaryWork(town=self)
        self.register = [
            ViewRecord(at_ms=AT_MS, who=f"{c}{v}", unit=c, why=f"{v}{c}", device_id=i, what=Viewed.THUMBNAIL)
            for i, v, c in cameras()
        ]

    def work(self) -> CanaryWork:
        assert self._work is not None
        return self._work

    def coverage(self) -> CoverageStanding:
        return cover_value()

    def coverage_map(self) -> CoverageMap:
        return chart_value()

    async def darkness(self, site_id: str, *, night: bool, failed: frozenset[str]) -> Darkness:
        places = tuple(p for s in cover_value().sites if s.site_id == "town" for p in s.places)
        shape = box(113.8, 33.7, 113.805, 33.705)
        return Darkness(
            at_ms=AT_MS,
            site_id=site_id,
            night=night,
            failed=tuple(sorted(failed)),
            cameras_dark=tuple(c[0] for c in cameras()),
            lost=shape,
            blind=shape,
            layers=(),
            places=places,
        )

    def windows(self) -> WindowsStanding:
        return windows_value()

    async def act_window(self, act: WindowAct) -> WindowActed:
        self.deeds.append(act)
        return WindowActed(done=True, plan_id=act.plan_id)

    async def evidence(self, digest: str) -> tuple[Document, bytes]:
        found = next(w.evidence for w in windows_value().now if w.evidence is not None and w.evidence.digest == digest)
        return found, found.name.encode()

    async def sla(self, month: str | None, site_id: str | None, policy: str | None) -> dict[str, JSON]:
        del policy
        sites: list[JSON] = [{"id": s.id, "name": s.name, "figures": DOWN_MS.get(s.id)} for s in self.value.sites]
        agreed: list[JSON] = [{"id": f"w-{v}", "reason": v, "devices": [c[0] for c in cameras()]} for v in VILLAGES]
        return {"month": month, "site": site_id, "sites": sites, "windows": agreed, "new": "zqa zqb zqc"}

    def writes(self) -> int:
        """Return how many steps took effect."""
        work = self.work()
        own = len(self.acts) + len(self.deeds) + len(self.relearned) + len(work.attached) + len(work.tested)
        return own + len(self.register)
