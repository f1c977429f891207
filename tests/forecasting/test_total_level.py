from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jobs.core.month import Month
from jobs.forecasting.fit import fit
from jobs.forecasting.total_level import candidates, combined, weigh
from tests.snapshots import QUICK, model_frames, simulated_snapshots

FRAMES = model_frames(simulated_snapshots(months=12))
AS_OF = max(FRAMES)


def test_candidates_weigh_alike_until_one_has_erred() -> None:
    assert weigh(np.zeros((3, 3))) == pytest.approx([1 / 3] * 3)
    erred = weigh(np.array([[0.0, 0.15, 0.9], [0.0, -0.15, 0.9]]))
    assert erred == pytest.approx([2 / (3 + 2 / 37), 1 / (3 + 2 / 37), 2 / 37 / (3 + 2 / 37)])


def test_combined_total_lies_between_the_candidates() -> None:
    assert combined(np.array([1.0, 4.0]), [0.5, 0.5]) == pytest.approx(2.0)
    assert combined(np.array([3.0, 7.0, 9.0]), [1.0, 0.0, 0.0]) == pytest.approx(3.0)


def test_a_fitted_forecaster_forecasts_the_combined_totals() -> None:
    forecaster = fit(FRAMES, as_of=AS_OF, params=QUICK)
    customers = forecaster.encoder.encode(FRAMES[AS_OF], AS_OF)
    bought = customers.take(customers.has_bought)
    calibration = forecaster.monthly.calibration
    totals = replace(forecaster.monthly, level=1.0).candidate_totals(bought, 12)
    total = combined(totals, calibration.total_weights)
    assert forecaster.monthly.expect(bought).value.sum() == pytest.approx(total, rel=1e-9)
    assert sum(calibration.total_weights) == pytest.approx(1.0)


def test_the_customers_own_year_counts_only_the_months_the_shop_has_data_of() -> None:
    young = {day: frame for day, frame in FRAMES.items() if day <= sorted(FRAMES)[3]}
    day = max(young)
    forecaster = fit(young, as_of=day, params=QUICK)
    customers = forecaster.encoder.encode(young[day], day)
    bought = customers.take(customers.has_bought)
    history = forecaster.monthly.base_models.history(bought)
    months = int((~np.isnan(customers.values[0])).sum())
    assert months == 4
    totals = candidates(forecaster.monthly.expect(bought).value, history, 1)
    last_year = totals[2] / forecaster.monthly.base_models.season.of_value([Month.of(day)])[0]
    assert last_year == pytest.approx(np.nansum(history.values) / months)
