"""`login`: sign-in through an identity provider. Without the section there are passwords alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from camkeeper.config import scalars as s
from camkeeper.config.channels import Address, is_here
from camkeeper.config.entry import Entry
from camkeeper.config.fault import Loc, shown, shown_zh
from camkeeper.config.findings import Findings
from camkeeper.config.scalars import refuse
from camkeeper.model.access import PEOPLE, Role
from camkeeper.model.login import OidcSetting

_SCOPE = re.compile(r"[!#-\[\]-~]{1,64}\Z", re.ASCII)
_CLIENT = re.compile(r"[!-~]{1,200}\Z", re.ASCII)
_ROLES = tuple(role.value for role in Role if role in PEOPLE)


def _client(value: Any) -> str:
    if not isinstance(value, str) or not _CLIENT.match(value):
        raise refuse(zh="应为统一认证给出的客户端编号", en="wants the client's id, as the provider gave it")
    return value


def _scope(value: Any) -> str:
    if not isinstance(value, str) or not _SCOPE.match(value):
        raise refuse(zh=f"不是 scope：{shown_zh(value)}", en=f"no scope: {shown(value)}")
    return value


def _role(value: Any) -> Role:
    if value not in _ROLES:
        listed = " ".join(_ROLES)
        raise refuse(
            zh=f"应为下列之一：{listed}；不是{shown_zh(value)}", en=f"wants one of: {listed}; not {shown(value)}"
        )
    return Role(value)


def _ids(value: Any) -> Any:
    """Take one id as a list of one."""
    return [value] if isinstance(value, str) else value


ClientId = Annotated[str, BeforeValidator(_client)]
OidcScope = Annotated[str, BeforeValidator(_scope)]
RoleWord = Annotated[Role, BeforeValidator(_role)]
SiteIds = Annotated[tuple[s.Id, ...], BeforeValidator(_ids)]


class RoleClaimEntry(Entry):
    """Which of their words is which role."""

    claim: s.Text
    map: dict[s.Text, RoleWord]

    @model_validator(mode="after")
    def _of_somebody(self) -> RoleClaimEntry:
        if not self.map:
            raise refuse(zh="至少要有一行", en="wants at least one line", key="map")
        return self


class SiteClaimEntry(Entry):
    """Which of their words shows which sites."""

    claim: s.Text
    map: dict[s.Text, SiteIds]


class ContractorClaimEntry(Entry):
    """Which of their words is which contractor."""

    claim: s.Text
    map: dict[s.Text, s.Id]


class ClaimsEntry(Entry):
    """What the provider says of people, and what it means here."""

    name: s.Text = "preferred_username"
    role: RoleClaimEntry
    sites: SiteClaimEntry | None = None
    contractor: ContractorClaimEntry | None = None

    @model_validator(mode="after")
    def _contractors_have_theirs(self) -> ClaimsEntry:
        # A contractor's account without a contractor would see everybody's devices.
        if Role.CONTRACTOR in self.role.map.values() and (self.contractor is None or not self.contractor.map):
            raise refuse(
                zh="角色 contractor 须写明是哪个维保单位：contractor: {claim: ..., map: {...}}",
                en="the role contractor wants its contractor: contractor: {claim: ..., map: {...}}",
                key="contractor",
            )
        return self


class OidcEntry(Entry):
    """One OpenID provider."""

    name: s.Text
    issuer: Address
    client_id: ClientId
    client_secret: s.SecretRef | None = None
    scopes: tuple[OidcScope, ...] = ("openid", "profile")
    claims: ClaimsEntry

    @model_validator(mode="after")
    def _safe(self) -> OidcEntry:
        if urlsplit(self.issuer).query:
            raise refuse(zh="地址里不写参数", en="no query in the address", key="issuer")
        if self.issuer.startswith("http://") and not is_here(self.issuer):
            raise refuse(
                zh="统一认证必须用 https://，否则任何人都能冒充它",
                en="an identity provider wants https://: anybody could pretend to be it otherwise",
                key="issuer",
            )
        if "openid" not in self.scopes:
            raise refuse(zh="scopes 须含 openid", en="scopes want openid among them", key="scopes")
        return self


class LoginEntry(Entry):
    """How people may sign in."""

    oidc: OidcEntry | None = Field(default=None)


def build(e: OidcEntry) -> OidcSetting:
    """Return the setting."""
    claims = e.claims
    return OidcSetting(
        name=e.name,
        issuer=e.issuer,
        client_id=e.client_id,
        secret_ref=e.client_secret or "",
        scopes=e.scopes,
        name_claim=claims.name,
        role_claim=claims.role.claim,
        roles=tuple(claims.role.map.items()),
        site_claim="" if claims.sites is None else claims.sites.claim,
        sites=() if claims.sites is None else tuple(claims.sites.map.items()),
        contractor_claim="" if claims.contractor is None else claims.contractor.claim,
        contractors=() if claims.contractor is None else tuple(claims.contractor.map.items()),
    )


def installed() -> bool:
    """Return whether the optional packages of `camkeeper[oidc]` are there."""
    return find_spec("authlib") is not None and find_spec("joserfc") is not None


def check(e: OidcEntry, root: Mapping[str, Any], findings: Findings) -> None:
    """Add the faults of ids that are not in the file, and the warning of a package that is missing."""
    claims: Loc = ("login", "oidc", "claims")
    if e.claims.sites is not None:
        for word, ids in e.claims.sites.map.items():
            _refer((*claims, "sites", "map", word), ids, "sites", root, findings)
    if e.claims.contractor is not None:
        for word, one in e.claims.contractor.map.items():
            _refer((*claims, "contractor", "map", word), (one,), "contractors", root, findings)
    if not installed():
        # No fault: cameras are watched all the same, and passwords work.
        findings.warn(
            ("login", "oidc"),
            zh="没有安装统一认证所需的软件包，登录页不会出现这个入口；请执行 pip install 'camkeeper[oidc]'",
            en="the packages for it are not installed, the login page will not offer it; pip install 'camkeeper[oidc]'",
        )


_WORDS = {"contractors": ("维保单位", "contractor"), "sites": ("地点", "site")}


def _refer(at: Loc, ids: Iterable[str], section: str, root: Mapping[str, Any], findings: Findings) -> None:
    entries = root.get(section)
    if not isinstance(entries, list | None):
        return  # told already
    there = tuple(str(entry["id"]) for entry in entries or () if isinstance(entry, dict) and "id" in entry)
    zh, en = _WORDS[section]
    for one in ids:
        if one not in there:
            findings.unknown_id(at, one, there, zh=zh, en=en)
