from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from jobs.forecasting import leak_check
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.outcomes import Snapshots
from jobs.forecasting.params import ModelParams
from tests.forecasting.shops import shop

PARAMS = ModelParams(rounds=8, threads=1)
SNAPSHOTS = shop(150, 9)
AS_OF = max(SNAPSHOTS)


def test_a_forecaster_that_does_not_know_the_future_passes() -> None:
    leak_check.check(SNAPSHOTS, as_of=AS_OF, params=PARAMS)


def test_a_history_too_short_for_an_earlier_origin_is_not_checked() -> None:
    young = dict(list(SNAPSHOTS.items())[:2])
    leak_check.check(young, as_of=max(young), params=PARAMS)


def test_a_forecaster_that_reads_later_snapshots_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = fit

    def knowing(snapshots: Snapshots, *, as_of: date, params: ModelParams) -> Forecaster:
        newest = snapshots[max(snapshots)].set_index("customer_id")["net_value_lifetime"]
        truncated = {
            day: frame.assign(net_value_lifetime=newest.reindex(frame["customer_id"]).to_numpy())
            for day, frame in snapshots.items()
            if day <= as_of
        }
        return honest(truncated, as_of=as_of, params=params)

    monkeypatch.setattr(leak_check, "fit", knowing)
    with pytest.raises(
        leak_check.LeakError, match=r"the forecast as of .* changes with the months after it, in clv_1m"
    ):
        leak_check.check(SNAPSHOTS, as_of=AS_OF, params=PARAMS)


def test_what_comes_after_is_really_changed() -> None:
    frame = SNAPSHOTS[AS_OF]
    another = leak_check._another(frame)
    assert another["customer_id"].equals(frame["customer_id"])
    assert not another["net_value_month_lag_01"].equals(frame["net_value_month_lag_01"])
    pd.testing.assert_index_equal(another.columns, frame.columns)
