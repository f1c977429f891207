from __future__ import annotations

from jobs.forecasting.gate import decide

TRAILING = {"wape": 0.60, "rmse": 100.0, "norm_gini": 0.80, "total_ratio": 0.93}


def test_a_better_challenger_is_promoted_with_a_reason_for_every_comparison():
    decision = decide({"wape": 0.55, "rmse": 95.0, "norm_gini": 0.85, "total_ratio": 1.02}, TRAILING, None)
    assert decision.promoted
    assert decision.reasons == (
        "wape 0.55 against trailing value 0.6: passes (at most 0.612)",
        "rmse 95 against trailing value 100: passes (at most 105)",
        "norm_gini 0.85 against trailing value 0.8: passes (at least 0.79)",
        "total_ratio 1.02 against trailing value 0.93: passes (within 0.12 of 1)",
        "no champion to compare with",
    )


def test_one_metric_worse_than_trailing_value_blocks():
    decision = decide(TRAILING | {"wape": 0.62}, TRAILING, None)
    assert not decision.promoted
    assert "wape 0.62 against trailing value 0.6: fails (at most 0.612)" in decision.reasons


def test_a_challenger_worse_than_the_champion_is_blocked_though_it_beats_trailing_value():
    decision = decide(TRAILING, TRAILING, TRAILING | {"norm_gini": 0.86})
    assert not decision.promoted
    assert "norm_gini 0.8 against champion 0.86: fails (at least 0.85)" in decision.reasons


def test_the_level_may_miss_on_either_side():
    assert decide(TRAILING | {"total_ratio": 1.10}, TRAILING, None).promoted
    assert not decide(TRAILING | {"total_ratio": 1.13}, TRAILING, None).promoted
    assert not decide(TRAILING | {"total_ratio": 0.87}, TRAILING, None).promoted


def test_a_challenger_that_could_not_be_measured_only_fills_an_empty_place():
    first = decide({}, {}, None)
    assert first.promoted
    assert first.reasons == ("no month has matured to compare on, and there is no champion yet",)
    assert not decide({}, {}, TRAILING).promoted


def test_the_figures_of_an_unmeasured_opponent_are_not_made_up():
    decision = decide({"wape": 0.5}, {"norm_gini": 0.8}, None)
    assert decision.promoted
    assert "no metric could be compared" in decision.reasons


def test_a_challenger_that_is_too_good_to_be_true_is_blocked():
    known_future = TRAILING | {"months": 12.0, "spearman": 0.95}
    decision = decide(known_future, TRAILING, None)
    assert not decision.promoted
    assert decision.reasons[0].startswith("spearman 0.95 over 12 months is above 0.9: look for features")
    assert decide(known_future | {"spearman": 0.63}, TRAILING, None).promoted
    assert decide(known_future | {"months": 3.0}, TRAILING, None).promoted
