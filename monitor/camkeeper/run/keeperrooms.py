"""The rooms behind the board's questions: who answers what. The keeper passes on; it knows no room's business."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from camkeeper.model.crew import CrewStanding
from camkeeper.model.mirror import MirrorStanding
from camkeeper.model.picture import Drift
from camkeeper.model.view import ViewRecord
from camkeeper.oidc import Outside
from camkeeper.run.crew import CrewRoom
from camkeeper.run.desk.room import DeskRoom
from camkeeper.run.desk.windows import WindowRoom
from camkeeper.run.desk.workroom import WorkRoom
from camkeeper.run.doctor import DoctorRoom
from camkeeper.run.history import HistoryRoom
from camkeeper.run.insight import Insight
from camkeeper.run.mirror import MirrorRoom
from camkeeper.run.months import MonthRoom
from camkeeper.run.pictures.room import PictureRoom
from camkeeper.run.registers import RegisterRoom
from camkeeper.run.reports import ReportRoom
from camkeeper.standing.desk import Act, Acted, DeskStanding, IncidentStory, IncidentView
from camkeeper.standing.month import MonthAct, MonthActed
from camkeeper.standing.past import Past
from camkeeper.standing.picture import Asked, FullPicture, PictureStanding, Thumbnail, ViewRequest, Wanted
from camkeeper.standing.why import Why, WhyAsk
from camkeeper.standing.windows import WindowAct, WindowActed, WindowsStanding
from camkeeper.window.plan import Document


class Rooms:
    """Part of `Keeper`: the desk, work orders, agreed windows, pictures, the mirror."""

    def __init__(self) -> None:
        self._dirty = asyncio.Event()
        self._room: DeskRoom | None = None
        self._agreed: WindowRoom | None = None
        self._work: WorkRoom | None = None
        self._mirror: MirrorRoom | None = None
        self._pictures: PictureRoom | None = None
        self._insight: Insight | None = None
        self._crew: CrewRoom | None = None
        self._reports: ReportRoom | None = None
        self._history: HistoryRoom | None = None
        self._months: MonthRoom | None = None
        self._outside: Outside | None = None
        self._registers: RegisterRoom | None = None
        self._doctor: DoctorRoom | None = None

    def show_insight(self, insight: Insight) -> None:
        """Say where the past and the reasons of figures are asked for."""
        self._insight = insight

    def past(self) -> Past | None:
        """Return thirty days of each device and the last months of each site; None before they were read."""
        return self._insight.past() if self._insight is not None else None

    async def why(self, ask: WhyAsk) -> Why:
        """Return everything behind one figure; LookupError for what there is none of, ValueError for no period."""
        if self._insight is None:
            raise LookupError("账本不可读 / no ledger is read")
        return await self._insight.why(ask)

    def probe_now(self, device_ids: Collection[str]) -> frozenset[str]:
        """Have devices probed at once; return those that will be."""
        return self._insight.probe_now(device_ids) if self._insight is not None else frozenset()

    def show_desk(self, room: DeskRoom) -> None:
        """Say where incidents and work orders are asked for."""
        self._room = room

    def show_work(self, room: WorkRoom) -> None:
        """Say where orders, photos, figures and channels are asked for."""
        self._work = room

    def work(self) -> WorkRoom | None:
        """Return where orders, photos, figures and channels are asked for; None where there is no desk."""
        return self._work

    def show_reports(self, room: ReportRoom) -> None:
        """Say where months, trends and the register are asked for."""
        self._reports = room

    def reports(self) -> ReportRoom | None:
        """Return where months, trends and the register are asked for."""
        return self._reports

    def show_registers(self, room: RegisterRoom) -> None:
        """Say where registers are handed in."""
        self._registers = room

    def show_doctor(self, room: DoctorRoom) -> None:
        """Say where the register is examined."""
        self._doctor = room

    def doctor(self) -> DoctorRoom | None:
        """Return where the register is examined."""
        return self._doctor

    def registers(self) -> RegisterRoom | None:
        """Return where registers are handed in."""
        return self._registers

    async def keep_warm(self) -> None:
        """Make the newest months before anybody asks for them, until cancelled."""
        if self._reports is not None:
            await self._reports.keep_warm()

    def show_outside(self, outside: Outside | None) -> None:
        """Say who else may vouch for people."""
        self._outside = outside

    def outside(self) -> Outside | None:
        """Return who else may vouch for people; None where nobody can."""
        return self._outside

    def show_months(self, room: MonthRoom) -> None:
        """Say where months are closed."""
        self._months = room

    async def propose_month(self) -> None:
        """Close the month that is due, or say that it is."""
        if self._months is not None:
            await self._months.propose()
            self._dirty.set()

    async def act_month(self, act: MonthAct) -> MonthActed:
        """Take somebody's step about a month; returns when it is on disk, or was refused."""
        if self._months is None:
            return MonthActed(done=False, zh="这里不能封账", en="months are not closed here")
        acted = await self._months.act(act)
        self._dirty.set()
        return acted

    def show_history(self, room: HistoryRoom) -> None:
        """Say where years are asked for."""
        self._history = room

    def long_history(self) -> HistoryRoom | None:
        """Return where years of a device or a site are asked for."""
        return self._history

    def show_mirror(self, room: MirrorRoom) -> None:
        """Say which mirror is told of."""
        self._mirror = room

    def mirror(self) -> MirrorStanding | None:
        """Return how the mirror to InfluxDB is doing; None where there is none."""
        return self._mirror.standing() if self._mirror is not None else None

    def show_crew(self, room: CrewRoom | None) -> None:
        """Say which crew is told of."""
        self._crew = room

    def crew(self) -> CrewStanding | None:
        """Return how the crew of pollers is doing; None where there is none."""
        return self._crew.standing() if self._crew is not None else None

    def show_windows(self, room: WindowRoom) -> None:
        """Say where agreed windows are asked for."""
        self._agreed = room

    def windows(self) -> WindowsStanding | None:
        """Return what is agreed; None where nobody keeps it."""
        return self._agreed.windows() if self._agreed is not None else None

    async def act_window(self, act: WindowAct) -> WindowActed:
        """Take somebody's deed about a window; returns when it is on disk, or was refused."""
        if self._agreed is None:
            raise LookupError("没有检修与剔除 / no windows are kept")
        acted = await self._agreed.act(act)
        self._dirty.set()
        return acted

    async def evidence(self, digest: str) -> tuple[Document, bytes]:
        """Return a file that an agreement names; LookupError for any other."""
        if self._agreed is None:
            raise LookupError(digest)
        return await self._agreed.evidence(digest)

    def desk(self) -> DeskStanding | None:
        """Return the duty desk; None where there is none."""
        return self._room.desk() if self._room is not None else None

    async def story(self, incident_id: str) -> IncidentStory:
        """Return everything that happened to one incident; LookupError for one that never was."""
        return await self._desk_room().story(incident_id)

    def by_token(self, token: str) -> IncidentView | None:
        """Return the incident whose phone page has this token; None for any other text."""
        return self._room.by_token(token) if self._room is not None else None

    async def act(self, act: Act) -> Acted:
        """Take somebody's step; returns when it is on disk, or was refused."""
        return await self._desk_room().act(act)

    def _desk_room(self) -> DeskRoom:
        if self._room is None:
            raise LookupError("没有值班台 / there is no duty desk")
        return self._room

    def show_pictures(self, room: PictureRoom) -> None:
        """Say where pictures are asked for."""
        self._pictures = room

    def pictures(self) -> PictureStanding | None:
        """Return what the pictures amount to; None where none are looked at."""
        return self._pictures.pictures() if self._pictures is not None else None

    async def view(self, request: ViewRequest) -> Thumbnail:
        """Register who looks and why, then return the blurred picture; LookupError where there is none."""
        return await self._picture_room().view(request)

    async def ask(self, request: ViewRequest) -> Asked:
        """Have a camera asked for a whole picture, once that is on record; see `PictureRoom.ask`."""
        return await self._picture_room().ask(request)

    def wanted(self, device_id: str, asked_ms: int) -> Wanted:
        """Return what became of a request for a whole picture."""
        return self._picture_room().wanted(device_id, asked_ms)

    async def full(self, request: ViewRequest) -> FullPicture:
        """Register who looks and why, then return the whole picture that is kept."""
        return await self._picture_room().full(request)

    async def relearn(self, device_id: str, by: str, why: str) -> Acted:
        """Let a camera's baseline be learned anew; returns when that is kept, or refused. LookupError: unknown."""
        acted = await self._picture_room().relearn(device_id, by, why)
        self._dirty.set()
        return acted

    async def drifts(self, device_id: str) -> tuple[Drift, ...]:
        """Return the history of a device's clock, oldest first. LookupError: unknown."""
        return await self._picture_room().drifts(device_id)

    async def views(self, limit: int) -> tuple[ViewRecord, ...]:
        """Return the newest entries of the register of views, newest first."""
        return await self._picture_room().views(limit)

    def _picture_room(self) -> PictureRoom:
        if self._pictures is None:
            raise LookupError("没有画面诊断 / no pictures are looked at")
        return self._pictures

    def room_warnings(self) -> list[str]:
        """Return the rooms' sentences for the board."""
        rooms = (self._room, self._agreed, self._pictures, self._mirror, self._crew, self._months)
        return [line for room in rooms if room is not None for line in room.warnings]
