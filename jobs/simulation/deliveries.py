"""From simulated customers and purchases to what the shop delivers, chunk by chunk in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.core.month import Month
from jobs.simulation import catalogue
from jobs.simulation.dirt import TORN_LINE, dirty_accounts, dirty_lines, dirty_logins
from jobs.simulation.files import as_text, csv_text, write_gzip
from jobs.simulation.population import CITIES, MEMBERSHIPS, Population, population
from jobs.simulation.purchases import Lines, MonthOfShop, month_of_shop
from jobs.simulation.truth import truth

TRUTH_MONTHS_BEFORE_END = (0, 1, 3, 6, 12)

_PURCHASES, _DIRT, _ACCOUNTS = 1, 2, 3
"""Streams of random numbers, so that one does not move another; 0 would be the population's."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What to simulate.

    Attributes:
        customers: accounts opened over the shop's life.
        months: months it has been open.
        seed: of everything random.
        end: the last of the months.
    """

    customers: int
    months: int
    seed: int
    end: Month

    @property
    def first(self) -> Month:
        """The month the shop opened."""
        return self.end.plus(1 - self.months)

    @property
    def truth_months(self) -> list[Month]:
        """First forecast months of which the truth is written."""
        return [self.end.plus(1 - back) for back in TRUTH_MONTHS_BEFORE_END if back < self.months]

    def population(self, chunk: int) -> Population:
        """The customers of a chunk."""
        return population(
            chunk,
            customers=self.customers,
            months=self.months,
            first_calendar_month=self.first.number - 1,
            seed=self.seed,
        )

    def rng(self, stream: int, chunk: int, age: int = 0) -> np.random.Generator:
        """The generator of a stream, chunk and month."""
        return np.random.default_rng([self.seed, chunk, age, stream])


def deliver_chunk(shop: Shop, out: Path, chunk: int) -> dict[Month, pa.RecordBatch]:
    """Write one part of each month's customers, transactions and sessions; the truth by first forecast month."""
    people = shop.population(chunk)
    ids = pa.array(people.ids)
    truths: dict[Month, pa.RecordBatch] = {}
    late: Lines | None = None
    for age in range(shop.months):
        month = shop.first.plus(age)
        drawn = month_of_shop(people, age, month, returned_from_before=late, rng=shop.rng(_PURCHASES, chunk, age))
        late = drawn.returned_next_month
        _deliver_month(out, month, chunk, drawn, ids, shop.rng(_DIRT, chunk, age))
        _deliver_accounts(shop, out, month, chunk, people)
        if month.plus(1) in shop.truth_months:
            truths[month.plus(1)] = truth(people, age + 1, month.plus(1), kept=drawn.kept)
    return truths


def deliver_products(out: Path) -> None:
    """Write `products.csv`; one article is listed twice."""
    products = pa.table(
        {
            "product_id": catalogue.product_ids(),
            "department": np.repeat(catalogue.DEPARTMENTS, catalogue.PRODUCTS_PER_DEPARTMENT).tolist(),
        }
    )
    (out / "products.csv").write_bytes(csv_text(products, header=True) + csv_text(products.slice(0, 1)))


def _deliver_month(
    out: Path, month: Month, chunk: int, drawn: MonthOfShop, ids: pa.Array, rng: np.random.Generator
) -> None:
    part = f"month={month}/part-{chunk:05d}.csv.gz"
    sales = _line_table(drawn.sales, f"{month}-{chunk}-", ids)
    lines = pa.concat_tables([sales, _line_table(drawn.returns, f"R{month}-{chunk}-", ids)]).sort_by("ordered_at")
    write_gzip(
        out / "transactions" / part, [csv_text(lines, header=True), csv_text(dirty_lines(lines, rng)), TORN_LINE]
    )
    by_time = np.argsort(drawn.login_second, kind="stable")
    logins = pa.table(
        {
            "customer_id": ids.take(pa.array(drawn.login_customer[by_time])),
            "logged_in_at": as_text(drawn.login_second[by_time]),
        }
    )
    write_gzip(out / "sessions" / part, [csv_text(logins, header=True), csv_text(dirty_logins(logins, rng))])


def _deliver_accounts(shop: Shop, out: Path, month: Month, chunk: int, people: Population) -> None:
    """Everybody who has signed up by the end of the month, as they stand then."""
    age = shop.first.months_until(month)
    cities, countries, _ = zip(*CITIES, strict=True)
    city = pa.array(people.cities_at(age))
    everybody = pa.table(
        {
            "customer_id": people.ids,
            "signup_date": _signup_days(shop, people),
            "membership": pa.array(MEMBERSHIPS).take(pa.array(people.memberships_at(age))),
            "city": pa.array(cities).take(city),
            "country": pa.array(countries).take(city),
        }
    )
    accounts = everybody.filter(pa.array(people.signup_month <= age))
    dirt = dirty_accounts(accounts, shop.rng(_ACCOUNTS, chunk, age))
    path = out / "customers" / f"month={month}/part-{chunk:05d}.csv.gz"
    write_gzip(path, [csv_text(accounts, header=True), csv_text(dirt)])


def _line_table(lines: Lines, order_prefix: str, ids: pa.Array) -> pa.Table:
    amounts = (catalogue.PRICES_IN_CENTS, catalogue.COSTS_IN_CENTS)
    prices, costs = ([f"{cents // 100}.{cents % 100:02d}" for cents in each.ravel().tolist()] for each in amounts)
    product = pa.array(lines.product)
    return pa.table(
        {
            "order_id": pc.binary_join_element_wise(order_prefix, pa.array(lines.order).cast(pa.string()), ""),
            "line": pa.array(lines.number).cast(pa.string()),
            "ordered_at": as_text(lines.second),
            "customer_id": ids.take(pa.array(lines.customer)),
            "product_id": pa.array(catalogue.product_ids()).take(product),
            "quantity": pa.array(lines.units).cast(pa.string()),
            "unit_price": pa.array(prices).take(product),
            "unit_cost": pa.array(costs).take(product),
        }
    )


def _signup_days(shop: Shop, people: Population) -> pa.Array:
    starts = np.array([np.datetime64(str(shop.first.plus(age)), "D") for age in range(shop.months + 1)])
    lengths = np.diff(starts).astype(np.int64)
    days = np.floor(people.signup_share * lengths[people.signup_month]).astype("timedelta64[D]")
    return pa.array(starts[people.signup_month] + days).cast(pa.string())
