"""What a batch of transitions does to the incidents: recoveries first, then outages, then what is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from camkeeper.incident import cause
from camkeeper.incident.books import Books, Live, Pool
from camkeeper.incident.census import TOGETHER, Family
from camkeeper.incident.holding import common, merge, over_ms, regroup, shares, withdraw
from camkeeper.incident.telling import newly_dark, release_below, suppress_below
from camkeeper.model.change import Transition
from camkeeper.model.incident import Domain, DomainKind, Happening, IncidentState, Member
from camkeeper.model.status import Status


@dataclass(slots=True)
class _Turn:
    """What a batch did to one device: how it was out before, and when that ended."""

    before: Family | None
    ended_ms: int | None = None


def take(books: Books, transitions: Sequence[Transition], now_ms: int) -> None:
    """Fold in a batch. Each device's own transitions count in the order given; between devices order is nothing."""
    turns: dict[str, _Turn] = {}
    for transition in sorted(transitions, key=lambda t: t.device_id):
        if not books.graph.knows(transition.device_id):
            continue
        before = books.census.take(transition, now_ms, books.policy.unstable_changes)
        turn = turns.setdefault(transition.device_id, _Turn(before))
        after = books.census.conditions[transition.device_id].family
        if before is not None and after is not before and turn.ended_ms is None and before is turn.before:
            turn.ended_ms = transition.at_ms
    if not turns:
        return
    books.dirty.update(books.lives[i].pool for i in books.held)
    ended = {i: turn.ended_ms for i, turn in turns.items() if turn.before is not None and turn.ended_ms is not None}
    began = [
        i
        for i, turn in turns.items()
        if books.census.conditions[i].family is not None and (turn.before is None or turn.ended_ms is not None)
    ]
    settle(books, ended, began, now_ms)


def settle(books: Books, ended: dict[str, int], began: Iterable[str], now_ms: int) -> None:
    """Take outages that ended out of their incidents, and put those that began into theirs."""
    touched = _recover(books, ended, now_ms)
    for pool, new in sorted(_place(books, began, touched, now_ms).items()):
        regroup(books, pool, new, now_ms)
    shrunk = {books.lives[i].pool for i in touched if i in books.held}
    for pool in sorted(shrunk & books.dirty):
        regroup(books, pool, (), now_ms)
    for incident_id in sorted(touched):
        live = books.lives.get(incident_id)
        if live is not None and not live.out and not live.unstable:
            finish(books, live, now_ms)
        elif live is not None:
            books.queue(live)


def finish(books: Books, live: Live, at_ms: int) -> None:
    """End an incident of which nothing is out any more."""
    worse = sorted(i for i in live.members if i in books.incident_of and _is_worse(books, live, i))
    if worse:
        merge(books, live, books.lives[books.incident_of[worse[0]]], at_ms)
        return
    if live.state is IncidentState.HELD and not live.owed:
        withdraw(books, live, at_ms)
        return
    tells = bool(live.owed)
    books.end(live, IncidentState.RESOLVED)
    books.say(at_ms, Happening.RESOLVED, live, tells=tells, device_ids=live.members, resolved_ms=over_ms(live, at_ms))
    release_below(books, live, at_ms)


def _is_worse(books: Books, live: Live, device_id: str) -> bool:
    """Return whether a device left an incident of degraded ones by going down: that is no recovery."""
    return live.family is not Family.DOWN and books.census.conditions[device_id].known is Status.DOWN


def _recover(books: Books, ended: dict[str, int], now_ms: int) -> set[str]:
    touched: dict[str, list[str]] = {}
    for device_id in sorted(ended):
        books.excused.discard(device_id)
        incident_id = books.incident_of.pop(device_id, None)
        if incident_id is None:
            continue
        live = books.lives[incident_id]
        live.members[device_id] = recovered(live.members[device_id], ended[device_id])
        live.out.discard(device_id)
        books.past_of[device_id] = incident_id
        touched.setdefault(incident_id, []).append(device_id)
    for incident_id, ids in sorted(touched.items()):
        live = books.lives[incident_id]
        if live.absorbed and live.out:
            release_below(books, live, now_ms)  # it may explain less now
        if live.unstable:
            live.calm_ms = now_ms + books.policy.calm_ms
        elif live.state is IncidentState.OPEN and live.out:
            live.settle_ms = now_ms + books.policy.hold_ms
        # What comes and goes would have a history of nothing else: the ledger's transitions are its history.
        if live.out and not live.unstable:
            books.say(now_ms, Happening.MEMBER_RECOVERED, live, device_ids=ids)
    return set(touched)


def recovered(member: Member, at_ms: int) -> Member:
    """Return the member with the end of its outage."""
    return replace(member, recovered_ms=max(at_ms, member.since_ms))


def _place(books: Books, began: Iterable[str], touched: set[str], now_ms: int) -> dict[Pool, list[str]]:
    """Put each new outage where it belongs already; return those that are to be held, by pool."""
    pools: dict[Pool, list[str]] = {}
    back: dict[str, list[str]] = {}
    grew: dict[str, list[str]] = {}
    for device_id in sorted(began):
        if books.in_window(device_id, now_ms):
            books.excused.add(device_id)
            continue
        unstable = is_unstable(books, device_id)
        live, of = _past(books, device_id, unstable=unstable), None
        if live is not None:
            back.setdefault(live.id, []).append(device_id)
        else:
            live, of = _cover(books, device_id, unstable=unstable)
            if live is not None:
                grew.setdefault(live.id, []).append(device_id)
        if live is None:
            family = books.census.conditions[device_id].family or Family.DOWN
            pools.setdefault((family, unstable), []).append(device_id)
        else:
            books.join(live, device_id, merged_from=of)
            touched.add(live.id)
    for incident_id, ids in sorted(back.items()):
        _again(books, books.lives[incident_id], ids, now_ms)
    for incident_id, ids in sorted(grew.items()):
        _grow(books, books.lives[incident_id], ids, now_ms)
    return pools


def is_unstable(books: Books, device_id: str) -> bool:
    """Return whether the device changed too often of late."""
    changes = books.census.conditions[device_id].changes_ms
    enough = len(changes) >= books.policy.unstable_changes
    return enough and max(changes) - min(changes) <= books.policy.unstable_window_ms


def _past(books: Books, device_id: str, *, unstable: bool) -> Live | None:
    """Return the live incident that the device recovered from, if its new outage is more of the same."""
    live = books.lives.get(books.past_of.get(device_id, ""))
    if live is None or live.unstable:
        return live
    same = live.family is books.census.conditions[device_id].family
    if live.members[device_id].merged_from is not None:
        return live if same and not unstable else None
    inside = live.domain.kind is DomainKind.DEVICE or live.domain in books.graph.above(_self(device_id))
    at_home = inside and (live.domain.kind is not DomainKind.DEVICE or live.domain.id == device_id)
    return live if same and at_home and not unstable else None


def _cover(books: Books, device_id: str, *, unstable: bool) -> tuple[Live | None, str | None]:
    """Return the open incident of the nearest domain that explains the outage, if any.

    Second, the incident merged into it by hand whose domain that is.
    """
    family = books.census.conditions[device_id].family
    if family in TOGETHER and not unstable:
        return _same(books, family, device_id)
    for node in books.graph.chain(device_id):
        domain = books.graph.nodes[node]
        for incident_id in sorted(books.open_at.get(domain, ())):
            live = books.lives[incident_id]
            if live.family is not family or live.unstable is not unstable:
                continue
            if not live.absorbed:
                return live, None
            for reached, of in live.reach():
                if reached == domain:
                    return live, of
    return None, None


def _same(books: Books, family: Family, device_id: str) -> tuple[Live | None, str | None]:
    """Return the open incident about the same credential, or the same platform."""
    wanted = shares(books, family, device_id)
    for incident_id in sorted(books.open):
        live = books.lives[incident_id]
        if live.family is not family or live.unstable:
            continue
        if not live.absorbed:
            if shares(books, family, min(live.members)) == wanted:
                return live, None
            continue
        for _, of in live.reach():
            like = live.own if of is None else live.of_merged(of)
            if shares(books, family, like[0]) == wanted:
                return live, of
    return None, None


def _again(books: Books, live: Live, ids: list[str], now_ms: int) -> None:
    if live.unstable:
        live.calm_ms = now_ms + books.policy.calm_ms
        return
    if live.state is IncidentState.OPEN and live.settle_ms is not None:
        live.settle_ms = now_ms + books.policy.hold_ms
    books.say(now_ms, Happening.RELAPSED, live, device_ids=ids)
    books.queue(live)


def _grow(books: Books, live: Live, ids: list[str], now_ms: int) -> None:
    happening = Happening.GREW
    if live.unstable:
        live.calm_ms = now_ms + books.policy.calm_ms
    elif live.family in TOGETHER and any(live.members[i].merged_from is None for i in ids):
        before = live.domain
        books.move(live, common(books, live.family, live.own))
        live.take(cause.find(books.census, books.policy, live.family, live.domain, live.own_out))
        if before.kind is DomainKind.DEVICE:
            # From one device to many is news; it waits a hold, since the others come one by one.
            happening, live.retell_ms = Happening.SPREAD, now_ms + books.policy.hold_ms
    # One more device of a known fault is no news, except where it was the village's last. That waits a hold, too: a
    # switch takes its villages along within seconds, and each of them is not a message of its own.
    if live.told and live.suppressed_by is None and newly_dark(books, live, now_ms):
        waits_until_ms = now_ms + books.policy.hold_ms
        live.retell_ms = waits_until_ms if live.retell_ms is None else min(live.retell_ms, waits_until_ms)
    books.say(now_ms, happening, live, device_ids=ids)
    if happening is Happening.SPREAD:
        suppress_below(books, live, now_ms)
    books.queue(live)


def _self(device_id: str) -> Domain:
    return Domain(kind=DomainKind.DEVICE, id=device_id)
