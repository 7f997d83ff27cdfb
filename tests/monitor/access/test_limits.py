"""Trying: pauses that double, and nobody is locked out of home by who guesses elsewhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.access.doors import a_clock

from camkeeper.access.limits import (
    FORGET_MS,
    FREE_AN_ACCOUNT,
    FREE_AN_ADDRESS,
    LONGEST_PAUSE_MS,
    MAX_KEYS,
    Counts,
    Limits,
    Try,
    network_of,
    pause_ms,
)


def one(*, key: str = "wang", network: str = "10.0.0.1", exists: bool = True, at_home: bool = False) -> Try:
    return Try(key=key, network=network, exists=exists, at_home=at_home)


@given(st.integers(0, 200), st.integers(0, 30))
def test_pauses_double_and_end_at_a_quarter_of_an_hour(failures: int, free: int) -> None:
    pause = pause_ms(failures, free=free)
    assert (pause == 0) == (failures < free)
    assert pause <= LONGEST_PAUSE_MS
    after = pause_ms(failures + 1, free=free)
    if pause:
        assert after == min(2 * pause, LONGEST_PAUSE_MS)


def test_five_are_free_and_a_hundred_at_once_count_as_a_hundred() -> None:
    limits = Limits(a_clock())
    waits = [limits.begin(one()) for _ in range(100)]
    assert waits[:FREE_AN_ACCOUNT] == [0] * FREE_AN_ACCOUNT
    assert all(wait == 2 for wait in waits[FREE_AN_ACCOUNT:])


@given(st.lists(st.tuples(st.integers(0, 3_600_000), st.integers(0, 30)), max_size=200))
def test_nobody_tries_an_account_from_elsewhere_more_often_than_the_pauses_let(steps: list[tuple[int, int]]) -> None:
    clock = a_clock()
    limits = Limits(clock)
    tried: list[int] = []
    for pause, host in steps:
        clock.advance(pause)
        if not limits.begin(one(network=f"10.0.1.{host}")):
            tried.append(clock.elapsed_ms())
    for n in range(FREE_AN_ACCOUNT, len(tried)):
        gap = tried[n] - tried[n - 1]
        assert gap >= pause_ms(n, free=FREE_AN_ACCOUNT) or gap >= FORGET_MS or n > 30


def test_guessing_elsewhere_makes_nobody_wait_at_home() -> None:
    clock = a_clock()
    limits = Limits(clock)
    for n in range(2_000):
        limits.begin(one(network=f"10.1.{n // 250}.{n % 250}"))
        clock.advance(1_000)
    assert limits.begin(one(network="10.9.9.9")) > 0, "new places wait"
    assert limits.begin(one(at_home=True)) == 0


def test_guessing_from_home_makes_home_wait_a_quarter_of_an_hour_at_the_most() -> None:
    clock = a_clock()
    limits = Limits(clock)
    while (wait_s := limits.begin(one(at_home=True))) < LONGEST_PAUSE_MS // 1000:
        clock.advance(wait_s * 1000)
    clock.advance(LONGEST_PAUSE_MS)
    assert limits.begin(one(at_home=True)) == 0


def test_one_address_waits_whatever_names_it_invents() -> None:
    limits = Limits(a_clock())
    waits = [limits.begin(one(key=f"name-{n}", exists=False)) for n in range(40)]
    assert waits[:FREE_AN_ADDRESS] == [0] * FREE_AN_ADDRESS
    assert all(waits[FREE_AN_ADDRESS:])
    assert limits.begin(one(network="10.0.0.2")) == 0


def test_the_right_password_forgets_the_accounts_failures_and_not_the_addresss() -> None:
    limits = Limits(a_clock())
    for n in range(FREE_AN_ADDRESS - 1):
        assert limits.begin(one(key=f"name-{n}", exists=False)) == 0
    assert limits.begin(one()) == 0
    limits.right(one())
    assert limits.begin(one()) == 0, "that one was given back"
    assert limits.begin(one(key="next", exists=False)) > 0


@given(st.lists(st.text(max_size=4), max_size=300))
def test_inventing_names_pushes_no_accounts_failures_out(names: list[str]) -> None:
    limits = Limits(a_clock())
    for _ in range(FREE_AN_ACCOUNT):
        limits.begin(one())
    for n, name in enumerate(names):
        limits.begin(one(key=name, network=f"10.2.{n}.1", exists=False))
    assert limits.begin(one(network="10.3.3.3")) > 0


def test_memory_is_bounded_and_the_newest_failures_stay() -> None:
    counts = Counts(free=1)
    for n in range(MAX_KEYS + 500):
        counts.charge(str(n), n)
    assert len(counts) == MAX_KEYS
    assert counts.wait_ms("0", MAX_KEYS) == 0
    assert counts.wait_ms(str(MAX_KEYS + 499), MAX_KEYS + 499) > 0


def test_failures_are_forgotten_after_a_day() -> None:
    clock = a_clock()
    limits = Limits(clock)
    for _ in range(FREE_AN_ACCOUNT):
        limits.begin(one())
    clock.advance(FORGET_MS)
    assert [limits.begin(one()) for _ in range(FREE_AN_ACCOUNT)] == [0] * FREE_AN_ACCOUNT


@given(st.ip_addresses())
def test_a_network_is_an_ipv4_address_or_64_bits_of_ipv6(address: object) -> None:
    network = network_of(str(address))
    assert network == str(address) or network.endswith("/64") or "." in network


def test_one_host_is_one_network_however_it_is_written() -> None:
    assert network_of("::ffff:10.0.0.7") == network_of("10.0.0.7")
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("fe80::1%eth0") == network_of("fe80::2")
    assert network_of("x" * 500) == "x" * 64
