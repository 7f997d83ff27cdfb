"""The laws of the figure that decides payment, each with the property tests that state it; and how often they were put.

They live beside the rooms whose laws they are, in tests/monitor; here is only which of them make up which law.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis
from tests.monitor.availability import test_days, test_figures, test_golden, test_hold, test_rollup, test_tally
from tests.monitor.ledger import test_closed_months
from tests.monitor.ledger import test_figures as test_sums

Property = Callable[..., Any]


ASKS_A_LEDGER = 7
"""A property that writes a ledger costs about so many times as much: a quick run puts it to so many times fewer."""


def _of(arguments: tuple[Any, ...], body: Property) -> Property:
    stated: Property = hypothesis.given(*arguments)(body)  # type: ignore[no-untyped-call]
    return stated


_A_CLOSED_MONTH = _of(test_closed_months.CLOSED, test_closed_months.a_closed_month_stands)
_THREE_ENGINES = _of(test_sums.ENGINES, test_sums.three_engines_agree)
_DAYS_BY_ROLLUPS = _of(test_sums.ROLLUPS, test_sums.days_agree_with_and_without_rollups)
_ASK_LEDGERS = (_A_CLOSED_MONTH, _THREE_ENGINES, _DAYS_BY_ROLLUPS)

LAWS: dict[str, tuple[Property, ...]] = {
    "buckets sum to the period": (test_tally.test_equals_the_oracle_and_sums_to_the_period,),
    "additive over any split": (
        test_tally.test_additive_over_any_split,
        test_hold.test_additive_over_any_split,
        test_days.test_buckets_add_up_over_days_hours_and_months,
    ),
    "order and repetition mean nothing": (test_hold.test_order_and_repetition_mean_nothing,),
    "DOWN to UP never lowers up": (
        test_tally.test_down_to_up_never_lowers_up,
        test_hold.test_down_to_up_never_lowers_up,
    ),
    "shifting time changes nothing": (
        test_tally.test_shifting_everything_changes_nothing,
        test_hold.test_shifting_time_changes_nothing,
    ),
    "an exclusion never raises down": (
        test_tally.test_an_exclusion_never_raises_down_nor_up,
        test_hold.test_an_exclusion_never_raises_down,
    ),
    "silence is neither up nor down": (
        test_tally.test_silence_of_the_monitor_makes_neither_up_nor_down,
        test_hold.test_where_samples_are_missing_it_is_neither_up_nor_down,
    ),
    "a device counts only its life": (test_tally.test_a_device_added_midway_counts_only_its_life,),
    "a late sample changes only its own hold": (test_hold.test_a_late_sample_changes_only_its_own_hold,),
    "a closed month stands until amended": (_A_CLOSED_MONTH,),
    "conflicts have one winner": (test_hold.test_at_one_instant_the_worse_status_stands,),
    "a village is the sum of its devices": (
        test_rollup.test_day_sums_of_the_county_are_those_of_its_cameras,
        test_figures.test_days_of_a_device_add_up_to_its_month,
    ),
    "oracle, interval engine and SQL agree": (
        _THREE_ENGINES,
        _DAYS_BY_ROLLUPS,
        test_hold.test_equals_the_oracle,
        test_hold.test_sample_engine_and_interval_engine_agree,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A law put to so many examples that ran to their end, of its least-asked property; what broke it, if anything."""

    law: str
    examples: int
    broken: str


def put(law: str, examples: int, seed: int, *, less: int = 1) -> Put:
    """Put each property of a law to so many examples drawn from a seed; an error is what broke the law.

    Those that write a ledger are put to a `less`-th of them, and each of theirs counts so many times.
    """
    fewest, broken = examples, ""
    for stated in LAWS[law]:
        share = less if stated in _ASK_LEDGERS else 1
        ran, error = property_put(stated, examples // share, seed)
        fewest, broken = min(fewest, ran * share), broken or error
    return Put(law=law, examples=fewest, broken=broken)


def property_put(stated: Property, examples: int, seed: int) -> tuple[int, str]:
    """Return how many examples ran to their end, and what broke the property (empty: nothing). Once a process."""
    checks = list(hypothesis.HealthCheck)
    asked = hypothesis.settings(max_examples=examples, deadline=None, database=None, suppress_health_check=checks)
    ran = 0
    inner = stated.hypothesis.inner_test  # type: ignore[attr-defined]

    @functools.wraps(inner)
    def counted(*args: Any, **kwargs: Any) -> None:
        nonlocal ran
        inner(*args, **kwargs)
        ran += 1

    stated.hypothesis.inner_test = counted  # type: ignore[attr-defined]
    try:
        hypothesis.seed(seed)(asked(stated))()
    except Exception as error:  # noqa: BLE001 - whatever a property raises is what broke it
        return ran, f"{type(error).__name__}: {error}"[:300]
    finally:
        stated.hypothesis.inner_test = inner  # type: ignore[attr-defined]
    return ran, ""


def golden() -> tuple[int, list[str]]:
    """Tell each month whose figures were reckoned by hand; return how many there are, and those that differ."""
    wrong = []
    for path in test_golden.FILES:
        try:
            test_golden.test_story(path)
            if "\naccount " in path.read_text(encoding="utf-8"):
                test_golden.test_story_by_its_bare_samples(path)
        except AssertionError:
            wrong.append(path.stem)
    return len(test_golden.FILES), wrong
