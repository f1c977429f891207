"""The suites that validate each stage, and the rows and totals of the lake they are applied to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import pandas as pd
from great_expectations import ExpectationSuite

from expectations import (
    columns,
    customers,
    daily,
    delivery,
    features,
    first_month,
    forecasts,
    products,
    sessions,
    transactions,
)
from expectations.volume import RECENT_MONTHS, reference_months
from jobs.lake.first_month_tables import FIRST_MONTH
from jobs.lake.frames import read_periods
from jobs.lake.tables import (
    CUSTOMERS,
    DAILY,
    FORECASTS,
    MAY_BE_EMPTY,
    PRODUCTS,
    SESSIONS,
    TRANSACTIONS,
    Table,
)
from jobs.quality.parquet_facts import column_facts
from jobs.quality.runner import Check, Stored
from jobs.quality.stage import Stage
from jobs.quality.totals import (
    NO_ACTIVITY,
    activity_by_month,
    completed_in_month,
    daily_totals,
    features_totals,
    forecasts_totals,
    longest_gap_days,
    rejected_reasons,
    rejected_share,
    silent_days_at_end,
)

log = logging.getLogger(__name__)

INPUTS = {"transactions": TRANSACTIONS, "customers": CUSTOMERS, "sessions": SESSIONS, "products": PRODUCTS}


def inputs(stage: Stage) -> Iterator[Check]:
    """The delivered tables of the data month; raises IncompleteError if there are no transactions."""
    lake, month = stage.lake, stage.month
    lake.record(TRANSACTIONS, month)
    months = {table: used for table in INPUTS.values() if (used := stage.month_of(table)) is not None}
    if absent := [name for name, table in INPUTS.items() if table not in months]:
        log.info("not delivered with %s, so not validated: %s", month, ", ".join(absent))
    facts = [column_facts(lake, table, used, before=stage.month_before(table)) for table, used in months.items()]
    yield _columns(stage, "inputs", facts)
    stored = {name: stage.stored(table, months[table]) for name, table in INPUTS.items() if table in months}
    has_customers, has_products = "customers" in stored, "products" in stored
    yield _rows(
        transactions.suite(month, customers=has_customers, products=has_products, is_margin=stage.is_margin),
        transactions.KEYS,
        stored["transactions"],
        stored,
    )
    yield _events(stage, TRANSACTIONS, transactions.totals_suite, time="ordered_at")
    if "sessions" in stored:
        yield _rows(sessions.suite(month, customers=has_customers), sessions.KEYS, stored["sessions"], stored)
        yield _events(stage, SESSIONS, sessions.totals_suite, time="logged_in_at")
    if has_customers:
        yield _rows(customers.suite(), customers.KEYS, stored["customers"])
        yield _list(stage, CUSTOMERS, customers.totals_suite)
    if has_products:
        yield _rows(products.suite(), products.KEYS, stored["products"])
        yield _list(stage, PRODUCTS, products.totals_suite)
    reasons = rejected_reasons(stage.spark, lake, months)
    yield Check(suite=delivery.reasons_suite(), frame=reasons, keys=delivery.REASON_KEYS, place=f"{lake.root}/rejected")


def snapshot(stage: Stage) -> Iterator[Check]:
    """The daily rows of the data month, and the features built from them."""
    lake, month, as_of, table = stage.lake, stage.month, stage.as_of, stage.snapshots
    last = lake.before(table, as_of)
    facts = column_facts(
        lake,
        table,
        as_of,
        before=last,
        required=features.required(stage.departments),
        volatile=features.volatile(stage.departments),
    )
    yield _columns(stage, "features", [column_facts(lake, DAILY, month), facts])
    days = stage.stored(DAILY, month)
    yield _rows(daily.suite(month, is_margin=stage.is_margin), daily.KEYS, days)
    yield _totals(daily.totals_suite(), daily_totals(days.rows, stage.sums_of_lines()), {"rows": days})
    customers_of = stage.stored(table, as_of)
    yield _rows(features.suite(as_of), features.KEYS, customers_of)
    others = {"rows": customers_of, "transactions": stage.lines_that_count()}
    if last is not None:
        others["snapshot_before"] = stage.stored(table, last)
    listed = stage.month_of(CUSTOMERS)
    if listed is not None:
        others["customers"] = stage.accounts_that_count(listed)
    suite = features.totals_suite(
        as_of,
        customers="customers" in others,
        rows_before=None if last is None else lake.record(table, last).rows,
    )
    yield _totals(suite, features_totals(customers_of.rows, lake, table, as_of, stage.net_value_by_month()), others)


def forecast(stage: Stage) -> Iterator[Check]:
    """The forecasts of the month and of its new customers, compared with the snapshot they were made from."""
    lake, as_of = stage.lake, stage.as_of
    last = lake.before(FORECASTS, as_of)
    required = [name for name in FORECASTS.names if name not in MAY_BE_EMPTY]
    yield _columns(stage, "forecasts", [column_facts(lake, FORECASTS, as_of, before=last, required=required)])
    made = stage.stored(FORECASTS, as_of)
    yield _rows(forecasts.suite(), forecasts.KEYS, made, {"features": stage.stored(stage.snapshots, as_of)})
    totals = forecasts_totals(made.rows, lake, as_of, stage.net_value_by_month())
    suite = forecasts.totals_suite(
        known_customers=lake.record(stage.snapshots, as_of).rows,
        has_history="forecast_to_trailing_ratio" in totals,
        has_earlier_forecast="forecast_to_last_ratio" in totals,
    )
    yield _totals(suite, totals, {"rows": made})
    if stage.is_margin:
        return
    new = stage.stored(FIRST_MONTH, as_of)
    customers = stage.stored(stage.snapshots, as_of)
    yield _rows(first_month.suite(as_of), first_month.KEYS, new, {"features": customers})
    completed = completed_in_month(customers.rows, as_of)
    yield _totals(
        first_month.totals_suite(completed=completed), {"rows": lake.record(FIRST_MONTH, as_of).rows}, {"rows": new}
    )


STAGES = {"inputs": inputs, "features": snapshot, "forecasts": forecast}


def _columns(stage: Stage, name: str, facts: Sequence[pd.DataFrame]) -> Check:
    return Check(
        suite=columns.suite(name),
        frame=pd.concat(facts, ignore_index=True),
        keys=columns.KEYS,
        place=stage.lake.root,
        is_contract=True,
    )


def _rows(
    suite: ExpectationSuite, keys: Sequence[str], rows: Stored, others: Mapping[str, Stored] = MappingProxyType({})
) -> Check:
    return Check(suite=suite, frame=rows.rows, keys=keys, place=rows.folder, tables={**others, "rows": rows})


def _totals(suite: ExpectationSuite, figures: Mapping[str, float], tables: Mapping[str, Stored]) -> Check:
    return Check(
        suite=suite,
        frame=pd.DataFrame([figures]),
        keys=("customer_id",),
        place=tables["rows"].folder,
        tables=tables,
    )


def _events(stage: Stage, table: Table, suite: Callable[..., ExpectationSuite], *, time: str) -> Check:
    """The totals of a month of events, compared with those of earlier months."""
    lake, month = stage.lake, stage.month
    compared = [past for past in reference_months(month) if lake.is_complete(table, past)]
    activity = activity_by_month(read_periods(stage.spark, lake, table, [*compared, month]), time=time)
    now = activity.get(month, NO_ACTIVITY)
    figures = {
        **now.figures,
        "silent_days_at_end": silent_days_at_end(now.days, month),
        "rejected_share": rejected_share(lake, table, month),
    }
    rules = suite(
        {past: activity[past].figures for past in compared if past in activity},
        month,
        usual_gap_days=longest_gap_days(activity, month, months=RECENT_MONTHS),
    )
    return _totals(rules, figures, {"rows": stage.stored(table, month)})


def _list(stage: Stage, table: Table, suite: Callable[..., ExpectationSuite]) -> Check:
    """The totals of a list that is delivered in full, compared with those of its last delivery."""
    lake, month, last = stage.lake, stage.month_of(table), stage.month_before(table)
    assert month is not None
    figures = {"rows": lake.record(table, month).rows, "rejected_share": rejected_share(lake, table, month)}
    rules = suite(rows_before=None if last is None else lake.record(table, last).rows)
    return _totals(rules, figures, {"rows": stage.stored(table, month)})
