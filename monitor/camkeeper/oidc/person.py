"""From the provider's words to a person here. Pure. What is not mapped opens nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from camkeeper.model.access import Role, Scope
from camkeeper.model.login import OidcSetting
from camkeeper.oidc.refusal import Refusal
from camkeeper.standing.access import Vouched

_MAX_WORDS = 2_000


def person_of(claims: Mapping[str, Any], setting: OidcSetting, *, there: str) -> Vouched | Refusal:
    """Return whom these claims are about; the claims are verified, `sub` included."""
    name = _at(claims, setting.name_claim)
    name = unicodedata.normalize("NFC", name).strip() if isinstance(name, str) else ""
    if not name:
        return Refusal.NO_NAME
    said = words_of(claims, setting.role_claim)
    role = next((role for word, role in setting.roles if word in said), None)
    if role is None:
        return Refusal.NO_ROLE
    scope = _scope(claims, setting, role)
    if isinstance(scope, Refusal):
        return scope
    return Vouched(issuer=setting.issuer, subject=str(claims["sub"]), name=name, role=role, scope=scope, there=there)


def wanted(setting: OidcSetting) -> tuple[str, ...]:
    """Return the claims that are looked at."""
    named = (setting.name_claim, setting.role_claim, setting.site_claim, setting.contractor_claim)
    return tuple(claim for claim in named if claim)


def lacks(claims: Mapping[str, Any], setting: OidcSetting) -> bool:
    """Return whether one of the claims that are looked at isn't there, so that it may be worth asking further."""
    return any(_at(claims, claim) is None for claim in wanted(setting))


def words_of(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    """Return the words of a claim: one text, or a list of them. Anything else says nothing."""
    value = _at(claims, claim)
    if isinstance(value, str):
        return frozenset({value})
    if not isinstance(value, list):
        return frozenset()
    return frozenset(word for word in value[:_MAX_WORDS] if isinstance(word, str))


def _at(claims: Mapping[str, Any], claim: str) -> Any:
    """Return a claim by its name, else along its dots: Keycloak nests `realm_access.roles`; None where it is not."""
    if claim in claims:
        return claims[claim]
    at: Any = claims
    for part in claim.split("."):
        if not isinstance(at, Mapping) or part not in at:
            return None
        at = at[part]
    return at


def _scope(claims: Mapping[str, Any], setting: OidcSetting, role: Role) -> Scope | Refusal:
    sites: frozenset[str] | None = None
    if setting.site_claim:
        said = words_of(claims, setting.site_claim)
        sites = frozenset(_flat(ids for word, ids in setting.sites if word in said))
        if not sites:
            return Refusal.NO_SITES
    contractor: str | None = None
    if role is Role.CONTRACTOR:
        said = words_of(claims, setting.contractor_claim) if setting.contractor_claim else frozenset()
        found = {one for word, one in setting.contractors if word in said}
        if len(found) != 1:
            return Refusal.NO_CONTRACTOR
        contractor = found.pop()
    return Scope(site_ids=sites, contractor_id=contractor)


def _flat(lists: Iterable[tuple[str, ...]]) -> Iterable[str]:
    return (one for ids in lists for one in ids)
