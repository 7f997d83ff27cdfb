"""The reference names every key, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from camkeeper.config import (
    board,
    channels,
    contracts,
    deductions,
    desk,
    digests,
    influx,
    inspections,
    login,
    optics,
    picture,
    policies,
    read,
    schema,
)
from camkeeper.config.defaults import Defaults

DOCS = Path(__file__).parents[3] / "docs"
SECTIONS: dict[str, type[BaseModel]] = {
    "": schema.HeadEntry,
    "policy.probe": policies.ProbeEntry,
    "policy.judge": policies.JudgeEntry,
    "policy.accounting[]": policies.AccountingEntry,
    "policy.coverage": policies.CoverageEntry,
    "policy.incident": desk.IncidentEntry,
    "policy.service": desk.ServiceEntry,
    "policy.picture": picture.PictureEntry,
    "policy.picture.image": picture.NeedEntry,
    "notify": desk.NotifyEntry,
    "notify.routes[]": desk.RouteEntry,
    "notify.routes[].quiet": desk.QuietEntry,
    "notify.routes[].escalate[]": desk.EscalationEntry,
    "notify.watchdog": desk.WatchdogEntry,
    "digests": digests.DigestsEntry,
    "digests.daily": digests.DailyEntry,
    "digests.weekly": digests.WeeklyEntry,
    "influx": influx.InfluxEntry,
    "board.tls": board.TlsEntry,
    "login.oidc": login.OidcEntry,
    "login.oidc.claims": login.ClaimsEntry,
    "login.oidc.claims.role": login.RoleClaimEntry,
    "login.oidc.claims.sites": login.SiteClaimEntry,
    "login.oidc.claims.contractor": login.ContractorClaimEntry,
    "deductions[]": deductions.DeductionEntry,
    "deductions[].total[]": deductions.StepEntry,
    "deductions[].device": deductions.DeviceStepsEntry,
    "deductions[].response": deductions.LateEntry,
    "obstacles[]": schema.ObstacleEntry,
    "contacts[]": schema.ContactEntry,
    "contractors[]": schema.ContractorEntry,
    "contractors[].service": contracts.ServiceTermsEntry,
    "parties[]": schema.PartyEntry,
    "credentials[]": schema.CredentialEntry,
    "channels[]": channels.ChannelEntry,
    "channels[].success": channels.SuccessEntry,
    "uplinks[]": schema.UplinkEntry,
    "sites[]": schema.SiteEntry,
    "links[]": schema.LinkEntry,
    "devices[]": schema.DeviceEntry,
    "devices[].address": schema.AddressEntry,
    "devices[].mount": optics.MountEntry,
    "devices[].lens": optics.LensEntry,
    "devices[].probe": schema.ProbeOverridesEntry,
    "key_places[]": schema.KeyPlaceEntry,
    "windows[]": schema.WindowEntry,
    "inspections[]": inspections.InspectionEntry,
}


@pytest.fixture(name="text", params=["config.md", "config.zh-CN.md"])
def _text(request: pytest.FixtureRequest) -> str:
    return (DOCS / str(request.param)).read_text(encoding="utf-8")


def test_every_key_is_explained(text: str) -> None:
    found: dict[str, set[str]] = {}
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title = re.match(r"`([^`]+)` ", part)
        found[title[1] if title else ""] = set(re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE))
    shared = found.pop("defaults")
    assert found == {path: set(model.model_fields) for path, model in SECTIONS.items()}
    assert shared <= set(Defaults.model_fields)
    assert all(f"`{kind}`" in text for kind in Defaults.model_fields)


def test_the_example_works(text: str) -> None:
    example = re.search(r"^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert example is not None
    loaded = read(example[1].encode(), "example.yaml")
    assert loaded.warnings == ()
    assert len(loaded.registry.devices) == 2
