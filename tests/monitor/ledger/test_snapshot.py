"""What the record keeps of a configuration: all that figures need, nothing that is nobody's business."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from camkeeper.ledger import chain, snapshot_of
from camkeeper.ledger.configs import zone_of
from camkeeper.ledger.snapshot import from_json, to_json
from camkeeper.model.contract import Contact, Window, WindowKind
from camkeeper.model.equipment import Address, Credential, Device, DeviceKind, Link, LinkKind
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span


def registry() -> Registry:
    def device(name: str, site: str, link: str | None) -> Device:
        return Device(
            id=name,
            name=name,
            kind=DeviceKind.CAMERA,
            site_id=site,
            address=Address(host="10.1.2.3"),
            link_id=link,
            credential_id="c1",
        )

    def window(name: str, **scope: Any) -> Window:
        span = Span(start_ms=10, end_ms=20)
        return Window(id=name, kind=WindowKind.EXCLUSION, span=span, reason="雷击", evidence="照片", **scope)

    town = Site(id="town", name="大郭镇", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500)
    village = Site(
        id="v1", name="村", kind=SiteKind.VILLAGE, timezone="Asia/Shanghai", target_bp=9500, parent_id="town"
    )
    return Registry(
        name="大郭镇",
        sites=(town, village),
        devices=(device("a", "v1", "pole"), device("b", "town", "line"), device("c", "town", None)),
        links=(
            Link(id="line", name="移动", kind=LinkKind.OPERATOR_LINE),
            Link(id="pole", name="杆", kind=LinkKind.POLE, upstream_id="line"),
        ),
        credentials=(Credential(id="c1", user="patrol-user", secret_ref="env:CANARY"),),
        contacts=(Contact(id="k1", name="张三", phone="13800000000"),),
        windows=(
            window("by-site", site_ids=frozenset({"v1"})),
            window("by-link", link_ids=frozenset({"line"})),
            window("by-device", device_ids=frozenset({"c"})),
            window("all"),
        ),
        digest="ab" * 32,
    )


def test_windows_have_their_devices_worked_out() -> None:
    kept = snapshot_of(registry())
    assert [w.device_ids for w in kept.windows] == [{"a"}, {"a", "b"}, {"c"}, None]
    excluded = kept.excluded(frozenset({WindowKind.EXCLUSION}), Span(start_ms=0, end_ms=15))
    assert excluded == {name: (Span(start_ms=10, end_ms=15),) for name in ("a", "b", "c")}
    assert kept.excluded(frozenset({WindowKind.MAINTENANCE}), Span(start_ms=0, end_ms=15)) == {}


def test_it_is_read_as_written() -> None:
    kept = snapshot_of(registry())
    read = from_json(chain.read_config(chain.config_body(to_json(kept))))
    assert read == kept
    assert read.digest == kept.digest
    assert read.zone_of("a") == "Asia/Shanghai"


def test_a_camera_that_left_the_register_keeps_what_was_agreed_for_it() -> None:
    kinds, span = frozenset({WindowKind.EXCLUSION}), Span(start_ms=0, end_ms=15)
    before = snapshot_of(registry())
    without_a = replace(registry(), devices=registry().devices[1:])
    after = snapshot_of(without_a).after(before)
    assert after.former == {"a"}
    assert after.excluded(kinds, span) == before.excluded(kinds, span)
    assert [w.device_ids for w in after.windows] == [{"a"}, {"a", "b"}, {"c"}, None]
    assert from_json(chain.read_config(chain.config_body(to_json(after)))) == after
    # Said again, or two configurations later: the same. Enrolled again: the register's own word.
    assert snapshot_of(without_a).after(after) == after
    assert snapshot_of(replace(without_a, devices=without_a.devices[1:])).after(after).former == {"a", "b"}
    assert snapshot_of(registry()).after(after) == before
    assert "former" not in to_json(before)


def test_the_ledgers_zone_is_the_roots_wherever_it_is_listed() -> None:
    kept = snapshot_of(registry())
    town, village = kept.sites
    assert zone_of(replace(kept, sites=(replace(village, timezone="Asia/Urumqi"), town))) == "Asia/Shanghai"
    assert zone_of(None) == "Asia/Shanghai"


def test_a_window_taken_out_of_the_file_covers_nobody() -> None:
    without_a = replace(registry(), devices=registry().devices[1:], windows=registry().windows[1:3])
    after = snapshot_of(without_a).after(snapshot_of(registry()))
    covered = {w.id: sorted(w.device_ids or ()) for w in after.windows}
    assert covered == {"by-link": ["a", "b"], "by-device": ["c"]}


def test_no_address_account_or_person_is_kept() -> None:
    text = chain.compact(to_json(snapshot_of(registry()))).decode()
    for secret in ("10.1.2.3", "patrol-user", "CANARY", "张三", "13800000000"):
        assert secret not in text
