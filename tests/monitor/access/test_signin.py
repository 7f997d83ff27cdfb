"""Signing in, changing passwords, and what ends a session. Real Argon2, real files, a clock that is moved."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.monitor.access.doors import LOCAL, PASSWORD, a_clock, door, refused, signed_in, with_admin

from camkeeper.access import Access, Cost, Terms
from camkeeper.access.hashing import AT_ONCE, MAX_WAITING, Hashing, TooBusyError
from camkeeper.access.limits import FREE_AN_ACCOUNT
from camkeeper.access.record import HOUR_MS, MINUTE_MS
from camkeeper.access.signin import WRONG, WRONG_CODE, WRONG_OLD
from camkeeper.model.access import EVERYTHING, Principal, Role, Scope, Via
from camkeeper.standing.access import NotSignedIn, SignedIn

DG01 = Scope(site_ids=frozenset({"dg01"}))


async def add(access: Access, by: Principal, name: str, role: Role = Role.TECHNICIAN, scope: Scope = EVERYTHING) -> str:
    told = await access.add_account(by, name, role, scope)
    assert told.done, told
    return told.secret


async def test_the_first_run_makes_one_account_that_must_change_its_password(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        assert access.untouched
        password = await access.first_run()
        assert password is not None
        assert await access.first_run() is None
        signed = await signed_in(access, "admin", password)
        assert signed.principal.must_change
        assert (await access.add_account(signed.principal, "x", Role.ADMIN, EVERYTHING)).done is False
        changed = await access.change_password(signed.principal, "", PASSWORD)
        assert isinstance(changed, SignedIn)
        assert not changed.principal.must_change
        assert not access.untouched
        assert access.by_session(signed.secret) is None, "a session dies with its password"
        assert access.by_session(changed.secret) == changed.principal
        await refused(access, "admin", password)


async def test_strangers_are_answered_alike(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        admin = await with_admin(access)
        await add(access, admin, "王工")
        secret = await add(access, admin, "李工")
        await access.change_account(admin, "李工", role=Role.TECHNICIAN, scope=EVERYTHING, disabled=True)
        assert await refused(access, "nobody", "x") == WRONG
        assert await refused(access, "王工", "x") == WRONG
        assert await refused(access, "李工", secret) == WRONG
        assert await refused(access, "王工", "x" * 100_000) == WRONG
        assert await refused(access, "n" * 100_000, "\ud800") == WRONG
        log = await access.audit(before=None, count=10)
        assert [r.target for r in log if r.what == "login_refused"] == ["?", "王工", "李工", "王工", "?"]


async def test_a_name_is_found_however_it_is_typed(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        await with_admin(access)
        assert (await signed_in(access, " ＡDMIN ", PASSWORD)).principal.name == "admin"


async def test_sessions_end_by_age_and_by_idleness(tmp_path: Path) -> None:
    clock = a_clock()
    with door(tmp_path / "t.access", clock) as access:
        await with_admin(access)
        idle = await signed_in(access, "admin", PASSWORD)
        busy = await signed_in(access, "admin", PASSWORD)
        for _ in range(7):
            clock.advance(100 * MINUTE_MS)
            assert access.by_session(busy.secret) == busy.principal
        assert access.by_session(idle.secret) is None
        clock.advance(19 * MINUTE_MS)
        assert access.by_session(busy.secret) == busy.principal, "12 h less a minute"
        clock.advance(MINUTE_MS)
        assert access.by_session(busy.secret) is None


async def test_a_restart_keeps_sessions_and_what_they_were_used_last(tmp_path: Path) -> None:
    clock = a_clock()
    with door(tmp_path / "t.access", clock) as access:
        await with_admin(access)
        signed = await signed_in(access, "admin", PASSWORD)
        clock.advance(110 * MINUTE_MS)
        assert access.by_session(signed.secret) is not None
    clock.advance(110 * MINUTE_MS)
    with door(tmp_path / "t.access", clock) as access:
        assert access.by_session(signed.secret) == signed.principal
        assert access.accounts()[0].seen_ms == clock.wall_ms()
        await access.sign_out(signed.principal)
        assert access.by_session(signed.secret) is None


async def test_whatever_changes_an_account_ends_its_sessions(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        admin = await with_admin(access)
        password = await add(access, admin, "王工", scope=DG01)

        async def ended(signed: SignedIn) -> bool:
            return access.by_session(signed.secret) is None

        one = await signed_in(access, "王工", password)
        assert one.principal.scope == DG01
        await access.change_account(admin, "王工", role=Role.OFFICIAL, scope=DG01, disabled=False)
        assert await ended(one)
        two = await signed_in(access, "王工", password)
        assert two.principal.role is Role.OFFICIAL
        told = await access.reset_password(admin, "王工")
        assert await ended(two)
        three = await signed_in(access, "王工", told.secret)
        await access.change_account(admin, "王工", role=Role.OFFICIAL, scope=DG01, disabled=True)
        assert await ended(three)
        assert access.by_session(admin.session_id) is None, "the digest is no secret that opens"


async def test_a_password_is_changed_by_who_knows_the_old_one(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        admin = await with_admin(access)
        assert await access.change_password(admin, "wrong", "a new long password") == WRONG_OLD
        same = await access.change_password(admin, PASSWORD, PASSWORD)
        assert isinstance(same, NotSignedIn)
        short = await access.change_password(admin, PASSWORD, "short")
        assert isinstance(short, NotSignedIn)
        wrong = ("wrong", "a new long password")
        waits = [await access.change_password(admin, *wrong) for _ in range(FREE_AN_ACCOUNT + 1)]
        assert isinstance(waits[-1], NotSignedIn)
        assert waits[-1].retry_after_s > 0


async def test_the_last_admin_stays(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        admin = await with_admin(access)
        for role, disabled in ((Role.ADMIN, True), (Role.OFFICIAL, False)):
            told = await access.change_account(admin, "admin", role=role, scope=EVERYTHING, disabled=disabled)
            assert not told.done
        await add(access, admin, "second", Role.ADMIN)
        told = await access.change_account(admin, "admin", role=Role.OFFICIAL, scope=EVERYTHING, disabled=False)
        assert told.done
        told = await access.change_account(LOCAL, "second", role=Role.ADMIN, scope=EVERYTHING, disabled=True)
        assert not told.done


@pytest.mark.parametrize(
    "by",
    [
        Principal(name="t", role=Role.TECHNICIAN),
        Principal(name="w", role=Role.WALL, via=Via.TOKEN),
        Principal(name="a", role=Role.ADMIN, must_change=True),
        Principal(name="a", role=Role.ADMIN, scope=DG01),
    ],
    ids=["technician", "wall", "one-time password", "admin of a village"],
)
async def test_only_admins_of_everything_change_accounts(tmp_path: Path, by: Principal) -> None:
    with door(tmp_path / "t.access") as access:
        await with_admin(access)
        for told in (
            await access.add_account(by, "x", Role.ADMIN, EVERYTHING),
            await access.change_account(by, "admin", role=Role.ADMIN, scope=EVERYTHING, disabled=False),
            await access.reset_password(by, "admin"),
            await access.set_password(by, "admin", "some long password"),
            await access.add_token(by, "x", Role.ADMIN, EVERYTHING, days=1),
            await access.revoke_token(by, "x"),
            await access.first_link(by),
        ):
            assert not told.done


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 41, "a\u202eb", " a"])
async def test_a_name_is_one_visible_line(tmp_path: Path, name: str) -> None:
    with door(tmp_path / "t.access") as access:
        assert not (await access.add_account(LOCAL, name, Role.OFFICIAL, EVERYTHING)).done
        assert not (await access.add_token(LOCAL, name, Role.WALL, EVERYTHING, days=1)).done


async def test_screens_and_programs_have_tokens_and_no_accounts(tmp_path: Path) -> None:
    clock = a_clock()
    with door(tmp_path / "t.access", clock) as access:
        admin = await with_admin(access)
        assert not (await access.add_account(admin, "墙", Role.WALL, EVERYTHING)).done
        told = await access.add_token(admin, "墙", Role.WALL, DG01, days=30)
        assert told.secret.startswith("ck_")
        principal = access.by_token(told.secret)
        assert principal == Principal(name="墙", role=Role.WALL, scope=DG01, via=Via.TOKEN)
        for wrong in ("", "ck_", told.secret[:-1], told.secret + "x", told.secret.removeprefix("ck_"), "\ud800"):
            assert access.by_token(wrong) is None
        (listed,) = access.tokens()
        assert (listed.used_ms, listed.created_by) == (clock.wall_ms(), "admin")
    with door(tmp_path / "t.access", clock) as access:
        assert access.by_token(told.secret) is not None
        assert (await access.revoke_token(LOCAL, listed.id)).done
        assert access.by_token(told.secret) is None
        until = await access.add_token(LOCAL, "x", Role.METRICS, EVERYTHING, days=1)
        clock.advance(24 * HOUR_MS)
        assert access.by_token(until.secret) is None
        assert access.tokens() == ()


async def test_a_link_signs_in_once_and_a_new_password_is_set_after_it(tmp_path: Path) -> None:
    clock = a_clock()
    with door(tmp_path / "t.access", clock) as access:
        admin = await with_admin(access)
        session = await signed_in(access, "admin", PASSWORD)
        told = await access.first_link(LOCAL)
        assert access.by_session(session.secret) is None
        assert await access.sign_in_once("no-code", address="10.0.0.1") == WRONG_CODE
        signed = await access.sign_in_once(told.secret, address="10.0.0.1")
        assert isinstance(signed, SignedIn)
        assert signed.principal.must_change
        assert await access.sign_in_once(told.secret, address="10.0.0.1") == WRONG_CODE
        assert isinstance(await access.change_password(signed.principal, "", "a new long password"), SignedIn)
        assert admin.name == "admin"
        late = await access.first_link(LOCAL)
        clock.advance(24 * HOUR_MS)
        assert await access.sign_in_once(late.secret, address="10.0.0.1") == WRONG_CODE


async def test_a_link_lets_in_where_the_only_admin_is_disabled_by_hand(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        await with_admin(access)
        await access.note(LOCAL, "step", "x", address="")
        told = await access.first_link(LOCAL)
        guessed = [await access.sign_in_once(f"guess-{n}", address="10.6.6.6") for n in range(50)]
        assert any(isinstance(g, NotSignedIn) and g.retry_after_s for g in guessed)
        assert isinstance(await access.sign_in_once(told.secret, address="10.0.0.1"), SignedIn)


async def test_an_attacker_elsewhere_keeps_nobody_out_at_home(tmp_path: Path) -> None:
    clock = a_clock()
    with door(tmp_path / "t.access", clock) as access:
        await with_admin(access)  # from 10.0.0.9
        for n in range(60):
            await refused(access, "admin", "guess", address=f"10.6.0.{n}")
            clock.advance(1_000)
        assert (await refused(access, "admin", PASSWORD, address="10.7.0.1")).retry_after_s > 0
        await signed_in(access, "admin", PASSWORD, address="10.0.0.9")
        said = [r.what for r in await access.audit(before=None, count=1000)]
        assert 0 < said.count("login_limited") <= 60


async def test_a_hundred_guesses_at_once_cost_five_hashes(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        await with_admin(access)
        answers = await asyncio.gather(
            *(access.sign_in("admin", f"guess-{n}", address=f"10.6.{n}.1") for n in range(100))
        )
        assert sum(isinstance(a, NotSignedIn) and not a.retry_after_s for a in answers) <= FREE_AN_ACCOUNT


async def test_a_flood_is_asked_to_come_again_and_the_loop_goes_on() -> None:
    hashing = Hashing(Cost(memory_kib=8_192, passes=1))
    try:
        flood = [asyncio.create_task(hashing.fits(None, "x")) for _ in range(100)]
        beats = 0
        while not all(task.done() for task in flood):
            await asyncio.sleep(0)
            beats += 1
        outcomes = await asyncio.gather(*flood, return_exceptions=True)
        assert sum(isinstance(o, TooBusyError) for o in outcomes) == 100 - AT_ONCE - MAX_WAITING
        assert beats > 10
        assert await hashing.fits(None, "x") is False
    finally:
        hashing.close()


async def test_hashes_are_made_anew_when_the_cost_is_raised_and_sessions_go_on(tmp_path: Path) -> None:
    clock = a_clock()
    with door(tmp_path / "t.access", clock) as access:
        await with_admin(access)
        signed = await signed_in(access, "admin", PASSWORD)
    dearer = Cost(memory_kib=128, passes=2)
    with Access.open(tmp_path / "t.access", clock=clock, cost=dearer) as access:
        await signed_in(access, "admin", PASSWORD)
        assert access.by_session(signed.secret) is not None
    assert b"$m=128,t=2,p=1$" in (tmp_path / "t.access").read_bytes()


async def test_an_account_has_twenty_sessions_and_the_newest_stays(tmp_path: Path) -> None:
    clock = a_clock()
    with door(tmp_path / "t.access", clock, terms=Terms(sessions_an_account=3)) as access:
        await with_admin(access)
        clock.advance(1)
        signed = [await signed_in(access, "admin", PASSWORD) for _ in range(6)]
        assert access.by_session(signed[-1].secret) is not None
        assert sum(access.by_session(s.secret) is not None for s in signed) == 3


async def test_the_key_of_this_machine_is_an_admin_by_the_name_of_its_user(tmp_path: Path) -> None:
    from camkeeper.access import bearer, key_beside, leave_key, os_user, take_key

    ledger = tmp_path / "t.ledger"
    assert bearer(ledger) is None
    key = leave_key(ledger)
    assert key_beside(ledger).stat().st_mode & 0o777 == 0o600
    sent = bearer(ledger)
    assert sent is not None
    with door(tmp_path / "t.access") as access:
        assert access.by_token(sent) is None, "nobody said which key"
        access.let_local(key)
        assert access.by_token(sent) == Principal(name=os_user(), role=Role.ADMIN, via=Via.LOCAL)
        assert access.by_token("ckl_" + "x" * 43) is None
        assert access.by_token(key + "x") is None
    later = leave_key(ledger)
    take_key(ledger, key)
    assert key_beside(ledger).exists(), "that of a later run stays"
    take_key(ledger, later)
    assert not key_beside(ledger).exists()


async def test_who_comes_from_an_identity_provider_is_what_it_says_now(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        await with_admin(access)
        issuer = "https://id.example"

        async def come(name: str, subject: str, role: Role) -> SignedIn | NotSignedIn:
            return await access.sign_in_outside(issuer, subject, name, role, EVERYTHING, address="10.0.0.3")

        first = await come("赵科长", "u-1", Role.OFFICIAL)
        assert isinstance(first, SignedIn)
        again = await come("赵科长", "u-1", Role.TECHNICIAN)
        assert isinstance(again, SignedIn)
        assert access.by_session(first.secret) is None, "the role is another"
        assert again.principal.role is Role.TECHNICIAN
        assert isinstance(await come("admin", "u-2", Role.ADMIN), NotSignedIn), "no name of ours is taken over"
        assert not (await access.reset_password(LOCAL, "赵科长")).done
        assert isinstance(await access.change_password(again.principal, "", "a long password"), NotSignedIn)
        await refused(access, "赵科长", "")
        told = await access.change_account(LOCAL, "赵科长", role=Role.TECHNICIAN, scope=EVERYTHING, disabled=True)
        assert told.done
        assert isinstance(await come("赵科长", "u-1", Role.TECHNICIAN), NotSignedIn)
