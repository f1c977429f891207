"""Accounts and logins cleaned one by one are those of the batch, with the same reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.cleaning.flagging import flagged_rows, typed_rows
from jobs.cleaning.row_accounts import clean_account, clean_logins
from jobs.cleaning.rows import Delivered, RejectedRow
from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.lake.tables import CUSTOMERS, SESSIONS
from jobs.sources import load
from jobs.sources.mapping import TableColumns

SOURCE = load("simulated_shop")
FIRST, LAST = Month(2011, 10), Month(2011, 11)
Texts = dict[str, str | None]

ACCOUNT: Texts = {
    "customer_id": "c",
    "signup_date": "2011-10-05",
    "membership": "annual",
    "city": "Lyon",
    "country": "FR",
}
LOGIN: Texts = {"customer_id": "c", "logged_in_at": "2011-11-05T10:00:00"}
ODD = ["", " ", None, "\u00a0", " ANNUAL ", "Monthly", "none", "gold", "x\ty", "x" * 201, "2011-02-30", "2011-11-05",
       "2011-11-05T23:30:00Z", "yesterday", " 2011-11-05 ", "1901-01-01", "2011-12-01 00:00:00"]  # fmt: skip


def varied(good: Texts) -> list[Texts]:
    """The good row, and it with each odd value in each column."""
    return [good, *({**good, name: value} for name in good for value in ODD)]


def flagged(spark: SparkSession, rows: Sequence[Texts], columns: TableColumns, month: str | None) -> DataFrame:
    struct = ", ".join(f"`{name}` string" for name in rows[0])
    schema = f"source_file string, delivery_month string, malformed_line string, delivered struct<{struct}>"
    frame = spark.createDataFrame([("f", month, None, tuple(row.values())) for row in rows], schema)
    return flagged_rows(typed_rows(frame, SOURCE, columns, first=FIRST, last=LAST), SOURCE, columns)


def test_accounts(spark: SparkSession) -> None:
    rows = [{**row, "city": f"{number} {row['city'] or ''}"} for number, row in enumerate(varied(ACCOUNT))]
    ours = [clean_account(row, SOURCE.customers, SOURCE) for row in rows]
    theirs = {
        row.city: (
            tuple(row[name] for name in CUSTOMERS.names),
            [r for r in row.rejected_for if r != "repeated_customer"],
        )
        for row in flagged(spark, rows, SOURCE.customers, "2011-11").collect()
    }
    for sent, mine in zip(rows, ours, strict=True):
        clean, reasons = theirs[sent["city"]]
        if isinstance(mine, RejectedRow):
            assert list(mine.reasons) == reasons, sent
        else:
            assert (tuple(mine), []) == (clean, reasons), sent


def test_logins(spark: SparkSession) -> None:
    rows = varied(LOGIN)
    delivered = Delivered(first=FIRST, last=LAST, products={})
    logins, rejected = clean_logins(rows, SOURCE.sessions, SOURCE, delivered)
    found = flagged(spark, rows, SOURCE.sessions, None).collect()
    clean = [tuple(row[name] for name in SESSIONS.names) for row in found if not row.rejected_for]
    assert sorted(logins) == sorted(clean)
    assert sorted(reasons for _, reasons in rejected) == sorted(
        tuple(row.rejected_for) for row in found if row.rejected_for
    )
    assert ("c", datetime.fromisoformat("2011-11-05T10:00:00")) in logins


def test_attributes_may_be_missing_but_not_who_and_since_when() -> None:
    account = clean_account({"customer_id": "c", "signup_date": "2011-10-05"}, SOURCE.customers, SOURCE)
    assert account[2:] == ("none", None, None)
    with pytest.raises(RefusedError, match="lacks signup_date"):
        clean_account({"customer_id": "c"}, SOURCE.customers, SOURCE)
