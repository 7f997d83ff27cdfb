"""How often the board's value is built."""

from __future__ import annotations

from camkeeper.run.keeper import LONGEST_REST_S, SHARE, rest_s


def test_building_takes_its_share_and_one_stall_does_not_freeze_the_board() -> None:
    for took_ms in (0, 20, 499):
        assert took_ms / 1000 <= SHARE * (rest_s(took_ms) + 1e-9)
    assert rest_s(2_760) == rest_s(3_600_000) == LONGEST_REST_S
