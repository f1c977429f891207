from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from jobs.lake.arrow import with_doubles

amounts = st.lists(st.none() | st.integers(-(2**53), 2**53).map(lambda units: Decimal(units).scaleb(-4)))


@given(first=amounts, second=amounts)
def test_a_decimal_becomes_the_nearest_double(first: list[Decimal | None], second: list[Decimal | None]) -> None:
    chunks = [pa.array(values, pa.decimal128(18, 4)) for values in (first, second)]
    sliced = pa.table({"amount": pa.chunked_array(chunks), "name": ["x"] * (len(first) + len(second))}).slice(1)
    expected = [None if amount is None else float(amount) for amount in [*first, *second][1:]]
    doubles = with_doubles(sliced)
    assert doubles["amount"].to_pylist() == expected
    assert doubles["name"] == sliced["name"]
