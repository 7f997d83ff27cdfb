"""What a reload changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from camkeeper.config import load, read
from camkeeper.config.diff import diff
from camkeeper.model.picture import Need
from camkeeper.model.registry import Registry

GOOD = Path(__file__).parent / "good.yaml"
BESIDE = str(GOOD.with_name("elsewhere.yaml"))
TEXT = GOOD.read_text(encoding="utf-8")
REGISTRY = load(GOOD)


def changed(old: str, new: str) -> Registry:
    assert old in TEXT
    return read(TEXT.replace(old, new).encode(), BESIDE).registry


def test_nothing_changed() -> None:
    again = read(("# 注释\n" + TEXT).encode(), BESIDE).registry
    assert again.digest != REGISTRY.digest
    assert not diff(REGISTRY, again)


def test_what_is_asked_otherwise() -> None:
    for old, new, names in (
        ("host: 10.1.1.1}", "host: 10.1.1.9}", {"address"}),
        ("ladder: [reach, time]", "ladder: [reach]", {"overrides"}),
        ("credential: other", "credential: main", {"credential_id", "credential"}),
        ("user: admin", "user: viewer", {"credential"}),
        ('"file:secrets/other"', '"file:secrets/new"', {"credential"}),
    ):
        changes = diff(REGISTRY, changed(old, new))
        (device_id,) = changes.changed
        assert changes.fields == {device_id: names}
        assert changes.restated == changes.added == changes.removed == ()


def test_what_is_only_stated_otherwise() -> None:
    changes = diff(REGISTRY, changed("name: no,", "name: 北杆,"))
    assert (changes.restated, changes.changed) == (("cam-1",), ())
    assert changes
    assert not changes.windows_changed


def test_policies_and_windows() -> None:
    changes = diff(REGISTRY, changed("every_s: 20", "every_s: 25"))
    assert changes.policies_changed == {"probe"}
    assert changes.changed == ()
    changes = diff(REGISTRY, changed("reason: 更换", "reason: 换"))
    assert changes.windows_changed
    assert changes.parts_changed == {"windows"}
    # The window of a link covers other devices when a device moves to another link.
    assert diff(REGISTRY, changed("site: v1, link: pole", "site: v1, link: line")).windows_changed


@given(st.sets(st.sampled_from(REGISTRY.devices)), st.sets(st.sampled_from(REGISTRY.devices)))
def test_adding_mirrors_removing(some: set[object], others: set[object]) -> None:
    a = replace(REGISTRY, devices=tuple(d for d in REGISTRY.devices if d in some))
    b = replace(REGISTRY, devices=tuple(d for d in REGISTRY.devices if d in others))
    there, back = diff(a, b), diff(b, a)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert set(there.added) == b.device_by_id.keys() - a.device_by_id.keys()
    assert there.fields == {}


def test_the_rules_of_evidence_are_a_policy() -> None:
    picture = REGISTRY.picture
    assert (picture.name, picture.version, picture.agree_deg, picture.night_below_deg) == ("ours", 2, 0.8, -6)
    assert (picture.no_signal, picture.image) == (Need(looks=3, span_ms=120_000), Need(looks=4, span_ms=1_200_000))
    assert picture.exposure == Need(looks=8, span_ms=3_600_000)
    assert picture.moved == Need(looks=3, span_ms=600_000)
    assert (picture.frozen, picture.clear) == (Need(looks=5, span_ms=1_500_000), Need(looks=3, span_ms=60_000))
    assert (picture.weather_percent, picture.platform_cameras, picture.platform_window_ms) == (70, 6, 600_000)
    assert (picture.learn_frames, picture.learn_until, picture.learn_every_ms) == (6, 24, 1_800_000)
    assert picture.thumbnail_days == 3
    assert diff(REGISTRY, changed("agree_deg: 0.8", "agree_deg: 0.9")).policies_changed == {"picture"}


def test_a_changed_picture_policy_wants_a_name() -> None:
    loaded = read(TEXT.replace("name: ours, version: 2, no_signal", "no_signal").encode(), BESIDE)
    assert [w.path for w in loaded.warnings if w.path.startswith("policy")] == ["policy.picture"]
