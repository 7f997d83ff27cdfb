"""How people may sign in beside a password of ours: an identity provider, as configured. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.model.access import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSetting:
    """One OpenID provider, and what its words mean here."""

    name: str
    """What people call it: on the button."""
    issuer: str
    """Exactly as the provider writes it in its tokens, a slash at the end included."""
    client_id: str
    secret_ref: str = ""
    """`env:NAME` or `file:PATH`. Empty: a public client, PKCE alone."""
    scopes: tuple[str, ...] = ("openid", "profile")
    name_claim: str = "preferred_username"
    role_claim: str
    roles: tuple[tuple[str, Role], ...]
    """Their word and our role; whose words fit several lines has the role of the first."""
    site_claim: str = ""
    """Empty: whoever comes in sees all sites that the role shows."""
    sites: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Their word and our site ids; whose words fit several lines sees all of them."""
    contractor_claim: str = ""
    contractors: tuple[tuple[str, str], ...] = ()
    """Their word and our contractor's id, for the role of contractors."""
