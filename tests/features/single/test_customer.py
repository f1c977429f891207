from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import pytest

from jobs.core.refusal import RefusedError
from jobs.features.rfm_cuts import NONE
from jobs.features.single.customer import CustomerHistory, customer_features
from jobs.features.single.past import Row
from jobs.features.table import feature_columns
from jobs.lake.rows import Account, Line
from jobs.lake.tables import CUSTOMERS, TRANSACTIONS
from tests.conftest import ROOT

AS_OF = date(2025, 3, 1)
DEPARTMENTS = ("grocery", "toys")
TYPES = {"double": float, "bigint": int, "string": str, "date": date, "decimal(18,4)": Decimal}


def line(at: str, value: str = "5.0000", *, order: str = "o", product: str | None = "p", sold: bool = True) -> Line:
    sign = 1 if sold else -1
    return Line("c", order, datetime.fromisoformat(at), product, "toys", Decimal(sign), sign * Decimal(value), not sold)


def features_of(*lines: Line, account: Account | None = None, as_of: date = AS_OF) -> Row | None:
    history = CustomerHistory(customer_id="c", lines=lines, account=account)
    return customer_features(history, as_of=as_of, departments=DEPARTMENTS, cuts=NONE, has_logins=False)


def test_lines_and_accounts_are_rows_of_the_clean_tables() -> None:
    assert list(Line._fields) == TRANSACTIONS.names
    assert list(Account._fields) == CUSTOMERS.names


def test_every_column_has_its_declared_type() -> None:
    row = features_of(line("2025-02-01"), account=Account("c", date(2024, 1, 1), "none", "Lyon", "FR"))
    assert row is not None
    assert list(row) == [column.name for column in feature_columns(DEPARTMENTS)]
    wrong = {
        column.name: row[column.name]
        for column in feature_columns(DEPARTMENTS)
        if row[column.name] is not None and type(row[column.name]) is not TYPES[column.type]
    }
    assert wrong == {}


def test_who_is_not_known_before_the_day_has_no_row() -> None:
    assert features_of() is None
    assert features_of(line("2025-03-01 00:00:00"), account=Account("c", AS_OF, None, None, None)) is None
    assert features_of(account=Account("c", date(2025, 2, 28), None, None, None)) is not None


def test_what_happens_later_changes_nothing() -> None:
    before = features_of(line("2025-02-28 23:59:59.999999"))
    assert before == features_of(line("2025-02-28 23:59:59.999999"), line("2025-03-01"), line("2026-01-01"))


def test_articles_without_an_id_are_not_counted() -> None:
    row = features_of(line("2025-02-01", product=None), line("2025-02-01", product="p"))
    assert row is not None
    assert row["products_per_order_365d"] == 1.0


def test_a_day_within_a_month_is_refused() -> None:
    with pytest.raises(RefusedError, match="not the first of a month"):
        features_of(line("2025-02-01"), as_of=date(2025, 3, 2))


def test_neither_spark_nor_pandas_is_imported() -> None:
    program = "import sys, jobs.features.single.customer; print({'pyspark', 'py4j', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"
