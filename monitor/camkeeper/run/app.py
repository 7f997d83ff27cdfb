"""The wiring of the monitor: `monitor` puts the rooms together, top to bottom.

wheel -> poller -> (prober, or a crew of them) -> township (judge) -> recorder, desk -> (ledger) -> keeper -> board
                                                                            |-> sender -> channels
                                                                            '-> mirror -> InfluxDB
(prober) -> pictures -> (worker, album) -> township: what is proved stands from the next sample on
"""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import structlog
from aiohttp import web

from camkeeper.access import Access
from camkeeper.clock import Clock, SystemClock, Timeline
from camkeeper.config import load
from camkeeper.config.secrets import Secrets
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.ledger import Ledger
from camkeeper.ledger.record import Boot
from camkeeper.ledger.replay import refold
from camkeeper.model.access import Role, Scope
from camkeeper.model.picture import Drift
from camkeeper.model.registry import Registry
from camkeeper.probe.latch import FileLatches
from camkeeper.probe.prober import Prober
from camkeeper.run.access import Login, open_access
from camkeeper.run.backups import Backups
from camkeeper.run.calendar import Calendar
from camkeeper.run.crew import CrewLink, open_crew
from camkeeper.run.desk.room import open_desk
from camkeeper.run.desk.windows import WindowRoom
from camkeeper.run.desk.workroom import WorkRoom
from camkeeper.run.digests import DigestRoom
from camkeeper.run.enrolment import Enrolment
from camkeeper.run.face import Face
from camkeeper.run.heap import keep_small, tidy
from camkeeper.run.keeper import Keeper
from camkeeper.run.mail import Mail, mailing, vitals
from camkeeper.run.mirror import MirrorRoom
from camkeeper.run.months import MonthRoom
from camkeeper.run.notify import notify
from camkeeper.run.ondisk import last_words, on_disk
from camkeeper.run.pictures.claims import Claims
from camkeeper.run.pictures.room import PictureRoom
from camkeeper.run.poller import Poller
from camkeeper.run.recorder import Recorder
from camkeeper.run.selfwatch import watch_self
from camkeeper.run.stillness import rest_when
from camkeeper.run.township import Township, hold_ms
from camkeeper.run.watchdog import keep_watch
from camkeeper.schedule.wheel import Wheel
from camkeeper.sight.pulse import Pulse
from camkeeper.sight.uplinks import UplinkWatch

EXPIRE_S = 1.0
CHECKPOINT_MINUTES = 5
SEND_GRACE_S = 2.0
LETTER_WORDS_MS = 400 * 86_400_000
"""What was told stays as text for a year and the month of its settlement; that it was told, for ever."""

Board = Callable[[Keeper, Clock, Access | None], web.AppRunner]
"""Makes the board; no Access: nobody is asked who they are."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `camkeeper run` was told."""

    config: Path
    ledger: Path
    host: str
    port: int
    login: Login = "password"
    trial: Mapping[Role, Scope] | None = None
    """A demo: what an account of each role sees."""
    crew: CrewLink | None = None
    """Who else asks devices; None: this process alone."""


def latches_beside(ledger: Path) -> Path:
    """Return where the refused credentials of a ledger's monitor are kept."""
    return ledger.with_suffix(".latches.json")


async def monitor(settings: Settings, *, board: Board) -> None:
    """Run until SIGTERM or SIGINT. ConfigError, LedgerError or BoardError where it cannot start."""
    tidy()
    registry = await asyncio.to_thread(load, settings.config)
    clock = SystemClock()
    boot = Boot(boot_id=uuid.uuid4().hex, version=version("camkeeper"))
    with Ledger.open(settings.ledger, boot=boot, clock=clock) as ledger:
        await _watch(settings, registry, clock, boot, ledger, board)


async def _watch(
    settings: Settings,
    registry: Registry,
    clock: SystemClock,
    boot: Boot,
    ledger: Ledger,
    board: Board,
) -> None:
    recovery = ledger.recover()
    timeline = Timeline(clock, not_before_ms=recovery.last_tick_ms)
    for damage in recovery.damaged:
        _log.error("ledger_damaged", what=damage)
    async with mailing(ledger=ledger, recovery=recovery, registry=registry, clock=clock, timeline=timeline) as mail:
        await _run(settings, registry, clock, timeline, boot, ledger, mail, board)


async def _run(
    settings: Settings,
    registry: Registry,
    clock: SystemClock,
    timeline: Timeline,
    boot: Boot,
    ledger: Ledger,
    mail: Mail,
    board: Board,
) -> None:
    recovery = ledger.recover()
    if recovery.windows is not None:
        registry = replace(registry, agreed=recovery.windows.plans)
    township, wheel, pulse = Township(registry), Wheel(), Pulse(clock)
    township.restore(refold(recovery, registry.judge, partial(_hold_of, registry)).values())
    township.restore_pictures(recovery.findings, await asyncio.to_thread(_clocks, settings.ledger))
    uplinks = UplinkWatch(clock=clock, on_change=_log_sight)
    keeper = Keeper(boot=boot, clock=clock, timeline=timeline, township=township, ledger=ledger)
    desk, room = open_desk(
        ledger=ledger,
        recovery=recovery,
        township=township,
        timeline=timeline,
        mail=mail,
        sees=partial(_sees, uplinks),
        standing=keeper.newest,
        changed=keeper.desk_changed,
    )
    keeper.show_desk(room)
    keeper.show_work(
        WorkRoom(
            desk=desk,
            sender=mail.sender,
            ledger=ledger.path,
            township=township,
            timeline=timeline,
            gains=keeper.gains,
        )
    )
    recorder = Recorder(ledger=ledger, township=township, timeline=timeline, stored=keeper.stored, desk=desk)
    keeper.show_windows(
        WindowRoom(
            book=recovery.windows, township=township, recorder=recorder, timeline=timeline, ledger=settings.ledger
        )
    )
    pictures = PictureRoom(
        ledger=settings.ledger,
        timeline=timeline,
        township=township,
        recorder=recorder,
        wheel=wheel,
        recorded=recovery.findings,
        claims=Claims(lambda: desk.shown.book, timeline.now_ms),
    )
    keeper.show_pictures(pictures)
    keeper.show_months(MonthRoom(ledger=ledger, registry=lambda: township.registry))
    prober, latches = _probing(settings, registry, timeline, pictures)
    crew = open_crew(
        settings.crew,
        prober=prober,
        registry=lambda: township.registry,
        latches=latches,
        clock=timeline,
        on_picture=pictures.on_picture,
    )
    keeper.show_crew(crew)
    mirror = MirrorRoom(
        ledger=settings.ledger,
        registry=lambda: township.registry,
        clock=clock,
        look_of=pictures.newest_look,
        self_of=keeper.self_numbers,
    )
    keeper.show_mirror(mirror)
    poller = Poller(
        clock=clock,
        timeline=timeline,
        township=township,
        wheel=wheel,
        prober=mirror.heard_by(prober if crew is None else crew.asker),
        uplinks=uplinks,
        pulse=pulse,
        accepting=recorder.accepting,
    )
    enrolment = Enrolment(
        path=settings.config,
        clock=clock,
        timeline=timeline,
        township=township,
        wheel=wheel,
        uplinks=uplinks,
        recorder=recorder,
        prober=prober,
    )
    keeper.show(poller=poller, pulse=pulse, uplinks=uplinks, recorder=recorder, enrolment=enrolment)
    calendar = Calendar(clock)
    calendar.every_tick(poller.tick)
    calendar.every_minutes("checkpoint", CHECKPOINT_MINUTES, recorder.checkpoint)
    calendar.every_minutes("album", 60, pictures.sweep)
    _housekeeping(calendar, settings, ledger, timeline, township, keeper, mail)

    face = Face(settings.ledger, settings.config.parent, lambda: township.registry.tls)
    async with (
        prober,
        open_access(
            settings.ledger,
            timeline,
            login=settings.login,
            host=settings.host,
            trial=settings.trial,
            tls=registry.tls is not None,
        ) as door,
        face.serving(board(keeper, timeline, door.access), settings.host, settings.port),
    ):
        enrolment.begin(registry, (life.device_id for life in recovery.lives))
        await on_disk(ledger, recorder.flush())
        await keeper.build()
        stopped = _stop_signals()
        face.findable()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(uplinks.run(), name="uplinks"),
                group.create_task(watch_self(pulse=pulse, timeline=timeline, recorder=recorder, rearm=calendar.rearm)),
                group.create_task(_expire(township, timeline, poller), name="expire"),
                group.create_task(recorder.run(), name="recorder"),
                group.create_task(keeper.run(), name="keeper"),
                group.create_task(keeper.keep_coverage(), name="coverage"),
                group.create_task(keeper.keep_warm(), name="warm"),
                group.create_task(rest_when(lambda: keeper.coverage() is not None), name="rest"),
                group.create_task(keep_small(), name="heap"),
                group.create_task(pictures.run(), name="pictures"),
                group.create_task(mirror.run(), name="mirror"),
                *(() if crew is None else (group.create_task(crew.run(), name="crew"),)),
                group.create_task(face.run(), name="certificate"),
                group.create_task(mail.sender.run(), name="sender"),
                group.create_task(
                    keep_watch(
                        sender=mail.sender,
                        vitals=partial(vitals, recorder, mail, uplinks, township),
                        policy=registry.watchdog,
                        clock=timeline,
                    ),
                    name="watchdog",
                ),
            ]
            asyncio.get_running_loop().add_signal_handler(
                signal.SIGHUP, lambda: group.create_task(enrolment.reload(), name="reload")
            )
            calendar.start()
            notify("READY=1")
            print(f"看板 / board: {face.address}", flush=True)
            await door.tell(face.address)
            await stopped.wait()
            await _stop(calendar, mail, tasks)
        keeper.close()
        await poller.close()
        await last_words(ledger, recorder)


def _housekeeping(
    calendar: Calendar,
    settings: Settings,
    ledger: Ledger,
    timeline: Timeline,
    township: Township,
    keeper: Keeper,
    mail: Mail,
) -> None:
    """Name the jobs that nobody waits for."""
    backups = Backups(
        ledger=settings.ledger, config=settings.config, timeline=timeline, registry=lambda: township.registry
    )
    calendar.every_minutes("roll_up", 60, partial(_roll_up, ledger))
    calendar.every_minutes("sweep", 60, partial(_sweep, ledger, timeline))
    calendar.every_minutes("months", 60, keeper.propose_month)
    calendar.every_minutes("backup", 60, backups.run)
    digests = DigestRoom(ledger=ledger, sender=mail.sender, registry=lambda: township.registry, now_ms=timeline.now_ms)
    calendar.every_minutes("digests", 1, digests.run)


def _probing(
    settings: Settings, registry: Registry, timeline: Timeline, pictures: PictureRoom
) -> tuple[Prober, FileLatches]:
    latches = FileLatches(latches_beside(settings.ledger))
    prober = Prober(
        clock=timeline,
        password_of=Secrets(settings.config.parent).resolve,
        policy=registry.probe,
        latches=latches,
        on_picture=pictures.on_picture,
    )
    return prober, latches


async def _stop(calendar: Calendar, mail: Mail, tasks: list[asyncio.Task[None]]) -> None:
    notify("STOPPING=1")
    calendar.stop()
    await mail.sender.stop(SEND_GRACE_S)
    for task in tasks:
        task.cancel()


async def _expire(township: Township, timeline: Timeline, poller: Poller) -> None:
    while True:
        await asyncio.sleep(EXPIRE_S)
        township.expire(timeline.now_ms(), but=poller.asking)


async def _roll_up(ledger: Ledger) -> None:
    # A few days a call: samples are written in between where there is much to catch up with.
    while await asyncio.wrap_future(ledger.roll_up()):
        pass


async def _sweep(ledger: Ledger, timeline: Timeline) -> None:
    while await asyncio.wrap_future(ledger.sweep_letters(timeline.now_ms() - LETTER_WORDS_MS)):
        pass


def _clocks(ledger: Path) -> list[Drift]:
    with LedgerReader(ledger) as reader:
        return list(reader.newest_drifts().values())


def _hold_of(registry: Registry, device_id: str) -> int:
    device = registry.device_by_id.get(device_id)
    return hold_ms(device, registry) if device is not None else 0


def _stop_signals() -> asyncio.Event:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


def _sees(uplinks: UplinkWatch, uplink_id: str) -> bool | None:
    sight = uplinks.sight(uplink_id)
    return sight.sees if sight.checked_ms >= 0 else None


def _log_sight(uplink: object, sight: object) -> None:
    _log.warning("uplink", uplink=getattr(uplink, "id", "?"), sees=getattr(sight, "sees", None))
