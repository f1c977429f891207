"""The golden month's features from its raw files, without Spark: every customer, every column, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jobs.cleaning.row_accounts import clean_account, clean_logins
from jobs.cleaning.rows import Delivered, RejectedRow, clean_transactions
from jobs.core.month import Month
from jobs.features.rfm_cuts import NONE
from jobs.features.single.customer import CustomerHistory, customer_features
from jobs.features.table import feature_columns
from jobs.forecasting.status import STATUSES
from jobs.simulation.shop import simulate
from jobs.sources import load
from tests.features.customer_by_customer import cuts_of
from tests.golden_month.golden import AS_OF, MONTH, SHOP, stored

SOURCE = load("simulated_shop")
PARSED: Mapping[str, Callable[[str], Any]] = {
    "double": float,
    "bigint": lambda text: int(float(text)),
    "string": str,
    "date": date.fromisoformat,
    "decimal(18,4)": Decimal,
}


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("golden") / "landing"
    simulate(SHOP, folder)
    return folder


def delivered_rows(landing: Path, table: str, month: Month) -> list[dict[str, str | None]]:
    """The rows of a month."""
    files = sorted((landing / table / f"month={month}").glob("*.csv*"))
    return [row for file in files for row in rows_of(file)]


def rows_of(file: Path) -> list[dict[str, str | None]]:
    """The rows of a file as text; a line whose fields do not match the header is left out."""
    frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""], on_bad_lines="skip")
    records = frame.to_dict("records")
    return [{str(name): text if isinstance(text, str) else None for name, text in row.items()} for row in records]


def histories(landing: Path) -> list[CustomerHistory]:
    months = [Month.parse(path.name[6:]) for path in sorted((landing / "transactions").glob("month=*"))]
    listed = rows_of(landing / "products.csv")
    products = {months[0]: {str(row["product_id"]): str(row["department"]) for row in listed}}
    people: dict[str, dict[str, Any]] = {}
    for month in months:
        folder = Delivered(first=month, last=month, month=month, products=products)
        for line in clean_transactions(delivered_rows(landing, "transactions", month), SOURCE, folder).lines:
            people.setdefault(line.customer_id, {}).setdefault("lines", []).append(line)
        for customer, at in clean_logins(delivered_rows(landing, "sessions", month), SOURCE.sessions, SOURCE, folder)[0]:
            people.setdefault(customer, {}).setdefault("logins", []).append(at)
    for row in delivered_rows(landing, "customers", MONTH):
        account = clean_account(row, SOURCE.customers, SOURCE)
        if not isinstance(account, RejectedRow):
            people.setdefault(account.customer_id, {}).setdefault("account", account)
    return [CustomerHistory(customer_id=name, **known) for name, known in sorted(people.items())]


def test_every_column_of_every_customer_is_the_batch_s(landing: Path) -> None:
    people, columns = histories(landing), feature_columns(SOURCE.departments)

    def rows(cuts: Any) -> list[dict[str, Any]]:
        made = (
            customer_features(who, as_of=AS_OF, departments=SOURCE.departments, cuts=cuts, has_logins=True)
            for who in people
        )
        return [row for row in made if row is not None]

    ours = rows(cuts_of(rows(NONE)))
    golden = stored("features").to_dict("records")
    assert [row["customer_id"] for row in ours] == [row["customer_id"] for row in golden]
    parsed = [{c.name: PARSED[c.type](row[c.name]) if row[c.name] else None for c in columns} for row in golden]
    differences = [
        (row["customer_id"], name, row[name], batch[name])
        for row, batch in zip(ours, parsed, strict=True)
        for name in batch
        if row[name] != batch[name]
    ]
    assert differences == []


def test_the_golden_shop_has_every_department_and_every_status(landing: Path) -> None:
    lines = [line for person in histories(landing) for line in person.lines]
    assert {*SOURCE.departments} <= {line.department for line in lines}
    assert any(line.is_return for line in lines)
    assert set(stored("forecasts")["status"]) == set(STATUSES)
