"""Cookies that nobody can make, and words that open only what is mapped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from camkeeper.model.access import Role, Scope
from camkeeper.model.login import OidcSetting
from camkeeper.oidc.flow import LASTS_S, Seals, challenge
from camkeeper.oidc.person import lacks, person_of
from camkeeper.oidc.refusal import Refusal, told
from camkeeper.standing.access import Vouched

SEALS = Seals(b"k" * 32)
WHEN = st.integers(min_value=0, max_value=10**13)
SETTING = OidcSetting(
    name="n",
    issuer="https://id.example",
    client_id="c",
    role_claim="realm_access.roles",
    roles=(("boss", Role.ADMIN), ("tech", Role.TECHNICIAN), ("repair", Role.CONTRACTOR)),
    site_claim="places",
    sites=(("hill", ("v01", "v02")), ("lake", ("v02", "v03"))),
    contractor_claim="company",
    contractors=(("a", "anfang"), ("b", "other")),
)


@given(st.text(max_size=400), WHEN)
def test_a_way_that_was_begun_is_known_until_it_is_too_old(there: str, now_ms: int) -> None:
    flow, cookie = SEALS.new("p", there=there, now_ms=now_ms)
    assert len(cookie) <= 512
    assert SEALS.open("p", cookie, now_ms=now_ms) == flow
    assert flow.there in {there, "/"}
    assert SEALS.open("p", cookie, now_ms=now_ms + LASTS_S * 1000 - 1) == flow
    assert SEALS.open("p", cookie, now_ms=now_ms + LASTS_S * 1000) is None
    assert SEALS.open("p", cookie, now_ms=now_ms - 1001) is None
    assert SEALS.open("another", cookie, now_ms=now_ms) is None
    assert Seals(b"x" * 32).open("p", cookie, now_ms=now_ms) is None
    assert len({flow.state, flow.nonce, flow.verifier, challenge(flow.verifier), cookie}) == 5
    assert not any(word in cookie for word in (flow.state, flow.nonce, flow.verifier))


@given(st.data())
def test_a_cookie_with_one_other_letter_is_none(data: st.DataObject) -> None:
    _, cookie = SEALS.new("p", there="/map", now_ms=5)
    at = data.draw(st.integers(min_value=0, max_value=len(cookie) - 1))
    letter = data.draw(st.sampled_from("Aa0-_.=é"))
    assume(cookie[at] != letter)
    assert SEALS.open("p", cookie[:at] + letter + cookie[at + 1 :], now_ms=5) is None


@given(st.text(max_size=300))
def test_any_other_text_is_none(text: str) -> None:
    assert SEALS.open("p", text, now_ms=5) is None


def test_the_challenge_of_the_standard() -> None:
    # RFC 7636, Appendix B
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["boss", "tech", "hill", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(ANY, ANY, ANY, ANY)
def test_only_what_is_mapped_opens(name: Any, roles: Any, places: Any, company: Any) -> None:
    claims = {
        "sub": "u", "preferred_username": name, "realm_access": {"roles": roles}, "places": places, "company": company,
    }  # fmt: skip
    found = person_of(claims, SETTING, there="/")
    if isinstance(found, Refusal):
        assert told(found).zh
        assert told(found).en
        return
    assert found.name
    assert found.role is {"boss": Role.ADMIN, "tech": Role.TECHNICIAN}.get(_first(roles))
    assert found.scope.site_ids, "some site, never all of them by mistake"


def _first(roles: Any) -> str:
    words = [roles] if isinstance(roles, str) else [w for w in roles if isinstance(w, str)]
    return next((w for w in ("boss", "tech") if w in words), "")


def _person(setting: OidcSetting = SETTING, /, **claims: Any) -> Vouched | Refusal:
    return person_of({"sub": "u", "preferred_username": "李工", **claims}, setting, there="/map")


def test_scopes_are_unions_and_a_contractor_is_one() -> None:
    tech = _person(realm_access={"roles": ["tech"]}, places=["hill", "lake", "moon"])
    assert isinstance(tech, Vouched)
    assert tech.scope == Scope(site_ids=frozenset({"v01", "v02", "v03"}))
    repair = _person(SETTING, **{"realm_access.roles": "repair", "places": "hill", "company": ["b", "z"]})
    assert isinstance(repair, Vouched)
    assert repair.scope == Scope(site_ids=frozenset({"v01", "v02"}), contractor_id="other")
    both = _person(realm_access={"roles": ["repair", "boss"]}, places="hill")
    assert isinstance(both, Vouched)
    assert both.role is Role.ADMIN, "the first line that fits"
    assert _person(realm_access={"roles": ["tech"]}) is Refusal.NO_SITES
    assert _person(realm_access={"roles": ["tech"]}, places=["moon"]) is Refusal.NO_SITES
    assert _person(realm_access={"roles": ["repair"]}, places="hill", company=["a", "b"]) is Refusal.NO_CONTRACTOR
    whole = _person(replace(SETTING, site_claim="", sites=()), realm_access={"roles": ["tech"]})
    assert isinstance(whole, Vouched)
    assert whole.scope.whole


def test_what_is_missing_is_worth_asking_for() -> None:
    claims = {"preferred_username": "x", "places": [], "company": "", "realm_access": {"roles": []}}
    assert not lacks(claims, SETTING)
    assert lacks({**claims, "realm_access": {}}, SETTING)
