"""The monitor as one scope shows it: a source for each of the board's questions. What is outside isn't there.

One owner, the event loop. Each value is cut once, however many look through the same scope.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

from camboard.lens import agreed, cover
from camboard.lens.reach import Reach, reach
from camboard.lens.township import within
from camboard.source import JSON, CoverageSource, Health, PictureSource, StandingSource, WindowSource
from camkeeper.model.access import Scope
from camkeeper.model.picture import Drift
from camkeeper.model.view import ViewRecord
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, Darkness
from camkeeper.standing.desk import Acted
from camkeeper.standing.picture import Asked, FullPicture, PictureStanding, Thumbnail, ViewRequest, Wanted
from camkeeper.standing.view import Standing
from camkeeper.standing.windows import WindowAct, WindowActed, WindowAction, WindowsStanding
from camkeeper.window.plan import Document

_VIEWS_READ = 1000

In = TypeVar("In")
Out = TypeVar("Out")


class Once(Generic[In, Out]):
    """A value made of another one, made anew only when that is another."""

    def __init__(self) -> None:
        self._of: tuple[In, object] | None = None
        self._made: Out | None = None

    def of(self, value: In, beside: object, make: Callable[[], Out]) -> Out:
        """Return what is made of these very two."""
        if self._of is None or self._of[0] is not value or self._of[1] is not beside or self._made is None:
            self._of, self._made = (value, beside), make()
        return self._made


class ScopedStanding:
    """The township within one scope."""

    def __init__(self, source: StandingSource, scope: Scope) -> None:
        self._source, self._scope = source, scope
        self._once: Once[Standing, tuple[Reach, Standing]] = Once()

    def _now(self) -> tuple[Reach, Standing]:
        value = self._source.standing()

        def make() -> tuple[Reach, Standing]:
            seen = reach(value, self._scope)
            return seen, within(value, seen)

        return self._once.of(value, None, make)

    def reach(self) -> Reach:
        """Return what is shown now."""
        return self._now()[0]

    def standing(self) -> Standing:
        """Return the newest value within reach."""
        return self._now()[1]

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[AbstractSet[str]]]:
        """Refuse: the board subscribes once, for all; each stream is cut where it goes out."""
        raise NotImplementedError("the board's own feed carries changes")

    async def sla(self, month: str | None, site_id: str | None, policy: str | None) -> Mapping[str, JSON]:
        """Return the settlement of a site within reach, or of all that is shown."""
        seen = self.reach()
        if site_id is not None and site_id not in seen.site_ids:
            raise LookupError(site_id)
        return agreed.settlement(await self._source.sla(month, site_id, policy), seen)

    def health(self) -> Health:
        """Return the monitor's health."""
        return self._source.health()


class ScopedCoverage:
    """Coverage within one scope of sites."""

    def __init__(self, source: CoverageSource, town: ScopedStanding) -> None:
        self._source, self._town = source, town
        self._cover: Once[CoverageStanding, CoverageStanding] = Once()
        self._map: Once[CoverageMap, CoverageMap] = Once()

    def coverage(self) -> CoverageStanding | None:
        """Return the newest coverage within reach."""
        value, seen = self._source.coverage(), self._town.reach()
        if value is None:
            return None
        cameras = sum(d.kind.has_picture for d in self._town.standing().devices)
        return self._cover.of(value, seen, lambda: cover.coverage(value, seen, cameras=cameras))

    def coverage_map(self) -> CoverageMap | None:
        """Return the shapes within reach; a renewed Standing with the same devices changes nothing about them."""
        value, now, seen = self._source.coverage_map(), self.coverage(), self._town.reach()
        if value is None or now is None:
            return None
        places = frozenset(place.id for site in now.sites for place in site.places)
        made = self._map.of(value, None, lambda: cover.chart(value, places, seen))
        if {f.device_id for f in made.fields} - seen.device_ids or made.boundaries.keys() - seen.site_ids:
            self._map = Once()
            made = self._map.of(value, None, lambda: cover.chart(value, places, seen))
        return made

    async def darkness(self, site_id: str, *, night: bool, failed: frozenset[str]) -> Darkness:
        """Return what a site within reach loses, if what is within reach failed."""
        seen = self._town.reach()
        if site_id not in seen.site_ids or not failed <= seen.device_ids | seen.link_ids:
            raise LookupError(site_id)
        return cover.darkness(await self._source.darkness(site_id, night=night, failed=failed), seen)


class ScopedPictures:
    """Pictures within one scope."""

    def __init__(self, source: PictureSource, town: ScopedStanding) -> None:
        self._source, self._town = source, town
        self._once: Once[PictureStanding, PictureStanding] = Once()

    def pictures(self) -> PictureStanding | None:
        """Return the newest value within reach."""
        value, seen = self._source.pictures(), self._town.reach()
        return None if value is None else self._once.of(value, seen, lambda: agreed.pictures(value, seen))

    async def view(self, request: ViewRequest) -> Thumbnail:
        """Return a picture of a camera within reach, once the view is on record."""
        self._check(request.device_id)
        return await self._source.view(request)

    async def ask(self, request: ViewRequest) -> Asked:
        """Have a camera within reach asked for a whole picture."""
        self._check(request.device_id)
        return await self._source.ask(request)

    def wanted(self, device_id: str, asked_ms: int) -> Wanted:
        """Return what became of a request about a camera within reach."""
        self._check(device_id)
        return self._source.wanted(device_id, asked_ms)

    async def full(self, request: ViewRequest) -> FullPicture:
        """Return the whole picture that is kept of a camera within reach, once the view is on record."""
        self._check(request.device_id)
        return await self._source.full(request)

    async def relearn(self, device_id: str, by: str, why: str) -> Acted:
        """Let the baseline of a camera within reach be learned anew."""
        self._check(device_id)
        return await self._source.relearn(device_id, by, why)

    async def drifts(self, device_id: str) -> tuple[Drift, ...]:
        """Return the history of the clock of a device within reach."""
        self._check(device_id)
        return await self._source.drifts(device_id)

    async def views(self, limit: int) -> tuple[ViewRecord, ...]:
        """Return the newest entries about devices within reach."""
        return agreed.views(await self._source.views(max(limit, _VIEWS_READ)), self._town.reach(), limit)

    def _check(self, device_id: str) -> None:
        if device_id not in self._town.reach().device_ids:
            raise LookupError(device_id)


class ScopedWindows:
    """Agreed windows within one scope of sites."""

    def __init__(self, source: WindowSource, town: ScopedStanding) -> None:
        self._source, self._town = source, town
        self._once: Once[WindowsStanding, WindowsStanding] = Once()

    def windows(self) -> WindowsStanding | None:
        """Return what is agreed about anything within reach."""
        value, seen, standing = self._source.windows(), self._town.reach(), self._town.standing()
        return None if value is None else self._once.of(value, seen, lambda: agreed.windows(value, standing, seen))

    async def act_window(self, act: WindowAct) -> WindowActed:
        """Take a deed about what is within reach."""
        if act.action is WindowAction.ADD:
            if not self._names_own(act.fields):
                return WindowActed(
                    done=False,
                    zh="只能登记本范围内的地点、设备与链路，请逐一选定",
                    en="Only sites, devices and links within your scope can be entered; name them",
                )
        elif act.plan_id not in self._own_plans():
            return WindowActed(done=False, zh="没有这条登记", en="There is no such entry")
        return await self._source.act_window(act)

    async def evidence(self, digest: str) -> tuple[Document, bytes]:
        """Return a file that an agreement within reach names."""
        now = self.windows()
        shown = () if now is None else (*now.now, *now.coming, *now.past)
        if all(v.evidence is None or v.evidence.digest != digest for v in shown):
            raise LookupError(digest)
        return await self._source.evidence(digest)

    def _names_own(self, fields: Mapping[str, str]) -> bool:
        seen = self._town.reach()
        named = [set(fields.get(name, "").replace(",", " ").split()) for name in ("sites", "devices", "links")]
        known = (seen.site_ids, seen.device_ids, seen.link_ids)
        within_reach = all(ids <= own for ids, own in zip(named, known, strict=True))
        return not fields.get("all") and any(named) and within_reach

    def _own_plans(self) -> frozenset[str]:
        now, seen = self.windows(), self._town.reach()
        shown = () if now is None else (*now.now, *now.coming, *now.past)
        return frozenset(v.plan_id for v in shown if agreed.is_whole(v, seen))
