"""What leaves as JSON: plain values, every bucket, and no percent that was rounded up."""

from __future__ import annotations

import json
from fractions import Fraction

from hypothesis import given, settings
from tests.monitor.standing.registries import Case, cases, some_buckets

from camkeeper.availability.buckets import Buckets
from camkeeper.model.status import Status
from camkeeper.standing.build import build
from camkeeper.standing.export import buckets_json, percents_json, site_json


@given(some_buckets())
def test_a_percent_is_cut_and_never_rounded_up(buckets: Buckets) -> None:
    exact = {
        "ratio": buckets.ratio,
        "lower": buckets.lower,
        "upper": buckets.upper,
        "good": buckets.good_ratio,
        "completeness": buckets.completeness,
    }
    shown = percents_json(buckets)
    assert shown.keys() == exact.keys()
    for name, share in exact.items():
        if share is None:
            assert shown[name] is None
            continue
        percent = Fraction(shown[name])
        assert percent <= share * 100 < percent + Fraction(1, 100)
        assert len(shown[name].partition(".")[2]) == 2


def test_just_below_the_target_is_not_shown_as_the_target() -> None:
    almost = Buckets(up_ms=949_999_999, down_ms=50_000_001)
    assert percents_json(almost)["ratio"] == "94.99"
    assert percents_json(Buckets(up_ms=10**12 - 1, down_ms=1))["ratio"] == "99.99"


@settings(max_examples=20)
@given(cases())
def test_a_site_as_json_has_the_very_integers(case: Case) -> None:
    standing = build(case.inputs())
    for site in (*standing.sites, standing.total):
        shown = json.loads(json.dumps(site_json(site), ensure_ascii=False))
        assert shown["today"]["buckets"] == buckets_json(site.today.buckets)
        assert sum(shown["month"]["buckets"].values()) == (
            site.month.buckets.period_ms + site.month.buckets.degraded_ms
        )
        assert shown["cameras"] == {status.value: site.cameras[status] for status in Status}
        assert shown["cameras_total"] == sum(shown["cameras"].values())
        assert shown["today"]["verdict"] in {"met", "missed", "undetermined"}
        assert shown["target_bp"] == site.target_bp
