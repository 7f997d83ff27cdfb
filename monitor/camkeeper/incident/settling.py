"""Open incidents, looked at again: partly recovered, released from above, told late, or calm at last."""

from __future__ import annotations

from camkeeper.incident import cause
from camkeeper.incident.blame import Blame, Group
from camkeeper.incident.books import Books, Live
from camkeeper.incident.census import TOGETHER, Family
from camkeeper.incident.holding import open_due, smallest_domain
from camkeeper.incident.intake import finish
from camkeeper.incident.telling import covers, release_below, suppress, suppress_below, tell
from camkeeper.model.incident import Domain, DomainKind, Happening, IncidentState


def look(books: Books, live: Live, at_ms: int) -> None:
    """Do what is due for one incident. Each deadline that passed is cleared or moved."""
    if live.opens_ms is not None and live.opens_ms <= at_ms:
        open_due(books, live, at_ms)
    elif live.settle_ms is not None and live.settle_ms <= at_ms:
        live.settle_ms = None
        _release(books, live, at_ms)
        if live.family not in TOGETHER and not live.unstable and live.domain.kind is not DomainKind.DEVICE:
            _split(books, live, at_ms)
    elif live.retell_ms is not None and live.retell_ms <= at_ms:
        live.retell_ms = None
        _retell(books, live, at_ms)
    elif live.calm_ms is not None and live.calm_ms <= at_ms:
        live.calm_ms = None
        _calm(books, live, at_ms)
    if live.id in books.lives:
        books.queue(live)


def _release(books: Books, live: Live, at_ms: int) -> None:
    """Tell of what is still out after the incident above it is over."""
    if live.suppressed_by is None:
        return
    above = books.lives.get(live.suppressed_by)
    if above is not None and covers(above) and any(map(above.explains, books.graph.above(live.domain))):
        return
    if suppress(books, live):
        books.say(at_ms, Happening.SUPPRESSED, live)
        return
    fresh = tell(books, live, at_ms)
    books.say(at_ms, Happening.RELEASED, live, tells=fresh is not None, device_ids=live.out if fresh is None else fresh)


def _retell(books: Books, live: Live, at_ms: int) -> None:
    if live.suppressed_by is not None:
        return
    if live.family is not Family.MONITOR and live.out and all(books.in_window(i, at_ms) for i in live.out):
        live.retell_ms = at_ms + books.policy.realert_ms
        return
    again = live.told
    fresh = tell(books, live, at_ms)
    if fresh is not None:
        happening = Happening.UNSTABLE if live.unstable else Happening.GREW if again else Happening.RELAPSED
        books.say(at_ms, happening, live, tells=True, device_ids=fresh)


def _calm(books: Books, live: Live, at_ms: int) -> None:
    """End what no longer comes and goes; if it stayed away, it is a plain outage from here on."""
    if not live.out:
        finish(books, live, at_ms)
        return
    if live.state is IncidentState.HELD or books.census.blind(live.out):
        live.calm_ms = at_ms + books.policy.hold_ms  # nobody can see whether it is calm
        return
    live.unstable = False
    live.family = books.census.conditions[min(live.out)].family or live.family
    if live.domain.kind is DomainKind.DEVICE:
        books.move(live, Domain(kind=DomainKind.DEVICE, id=min(live.out)))
    live.take(cause.find(books.census, books.policy, live.family, live.domain, live.out))
    suppress(books, live)
    fresh = tell(books, live, at_ms)
    books.say(at_ms, Happening.CAUSE, live, tells=fresh is not None, device_ids=live.out if fresh is None else fresh)
    live.settle_ms = at_ms + books.policy.hold_ms
    suppress_below(books, live, at_ms)


def _split(books: Books, live: Live, at_ms: int) -> None:
    """Give what is left after a partial recovery its narrower domain, and what has another explanation its own number.

    Devices without a common explanation stay together in the smallest domain that has them all: one message.
    """
    out = live.own_out  # what a person merged into it stays, whatever explains the rest
    back = set(live.own) - live.out
    if not out or not back:
        return
    blame = Blame(books.census, books.policy, live.family)
    if blame.holds(live.domain):
        return
    groups = _left(books, blame.groups(out))
    first, *others = groups
    if first.domain == live.domain and not others:
        live.take(cause.find(books.census, books.policy, live.family, live.domain, out))
        return
    known = live.told and live.suppressed_by is None
    tells = known and bool(live.owed & back)
    release_below(books, live, at_ms)
    brought = set(live.members).difference(live.own)
    owed, live.owed = live.owed, live.owed & brought.union(first.device_ids)
    split = [_part(books, live, group, owed, at_ms) for group in others]
    books.move(live, first.domain)
    for part in (live, *split):
        part.take(cause.find(books.census, books.policy, part.family, part.domain, part.own_out))
        suppress(books, part)
        books.say(at_ms, Happening.SPLIT, part, tells=tells, device_ids=part.out)
        suppress_below(books, part, at_ms)
        if not tells and part.suppressed_by is None and not part.told:
            part.retell_ms = at_ms + books.policy.hold_ms
        books.queue(part)


def _part(books: Books, live: Live, group: Group, owed: set[str], at_ms: int) -> Live:
    """Return a new open incident with some of another's devices."""
    part = books.begin(
        family=live.family, unstable=False, domain=group.domain, held_ms=live.held_ms, began_ms=live.began_ms
    )
    part.told = live.told
    for device_id in group.device_ids:
        books.leave(live, device_id)
        books.join(part, device_id)
    part.began_ms = min(m.since_ms for m in part.members.values())
    part.owed = owed & part.out
    part.acknowledged_by, part.acknowledged_ms = live.acknowledged_by, live.acknowledged_ms
    books.open_up(part, at_ms)
    return part


def _left(books: Books, groups: tuple[Group, ...]) -> list[Group]:
    """Put what has no common explanation together, first; else the largest group first."""
    singles = sorted(i for g in groups if g.domain.kind is DomainKind.DEVICE for i in g.device_ids)
    common = [g for g in groups if g.domain.kind is not DomainKind.DEVICE]
    common.sort(key=lambda g: (-len(g.device_ids), g.domain))
    if not singles:
        return common
    return [Group(domain=smallest_domain(books, singles), device_ids=tuple(singles)), *common]
