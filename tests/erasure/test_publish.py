"""A run that forecasts somebody who was erased while it ran publishes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from jobs.lake.lake import Lake
from jobs.publishing.copy import PublishError
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, plan, publish, row, seen, write


def test_nothing_is_published(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS])
    with database.owner.begin() as connection:
        connection.execute(text("SELECT clv.forget(ARRAY[:erased], 'Ada', 'why')"), {"erased": CUSTOMERS[0]})
    with pytest.raises(PublishError, match="forecasts 1 customers who were erased while it ran"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert seen(database, "forecast") == []
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS[1:]])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert {entry["customer_id"] for entry in seen(database, "forecast")} == set(CUSTOMERS[1:])
