"""What the board asks of the monitor. Declared here, by its user; the monitor's wiring implements it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from camkeeper.doctor.examine import Examined
from camkeeper.model.access import EVERYTHING, Principal, Role, Scope
from camkeeper.model.picture import Drift
from camkeeper.model.register import Place, RegisterEntry
from camkeeper.model.view import ViewRecord
from camkeeper.model.workorder import Photo, WorkOrder
from camkeeper.report.settlement import Settlement
from camkeeper.report.words import Form, Lang
from camkeeper.standing.access import Account, ApiToken, AuditRecord, NotSignedIn, Sent, SignedIn, Told, Vouched
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, Darkness
from camkeeper.standing.desk import Act, Acted, DeskStanding, IncidentStory, IncidentView
from camkeeper.standing.history import History, HistoryAsk
from camkeeper.standing.month import MonthAct, MonthActed, MonthVersion
from camkeeper.standing.past import Past
from camkeeper.standing.picture import Asked, FullPicture, PictureStanding, Thumbnail, ViewRequest, Wanted
from camkeeper.standing.registers import Intake, RegisterTold, Version, Wishes
from camkeeper.standing.report import MonthEntry, MonthReport, Trend
from camkeeper.standing.view import Standing
from camkeeper.standing.why import Why, WhyAsk
from camkeeper.standing.windows import WindowAct, WindowActed, WindowsStanding
from camkeeper.standing.work import ChannelStanding, OrderView, RouteStanding, Tested, WorkFigures
from camkeeper.window.plan import Document

JSON = None | bool | int | float | str | list["JSON"] | Mapping[str, "JSON"]
"""Anything that `json.dumps` writes."""


class Health(Protocol):
    """Whether the monitor lives and whether it is fit to be asked. Any value with these three will do."""

    @property
    def live(self) -> bool:
        """False: restart me."""

    @property
    def ready(self) -> bool:
        """False: up, but not to be trusted yet (first round not done, uplink lost, ledger refusing)."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not; empty where both are true."""


class StandingSource(Protocol):
    """The monitor, as the board sees it."""

    def standing(self) -> Standing:
        """Return the newest built value. Cheap: called for every request."""

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[AbstractSet[str]]]:
        """Open a stream of changes.

        Each item means "a newer Standing is there" and holds the ids of the devices that changed; an empty set
        means that only figures moved, or that too many changed to name them. The board subscribes once and passes
        on to its browsers by itself.
        `camkeeper.feed.Feed` is such a stream, ready made: it never blocks who publishes.
        """

    async def sla(self, month: str | None, site_id: str | None, policy: str | None) -> Mapping[str, JSON]:
        """Return what `camkeeper sla --json` prints; `month` is `YYYY-MM`, None the current one.

        Raises LookupError for a site, month or policy that it doesn't have, ValueError for an unreadable one.
        """

    def health(self) -> Health:
        """Return the monitor's health now."""


@runtime_checkable
class CoverageSource(Protocol):
    """What the cameras see, as the board asks for it. A change of coverage is told by the same `subscribe`."""

    def coverage(self) -> CoverageStanding | None:
        """Return the newest coverage; None while it is being computed. Cheap: called for every request."""

    def coverage_map(self) -> CoverageMap | None:
        """Return what doesn't change while the configuration stands; None while it is being computed."""

    async def darkness(self, site_id: str, *, night: bool, failed: frozenset[str]) -> Darkness:
        """Return what the site loses now, or would lose if devices or links of these ids failed too.

        Raises LookupError for ids that it doesn't have.
        """


@runtime_checkable
class DeskSource(Protocol):
    """The duty desk: incidents, work orders, letters. A change of it is told by the same `subscribe`."""

    def desk(self) -> DeskStanding | None:
        """Return the newest desk; None before the first. Cheap: called for every request."""

    async def story(self, incident_id: str) -> IncidentStory:
        """Return everything that happened to one incident; LookupError for one that never was."""

    def by_token(self, token: str) -> IncidentView | None:
        """Return the incident whose phone page has this token; None for any other text."""

    async def act(self, act: Act) -> Acted:
        """Take somebody's step; returns when it is on disk, or refused with a sentence. LookupError for unknown ids.

        When it returns, `desk`, `story` and `by_token` show it: the page that the browser goes back to has no script.
        """


class WorkSource(Protocol):
    """Work orders beside the desk: in full, with photos, in figures, on the way; channels and their test."""

    def order(self, number: int) -> OrderView | None:
        """Return one order, live or finished; None where there is none."""

    def rounds(self) -> tuple[OrderView, ...]:
        """Return the inspection rounds that are under way, those past their time first."""

    def contractors(self) -> tuple[tuple[str, str], ...]:
        """Return (id, name) of whom an order may be given to."""

    def figures(self) -> WorkFigures:
        """Return the figures of this month. Cheap: called for every request; the same value while nothing changed."""

    def figures_of(self, has: Callable[[WorkOrder], bool]) -> WorkFigures:
        """Return the figures of this month, of the orders that are meant alone."""

    async def attach(self, act: Act, data: bytes) -> Acted:
        """Keep a photo and note it; returns when both are on disk, or with a sentence why it was not taken."""

    async def photo(self, number: int, digest: str) -> tuple[Photo, bytes]:
        """Return a photo of an order; LookupError where it has none of that digest."""

    async def route(self, contractor_id: str, has: Callable[[WorkOrder], bool] | None = None) -> RouteStanding:
        """Return what to repair first and the way there; "" for everybody's. LookupError for an unknown contractor.

        `has`: which orders are meant; None: all.
        """

    async def channels(self) -> tuple[ChannelStanding, ...]:
        """Return every configured channel and how it fares."""

    async def test_channel(self, channel_id: str) -> Tested:
        """Send a test letter now and return the platform's own words; LookupError for an unknown channel."""


@runtime_checkable
class HasWork(Protocol):
    """A source that knows where work orders are asked for."""

    def work(self) -> WorkSource | None:
        """Return where; None where there is no desk."""


@runtime_checkable
class WindowSource(Protocol):
    """Agreed maintenance and exclusions. A change of them is told by the same `subscribe`."""

    def windows(self) -> WindowsStanding | None:
        """Return what is agreed; None where nobody keeps it. Cheap: called for every request."""

    async def act_window(self, act: WindowAct) -> WindowActed:
        """Take somebody's deed; returns when it is on disk, or refused with a sentence. `windows` then shows it."""

    async def evidence(self, digest: str) -> tuple[Document, bytes]:
        """Return a file that an agreement names; LookupError for any other, ValueError for one that was changed."""


@runtime_checkable
class PictureSource(Protocol):
    """What the pictures of the cameras amount to. A change of it is told by the same `subscribe`.

    No picture passes here but the blurred one of `view`, and the whole one of `full` where its site allows that; each
    only after who asked for it is on record.
    """

    def pictures(self) -> PictureStanding | None:
        """Return the newest value; None where no pictures are looked at. Cheap: called for every request."""

    async def view(self, request: ViewRequest) -> Thumbnail:
        """Return the blurred picture once the view is on record; LookupError where there is none (any more).

        ValueError for a request without a name or a reason.
        """

    async def ask(self, request: ViewRequest) -> Asked:
        """Have a camera asked for a whole picture, once who asks is on disk; refused with a sentence if too soon.

        ValueError as for `view`; PermissionError where its site allows none; LookupError where nobody could ask.
        """

    def wanted(self, device_id: str, asked_ms: int) -> Wanted:
        """Return what became of a request. Cheap. LookupError where no pictures are looked at."""

    async def full(self, request: ViewRequest) -> FullPicture:
        """Return the whole picture that is kept, once the view is on record; errors as of `ask`."""

    async def relearn(self, device_id: str, by: str, why: str) -> Acted:
        """Let a camera's baseline be learned anew; returns when that is on disk, or refused. LookupError: unknown."""

    async def drifts(self, device_id: str) -> tuple[Drift, ...]:
        """Return the history of a device's clock, oldest first; empty where none is kept. LookupError: unknown."""

    async def views(self, limit: int) -> tuple[ViewRecord, ...]:
        """Return the newest entries of the register of views, newest first."""


class ReportSource(Protocol):
    """Months, trends and the ledger's own register: read beside the loop, each for one scope."""

    async def months(self) -> tuple[MonthEntry, ...]:
        """Return every month there are figures of, newest first."""

    async def report(self, month: str, scope: Scope = EVERYTHING) -> MonthReport:
        """Return one month, as sums of what the scope shows. LookupError without figures, ValueError: unreadable."""

    async def paper(self, month: str, scope: Scope = EVERYTHING, *, form: Form, lang: Lang) -> bytes:
        """Return one month as a file to sign or to reckon with. Errors as of `report`."""

    async def settlement(self, month: str, scope: Scope = EVERYTHING) -> Settlement | None:
        """Return what one month costs; None while that is being made. Errors as of `report`."""

    async def versions(self, month: str) -> tuple[MonthVersion, ...]:
        """Return a month's closing and its amendments, oldest first; empty: nobody has closed it."""

    async def trend(self, device_id: str, month: str, scope: Scope = EVERYTHING) -> Trend:
        """Return one device's days of a month. LookupError for one that the scope does not show."""

    async def register(self, *, before: Place | None, count: int) -> tuple[RegisterEntry, ...]:
        """Return entries of the ledger's own register, newest first."""


@runtime_checkable
class HasReports(Protocol):
    """A source that knows where months are asked for."""

    def reports(self) -> ReportSource | None:
        """Return where; None where nobody makes them."""


@runtime_checkable
class MonthSource(Protocol):
    """A source that closes months and amends closed ones."""

    async def act_month(self, act: MonthAct) -> MonthActed:
        """Take somebody's step; returns when it is on disk, or was refused."""


class HistorySource(Protocol):
    """Years of one thing, from the ledger and from the mirror: read beside the loop, with a time limit."""

    async def history(self, ask: HistoryAsk) -> History:
        """Return months and the days of one; LookupError for what isn't there, ValueError: unreadable month."""


@runtime_checkable
class HasHistory(Protocol):
    """A source that knows where years are asked for."""

    def long_history(self) -> HistorySource | None:
        """Return where; None where nobody reads them."""


class RegisterSource(Protocol):
    """Where registers of devices are handed in; `run.registers` is one."""

    def begin(self, data: bytes, *, name: str, by: str, wishes: Wishes | None = None) -> Intake:
        """Begin to read a file; returns at once."""

    def again(self, intake_id: str, wishes: Wishes, *, by: str) -> Intake:
        """Read the same file otherwise, under an id of its own; LookupError where it is gone."""

    def intake(self, intake_id: str) -> Intake | None:
        """Return a file that was handed in; None where it is gone."""

    def intakes(self) -> tuple[Intake, ...]:
        """Return all of them, newest first."""

    def drop(self, intake_id: str) -> None:
        """Forget a file."""

    async def apply(self, intake_id: str, *, by: str) -> RegisterTold:
        """Put a draft in place and take it over; returns when both are done, or were refused."""

    async def undo(self, number: int, *, by: str) -> RegisterTold:
        """Take the newest import back, byte for byte."""

    async def history(self) -> tuple[Version, ...]:
        """Return every import, oldest first; OSError or StoreRefused where they cannot be read."""

    async def tag(self, device_ids: Sequence[str], *, on: str, off: str, by: str) -> RegisterTold:
        """Put a label on devices, or take one off, and take that over; or say why not."""

    async def untag(self, number: int, *, by: str) -> RegisterTold:
        """Take a change of labels back, while it is the newest of the register."""

    async def workbook(self) -> bytes:
        """Return the register as XLSX; LookupError where it cannot be read."""


class Mended(Protocol):
    """What became of a wish to mend the register; both sentences are for people."""

    @property
    def done(self) -> bool:
        """Whether it is written and taken over."""

    @property
    def number(self) -> int | None:
        """Of the register's history."""

    @property
    def zh(self) -> str:
        """What became of it, or why not."""

    @property
    def en(self) -> str:
        """The same."""


class DoctorSource(Protocol):
    """What is odd in the whole register; `run.doctor` is one."""

    async def examined(self) -> Examined:
        """Return what is odd now, or was a few seconds ago."""

    async def mend(self, finding_ids: Sequence[str], *, by: str) -> Mended:
        """Write what these findings propose, all or nothing; returns when it is taken over, or was refused."""


@runtime_checkable
class HasDoctor(Protocol):
    """A source that has one, perhaps."""

    def doctor(self) -> DoctorSource | None:
        """Return it; None where nobody examines."""


@runtime_checkable
class HasRegisters(Protocol):
    """A source that has one, perhaps."""

    def registers(self) -> RegisterSource | None:
        """Return it; None where the configuration is nobody's to write."""


@runtime_checkable
class InsightSource(Protocol):
    """What lies behind the figures: the past, the reasons, and a probe that somebody asks for."""

    def past(self) -> Past | None:
        """Return thirty days of each device and six months of each site; None before they were read. Cheap."""

    async def why(self, ask: WhyAsk) -> Why:
        """Return everything behind one figure; LookupError for what there is none of, ValueError for no period."""

    def probe_now(self, device_ids: Collection[str]) -> frozenset[str]:
        """Have devices probed at once; return those that will be: the others were asked a moment ago."""


class OutsideSource(Protocol):
    """An identity provider that vouches for people."""

    @property
    def name(self) -> str:
        """What people call it; empty while none is configured: then no page offers it."""

    async def begin(self, *, there: str, back: str) -> Sent | NotSignedIn:
        """Return where to send a browser that wants to go `there` in the end; `back`: our address of the answer."""

    async def finish(self, cookie: str, answer: Mapping[str, str], *, back: str) -> Vouched | NotSignedIn:
        """Return whom it vouches for. `cookie`: what `begin` gave the browser; `answer`: the fields of the address."""


@runtime_checkable
class HasOutside(Protocol):
    """A source that knows who else may vouch for people."""

    def outside(self) -> OutsideSource | None:
        """Return who; None where nobody can."""


@runtime_checkable
class CommandSource(Protocol):
    """Accounts that commands on the machine may ask for what no page has: a first link, a password set by hand."""

    async def command(self, by: Principal, command: str, fields: Mapping[str, str], *, address: str) -> Told:
        """Do what `camkeeper access` asks. LookupError: unknown command; ValueError: a field that cannot be read."""


class AccessSource(Protocol):
    """Who may come in, and what they did. What is asked at every request is cheap and never waits for a disk.

    `address`: where a request came from, for the audit log.
    """

    def by_session(self, secret: str) -> Principal | None:
        """Return whom a session's cookie stands for; None once it ended, aged, or its password was changed."""

    def by_token(self, secret: str) -> Principal | None:
        """Return whom a bearer token stands for; None for any other text."""

    async def sign_in(self, name: str, password: str, *, address: str) -> SignedIn | NotSignedIn:
        """Begin a session; attempts are limited for each account and for each address. Argon2 runs beside the loop."""

    async def sign_in_once(self, code: str, *, address: str) -> SignedIn | NotSignedIn:
        """Begin a session by a one-time code; it is gone afterwards."""

    async def sign_in_outside(
        self, issuer: str, subject: str, name: str, role: Role, scope: Scope, *, address: str
    ) -> SignedIn | NotSignedIn:
        """Begin a session for whom an identity provider vouches; an account is made at the first time."""

    async def sign_out(self, principal: Principal, *, address: str) -> None:
        """End the session."""

    async def change_password(
        self, principal: Principal, old: str, new: str, *, address: str
    ) -> SignedIn | NotSignedIn:
        """Set a new password: every session of the account ends, and a new one begins."""

    def accounts(self) -> tuple[Account, ...]:
        """Return every account, by name."""

    def tokens(self) -> tuple[ApiToken, ...]:
        """Return every token that still counts, by name."""

    async def add_account(self, by: Principal, name: str, role: Role, scope: Scope, *, address: str) -> Told:
        """Add an account; a one-time password comes back."""

    async def change_account(
        self, by: Principal, name: str, *, role: Role, scope: Scope, disabled: bool, address: str
    ) -> Told:
        """Change an account; its sessions end. The last admin can't be taken away."""

    async def reset_password(self, by: Principal, name: str, *, address: str) -> Told:
        """Give an account a new one-time password; its sessions end."""

    async def add_token(
        self, by: Principal, name: str, role: Role, scope: Scope, *, days: int | None, address: str
    ) -> Told:
        """Make a token; its secret comes back once."""

    async def revoke_token(self, by: Principal, token_id: str, *, address: str) -> Told:
        """End a token."""

    async def note(self, by: Principal | None, what: str, target: str, *, address: str, detail: str = "") -> None:
        """Put a deed into the audit log; returns when it is on disk."""

    async def audit(self, *, before: int | None, count: int) -> tuple[AuditRecord, ...]:
        """Return entries of the audit log, newest first, from below number `before`."""
