from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from jobs.features.days import Days, day_number
from jobs.features.logins import logins

DAYS = [date(2024, 3, 31), date(2024, 3, 25), date(2024, 3, 24), date(2024, 3, 2), date(2024, 4, 1)]


@pytest.mark.parametrize(
    ("as_of", "last_7_days", "last_30_days", "since_last"),
    [
        (date(2024, 4, 1), 2, 4, 1),
        (date(2024, 5, 1), 0, 1, 30),
        (date(2024, 6, 1), 0, 0, 61),
        (date(2024, 8, 1), 0, 0, None),
    ],
)
def test_a_login_counts_in_the_days_before_each_snapshot_that_looks_back_on_it(
    as_of: date, last_7_days: int, last_30_days: int, since_last: int | None
) -> None:
    first_customer = np.zeros(len(DAYS), dtype=np.int64)
    days = Days(2, first_customer, np.array([day_number(day) for day in DAYS]), {})
    counted = logins(days, as_of, known=np.array([0, 1]))
    assert {name: values.to_pylist() for name, values in counted.items()} == {
        "logins_7d": [last_7_days, 0],
        "logins_30d": [last_30_days, 0],
        "days_since_last_login": [since_last, None],
    }
