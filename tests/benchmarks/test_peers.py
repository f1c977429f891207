from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import btyd, direct, peers
from benchmarks.forecast import CannotFitError, Forecast, figures
from benchmarks.inputs import SNAPSHOTS, NothingMaturedError
from benchmarks.peers import Model
from benchmarks.shop import Outcome, Problem, outcome
from jobs.forecasting.metrics import spearman
from jobs.forecasting.outcomes import Outcomes
from tests.snapshots import model_frames, simulated_snapshots

ORIGIN = date(2024, 7, 1)


def days(*rows: tuple[str, str, float, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_on", "net_value", "orders"])
    return frame.astype({"ordered_on": "datetime64[ns]"})


def problem(known: pd.DataFrame, months: int, ids: tuple[str, ...] = ("a", "b", "c")) -> Problem:
    snapshot = pd.DataFrame({"customer_id": list(ids)})
    return Problem(origin=ORIGIN, months=months, snapshot=snapshot, history={}, days=known)


HISTORY = days(
    ("a", "2023-07-01", 1000.0, 1),  # 366 days before the origin
    ("a", "2023-07-02", 100.0, 1),  # 365
    ("a", "2024-01-02", 20.0, 1),  # 181
    ("a", "2024-01-03", 7.0, 1),  # 180
    ("b", "2024-06-30", -4.0, 0),
)


def test_trailing_year_is_the_share_of_the_last_365_days() -> None:
    assert peers.trailing_year(problem(HISTORY, 6)).value.tolist() == [127.0 / 2, -2.0, 0.0]
    assert peers.trailing_year(problem(HISTORY, 12)).value.tolist() == [127.0, -4.0, 0.0]


def test_trailing_180_days_are_scaled_to_the_horizon() -> None:
    assert peers.trailing_180d(problem(HISTORY, 6)).value.tolist() == [7.0, -4.0, 0.0]
    assert peers.trailing_180d(problem(HISTORY, 3)).value.tolist() == [3.5, -2.0, 0.0]


def test_an_outcome_is_the_months_from_the_origin_on_and_nothing_for_who_did_nothing() -> None:
    later = days(
        ("a", "2024-06-30", 1.0, 1),
        ("a", "2024-07-01", 2.0, 1),
        ("a", "2024-08-31", 4.0, 1),
        ("a", "2024-09-01", 8.0, 1),
        ("b", "2024-07-15", -3.0, 0),
        ("x", "2024-07-15", 9.0, 1),
    )
    actual = outcome(later, pd.Index(["a", "b", "c"]), ORIGIN, 2)
    assert actual.value.tolist() == [6.0, -3.0, 0.0]
    assert actual.active.tolist() == [True, False, False]


@pytest.fixture(scope="module")
def months() -> dict[date, pd.DataFrame]:
    return model_frames(simulated_snapshots(14, customers=200))


DIRECT = (direct.random_forest, direct.two_part_gbm, direct.tweedie_gbm, direct.ziln)


@pytest.mark.parametrize("model", DIRECT)
def test_direct_models_say_when_no_outcome_is_known(months: dict[date, pd.DataFrame], model: Model) -> None:
    young = dict(list(months.items())[:8])
    known = Problem(origin=max(young), months=9, snapshot=young[max(young)], history=young, days=HISTORY)
    with pytest.raises(NothingMaturedError, match="9 months older"):
        model(known)


@pytest.mark.parametrize("model", DIRECT)
def test_direct_models_rank_customers_better_than_chance(months: dict[date, pd.DataFrame], model: Model) -> None:
    before = dict(list(months.items())[:-3])
    origin = max(before)
    known = Problem(origin=origin, months=3, snapshot=before[origin], history=before, days=HISTORY)
    actual, _ = Outcomes.read(months).after(np.array(known.ids, dtype=object), origin, range(1, 4))
    assert spearman(actual.sum(axis=1), model(known).value) > 0.5


def test_direct_models_learn_from_the_newest_snapshots_whose_outcome_is_known(
    months: dict[date, pd.DataFrame],
) -> None:
    origin = max(months)
    known = Problem(origin=origin, months=3, snapshot=months[origin], history=months, days=HISTORY)
    old = sorted(months)[:-3][-SNAPSHOTS:]
    assert len(known.matured.value) == sum(len(months[day]) for day in old)
    actual, orders = Outcomes.read(months).after(months[old[0]]["customer_id"].to_numpy(object), old[0], range(1, 4))
    first = slice(0, len(actual))
    assert known.matured.value[first].tolist() == actual.sum(axis=1).tolist()
    assert known.matured.active[first].tolist() == (orders.sum(axis=1) > 0).tolist()


def test_the_geometric_mean_of_two_models_needs_both() -> None:
    def one(_: Problem) -> Forecast:
        return Forecast(np.array([4.0, 0.0]))

    def other(_: Problem) -> Forecast:
        return Forecast(np.array([9.0, 5.0]))

    def neither(_: Problem) -> Forecast:
        raise CannotFitError("too few")

    made, missing = peers.forecasts(problem(HISTORY, 6), {"two_part_gbm": one, "pareto_nbd_gg": other})
    assert made["gbm_and_btyd"].value.tolist() == [6.0, 0.0]
    assert missing == {}
    made, missing = peers.forecasts(problem(HISTORY, 6), {"two_part_gbm": one, "pareto_nbd_gg": neither})
    assert made.keys() == {"two_part_gbm"}
    assert missing == {"pareto_nbd_gg": "too few", "gbm_and_btyd": "needs two_part_gbm and pareto_nbd_gg"}


def test_a_model_is_entered_by_the_name_of_its_function() -> None:
    assert peers.entered("mine=benchmarks.direct:ziln") == ("mine", direct.ziln)
    for wrong in ("mine", "mine=benchmarks.direct", "mine=benchmarks.nothing:ziln", "mine=benchmarks.direct:nothing"):
        with pytest.raises(ValueError, match="name=module:function"):
            peers.entered(wrong)


def test_btyd_models_read_days_with_an_order_that_were_worth_something() -> None:
    known = days(("a", "2024-01-01", 5.0, 1), ("a", "2024-01-02", -5.0, 0), ("b", "2024-01-03", 0.0, 1))
    assert btyd.purchases(problem(known, 6))["customer_id"].tolist() == ["a"]


def test_without_their_environment_btyd_models_say_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(CannotFitError, match="make bench-setup"):
        btyd.forecast(problem(HISTORY, 6), btyd.BG_NBD, python=tmp_path / "python")


@pytest.fixture(scope="module")
def regulars() -> Problem:
    """Customers who order at rates of their own and leave at a rate of their own; one who never ordered."""
    rng = np.random.default_rng(2)
    rows = []
    for number, rate in enumerate(rng.gamma(1.5, 1 / 60.0, 400)):
        start = int(rng.integers(0, 300))
        left = start + rng.exponential(500.0)
        bought = start + np.concatenate([[0.0], np.cumsum(rng.exponential(1 / rate, 60))])
        for day in np.unique(bought[(bought < 500) & ((bought <= left) | (bought == start))].astype(int)):
            moment = pd.Timestamp("2023-02-17") + pd.Timedelta(days=int(day))
            rows.append((f"{number:03d}", moment, float(rng.gamma(6.0, 5.0)), 1))
    known = days(*rows)
    known = known[known["ordered_on"] < pd.Timestamp(ORIGIN)]
    return problem(known, 6, (*sorted(known["customer_id"].unique()), "never"))


@pytest.mark.parametrize("model", [btyd.BG_NBD, btyd.PARETO_NBD])
def test_btyd_models_forecast_everybody(model: str, regulars: Problem) -> None:
    if not btyd.PYTHON.exists():
        pytest.skip(f"{btyd.PYTHON} is not there: make bench-setup")
    actual = btyd.forecast(regulars, model)
    bought = (
        regulars.days.groupby("customer_id")["net_value"].agg(["count", "mean"]).reindex(regulars.ids, fill_value=0)
    )
    assert actual.p_active is not None
    assert (actual.value[-1], actual.p_active[-1]) == (0.0, 0.0)
    assert ((actual.value[:-1] > 0.0) & (actual.p_active[:-1] > 0.0) & (actual.p_active[:-1] < 1.0)).all()
    assert np.corrcoef(actual.value, bought["count"] * bought["mean"])[0, 1] > 0.6
    again = btyd.forecast(regulars, model)
    np.testing.assert_array_equal(actual.value, again.value)


def test_figures_of_a_forecast_without_probability_or_interval_are_none() -> None:
    actual = figures(Forecast(np.array([1.0, 2.0])), Outcome(np.array([1.0, 3.0]), np.array([True, True])))
    assert actual["wape"] == pytest.approx(0.25)
    assert (actual["brier"], actual["coverage80"], actual["fit_s"]) == (None, None, None)
