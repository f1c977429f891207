"""Delivered rows of any table → its clean columns and every reason why a row is rejected."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.cleaning.customers import customer_reasons, customers
from jobs.cleaning.filing import content
from jobs.cleaning.products import product_reasons, products
from jobs.cleaning.quarantine import flag, flag_repeated_rows, is_rejected, is_repeated_key
from jobs.cleaning.sessions import session_reasons, sessions
from jobs.cleaning.transactions import transaction_reasons, transactions
from jobs.core.month import Month
from jobs.lake.tables import CUSTOMERS, PRODUCTS
from jobs.sources.mapping import (
    CustomerColumns,
    ProductColumns,
    SessionColumns,
    Source,
    TableColumns,
    TransactionColumns,
)


def typed_rows(rows: DataFrame, source: Source, columns: TableColumns, *, first: Month, last: Month) -> DataFrame:
    """Delivered rows with the clean columns of their table and their `month`.

    Args:
        rows: see `jobs.cleaning.filing`.
        source: the mapping.
        columns: the mapping of the rows' table.
        first: the first month of files without month folders; rows without a usable time are assigned to it.
        last: the last such month.
    """
    match columns:
        case TransactionColumns():
            return transactions(rows, source, first=first, last=last)
        case SessionColumns():
            return sessions(rows, columns, source, first=first, last=last)
        case CustomerColumns():
            return customers(rows, columns, source)
        case ProductColumns():
            return products(rows, columns, source)


def flagged_rows(typed: DataFrame, source: Source, columns: TableColumns) -> DataFrame:
    """Typed rows with `rejected_for` and, for the rejected, `raw`: the row as delivered, as a JSON object."""
    flagged = _flag_repeated(flag(typed, _reasons(source, columns)), source, columns)
    return flagged.withColumn("raw", F.when(is_rejected(), content()))


def _reasons(source: Source, columns: TableColumns) -> dict[str, Column]:
    match columns:
        case TransactionColumns():
            return transaction_reasons(source)
        case SessionColumns():
            return session_reasons()
        case CustomerColumns():
            return customer_reasons()
        case ProductColumns():
            return product_reasons()


def _flag_repeated(flagged: DataFrame, source: Source, columns: TableColumns) -> DataFrame:
    match columns:
        case TransactionColumns() | SessionColumns():
            return flag_repeated_rows(flagged, "duplicate") if source.rejects_duplicates else flagged
        case CustomerColumns():
            return flag(flagged, {"repeated_customer": is_repeated_key("customer_id", CUSTOMERS.names)})
        case ProductColumns():
            return flag(flagged, {"repeated_product": is_repeated_key("product_id", PRODUCTS.names)})
