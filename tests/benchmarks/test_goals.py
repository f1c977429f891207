from __future__ import annotations

from benchmarks.goals import HEAD, goals, table

OURS = {
    "wape": 0.59,
    "mae": 5.0,
    "rmse": 10.0,
    "decile_mape": 0.2,
    "brier": 0.16,
    "spearman": 0.63,
    "norm_gini": 0.88,
    "top10_capture": 0.65,
    "auc": 0.8,
    "total_ratio": 1.06,
    "coverage80": 0.79,
    "coverage80_top_decile": 0.74,
    "total_p10_ratio": 0.9,
    "total_p90_ratio": 1.2,
}


def results(**peer: float) -> dict[str, object]:
    origin = {"as_of": "2011-06-01", "models": {"ours": OURS, "pareto_nbd_gg": OURS | peer}}
    return {"data": "a shop", "months": 6, "origins": [origin | {"as_of": "2011-05-01"}, origin]}


def verdicts(name: str, **peer: float) -> dict[str, tuple[str, bool | None]]:
    return {goal.requirement: (goal.result, goal.reached) for goal in goals({name: results(**peer)})}


def test_figures_are_held_against_their_goals() -> None:
    actual = verdicts("online_retail_ii")
    assert actual["WAPE at most 0.6"] == ("0.590", True)
    assert actual["Spearman at least 0.635"] == ("0.630", False)
    assert actual["total within 0.07 of 1"] == ("1.060", True)
    assert actual["80 % interval covers 0.78 to 0.82"] == ("0.790", True)
    assert actual["coverage in the top decile at least 0.75"] == ("0.740", False)
    assert actual["interval of the total covers in 75 % of origins"] == ("2 of 2", True)


def test_a_rival_that_is_better_on_anything_is_named() -> None:
    requirement = "no worse than every peer on norm_gini, rmse, decile_mape, top10_capture"
    assert verdicts("simulated_shop")[requirement] == ("ahead of all", True)
    assert verdicts("simulated_shop", rmse=9.0, norm_gini=0.9)[requirement] == (
        "behind: norm_gini 0.88 to 0.9, rmse 10 to 9",
        False,
    )


def test_a_goal_without_a_figure_is_neither_reached_nor_missed() -> None:
    nothing = results()
    nothing["origins"][1]["models"]["ours"] = OURS | {"decile_mape": None}
    [goal] = [one for one in goals({"simulated_shop": nothing}) if one.requirement.startswith("decile MAPE")]
    assert goal.row[2:] == ["·", "·"]


def test_data_sets_without_results_are_left_out() -> None:
    assert table({}) == [HEAD]
