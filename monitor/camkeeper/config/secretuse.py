"""Who needs which secret, as the configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from camkeeper.config.channels import secret_refs
from camkeeper.model.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One reference to a secret, and who has it there."""

    ref: str
    """`store:NAME`, `env:NAME` or `file:PATH`."""
    who: str
    """The place in the configuration."""


def uses(registry: Registry) -> Iterator[Use]:
    """Yield every reference to a secret."""
    for credential in registry.credentials:
        yield Use(ref=credential.secret_ref, who=f"credentials.{credential.id}")
    for channel in registry.channels:
        for ref in secret_refs(channel):
            yield Use(ref=ref, who=f"channels.{channel.id}")
    if registry.influx is not None and registry.influx.token_ref:
        yield Use(ref=registry.influx.token_ref, who="influx")
    if registry.oidc is not None and registry.oidc.secret_ref:
        yield Use(ref=registry.oidc.secret_ref, who="login.oidc")


def sealed_uses(registry: Registry) -> dict[str, tuple[str, ...]]:
    """Return, by name in the sealed file, who uses it."""
    out: dict[str, tuple[str, ...]] = {}
    for use in uses(registry):
        kind, _, name = use.ref.partition(":")
        if kind == "store":
            out[name] = (*out.get(name, ()), use.who)
    return out
