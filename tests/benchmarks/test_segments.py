from __future__ import annotations

import numpy as np
import pytest

from benchmarks.forecast import Forecast
from benchmarks.segments import segments
from benchmarks.shop import Outcome

ACTUAL = np.array([100.0, 50.0, 0.0, 30.0, 20.0, 0.0])
VALUE = np.array([90.0, 60.0, 10.0, 30.0, 40.0, 0.0])
STATUS = np.array(["active", "active", "new", "active", "dormant", "never_bought"], dtype=object)
TENURE = np.array([400.0, 800.0, 10.0, 91.0, 900.0, np.nan])


@pytest.fixture
def actual() -> dict[str, dict[str, dict[str, float | None]]]:
    forecast = Forecast(VALUE, interval=(VALUE - 15.0, VALUE + 15.0))
    return segments(forecast, Outcome(ACTUAL, ACTUAL > 0.0), status=STATUS, tenure=TENURE)


def test_every_kind_of_segment_holds_everybody_once(actual: dict) -> None:
    assert list(actual) == ["status", "tenure", "decile"]
    for kind in actual.values():
        assert sum(figures["customers"] for figures in kind.values()) == len(ACTUAL)
        assert sum(figures["value_share"] for figures in kind.values()) == pytest.approx(1.0)


def test_a_segments_figures_are_of_its_customers(actual: dict) -> None:
    active = actual["status"]["active"]
    assert active == {
        "customers": 3,
        "value_share": pytest.approx(0.9),
        "wape": pytest.approx(20.0 / 180.0),
        "total_ratio": pytest.approx(1.0),
        "coverage80": pytest.approx(1.0),
    }
    assert actual["status"]["dormant"]["coverage80"] == 0.0
    assert actual["tenure"]["over 2 years"]["total_ratio"] == pytest.approx(100.0 / 70.0)


def test_of_a_segment_that_brought_nothing_there_is_no_ratio(actual: dict) -> None:
    assert actual["status"]["new"]["total_ratio"] is None
    assert actual["tenure"]["never bought"]["wape"] is None


def test_the_first_decile_is_the_highest_forecast(actual: dict) -> None:
    assert list(actual["decile"]) == ["01", "02", "03", "04", "05", "06"]
    assert actual["decile"]["01"]["value_share"] == pytest.approx(0.5)
