from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest

from jobs.core.month import Month
from jobs.features.table import LAG_MONTHS, lag_name
from jobs.forecasting.base_margin import HORIZON_NAMES, BaseModels
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.encoder import InputEncoder
from jobs.forecasting.params import ModelParams
from jobs.forecasting.seasonality import Season
from jobs.forecasting.training_rows import Panel, Rows

FIRST = Month(2020, 1)
MONTHS = 8
NET: Mapping[str, list[float]] = {
    "ann": [10.0, 0.0, 30.0, 0.0, 5.0, 0.0, 0.0, 8.0],
    "bob": [0.0, 0.0, 20.0, 0.0, 0.0, -7.0, 0.0, 4.0],
    "cleo": [0.0] * MONTHS,
}
"""What each customer brought in January to August: bob first in March, cleo never; bob's goods of June came back."""

ORDERS: Mapping[str, list[float]] = {
    "ann": [1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 1.0],
    "bob": [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0],
    "cleo": [0.0] * MONTHS,
}

ROWS = (
    (3, 1, "ann", 30.0, True),
    (3, 3, "ann", 35.0, True),
    (3, 6, "ann", 43.0, True),
    (4, 1, "ann", 0.0, False),
    (4, 1, "bob", 0.0, False),
    (4, 3, "ann", 5.0, True),
    (4, 3, "bob", -7.0, True),
    (5, 1, "ann", 5.0, True),
    (5, 1, "bob", 0.0, False),
    (5, 3, "ann", 5.0, True),
    (5, 3, "bob", -7.0, True),
    (6, 1, "ann", 0.0, False),
    (6, 1, "bob", -7.0, True),
    (6, 3, "ann", 8.0, True),
    (6, 3, "bob", -3.0, True),
    (7, 1, "ann", 0.0, False),
    (7, 1, "bob", 0.0, False),
    (8, 1, "ann", 8.0, True),
    (8, 1, "bob", 4.0, True),
)
"""Calendar month of the snapshot, months of the span, customer, net value, active; February's snapshot is left out."""

FLAT = Season([0.0] * 12, [0.0] * 12)
SEASON = Season(
    value=np.log([1.0, 1.0, 2.0, 1.0, 1.0, 0.5, 1.0, 4.0, 1.0, 1.0, 1.0, 1.0]).tolist(),
    activity=np.log([1.0, 1.0, 4.0, 1.0, 1.0, 2.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0]).tolist(),
)


def snapshot(age: int) -> pd.DataFrame:
    """The shop after so many months."""
    orders = np.array([ORDERS[name][:age] for name in NET])
    ever = orders.any(axis=1)
    tenure = 30.0 * (age - orders.astype(bool).argmax(axis=1))
    columns: dict[str, object] = {
        "customer_id": list(NET),
        "first_ordered_on": [FIRST.first_day if bought else None for bought in ever],
        "recency_days": np.where(ever, 20.0, np.nan),
        "tenure_days": np.where(ever, tenure, np.nan),
        "order_days_lifetime": orders.sum(axis=1),
        "net_value_lifetime": [sum(NET[name][:age]) for name in NET],
    }
    for lag in LAG_MONTHS:
        for measure, figures in (("net_value", NET), ("orders", ORDERS)):
            columns[lag_name(measure, lag)] = [figures[name][age - lag] if lag <= age else 0.0 for name in NET]
    return pd.DataFrame(columns)


def panel(burn_in_months: int) -> Panel:
    known = {FIRST.plus(age).first_day: snapshot(age) for age in range(1, MONTHS + 1)}
    return Panel.of(known, InputEncoder((), {}, str(FIRST)), ModelParams(burn_in_months=burn_in_months))


def base_models(season: Season = FLAT) -> BaseModels:
    return BaseModels(ParetoNbd(1.0, 10.0, 1.5, 50.0), GammaGamma(2.0, 3.0, 20.0), season, 10.0, 0.5)


@cache
def rows() -> Rows:
    return panel(1).rows(base_models())


def test_value_is_that_of_all_months_of_the_span() -> None:
    assert rows().value.tolist() == [value for _, _, _, value, _ in ROWS]


def test_active_is_who_ordered_in_any_month_of_the_span_even_if_all_came_back() -> None:
    assert rows().active.tolist() == [active for *_, active in ROWS]


def test_a_span_is_learned_from_only_where_its_last_month_is_over() -> None:
    assert rows().months.tolist() == [months for _, months, *_ in ROWS]


def test_a_row_starts_from_the_base_forecast_of_its_customer_and_span() -> None:
    models, known = base_models(), panel(1)
    for position, (month, months, name, _, _) in enumerate(ROWS):
        customers = known.coded[date(2020, month, 1)]
        base = models.history(customers.take(customers.ids == name)).first(months)
        assert rows().log_base[position] == pytest.approx(base.log_value[0])
        assert rows().p_base[position] == pytest.approx(base.p[0])
        assert rows().inputs[position, -len(HORIZON_NAMES) :].tolist() == base.inputs[0].tolist()


@pytest.mark.parametrize(
    ("burn_in_months", "snapshots", "values"),
    [(0, 0, [0.0, 30.0, 35.0, 30.0]), (1, 1, [30.0, 35.0, 43.0]), (12, 2, [0.0, 0.0, 5.0, -7.0])],
)
def test_the_first_snapshots_are_left_out_but_never_more_than_a_quarter(
    burn_in_months: int, snapshots: int, values: list[float]
) -> None:
    assert panel(burn_in_months).burn_in == snapshots
    assert panel(burn_in_months).rows(base_models()).value[: len(values)].tolist() == values


def test_who_has_never_bought_is_no_row_but_a_newcomer_whose_months_are_taken_without_their_season() -> None:
    assert len(rows().value) == len(ROWS)
    seen = list(panel(1).newcomers(base_models(SEASON)))
    assert [cell.horizon for cell in seen] == [*range(1, 7), *range(1, 6), *range(1, 5), 1, 2, 3, 1, 2, 1]
    march, later = np.array([cell.value for cell in seen[:6]]), [cell.value.tolist() for cell in seen[6:]]
    assert march == pytest.approx(np.array([[10.0, 0.0, 0.0, -14.0, 0.0, 1.0], [0.0] * 6]).T)
    assert later == [[0.0]] * 15
    assert np.array([cell.active for cell in seen[:6]])[:, 0] == pytest.approx([0.25, 0.0, 0.0, 0.5, 0.0, 2.0])


def test_an_active_month_brings_the_mean_of_the_months_that_brought_money() -> None:
    assert panel(1).active_value == pytest.approx((10.0 + 30.0 + 5.0 + 8.0 + 20.0 + 4.0) / 6.0)
