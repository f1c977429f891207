from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from jobs.core.month import Month
from jobs.features.profile import Accounts, list_of

ROWS = pa.Table.from_pylist(
    [
        {"month": "2024-02", "signup_on": date(2024, 1, 31), "membership": "none", "city": "Lyon", "country": "FR"},
        {"month": "2024-02", "signup_on": date(2024, 2, 1), "membership": "none", "city": "Lyon", "country": "FR"},
        {"month": "2024-03", "signup_on": date(2024, 1, 31), "membership": "annual", "city": "Nice", "country": "FR"},
        {"month": "2024-03", "signup_on": None, "membership": "annual", "city": "Nice", "country": "FR"},
        {"month": "2024-03", "signup_on": date(2024, 4, 1), "membership": "annual", "city": "Nice", "country": "FR"},
    ]
)
CUSTOMERS = np.array([0, 1, 0, 2, 3])


def test_each_snapshot_reads_the_newest_list_before_it_and_nobody_who_signs_up_later() -> None:
    accounts, lists = Accounts(4, CUSTOMERS, ROWS), [Month(2024, 2), Month(2024, 3)]
    cities = {
        str(as_of): accounts.columns(accounts.row_at(as_of, list_of(as_of, lists)))["city"].to_pylist()
        for as_of in (date(2024, month, 1) for month in (1, 3, 4, 5))
    }
    assert cities == {
        "2024-01-01": [None, None, None, None],
        "2024-03-01": ["Lyon", "Lyon", None, None],
        "2024-04-01": ["Nice", None, None, None],
        "2024-05-01": ["Nice", None, None, "Nice"],
    }
