"""Margins, from delivered lines to the daily grain, and nothing of them in what net revenue is made from."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from jobs.core.month import Month
from jobs.core.settings import VARIABLES, Settings
from jobs.core.value_basis import MARGIN, NET_REVENUE, VALUE_BASES
from jobs.features.build import build_daily, build_features
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY, TRANSACTIONS
from jobs.landing.deliveries import ingest_inputs
from jobs.quality.findings import critical_failures
from jobs.quality.runner import run_checks
from jobs.quality.stage import Stage
from jobs.quality.stages import STAGES
from jobs.simulation.catalogue import MARGIN_RATES
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate
from jobs.sources import load
from jobs.sources.mapping import MappingError, Source, TransactionColumns
from tests.ingesting import deliveries_of, ingest_all, rejected, stored

MONTH = Month(2011, 11)
AS_OF = date(2011, 12, 1)

LINES = """who,when,paid,qty,aisle,earned,cost
c1,2011-11-02,10.00,2,Tea,4.00,3.00
c1,2011-11-02,5.00,1,Cups,-1.00,6.00
c1,2011-11-03,-10.00,-2,Tea,-4.00,3.00
c2,2011-11-04,8.00,1,Cups,0.00,8.00
c2,2011-11-05,8.00,1,Spoons,?,?
c2,2011-11-06,0.00,1,Tea,0.00,1.00
c2,2011-12-01,1.00,1,Tea,1.00,0.00
"""
COLUMNS = TransactionColumns(
    customer_id="who", ordered_at="when", amount="paid", units="qty", department="aisle", margin="earned"
)
SHOP = Source(
    name="Tea shop",
    currency="EUR",
    transactions=COLUMNS,
    margin_rates={"Tea": 0.4, "Cups": -0.125},
    departments=("Tea",),
)
BY_RATE = replace(SHOP, transactions=replace(COLUMNS, margin=None))
BY_COST = replace(SHOP, transactions=replace(COLUMNS, margin=None, unit_cost="cost"))


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    (tmp_path / "transactions.csv").write_text(LINES, encoding="utf-8")
    return tmp_path / "transactions.csv"


def clean_values(
    spark: SparkSession, source: Source, landing: Path, lake: Lake
) -> list[tuple[str, str, Decimal, bool]]:
    ingest_all(spark, source, landing, lake, AS_OF)
    rows = read_periods(spark, lake, TRANSACTIONS, [MONTH]).orderBy("ordered_at", "department").collect()
    return [(str(row.ordered_at.day), row.department, row.net_value, row.is_return) for row in rows]


def test_margins_by_department_are_revenue_times_the_department_s_rate(
    spark: SparkSession, landing: Path, lake: Lake
) -> None:
    assert clean_values(spark, BY_RATE.on(MARGIN), landing, lake) == [
        ("2", "Cups", Decimal("-0.6250"), False),
        ("2", "Tea", Decimal("4.0000"), False),
        ("3", "Tea", Decimal("-4.0000"), True),
        ("4", "Cups", Decimal("-1.0000"), False),
    ]
    assert [(row["when"], reasons) for _, _, row, reasons in rejected(spark, lake, TRANSACTIONS)] == [
        ("2011-11-05", ["no_margin_rate"]),
        ("2011-11-06", ["zero_value"]),
    ]


@pytest.mark.parametrize("source", [SHOP, BY_COST], ids=["margin", "unit_cost"])
def test_margins_per_line_are_those_delivered_and_a_loss_is_no_return(
    spark: SparkSession, landing: Path, lake: Lake, source: Source
) -> None:
    assert clean_values(spark, source.on(MARGIN), landing, lake) == [
        ("2", "Cups", Decimal("-1.0000"), False),
        ("2", "Tea", Decimal("4.0000"), False),
        ("3", "Tea", Decimal("-4.0000"), True),
        ("4", "Cups", Decimal("0.0000"), False),
    ]
    assert [(row["when"], reasons) for _, _, row, reasons in rejected(spark, lake, TRANSACTIONS)] == [
        ("2011-11-05", ["unreadable_margin"]),
        ("2011-11-06", ["zero_value"]),
    ]


def test_a_margin_delivered_without_a_sign_is_taken_back_with_its_line(
    spark: SparkSession, tmp_path: Path, lake: Lake
) -> None:
    landing = tmp_path / "transactions.csv"
    unsigned = LINES.replace("-10.00,-2,Tea,-4.00", "10.00,2,Tea,4.00")
    landing.write_text(unsigned, encoding="utf-8")
    source = replace(SHOP, returns="delivered.when = '2011-11-03'").on(MARGIN)
    assert ("3", "Tea", Decimal("-4.0000"), True) in clean_values(spark, source, landing, lake)


def test_net_revenue_is_the_same_whatever_margins_are_declared(spark: SparkSession, landing: Path, lake: Lake) -> None:
    without = replace(SHOP, transactions=replace(COLUMNS, margin=None), margin_rates={})
    other = Lake(str(Path(lake.root).with_name("other")))
    for source, where in ((SHOP, lake), (without, other)):
        ingest_all(spark, source.on(NET_REVENUE), landing, where, AS_OF)
    assert stored(spark, lake, TRANSACTIONS) == stored(spark, other, TRANSACTIONS)
    assert len(stored(spark, lake, TRANSACTIONS)) == 5
    one, two = (
        ingest_inputs(source, deliveries_of(source, landing, lake)["transactions"], MONTH)
        for source in (SHOP.on(NET_REVENUE), without.on(NET_REVENUE))
    )
    assert one == two


def test_the_daily_grain_of_a_whole_shop_is_revenue_times_rate(spark: SparkSession, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    simulate(Shop(customers=60, months=2, seed=3, end=MONTH), landing)
    shutil.rmtree(landing / "sessions")
    shutil.rmtree(landing / "customers")

    def days(name: str, source: Source) -> dict[tuple[str, date, str], Row]:
        lake = Lake(str(tmp_path / name))
        ingest_all(spark, source, landing, lake, AS_OF)
        build_daily(spark, lake, as_of=AS_OF)
        rows = read_periods(spark, lake, DAILY, [MONTH.plus(-1), MONTH]).collect()
        return {(row.customer_id, row.ordered_on, row.department): row for row in rows}

    per_line = load("simulated_shop", MARGIN)
    by_rate = replace(per_line, transactions=replace(per_line.transactions, unit_cost=None), margin_rates=MARGIN_RATES)
    revenue = days("revenue", load("simulated_shop"))
    margins, lines = days("rates", by_rate), days("lines", per_line)

    assert revenue.keys() == margins.keys() == lines.keys()
    values = ("net_value", "sales_value", "return_value")
    in_departments = [key for key in revenue if key[2] != ALL_DEPARTMENTS]
    assert {key[2] for key in in_departments} == MARGIN_RATES.keys()
    for key in in_departments:
        rate = Decimal(str(MARGIN_RATES[key[2]]))
        assert [margins[key][name] for name in values] == [revenue[key][name] * rate for name in values]
        # The catalogue's costs are whole cents.
        cents = revenue[key].units.copy_abs() * Decimal("0.005") + Decimal("0.2")
        assert abs(lines[key].net_value - margins[key].net_value) <= cents
    counts = ("orders", "return_orders", "units", "products", "orders_morning")
    for key, row in revenue.items():
        assert [margins[key][name] for name in counts] == [row[name] for name in counts]
    for actual in (margins, lines):
        parts: dict[tuple[str, date], Decimal] = {}
        for customer, day, department in in_departments:
            parts[customer, day] = parts.get((customer, day), Decimal(0)) + actual[customer, day, department].net_value
        assert parts == {key[:2]: row.net_value for key, row in actual.items() if key[2] == ALL_DEPARTMENTS}


def test_a_sale_at_a_loss_is_valid_in_margins_and_in_nothing_else(
    spark: SparkSession, landing: Path, lake: Lake, tmp_path: Path
) -> None:
    ingest_all(spark, SHOP.on(MARGIN), landing, lake, AS_OF)
    build_daily(spark, lake, as_of=AS_OF)
    build_features(spark, lake, SHOP.departments, as_of=AS_OF)

    def failed_rules(*, is_margin: bool) -> set[str]:
        stage = Stage(spark=spark, lake=lake, as_of=AS_OF, run_id=1, departments=SHOP.departments, is_margin=is_margin)
        run = {"as_of": AS_OF, "run_id": 1, "reports": tmp_path / "reports"}
        results = [result for name in ("inputs", "features") for result in run_checks(STAGES[name](stage), **run)]
        return {result.rule for result in critical_failures(results)}

    of_so_few_lines = {"ends_far_too_early", "net_value_not_negative"}
    assert failed_rules(is_margin=True) - of_so_few_lines == set()
    assert failed_rules(is_margin=False) - of_so_few_lines == {
        "net_value_not_zero",
        "is_return_by_net_value",
        "no_negative_counts",
    }


def test_a_margin_shares_no_place_with_net_revenue_but_the_landing(tmp_path: Path) -> None:
    plain = Settings(environ={name: str(tmp_path / name) for name in VARIABLES})
    assert plain.on(NET_REVENUE) == plain
    bases = [plain.on(basis) for basis in VALUE_BASES]
    for place in ("lake", "reports", "model"):
        assert len({getattr(settings, place) for settings in bases}) == len(bases)
    assert {settings.landing for settings in bases} == {plain.landing}


@pytest.mark.parametrize("rate", [1.5, -1.1, float("nan")])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(MappingError, match="'Tea' is not a share from -1 to 1"):
        replace(SHOP, margin_rates={"Tea": rate})


def test_a_unit_cost_needs_units_and_no_margin_beside_it() -> None:
    with pytest.raises(MappingError, match="a unit_cost needs units and excludes a margin"):
        replace(COLUMNS, unit_cost="cost")
    with pytest.raises(MappingError, match="a unit_cost needs units and excludes a margin"):
        TransactionColumns(customer_id="who", ordered_at="when", amount="paid", unit_cost="cost")
