"""The population that a shop restricts its forecasts to: `customers_where` of its mapping.

An order counts if its customer satisfied the predicate in the customer list of the order's month: in the newest one up
to then or, before the first list, in the first. An account without orders counts as long as its own list says so. The
clean tables keep everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.core.refusal import RefusedError


class PopulationError(RefusedError):
    """The predicate that restricts the population cannot be read."""


def list_read(month: Month, lists: Collection[Month]) -> Month | None:
    """The month of the customer list that tells who is in the population in a month; None if there is no list."""
    return max((listed for listed in lists if listed <= month), default=min(lists, default=None))


def lines_of(
    lines: DataFrame, customers: DataFrame, months: Iterable[Month], lists: Collection[Month], where: str
) -> DataFrame:
    """The order lines whose customers are in the population.

    Args:
        lines: the order lines of some months, with their `month`.
        customers: the customers table, with the `month` of the list.
        months: the months of the lines.
        lists: the months of all customer lists.
        where: the predicate.

    Raises:
        PopulationError: the predicate is not one over the columns of the customers table.
    """
    read_in = [(F.lit(str(month)), F.lit(str(list_read(month, lists)))) for month in months]
    list_of_month = F.create_map(*(part for pair in read_in for part in pair))
    accounts = customers.withColumnRenamed("month", "list")
    buyers = lines.select("month", "customer_id").distinct().withColumn("list", list_of_month[F.col("month")])
    inside = _kept(buyers.join(accounts, ["list", "customer_id"], how="left"), where)
    return lines.join(inside.select("month", "customer_id"), ["month", "customer_id"], how="left_semi")


def accounts_of(customers: DataFrame, where: str | None) -> DataFrame:
    """The rows of customer lists that are in the population; all of them without a predicate. Raises as `lines_of`."""
    return customers if where is None else _kept(customers, where)


def _kept(rows: DataFrame, where: str) -> DataFrame:
    try:
        return rows.where(F.expr(where))
    except (AnalysisException, ParseException) as error:
        raise PopulationError(
            f"customers_where {where!r} cannot be read ({error.getCondition()}): write a Spark SQL predicate over "
            "customer_id, signup_on, membership, city and country"
        ) from error
