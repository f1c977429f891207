from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.bridge.steps import COLUMNS, END, START, Step, steps
from jobs.forecasting.status import STATUSES

CENTS = st.integers(-(10**13), 10**13)


def forecast(customers: Mapping[str, tuple[str, int, int, int]]) -> pd.DataFrame:
    """Status, twelve months, first month and last month, by customer."""
    frame = pd.DataFrame.from_dict(dict(customers), orient="index", columns=list(COLUMNS))
    frame = frame.astype({"status": object} | dict.fromkeys(COLUMNS[1:], np.int64))
    return frame.set_index(frame.index.astype(object))


FORECASTS = st.dictionaries(
    st.sampled_from([f"c{number}" for number in range(8)]),
    st.tuples(st.sampled_from(STATUSES), CENTS, CENTS, CENTS),
).map(forecast)


def by_name(made: list[Step]) -> dict[str, tuple[int, int]]:
    return {step.name: (step.cents, step.customers) for step in made}


@settings(max_examples=100, deadline=None)
@given(published=FORECASTS, restated=st.none() | FORECASTS, rescored=FORECASTS, now=FORECASTS)
def test_the_steps_add_up_to_the_cent_whatever_the_forecasts(
    published: pd.DataFrame, restated: pd.DataFrame | None, rescored: pd.DataFrame, now: pd.DataFrame
) -> None:
    made = steps(published, restated, rescored, now)
    amounts = {step.name: step.cents for step in made}
    assert [made[0].name, made[-1].name] == [START, END]
    assert amounts[START] == sum(map(int, published["clv_12m"]))
    assert amounts[END] == sum(map(int, now["clv_12m"]))
    assert sum(value for name, value in amounts.items() if name != END) == amounts[END]
    assert all(step.customers >= 0 for step in made)


def test_each_step_holds_what_became_of_its_customers() -> None:
    before = forecast(
        {
            "stays": ("active", 1200, 100, 100),
            "comes back": ("dormant", 240, 20, 20),
            "leaves": ("new", 600, 50, 50),
            "goes further": ("lapsing", 300, 25, 25),
            "buys at last": ("never_bought", 12, 1, 1),
            "still does not": ("never_bought", 12, 1, 1),
        }
    )
    now = forecast(
        {
            "stays": ("active", 1320, 110, 110),
            "comes back": ("active", 1200, 100, 100),
            "leaves": ("lapsing", 360, 30, 30),
            "goes further": ("dormant", 120, 10, 10),
            "buys at last": ("new", 1212, 101, 101),
            "still does not": ("never_bought", 12, 1, 1),
            "arrives": ("new", 480, 40, 40),
        }
    )
    assert by_name(steps(before, before, before, now)) == {
        "start": (2364, 6),
        "restatement": (0, 0),
        "model": (0, 0),
        "months_rolling_off": (-197, 6),
        "new_customers": (440, 1),
        "first_orders": (1100, 1),
        "reactivated": (880, 1),
        "lapsed": (-385, 2),
        "behaviour": (110, 2),
        "months_rolling_on": (392, 7),
        "end": (4704, 7),
    }


def test_restatement_and_model_hold_those_whose_value_they_change() -> None:
    published = forecast({"a": ("active", 120, 10, 10), "b": ("active", 240, 20, 20)})
    restated = forecast({"a": ("active", 130, 10, 10), "b": ("active", 240, 20, 20), "late": ("new", 60, 5, 5)})
    rescored = forecast({"a": ("active", 130, 10, 10), "b": ("active", 200, 20, 20), "late": ("new", 61, 5, 5)})
    made = by_name(steps(published, restated, rescored, rescored))
    assert (made["restatement"], made["model"]) == ((70, 2), (-39, 2))
    one = by_name(steps(published, None, rescored, rescored))
    assert one["restatement_and_model"] == (31, 3)
    assert not {"restatement", "model"} & set(one)


def test_customers_who_are_gone_are_a_restatement() -> None:
    before = forecast({"a": ("active", 120, 10, 10), "merged": ("active", 240, 20, 20)})
    now = forecast({"a": ("active", 120, 10, 10)})
    made = by_name(steps(before, before, before, now))
    assert (made["restatement"], made["behaviour"]) == ((-220, 1), (0, 1))
    assert made["months_rolling_off"] == (-30, 2)


def test_a_shop_without_customers_has_a_bridge_of_nothing() -> None:
    nobody = forecast({})
    assert {step.cents for step in steps(nobody, nobody, nobody, nobody)} == {0}
