"""Who may do what on the county's board: every route, one line each, as the township's table."""

from __future__ import annotations

from camboard import assets
from camboard.access import accounts, commands, signin
from camboard.audit import page as auditpage
from camboard.county import api, live, metrics, page
from camboard.route import ADMIN, METRICS, PUBLIC, Route, Table, get, post
from camkeeper.model.access import Role

READERS = frozenset({Role.ADMIN, Role.COUNTY})
"""The county's people. What a town's people see is on the town's own board."""

FIGURES = (
    get("/", page.home, READERS),
    get("/fragments/county", page.home_fragment, READERS),
    get("/towns/{id}", page.town, READERS),
    get("/fragments/towns/{id}", page.town_fragment, READERS),
    get("/towns/{id}/why", page.why, READERS),
    get("/fragments/towns/{id}/why", page.why_fragment, READERS),
    get("/events", live.events, READERS, head=False),
    get("/api/v1/county", api.county, READERS),
    get("/api/v1/edges", api.edges, READERS),
    get("/api/v1/towns/{id}", api.town, READERS),
    get("/api/v1/towns/{id}/why", api.why, READERS),
)
MACHINES = (
    get("/static/{name}", assets.static, PUBLIC),
    get("/healthz", api.healthz, PUBLIC),
    get("/metrics", metrics.metrics, METRICS),
)
SIGN_IN = (
    get("/login", signin.page, PUBLIC),
    post("/login", signin.enter, PUBLIC, note="login"),
    post("/logout", signin.leave, READERS, note="logout"),
    get("/account", signin.account, READERS),
    post("/account", signin.change, READERS, note="password_set"),
    get("/accounts", accounts.page, ADMIN),
    post("/accounts", accounts.add, ADMIN, note="account_add"),
    post("/accounts/{name}", accounts.act, ADMIN, note="account_change"),
    post("/tokens", accounts.add_token, ADMIN, note="token_new"),
    post("/tokens/{id}", accounts.revoke, ADMIN, note="token_revoke"),
    get("/api/v1/accounts", accounts.listed, ADMIN),
    post("/api/v1/access/{command}", commands.act, ADMIN, note="account_change"),
    get("/audit", auditpage.page, ADMIN),
    get("/audit.csv", auditpage.csv, ADMIN, note="export"),
)

ROUTES: tuple[Route, ...] = (*FIGURES, *MACHINES, *SIGN_IN)


def table() -> Table:
    """Return the whole table."""
    return Table(ROUTES)
