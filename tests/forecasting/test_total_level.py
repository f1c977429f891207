from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jobs.core.month import Month
from jobs.forecasting.fit import fit
from jobs.forecasting.total_level import OWN_YEAR_WEIGHT, combined
from tests.snapshots import QUICK, model_frames, simulated_snapshots

FRAMES = model_frames(simulated_snapshots(months=12))
DAYS = sorted(FRAMES)


@pytest.mark.parametrize("newest", [11, 3])
def test_the_total_leans_on_the_customers_own_year_as_far_as_the_shop_has_data_of_it(newest: int) -> None:
    known, day = {day: FRAMES[day] for day in DAYS[: newest + 1]}, DAYS[newest]
    forecaster = fit(known, as_of=day, params=QUICK)
    monthly, customers = forecaster.monthly, forecaster.encoder.encode(FRAMES[day], day)
    buyers = customers.take(customers.has_bought)
    history = monthly.base_models.history(buyers)
    assert int((~np.isnan(customers.values[0])).sum()) == newest + 1
    mean = np.nansum(history.values) / (newest + 1)
    season = monthly.base_models.season.of_value([Month.of(day), Month.of(day).plus(1)]).sum()
    expected = 500.0 ** (1.0 - OWN_YEAR_WEIGHT) * (mean * season) ** OWN_YEAR_WEIGHT
    assert combined(500.0, history, 2) == pytest.approx(expected)
    assert combined(500.0, replace(history, values=-history.values), 2) == 500.0


def test_a_fitted_forecaster_forecasts_the_combined_total() -> None:
    forecaster = fit(FRAMES, as_of=DAYS[-1], params=QUICK)
    customers = forecaster.encoder.encode(FRAMES[DAYS[-1]], DAYS[-1])
    buyers = customers.take(customers.has_bought)
    monthly = forecaster.monthly
    own = monthly.expect(buyers).value.sum() / monthly.level
    total = combined(own, monthly.base_models.history(buyers), 12)
    assert monthly.expect(buyers).value.sum() == pytest.approx(total, rel=1e-9)
    assert monthly.level != pytest.approx(1.0)
