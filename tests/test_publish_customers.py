"""Who the customers are, and the totals of what they have in common, as readers see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from jobs.core.month import HORIZONS
from jobs.core.postgres import execute
from jobs.core.tiers import Tiers
from jobs.features.table import lag_name, window_name
from jobs.lake.lake import Lake
from jobs.publishing import standard
from jobs.publishing.copy import PublishError
from tests.conftest import Database
from tests.forecasts import (
    DECEMBER,
    NOVEMBER,
    SHOP,
    count,
    plan,
    publish,
    row,
    scored,
    seen,
    write,
    write_customers,
)

FIRST, SECOND = SHOP.departments[:2]
KNOWN: dict[str, dict[str, object]] = {
    "a": {
        "city": "Leeds",
        "country": "Spain",
        "membership": "annual",
        "signup_on": date(2010, 1, 2),
        "first_ordered_on": date(2010, 3, 5),
        "last_ordered_on": date(2011, 10, 6),
        "orders_lifetime": 7,
        "net_value_lifetime": Decimal("100.1234"),
        lag_name("net_value", 1): 10.1,
        lag_name("net_value", 12): 20.2,
        window_name("net_value", 365): 30.0,
        window_name("net_value", 365, SECOND): 20.0,
        window_name("net_value", 365, FIRST): 10.0,
    },
    "b": {"country": "Spain", window_name("net_value", 365): 5.0, window_name("net_value", 365, FIRST): 2.0},
    "c": {"city": 'Zoë\'s "town", NULL', window_name("net_value", 365): -5.0},
}


def published(database: Database, lake: Lake, as_of: date, levels: dict[str, str], tiers: Tiers = SHOP.tiers) -> None:
    """Publish customers of KNOWN, each worth a level more each month than the month before."""
    run_id = plan(database.writer, as_of)
    for months in HORIZONS:
        level = {"horizon_months": months, "variance": 0.04 * months / 12, "quantile": 1.5}
        execute(database.writer, "set_run_level", run_id=run_id, **level)
    write(lake, as_of, [row(customer, level=level) for customer, level in levels.items()])
    write_customers(lake, as_of, {customer: KNOWN.get(customer, {}) for customer in levels})
    scored(database.writer, lake, as_of, run_id)
    shop = replace(SHOP, tiers=tiers)
    standard.publish(database.writer, lake, shop, as_of=as_of, run_id=run_id)


def test_readers_see_who_a_customer_is_and_what_came_and_what_is_expected(database: Database, lake: Lake) -> None:
    published(database, lake, DECEMBER, {"c": "1.00", "a": "10.00", "b": "2.00"})
    a, b, c = (dict(customer) for customer in seen(database, "customer"))
    run_id = a.pop("run_id")
    assert run_id == b["run_id"] == c["run_id"]
    assert a.pop("clv_12m_if_active") == pytest.approx(Decimal(780 * 3), rel=Decimal("1e-9"))
    assert [a.pop(f"p_active_{months}m") for months in HORIZONS] == pytest.approx([1 / 36, 1 / 12, 1 / 6, 1 / 3])
    assert a == {
        "data_month": "2011-11",
        "as_of": DECEMBER,
        "customer_id": "a",
        "status": "active",
        "tier": 5,
        "tier_before": None,
        "city": "Leeds",
        "country": "Spain",
        "membership": "annual",
        "main_department": SECOND,
        "signup_on": date(2010, 1, 2),
        "first_ordered_on": date(2010, 3, 5),
        "last_ordered_on": date(2011, 10, 6),
        "acquisition_month": "2010-03",
        "tenure_days": 636,
        "orders_lifetime": 7,
        "net_value_lifetime": Decimal("100.1234"),
        "net_value_12m": Decimal("30.3000"),
        "clv_12m": Decimal("780.00"),
        "currency": "EUR",
    }
    assert (b["main_department"], b["city"], b["acquisition_month"], b["tenure_days"]) == ("other", None, None, None)
    assert (c["main_department"], c["city"], c["tier"]) == (None, 'Zoë\'s "town", NULL', 6)


def test_a_customer_near_a_boundary_keeps_the_tier_that_readers_saw_a_month_before(
    database: Database, lake: Lake
) -> None:
    tiers = Tiers(amounts=(780, 78))
    published(database, lake, NOVEMBER, {"a": "10.00", "b": "9.00"}, tiers)
    published(database, lake, DECEMBER, {"a": "8.50", "b": "9.00", "new": "8.50"}, tiers)
    assert [
        (str(customer["as_of"]), customer["customer_id"], customer["tier"], customer["tier_before"])
        for customer in seen(database, "customer")
    ] == [
        ("2011-11-01", "a", 1, None),
        ("2011-11-01", "b", 2, None),
        ("2011-12-01", "a", 1, 1),
        ("2011-12-01", "b", 2, 2),
        ("2011-12-01", "new", 2, None),
    ]


def test_totals_of_every_segment_add_up_to_all_customers(database: Database, lake: Lake) -> None:
    published(database, lake, DECEMBER, {"a": "10.00", "b": "2.00", "c": "1.00"})
    totals = {
        (one["segment_by"], one["segment"]): (one["customers"], one["net_value"])
        for one in seen(database, "forecast_total")
        if one["horizon_months"] == 12
    }
    assert totals == {
        ("all", "all"): (3, 1014),
        ("status", "active"): (3, 1014),
        ("tier", "5"): (1, 780),
        ("tier", "6"): (2, 234),
        ("country", "Spain"): (2, 936),
        ("country", "unknown"): (1, 78),
        ("membership", "annual"): (1, 780),
        ("membership", "unknown"): (2, 234),
        ("main_department", SECOND): (1, 780),
        ("main_department", "other"): (1, 156),
        ("main_department", "unknown"): (1, 78),
    }


def test_what_no_customer_has_is_no_segment(database: Database, lake: Lake) -> None:
    published(database, lake, DECEMBER, {"x": "1.00", "y": "1.00"})
    assert {one["segment_by"] for one in seen(database, "forecast_total")} == {"all", "status", "tier"}


def test_each_later_forecast_month_has_an_interval_that_is_no_narrower_than_the_level_allows(
    database: Database, lake: Lake
) -> None:
    published(database, lake, DECEMBER, {"a": "10.00", "b": "2.00"})
    months = [one for one in seen(database, "forecast_total_monthly") if one["segment"] == "all"]
    assert [(one["month_ahead"], one["month"]) for one in months[::11]] == [(1, DECEMBER), (12, date(2012, 11, 1))]
    assert [one["net_value"] for one in months] == [12 * h for h in range(1, 13)]
    twelve = next(
        one for one in seen(database, "forecast_total") if one["segment"] == "all" and one["horizon_months"] == 12
    )
    assert sum(one["net_value"] for one in months) == twelve["net_value"]
    for one in months[1:]:
        # Two level errors of 0.2, one and a half standard deviations wide.
        assert one["p10"] < float(one["net_value"]) * 0.741 < float(one["net_value"]) * 1.349 < one["p90"]


def test_the_first_forecast_month_has_the_interval_of_the_horizon_of_one_month(database: Database, lake: Lake) -> None:
    published(database, lake, DECEMBER, {"a": "10.00", "b": "2.00"})
    shown = ("segment_by", "segment", "customers", "net_value", "p10", "p90")
    first = [
        [one[name] for name in shown] for one in seen(database, "forecast_total_monthly") if one["month_ahead"] == 1
    ]
    whole = [[one[name] for name in shown] for one in seen(database, "forecast_total") if one["horizon_months"] == 1]
    assert sorted(first) == sorted(whole)


def test_a_forecast_of_other_customers_than_the_snapshot_holds_is_refused(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row("a"), row("b")])
    write_customers(lake, DECEMBER, {"a": {}, "c": {}})
    with pytest.raises(PublishError, match="the forecasts as of 2011-12-01 are of 2 customers, but the snapshot holds"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert (count(database, "published"), count(database, "customer_rows")) == (0, 0)
