from __future__ import annotations

from typing import Any

from benchmarks.goals import GOALS, HEAD, bars, table, worse_than_best

OURS = {
    "wape": 0.59,
    "rmse": 10.0,
    "norm_gini": 0.88,
    "spearman": 0.63,
    "top10_capture": 0.65,
    "decile_mape": 0.2,
    "total_ratio": 1.06,
    "coverage80": 0.79,
}


def gap(verdict: str) -> dict[str, Any]:
    return {"difference": 0.0, "lower": 0.0, "upper": 0.0, "verdict": verdict}


def origin(as_of: str = "2011-06-01", **more: Any) -> dict[str, Any]:
    models = {"ours": OURS, "gbm": OURS | {"rmse": 9.0, "norm_gini": 0.87}, "btyd": OURS | {"rmse": 9.5}}
    differences = {
        "gbm": {"rmse": gap("tie"), "norm_gini": gap("win")},
        "btyd": {"rmse": gap("loss"), "norm_gini": gap("win")},
    }
    covered = {f"coverage80_decile_{decile:02d}": share for decile, share in enumerate((0.85, 0.75, 0.99), start=1)}
    found = {"as_of": as_of, "models": models, "differences": differences}
    return found | {"deciles": covered, "p_active_deciles": [0.9, 0.5, 0.1]} | more


def row(**more: Any) -> dict[str, str]:
    found = table({"a shop": {"origins": [origin("2011-05-01"), origin(**more)]}})
    assert found[1] == GOALS
    return dict(zip(HEAD, found[2], strict=True))


def test_a_shop_s_figures_stand_beside_their_goals_and_misses_are_marked() -> None:
    assert row() == {
        "shop": "a shop",
        "better/same/worse": "2/1/1 ✗",
        "worse than the best peer on": "nothing",
        "total": "1.060",
        "decile MAPE": "0.200 ✗",
        "80 % covers": "0.790",
        "deciles cover": "0.75–0.85",
        "slope of the truth": "·",
        "months to the truth": "·",
    }


def test_only_the_peer_that_is_best_on_a_measure_counts_as_the_best() -> None:
    assert worse_than_best(origin()) == []
    lost = origin()
    lost["differences"]["gbm"]["rmse"] = gap("loss")
    assert worse_than_best(lost) == ["rmse"]
    assert row(differences=lost["differences"])["worse than the best peer on"] == "RMSE ✗"


def test_deciles_count_where_zero_alone_is_not_likelier_than_the_interval() -> None:
    assert row(p_active_deciles=[0.9, 0.5, 0.3])["deciles cover"] == "0.75–0.99 ✗"


def test_simulated_shops_are_held_against_the_truth() -> None:
    truth = {"models": {"ours": {"all": {"slope": 1.0}, "new": {"slope": 0.9}}}, "months": [1.01] * 12}
    assert row(truth=truth)["slope of the truth"] == "0.90–1.00 ✗"
    assert row(truth=truth)["months to the truth"] == "1.01–1.01"


def test_the_last_row_counts_all_comparisons() -> None:
    found = table({name: {"origins": [origin()]} for name in ("one", "two")})
    assert found[-1][:2] == ["all", "4/2/2 ✗"]
    assert table({}) == [HEAD]


def test_single_figures_have_goals_of_their_own() -> None:
    found = {figure: (goal, result) for _, figure, goal, result in bars({"online_retail_ii": {"origins": [origin()]}})}
    assert found["WAPE"] == ("0–0.6", "0.590")
    assert found["Spearman"] == ("0.635–1", "0.630 ✗")
    assert found["total"] == ("0.93–1.07", "1.060")
    assert len(bars({"one": {"origins": [origin()]}})) == 1
