"""Who else may vouch for people: the provider of the configuration that counts now."""

from __future__ import annotations

from pathlib import Path

import structlog

from camkeeper.clock import Clock
from camkeeper.config.channels import secret_source
from camkeeper.config.login import installed
from camkeeper.oidc import Outside
from camkeeper.run.township import Township

_log = structlog.get_logger(__name__)


def outside_of(township: Township, clock: Clock) -> Outside | None:
    """Return the way to the provider; None where the packages for one are not installed.

    `clock` is the machine's own: what another machine stamped is compared with it. None is configured perhaps: a
    reload may bring one.
    """
    if installed():
        behind = secret_source(Path(township.registry.source).parent)
        return Outside(lambda: township.registry.oidc, secret_behind=behind, clock=clock)
    if township.registry.oidc is not None:
        _log.error(
            "oidc_not_installed",
            zh="没有安装统一认证所需的软件包；请执行 pip install 'camkeeper[oidc]'",
            en="the packages for the identity provider are not installed; pip install 'camkeeper[oidc]'",
        )
    return None
