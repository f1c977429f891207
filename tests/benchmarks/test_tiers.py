from __future__ import annotations

import numpy as np
import pytest

from benchmarks.tiers import assigned, stability


def test_changes_and_flaps_are_shares_of_the_customer_months() -> None:
    tiers = np.array(
        [
            [2, 2, 2, 2],
            [2, 1, 2, 2],  # two changes, the first undone a month later
            [1, 2, 2, 1],  # two changes, the first undone two months later
            [0, 0, 3, 1],  # not known at first
        ]
    )
    found = stability(tiers)
    assert found["changes"] == pytest.approx(5 / 10)
    assert found["flaps"] == pytest.approx(2 / 10)
    assert (found["least_top"], found["most_top"]) == (0.0, 2 / 4)


def test_published_tiers_remember_the_month_before_and_plain_ones_do_not() -> None:
    values = np.repeat(np.arange(1000.0)[:, None], 3, axis=1)
    values[:20, 0] = np.nan
    values[985:995, 1] += 8.5
    plain, published = (assigned(values, remembers=remembers) for remembers in (False, True))
    assert (plain[:, 0] == published[:, 0]).all()
    assert (plain[:20, 0] == 0).all()
    assert stability(published)["changes"] < stability(plain)["changes"]
