"""While outages are held: which of them go together; and what happens when a hold ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from camkeeper.incident import cause
from camkeeper.incident.blame import Blame, Group, clusters
from camkeeper.incident.books import Books, Live, Pool
from camkeeper.incident.census import TOGETHER, Family
from camkeeper.incident.telling import release_below, suppress, suppress_below, tell
from camkeeper.model.incident import Domain, DomainKind, Happening, IncidentState


def regroup(books: Books, pool: Pool, new: Iterable[str], at_ms: int) -> None:
    """Explain all outages of a pool anew, those in held incidents and the new ones, and move them where they belong."""
    family, unstable = pool
    source: dict[str, Live] = {}
    for incident_id in sorted(books.held):
        live = books.lives[incident_id]
        # One that comes and goes is compared only while all of it is out.
        if live.pool == pool and not (unstable and len(live.out) < len(live.members)):
            source.update(dict.fromkeys(live.out, live))
    ids = {*source, *new}
    books.dirty.discard(pool)
    if ids:
        _reconcile(books, pool, _groups(books, family, ids, unstable=unstable), source, at_ms)


def open_due(books: Books, live: Live, at_ms: int) -> None:
    """End a hold: withdraw what is agreed, wait while nobody can see, or tell."""
    if live.pool in books.dirty and live.family is not Family.MONITOR:
        regroup(books, live.pool, (), at_ms)
        if live.id not in books.lives or live.opens_ms is None or live.opens_ms > at_ms:
            return
    _excuse(books, live, at_ms)
    if live.family is not Family.MONITOR:
        if not (live.members if live.unstable else live.out):
            withdraw(books, live, at_ms)
            return
        if books.census.blind(live.out) and live.out:
            live.opens_ms = at_ms + books.policy.hold_ms
            return
        if not live.unstable and _spread(books, live, at_ms):
            return
        live.take(_finding(books, live))
    books.open_up(live, at_ms)
    silent = live.family is not Family.MONITOR and suppress(books, live)
    fresh = tell(books, live, at_ms)
    happening = Happening.UNSTABLE if live.unstable else Happening.OPENED
    books.say(
        at_ms,
        happening,
        live,
        tells=fresh is not None,
        device_ids=(live.out or live.members) if fresh is None else fresh,
    )
    if silent:
        books.say(at_ms, Happening.SUPPRESSED, live)
    suppress_below(books, live, at_ms)


def withdraw(books: Books, live: Live, at_ms: int) -> None:
    """End an incident that nobody was told of."""
    books.end(live, IncidentState.RESOLVED)
    books.say(at_ms, Happening.WITHDRAWN, live, device_ids=live.members, resolved_ms=over_ms(live, at_ms))


def over_ms(live: Live, at_ms: int) -> int:
    """Return when the last of an incident's members recovered; now, where it has none."""
    return max((m.recovered_ms for m in live.members.values() if m.recovered_ms is not None), default=at_ms)


def merge(books: Books, live: Live, into: Live, at_ms: int) -> None:
    """Let one incident go up in another. Its members that are out must be there already."""
    into.owed.update(live.owed & into.out)
    books.end(live, IncidentState.MERGED)
    books.say(at_ms, Happening.MERGED, live, device_ids=live.members, merged_into=into.id)
    release_below(books, live, at_ms)


def _groups(books: Books, family: Family, ids: set[str], *, unstable: bool) -> list[Group]:
    if family in TOGETHER:
        return _together(books, family, ids)
    since = {i: books.census.conditions[i].since_ms for i in ids}
    blame = Blame(books.census, books.policy, family)
    out: list[Group] = []
    for cluster in clusters(since, books.policy.window_ms):
        first_ms = since[cluster[0]] - books.policy.window_ms
        context = () if unstable else _begun_since(books, family, first_ms)
        out.extend(blame.groups(cluster, context))
    return out


def _begun_since(books: Books, family: Family, since_ms: int) -> list[str]:
    """Return the outages of open incidents that began late enough to go with new ones."""
    lives = (books.lives[i] for i in sorted(books.open))
    blocks = (live for live in lives if live.family is family and not live.unstable)
    return [i for live in blocks for i in live.out if live.members[i].since_ms >= since_ms]


def _together(books: Books, family: Family, ids: Iterable[str]) -> list[Group]:
    """A changed password shows wherever it is used, and over an hour: devices are asked for it one by one.

    A platform that stands still shows in whatever it serves, as soon as each was looked at often enough.
    """
    out: dict[tuple[str, int], list[str]] = {}
    for device_id in sorted(ids):
        out.setdefault(shares(books, family, device_id), []).append(device_id)
    return [Group(domain=common(books, family, members), device_ids=tuple(members)) for members in out.values()]


def shares(books: Books, family: Family, device_id: str) -> tuple[str, int]:
    """Return what makes outages of a family one: credential (of a platform nothing is known) and root site."""
    credential = books.graph.credential_of[device_id] if family is Family.AUTH else ""
    return credential, books.graph.sites_of[device_id][-1]


def common(books: Books, family: Family, device_ids: Iterable[str]) -> Domain:
    """Return where to say that outages of one cause are: a password has no link, a platform may be behind one."""
    return smallest_site(books, device_ids) if family is Family.AUTH else smallest_domain(books, device_ids)


def smallest_domain(books: Books, device_ids: Iterable[str]) -> Domain:
    """Return the smallest link that has all the devices, else the smallest site."""
    ids = sorted(device_ids)
    if len(ids) == 1:
        return Domain(kind=DomainKind.DEVICE, id=ids[0])
    chains = [books.graph.links_of[i] for i in ids]
    shared = set(chains[0]).intersection(*chains[1:])
    nearest = next((n for n in chains[0] if n in shared), None)
    return smallest_site(books, ids) if nearest is None else books.graph.nodes[nearest]


def smallest_site(books: Books, device_ids: Iterable[str]) -> Domain:
    """Return the smallest site that has all the devices (which have one in common), or the only device."""
    ids = sorted(device_ids)
    if len(ids) == 1:
        return Domain(kind=DomainKind.DEVICE, id=ids[0])
    shared = set(books.graph.sites_of[ids[0]]).intersection(*(books.graph.sites_of[i] for i in ids[1:]))
    nearest = next((n for n in books.graph.sites_of[ids[0]] if n in shared), None)
    return Domain(kind=DomainKind.DEVICE, id=ids[0]) if nearest is None else books.graph.nodes[nearest]


def _reconcile(books: Books, pool: Pool, groups: list[Group], source: Mapping[str, Live], at_ms: int) -> None:
    family, unstable = pool
    ordered = sorted(groups, key=lambda g: (-len(g.device_ids), g.domain))
    plan: list[tuple[Group, Live | None]] = []
    claimed: set[str] = set()
    for group in ordered:
        ids = sorted({source[i].id for i in group.device_ids if i in source} - claimed)
        target = books.lives[ids[0]] if ids else None
        claimed.update(ids[:1])
        plan.append((group, target))
    for group, known in plan:
        conditions = [books.census.conditions[i] for i in group.device_ids]
        noticed_ms = min(c.noticed_ms for c in conditions)
        target = known or books.begin(
            family=family,
            unstable=unstable,
            domain=group.domain,
            held_ms=noticed_ms,
            began_ms=min(c.since_ms for c in conditions),
        )
        target.held_ms = min(target.held_ms, noticed_ms)
        _settle_group(books, group, target, at_ms, is_new=known is None)
    for live in sorted({live.id: live for live in source.values()}.values(), key=lambda live: live.id):
        if live.id not in claimed:
            into = books.lives[books.incident_of[min(i for i, s in source.items() if s is live)]]
            merge(books, live, into, at_ms)


def _settle_group(books: Books, group: Group, target: Live, at_ms: int, *, is_new: bool) -> None:
    """Make a held incident exactly this group, and say how it changed."""
    before, domain_before = set(target.out), target.domain
    wanted = set(group.device_ids)
    added, lost = wanted - before, before - wanted
    for device_id in sorted(added):
        other = books.lives.get(books.incident_of.get(device_id, ""))
        if other is not None:
            other.members.pop(device_id, None)
            other.out.discard(device_id)
        books.join(target, device_id)
    for device_id in lost:
        if books.incident_of.get(device_id) == target.id:
            del books.incident_of[device_id]
        target.members.pop(device_id, None)
        target.out.discard(device_id)
    books.move(target, group.domain)
    other_cause = target.take(_finding(books, target))
    target.opens_ms = max(target.held_ms + books.policy.hold_ms, at_ms)
    if target.unstable and target.calm_ms is None:
        target.calm_ms = at_ms + books.policy.calm_ms
    books.queue(target)
    happening = _step(books, domain_before, target, added=added, lost=lost, other_cause=other_cause)
    if is_new:
        books.say(at_ms, Happening.HELD, target, device_ids=wanted)
    elif happening is not None:
        books.say(at_ms, happening, target, device_ids=added or lost)


def _step(
    books: Books, before: Domain, live: Live, *, added: set[str], lost: set[str], other_cause: bool
) -> Happening | None:
    if live.domain != before:
        wider = live.domain in books.graph.above(before)
        return Happening.SPREAD if wider else Happening.SPLIT
    if added:
        return Happening.GREW
    if lost:
        return Happening.SPLIT
    return Happening.CAUSE if other_cause else None


def _finding(books: Books, live: Live) -> cause.Finding:
    if live.unstable:
        return cause.changes(live.members, books.census, books.policy)
    return cause.find(books.census, books.policy, live.family, live.domain, live.own_out)


def _excuse(books: Books, live: Live, at_ms: int) -> None:
    """Take out what an agreed window covers; it comes back as new if it is still out when the window ends."""
    if live.family is Family.MONITOR:
        return
    covered = {i for i in live.members if books.in_window(i, at_ms)}
    if not covered:
        return
    if covered == set(live.members):
        # Kept as members of what is withdrawn: its history says whom it was about.
        for device_id in sorted(live.out):
            books.incident_of.pop(device_id, None)
            books.excused.add(device_id)
        live.out.clear()
        live.unstable = False
        return
    for device_id in sorted(covered):
        if device_id in live.out:
            books.excused.add(device_id)
        books.leave(live, device_id)


def _spread(books: Books, live: Live, at_ms: int) -> bool:
    """Let the open incidents below, begun at about the same time, grow into this one. The oldest keeps its number."""
    if live.domain.kind is DomainKind.DEVICE or live.family in TOGETHER:
        return False
    first_ms = min(live.members[i].since_ms for i in live.out) - books.policy.window_ms
    last_ms = max(live.members[i].since_ms for i in live.out) + books.policy.window_ms
    blocks = []
    for incident_id in sorted(books.open):
        other = books.lives[incident_id]
        if other.family is not live.family or other.unstable or not other.out:
            continue
        near = any(first_ms <= other.members[i].since_ms <= last_ms for i in other.out)
        if near and (live.domain in books.graph.above(other.domain) or live.domain == other.domain):
            blocks.append(other)
    if not blocks:
        return False
    target = blocks[0]
    release_below(books, target, at_ms)
    was = target.domain
    moved = sorted(live.out)
    for other in (*blocks[1:], live):
        _pour(books, other, target, at_ms)
    books.move(target, live.domain)
    target.take(_finding(books, target))
    silent = target.suppressed_by is not None
    suppress(books, target)
    if silent and target.suppressed_by is None:
        target.retell_ms = None
    fresh = tell(books, target, at_ms)
    happening = Happening.SPREAD if was != target.domain else Happening.GREW
    books.say(at_ms, happening, target, tells=fresh is not None, device_ids=moved if fresh is None else fresh)
    suppress_below(books, target, at_ms)
    books.queue(target)
    return True


def _pour(books: Books, live: Live, into: Live, at_ms: int) -> None:
    for device_id in sorted(live.out):
        into.members[device_id] = live.members[device_id]
        into.out.add(device_id)
        books.incident_of[device_id] = into.id
    into.began_ms = min(into.began_ms, live.began_ms)
    into.absorbed += live.absorbed
    merge(books, live, into, at_ms)
