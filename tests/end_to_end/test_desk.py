"""A switch fails in the running township: one incident, one letter, one order; a kill in the middle changes nothing."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.end_to_end.town import Town, eventually, program, town
from tests.peers.platform_stub import Platform, platform, says

from camkeeper.ledger import LedgerReader
from camkeeper.model.incident import DomainKind, Happening, IncidentState
from camkeeper.model.post import LetterState
from camkeeper.model.workorder import OrderKind, OrderState, Step, WorkOrder

HOOK = """
channels:
- {{id: hook, kind: webhook, url: "{url}"}}
notify: {{otherwise: [hook], public_url: "http://127.0.0.1:8080"}}
"""


@contextmanager
def listening() -> Iterator[Platform]:
    """A webhook on loopback, on a thread of its own: it outlives the monitors."""
    loop = asyncio.new_event_loop()
    up, over = threading.Event(), asyncio.Event()
    found: list[Platform] = []

    async def serve() -> None:
        async with platform(says("ok")) as stub:
            found.append(stub)
            up.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert up.wait(10)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def with_desk(place: Town, url: str) -> None:
    text = place.config.read_text(encoding="utf-8")
    text = text.replace("hold_s: 20", "hold_s: 10").replace("stable_s: 60", "stable_s: 8")
    place.config.write_text(text + HOOK.format(url=url), encoding="utf-8")


def told(stub: Platform) -> list[tuple[str, str]]:
    """(incident, firing or resolved) of each message, as received."""
    out = []
    for asked in list(stub.asked):
        body = json.loads(asked.body)
        out.append((body["alerts"][0]["labels"].get("incident", ""), body["status"]))
    return out


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_one_switch_one_message_one_order_also_over_a_kill(tmp_path: Path) -> None:
    with listening() as stub, town(tmp_path, net=74) as place:
        with_desk(place, stub.url)
        with place.monitor() as monitor:
            eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["unknown"] == 0)
            behind = [d for d in place.fault("power", {"link": "sw-03"}) if not d.startswith("beacon:")]
            eventually(lambda: len(told(stub)) == 1)
            eventually(lambda: _states(place, LetterState.DELIVERED) == 1)
            monitor.stop(signal.SIGKILL)
        with LedgerReader(place.ledger) as reader:
            (incident,) = reader.incidents(open_only=True)
            assert incident.domain.kind is DomainKind.SWITCH
            assert incident.domain.id == "sw-03"
            assert incident.members.keys() == set(behind)
            before = reader.incident_events(incident.id)
            (order,) = repairs(reader)
            assert order.devices.keys() == set(behind)
        with place.monitor() as monitor:
            eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["unknown"] == 0)
            ledger = str(place.ledger)
            assert say("ack", incident.id, "--by", "张三", "--ledger", ledger) == 0
            assert say("ack", incident.id, "--by", "李四", "--ledger", ledger) == 1  # somebody has
            assert say("workorder", "repaired", order.id, "--by", "张三", "--ledger", ledger) == 0
            place.clear()
            eventually(lambda: len(told(stub)) == 2)
            eventually(lambda: _order(place).state is OrderState.CLOSED)
            eventually(lambda: _states(place, LetterState.DELIVERED) == 2)
            monitor.stop()
        with LedgerReader(place.ledger) as reader:
            again = reader.incident(incident.id)
            assert again is not None
            assert again.state is IncidentState.RESOLVED
            events = reader.incident_events(incident.id)
            assert events[: len(before)] == before
            assert [e.happening for e in events if e.tells] == [Happening.OPENED, Happening.RESOLVED]
        steps = [event.step for event in _order(place).history]
        assert steps == [Step.OPENED, Step.ASSIGNED, Step.ACCEPTED, Step.REPAIRED, Step.VERIFIED, Step.CLOSED]
    assert told(stub) == [(incident.id, "firing"), (incident.id, "resolved")]


def say(*words: str) -> int:
    """Run a command; return its exit code."""
    done = subprocess.run(program(*words), capture_output=True, text=True, timeout=30, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode


def repairs(reader: LedgerReader) -> list[WorkOrder]:
    """The orders without the day's round."""
    return [o for o in reader.orders().orders.values() if o.kind is OrderKind.REPAIR]


def _order(place: Town) -> WorkOrder:
    with LedgerReader(place.ledger) as reader:
        (order,) = repairs(reader)
    return order


def _states(place: Town, state: LetterState) -> int:
    with LedgerReader(place.ledger) as reader:
        return len(reader.letters({state}))
