"""The golden month's features from its raw files, without Spark: every customer, every column, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from jobs.forecasting.status import STATUSES
from tests.golden_month.golden import AS_OF, stored
from tests.golden_month.raw import SOURCE, TABLE, RawShop

PARSED: Mapping[str, Callable[[str], Any]] = {
    "double": float,
    "bigint": lambda text: int(float(text)),
    "string": str,
    "date": date.fromisoformat,
    "decimal(18,4)": Decimal,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> RawShop:
    return RawShop.simulated(tmp_path_factory.mktemp("golden"))


def test_every_column_of_every_customer_is_the_batch_s(shop: RawShop) -> None:
    ours, golden = shop.snapshot(AS_OF), stored("features").to_dict("records")
    assert [row["customer_id"] for row in ours] == [row["customer_id"] for row in golden]
    batch = [{c.name: PARSED[c.type](row[c.name]) if row[c.name] else None for c in TABLE.columns} for row in golden]
    differences = [
        (row["customer_id"], name, row[name], theirs[name])
        for row, theirs in zip(ours, batch, strict=True)
        for name in TABLE.names
        if row[name] != theirs[name]
    ]
    assert differences == []


def test_the_golden_shop_has_every_department_and_every_status(shop: RawShop) -> None:
    lines = [line for person in shop.histories(AS_OF) for line in person.lines]
    assert {*SOURCE.departments} <= {line.department for line in lines}
    assert any(line.is_return for line in lines)
    assert set(stored("forecasts")["status"]) == set(STATUSES)
