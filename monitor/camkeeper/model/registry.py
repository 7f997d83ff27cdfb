"""All of a township together, as read from its configuration: one frozen value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from camkeeper.model.board import TlsSetting
from camkeeper.model.channel import AnyChannel
from camkeeper.model.contract import Contact, Contractor, Party, Plan, Window
from camkeeper.model.cover import CoveragePolicy, ObstacleFile
from camkeeper.model.deduction import DeductionTerms
from camkeeper.model.digest import DigestPolicy
from camkeeper.model.equipment import Credential, Device, Link, LinkKind, Uplink
from camkeeper.model.incident import IncidentPolicy
from camkeeper.model.inspection import Inspection
from camkeeper.model.login import OidcSetting
from camkeeper.model.mirror import InfluxSetting
from camkeeper.model.outbox import WatchdogPolicy
from camkeeper.model.picture import PicturePolicy
from camkeeper.model.place import KeyPlace, Site
from camkeeper.model.policy import DEFAULT_ACCOUNTING, AccountingPolicy, JudgePolicy, ProbePolicy
from camkeeper.model.routing import RoutingPolicy
from camkeeper.model.service import ServicePolicy, preset
from camkeeper.model.span import Span


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Everything enrolled. References between its parts are valid: the configuration reader saw to it."""

    name: str
    sites: tuple[Site, ...]
    devices: tuple[Device, ...]
    links: tuple[Link, ...] = ()
    key_places: tuple[KeyPlace, ...] = ()
    credentials: tuple[Credential, ...] = ()
    contractors: tuple[Contractor, ...] = ()
    contacts: tuple[Contact, ...] = ()
    windows: tuple[Window, ...] = ()
    plans: tuple[Plan, ...] = ()
    """Agreed spans that come again, as the configuration has them."""
    agreed: tuple[Plan, ...] = ()
    """What people agreed on while the monitor ran: of the ledger, not of the configuration."""
    inspections: tuple[Inspection, ...] = ()
    uplinks: tuple[Uplink, ...] = ()
    probe: ProbePolicy = field(default_factory=ProbePolicy)
    judge: JudgePolicy = field(default_factory=JudgePolicy)
    accounting: tuple[AccountingPolicy, ...] = DEFAULT_ACCOUNTING
    coverage: CoveragePolicy = field(default_factory=CoveragePolicy)
    obstacles: tuple[ObstacleFile, ...] = ()
    channels: tuple[AnyChannel, ...] = ()
    routing: RoutingPolicy = field(default_factory=RoutingPolicy)
    public_url: str = ""
    """Where phones reach the board, without a slash at the end; empty: nowhere."""
    watchdog: WatchdogPolicy = field(default_factory=WatchdogPolicy)
    digests: DigestPolicy = field(default_factory=DigestPolicy)
    """The letters of each day and each week."""
    incident: IncidentPolicy = field(default_factory=IncidentPolicy)
    service: ServicePolicy = field(default_factory=lambda: preset("standard", tz="Asia/Shanghai"))
    deductions: tuple[DeductionTerms, ...] = ()
    """What a month's figures take off the fee; empty: nothing is agreed here."""
    picture: PicturePolicy = field(default_factory=PicturePolicy)
    influx: InfluxSetting | None = None
    """Where the series that everyone queries are mirrored to; None: nowhere."""
    oidc: OidcSetting | None = None
    """Who else may vouch for people; None: passwords of ours alone."""
    tls: TlsSetting | None = None
    """What the board proves its name with; None: plain HTTP."""
    parties: tuple[Party, ...] = ()
    """Who signs for each side; in the ledger with every configuration."""
    closing: str = "ask"
    """`ask`: a settled month is proposed to people; `auto`: it is closed by itself."""
    backup_to: str = ""
    """Folder of the daily backup; empty: there is none."""
    synthetic_geometry: bool = False
    """True where the coordinates are made up; every screen and map says so."""
    digest: str = ""
    """SHA-256 of the configuration's bytes."""
    source: str = ""
    """The configuration's path as given."""

    @cached_property
    def device_by_id(self) -> dict[str, Device]:
        """Devices by id."""
        return {d.id: d for d in self.devices}

    @cached_property
    def site_by_id(self) -> dict[str, Site]:
        """Sites by id."""
        return {s.id: s for s in self.sites}

    @cached_property
    def link_by_id(self) -> dict[str, Link]:
        """Links by id."""
        return {link.id: link for link in self.links}

    @cached_property
    def credential_by_id(self) -> dict[str, Credential]:
        """Credentials by id."""
        return {c.id: c for c in self.credentials}

    @cached_property
    def children(self) -> dict[str | None, tuple[Site, ...]]:
        """Sites by their parent's id; None has the roots."""
        out: dict[str | None, list[Site]] = {}
        for site in self.sites:
            out.setdefault(site.parent_id, []).append(site)
        return {parent: tuple(sites) for parent, sites in out.items()}

    @cached_property
    def _devices_by_site(self) -> dict[str, list[Device]]:
        out: dict[str, list[Device]] = {}
        for device in self.devices:
            out.setdefault(device.site_id, []).append(device)
        return out

    def subtree(self, site_id: str) -> Iterator[Site]:
        """Yield the site and everything below it, parents first; KeyError where there is no such site."""
        site = self.site_by_id[site_id]
        yield site
        for child in self.children.get(site_id, ()):
            yield from self.subtree(child.id)

    def devices_in(self, site_id: str) -> tuple[Device, ...]:
        """Return the devices of the site and of all below it."""
        return tuple(d for site in self.subtree(site_id) for d in self._devices_by_site.get(site.id, ()))

    def upstream(self, device: Device) -> tuple[Link, ...]:
        """Return the links that the device depends on, nearest first."""
        out: list[Link] = []
        link_id = device.link_id
        while link_id is not None:
            link = self.link_by_id[link_id]
            out.append(link)
            link_id = link.upstream_id
        return tuple(out)

    def line_of(self, device: Device) -> Link | None:
        """Return the operator's line that the device hangs on, if any."""
        return next((link for link in self.upstream(device) if link.kind is LinkKind.OPERATOR_LINE), None)

    def uplinks_of(self, device: Device) -> frozenset[str]:
        """Return the ids of our own ways out that lead to the device."""
        line = self.line_of(device)
        return frozenset(u.id for u in self.uplinks if not u.line_ids or (line is not None and line.id in u.line_ids))

    def windows_of(self, device: Device) -> tuple[Window, ...]:
        """Return the windows written one by one whose scope has the device; see `windows_within`."""
        return tuple(w for w in self.windows if self._in_scope(w, device))

    def plans_of(self, device: Device) -> tuple[Plan, ...]:
        """Return the plans whose scope has the device."""
        return tuple(p for p in (*self.plans, *self.agreed) if self._in_scope(p, device))

    def windows_within(self, device: Device, period: Span) -> tuple[Window, ...]:
        """Return every window that covers the device and touches the period, uncut by it."""
        single = tuple(w for w in self.windows_of(device) if w.span.clip(period) is not None)
        return single + tuple(w for plan in self.plans_of(device) for w in plan.windows(period))

    def in_window(self, device: Device, at_ms: int) -> bool:
        """Return whether the device is in an agreed window at an instant."""
        return any(at_ms in w.span for w in self.windows_of(device)) or any(
            plan.holds(at_ms) for plan in self.plans_of(device)
        )

    def _in_scope(self, scope: Window | Plan, device: Device) -> bool:
        if not (scope.site_ids or scope.device_ids or scope.link_ids):
            return True
        return (
            device.id in scope.device_ids
            or not scope.link_ids.isdisjoint(self._links_with(device))
            or not scope.site_ids.isdisjoint(self.ancestry(device.site_id))
        )

    def _links_with(self, device: Device) -> Iterator[str]:
        """Yield the links that have the device: those it hangs on, and those it is, with all above them.

        While its link is worked on a switch is out like all behind it, although it does not hang on itself.
        """
        for start in (device.link_id, *self._links_that_are.get(device.id, ())):
            at = start
            while at is not None:
                yield at
                at = self.link_by_id[at].upstream_id

    @cached_property
    def _links_that_are(self) -> dict[str, tuple[str, ...]]:
        out: dict[str, tuple[str, ...]] = {}
        for link in self.links:
            if link.device_id is not None:
                out[link.device_id] = (*out.get(link.device_id, ()), link.id)
        return out

    def ancestry(self, site_id: str) -> tuple[str, ...]:
        """Return the ids of the site and of all above it, nearest first."""
        out: list[str] = []
        at: str | None = site_id
        while at is not None:
            out.append(at)
            at = self.site_by_id[at].parent_id
        return tuple(out)
