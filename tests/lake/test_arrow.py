from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from jobs.core.month import Month
from jobs.lake.arrow import read_rows, with_doubles, write_period
from jobs.lake.lake import Lake
from jobs.lake.tables import SESSIONS

amounts = st.lists(st.none() | st.integers(-(2**53), 2**53).map(lambda units: Decimal(units).scaleb(-4)))


@given(first=amounts, second=amounts)
def test_a_decimal_becomes_the_nearest_double(first: list[Decimal | None], second: list[Decimal | None]) -> None:
    chunks = [pa.array(values, pa.decimal128(18, 4)) for values in (first, second)]
    sliced = pa.table({"amount": pa.chunked_array(chunks), "name": ["x"] * (len(first) + len(second))}).slice(1)
    expected = [None if amount is None else float(amount) for amount in [*first, *second][1:]]
    doubles = with_doubles(sliced)
    assert doubles["amount"].to_pylist() == expected
    assert doubles["name"] == sliced["name"]


def test_a_column_that_an_earlier_release_has_not_written_is_null(lake: Lake) -> None:
    earlier = replace(SESSIONS, columns=SESSIONS.columns[:1])
    write_period(pd.DataFrame({"customer_id": ["c1"]}), lake, earlier, Month(2011, 10), {})
    moment = pd.Timestamp("2011-11-01T09:00:00Z")
    later = pd.DataFrame({"customer_id": ["c2"], "logged_in_at": [moment]})
    write_period(later, lake, SESSIONS, Month(2011, 11), {})
    rows = read_rows(lake, SESSIONS, [Month(2011, 10), Month(2011, 11)]).to_pylist()
    assert rows == [
        {"customer_id": "c1", "logged_in_at": None},
        {"customer_id": "c2", "logged_in_at": moment.to_pydatetime()},
    ]
