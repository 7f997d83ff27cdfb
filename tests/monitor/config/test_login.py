"""`login.oidc`: an identity provider and what its words mean."""

from __future__ import annotations

import sys

import pytest

from camkeeper.config import ConfigError, read
from camkeeper.config.login import installed
from camkeeper.model.access import Role
from camkeeper.model.login import OidcSetting

BASE = """name: n
datum: wgs84
sites:
- {id: town, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}
- {id: v01, name: 村, kind: village, parent: town, target: 95, timezone: Asia/Shanghai}
contractors:
- {id: anfang, name: 安防}
login:
  oidc:
    name: 县统一认证
    issuer: https://id.example/realms/county/
    client_id: camkeeper
    client_secret: env:OIDC_SECRET
    scopes: [openid, profile, groups]
    claims:
      name: preferred_username
      role: {claim: groups, map: {cam-tech: technician, 领导: official, repair: contractor}}
      sites: {claim: places, map: {hill: v01, all: [town, v01]}}
      contractor: {claim: company, map: {a: anfang}}
"""


def test_without_the_section_there_are_passwords_alone() -> None:
    assert read(BASE.partition("login:")[0].encode(), "f").registry.oidc is None


def test_all_of_it() -> None:
    found = read(BASE.encode(), "f")
    assert found.registry.oidc == OidcSetting(
        name="县统一认证",
        issuer="https://id.example/realms/county/",
        client_id="camkeeper",
        secret_ref="env:OIDC_SECRET",
        scopes=("openid", "profile", "groups"),
        name_claim="preferred_username",
        role_claim="groups",
        roles=(("cam-tech", Role.TECHNICIAN), ("领导", Role.OFFICIAL), ("repair", Role.CONTRACTOR)),
        site_claim="places",
        sites=(("hill", ("v01",)), ("all", ("town", "v01"))),
        contractor_claim="company",
        contractors=(("a", "anfang"),),
    )
    assert any(w.path == "login.oidc" and "camkeeper[oidc]" in w.zh for w in found.warnings) != installed()


@pytest.mark.parametrize(
    ("old", "new", "path", "line"),
    [
        ("issuer: https://", "issuer: http://", "login.oidc.issuer", 11),
        ("county/", "county/?x=1", "login.oidc.issuer", 11),
        ("client_secret: env:OIDC_SECRET", "client_secret: plain", "login.oidc.client_secret", 13),
        ("client_id: camkeeper", "client_id: 'a b'", "login.oidc.client_id", 12),
        ("[openid, profile, groups]", "[profile]", "login.oidc.scopes", 14),
        ("cam-tech: technician", "cam-tech: king", "login.oidc.claims.role.map.cam-tech", 17),
        ("cam-tech: technician", "cam-tech: wall", "login.oidc.claims.role.map.cam-tech", 17),
        ("hill: v01", "hill: v02", "login.oidc.claims.sites.map.hill", 18),
        ("a: anfang", "a: nobody", "login.oidc.claims.contractor.map.a", 19),
        ("      contractor: {claim: company, map: {a: anfang}}\n", "", "login.oidc.claims.contractor", 15),
        ("    name: 县统一认证\n", "", "login.oidc.name", 9),
        ("client_id:", "client-id:", "login.oidc.client-id", 12),
    ],
)
def test_faults_are_named_at_their_line(old: str, new: str, path: str, line: int) -> None:
    assert old in BASE
    with pytest.raises(ConfigError) as caught:
        read(BASE.replace(old, new, 1).encode(), "f")
    assert (path, line) in {(fault.path, fault.line) for fault in caught.value.faults}
    assert "plain" not in str(caught.value)


def test_without_its_packages_the_remedy_is_told_and_the_file_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "authlib", None)
    found = read(BASE.encode(), "f")
    assert found.registry.oidc is not None
    (warning,) = [w for w in found.warnings if w.path == "login.oidc"]
    assert "pip install 'camkeeper[oidc]'" in warning.zh
    assert "pip install 'camkeeper[oidc]'" in warning.en
    assert warning.line == 9


def test_a_provider_on_this_machine_may_speak_http() -> None:
    assert read(BASE.replace("https://id.example", "http://127.0.0.1:9").encode(), "f").registry.oidc is not None
