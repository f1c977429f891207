from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy

from jobs.features.table import feature_columns, lag_name
from jobs.forecasting.attributions import attributions
from jobs.forecasting.base_margin import HORIZON_NAMES, NAMES, History
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.encoder import Customers
from jobs.forecasting.feature_groups import feature_group_of
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.monthly_model import MonthlyModel
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reason_codes import FEATURE_GROUPS, TEXTS, TYPICAL, VOCABULARY
from jobs.forecasting.reasons import percentiles, reasons
from jobs.lake.tables import REASON_COLUMNS
from tests.forecasting.shops import NEVER_BUY, shop

PARAMS = ModelParams(rounds=30, threads=1)
SNAPSHOTS = shop(600, 20, leaving=0.05)
AS_OF = max(SNAPSHOTS)


@cache
def fitted() -> Forecaster:
    return fit(SNAPSHOTS, as_of=AS_OF, params=PARAMS)


@cache
def customers() -> Customers:
    return fitted().encoder.encode(SNAPSHOTS[AS_OF], AS_OF)


def history() -> History:
    return fitted().monthly.base_models.history(customers().take(bought()))


def bought() -> np.ndarray:
    return customers().has_bought


def uncalibrated() -> MonthlyModel:
    return replace(fitted().monthly, calibration=Calibration.none(PARAMS.coverage), level=1.0)


def customers_reasons() -> pd.DataFrame:
    return pd.DataFrame(fitted().explainer.reasons(fitted().attributions(customers())), columns=REASON_COLUMNS)


def test_every_possible_input_has_a_feature_group() -> None:
    names = [column.name for column in feature_columns(("grocery", "home & garden"))]
    actual = {name: feature_group_of(name) for name in (*names, *NAMES, *HORIZON_NAMES)}
    assert set(actual.values()) == set(FEATURE_GROUPS) - {"never_ordered"}
    assert actual["net_value_grocery_365d"] == actual["department_entropy_365d"] == "range"
    assert actual["recency_days"] == actual["recency_to_gap_mean"] == "recency"
    assert actual["order_value_mean_30d"] == "order_size"
    with pytest.raises(ValueError, match="shoe_size has no feature group"):
        feature_group_of("shoe_size")


def test_the_vocabulary_is_every_group_in_either_direction() -> None:
    assert len(set(VOCABULARY)) == len(VOCABULARY) == 2 * len(TEXTS) + 1
    assert {reason.split(": ")[0] for reason in VOCABULARY} == {"higher", "lower", TYPICAL}


@pytest.mark.parametrize("exact", [True, False])
def test_contributions_sum_to_the_margin_of_the_booster(exact: bool) -> None:
    first = history().first(6)
    inputs = np.concatenate([history().inputs(), first.inputs], axis=1)
    parts = fitted().monthly.two_part.contributions(inputs, exact=exact)
    _, value = fitted().monthly.two_part.boosted(inputs, first.log_value, first.p, np.full(len(inputs), 6.0))
    np.testing.assert_allclose(parts.sum(axis=1), np.log(value) - first.log_value, atol=1e-4)


@pytest.mark.parametrize("exact", [True, False])
def test_groups_and_what_all_share_sum_to_the_forecast_of_the_year(exact: bool) -> None:
    monthly = uncalibrated()
    groups, shared = attributions(monthly.two_part, history(), monthly.weight, exact=exact)
    value = monthly.expect(customers()).value[bought()].sum(axis=1)
    np.testing.assert_allclose(groups.sum(axis=1) + shared, np.log(value), atol=1e-4)


def test_a_customer_s_effects_sum_to_how_far_he_is_from_the_typical_buyer() -> None:
    year = np.log(uncalibrated().expect(customers()).value[bought()].sum(axis=1))
    total = fitted().attributions(customers())[bought()].sum(axis=1)
    np.testing.assert_allclose(total, year - year.mean(), atol=1e-3)


def test_who_never_bought_is_compared_with_the_calibrated_forecast_of_the_typical_buyer() -> None:
    year = np.log(fitted().monthly.expect(customers()).value[bought()].sum(axis=1))
    assert fitted().explainer.buyer == pytest.approx(year.mean(), abs=1e-9)


def test_attribution_along_the_path_names_what_shap_values_name() -> None:
    path, shap = (
        fitted().explainer.reasons(fitted().attributions(customers(), exact=exact))[:, 0] for exact in (False, True)
    )
    assert (path == shap).mean() > 0.9


def test_a_customer_explained_alone_is_explained_the_same() -> None:
    for row in (0, 7, 20):
        alone = fitted().predict(SNAPSHOTS[AS_OF].iloc[[row]])[[*REASON_COLUMNS]]
        pd.testing.assert_frame_equal(alone, customers_reasons().iloc[[row]].reset_index(drop=True))
    few = fitted().attributions(customers().take(np.arange(20)))
    assert few.tolist() == fitted().attributions(customers())[:20].tolist()


def test_a_lapsed_monthly_buyer_gets_that_as_the_first_reason() -> None:
    frame = SNAPSHOTS[AS_OF].copy()
    frame.loc[9, [lag_name(measure, lag) for lag in range(1, 11) for measure in ("net_value", "orders")]] = 0.0
    for lag in (11, 12):
        frame.loc[9, [lag_name("net_value", lag), lag_name("orders", lag)]] = 20.0, 1.0
    frame.loc[9, ["recency_days", "tenure_days"]] = 300.0, 600.0
    frame.loc[9, ["order_days_lifetime", "orders_lifetime", "net_value_lifetime"]] = 10, 10, 200.0
    assert fitted().predict(frame)["reason_1"][9] == "lower: long since the last order"


def test_reasons_say_what_the_customers_did() -> None:
    frame = pd.concat([SNAPSHOTS[AS_OF], customers_reasons()], axis=1)[bought()]
    recency = frame["recency_days"]
    size = frame["net_value_lifetime"] / frame["orders_lifetime"]
    for column in REASON_COLUMNS:
        assert recency[frame[column] == "higher: ordered recently"].max() < recency.quantile(0.75)
        assert recency[frame[column] == "lower: long since the last order"].min() > recency.quantile(0.25)
        assert size[frame[column] == "higher: large orders"].min() > size.quantile(0.25)
        assert size[frame[column] == "lower: small orders"].max() < size.quantile(0.75)


def test_who_never_bought_gets_that_and_the_tenure_as_reasons() -> None:
    explainer = fitted().explainer
    lower = replace(fitted(), explainer=replace(explainer, buyer=explainer.newcomer + 1.0))
    higher = replace(fitted(), explainer=replace(explainer, buyer=explainer.newcomer - 1.0))
    for forecaster, reason in ((lower, "lower: has never ordered"), (higher, "higher: yet to order")):
        newcomers = forecaster.predict(SNAPSHOTS[AS_OF])[:NEVER_BUY]
        assert (newcomers["reason_1"] == reason).all()
        assert newcomers["reason_2"].isna().all()
    apart = explainer.of_newcomers(fitted().monthly.newcomers, np.array([10.0, 400.0, np.nan]))
    tenure = apart[:, FEATURE_GROUPS.index("tenure")]
    assert tenure[2] == 0.0
    assert apart[2].sum() == pytest.approx(apart[1].sum())


def effects_of(*customers: dict[str, float]) -> np.ndarray:
    return np.array([[customer.get(group, 0.0) for group in FEATURE_GROUPS] for customer in customers])


def test_equal_effects_are_listed_in_the_order_of_the_groups_and_tiny_ones_left_out() -> None:
    everywhere = dict.fromkeys(FEATURE_GROUPS, 0.5)
    actual = effects_of(everywhere, {"order_size": 0.4, "frequency": -0.4}, {})
    assert reasons(actual, percentiles(effects_of({}))).tolist() == [
        ["higher: yet to order", "higher: ordered recently", "higher: many orders last year"],
        ["lower: few orders last year", "higher: large orders", None],
        [TYPICAL, None, None],
    ]


def test_what_few_have_comes_before_what_half_of_all_have_unless_it_hardly_matters() -> None:
    half, tenth = [{"recency": 0.9}] * 50 + [{"recency": -0.9}] * 40, [{"frequency": 0.5, "recency": -0.9}] * 10
    actual = effects_of(
        {"recency": 0.9, "frequency": 0.5},
        {"recency": 0.9, "frequency": 0.2},
        {"recency": 0.9, "returns": 0.31, "frequency": 0.5},
        {"recency": 0.9},
    )
    assert reasons(actual, percentiles(effects_of(*half, *tenth))).tolist() == [
        ["higher: many orders last year", "higher: ordered recently", None],
        ["higher: ordered recently", "higher: many orders last year", None],
        ["higher: whether and how much was returned", "higher: many orders last year", "higher: ordered recently"],
        ["higher: ordered recently", None, None],
    ]


def test_an_effect_is_rare_among_those_in_its_own_direction() -> None:
    others = [{"recency": 0.5, "lately": -0.5}] * 80 + [{"recency": -0.5, "lately": 0.5}] * 20
    actual = effects_of({"recency": 0.5, "lately": 0.4}, {"recency": -0.4, "lately": -0.5})
    assert reasons(actual, percentiles(effects_of(*others)))[:, 0].tolist() == [
        "higher: busier lately",
        "lower: long since the last order",
    ]


def test_the_first_reason_points_where_the_forecast_does_compared_with_the_typical_buyer_s() -> None:
    actual = effects_of({"recency": -1.0, "frequency": 0.8}, {"recency": -0.8, "frequency": 1.0})
    assert reasons(actual, percentiles(effects_of({"recency": -1.0}, {"recency": -1.0})))[:, 0].tolist() == [
        "lower: long since the last order",
        "higher: many orders last year",
    ]
    total = fitted().attributions(customers()).sum(axis=1)
    clear = np.abs(total) > 0.1
    said = customers_reasons()["reason_1"].str.startswith("higher: ").to_numpy()
    assert (said == (total > 0.0))[clear].all()


def test_first_reasons_separate_customers_better_than_their_largest_effects_do() -> None:
    effects, first = fitted().attributions(customers())[bought()], customers_reasons()["reason_1"][bought()]
    largest = np.abs(effects).argmax(axis=1)
    is_lower = effects[np.arange(len(effects)), largest] < 0.0
    by_size = pd.Series([VOCABULARY[1 + at] for at in 2 * largest + is_lower])
    assert entropy(first.value_counts(), base=2) > entropy(by_size.value_counts(), base=2) + 0.3
    assert first.value_counts().iloc[0] < by_size.value_counts().iloc[0]


def test_a_saved_forecaster_gives_the_same_reasons(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    loaded = Forecaster.load(tmp_path)
    assert loaded.attributions(customers()).tolist() == fitted().attributions(customers()).tolist()
    assert loaded.explainer == fitted().explainer
