from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jobs.forecasting.bootstrap import BacktestOrigin
from jobs.forecasting.champion_challenger import BTYD, CHALLENGER, OPPONENT, TRAILING
from jobs.forecasting.gate import Decision, decide

RNG = np.random.default_rng(4)
ACTUAL = RNG.gamma(0.3, 100.0, 2_000) * (RNG.random(2_000) < 0.5)
IDS = np.array([f"c{number:04d}" for number in range(2_000)], dtype=object)


def forecast(noise: float, level: float = 1.0, seed: int = 1) -> np.ndarray:
    """What came, disturbed by a lognormal factor and by forecasts of something where nothing came."""
    rng = np.random.default_rng(seed)
    blurred = (ACTUAL + rng.gamma(0.3, 30.0, len(ACTUAL))) * rng.lognormal(0.0, noise, len(ACTUAL))
    return blurred * level * ACTUAL.sum() / blurred.sum()


def contest(**forecasts: np.ndarray) -> list[BacktestOrigin]:
    names = {"challenger": CHALLENGER, "opponent": OPPONENT, "trailing": TRAILING, "btyd": BTYD}
    by_model = {names[name]: one for name, one in forecasts.items()}
    return [BacktestOrigin(months, IDS, ACTUAL, by_model) for months in (6, 4, 2)]


PLAIN = {"trailing": forecast(1.0, seed=2), "btyd": forecast(1.0, seed=3)}


def judge(**forecasts: np.ndarray) -> Decision:
    return decide(contest(**PLAIN | forecasts), has_opponent="opponent" in forecasts, seed=1)


def test_a_better_challenger_is_promoted_with_a_reason_for_every_comparison() -> None:
    decision = judge(challenger=forecast(0.4))
    assert decision.promoted
    assert decision.reasons[0] == "compared on the newest 6 and 4 and 2 months, each from its own origin"
    assert [reason.split(" ")[0] for reason in decision.reasons[3:9]] == [
        "wape",
        "norm_gini",
        "abs_log_total_ratio",
    ] * 2
    assert decision.reasons[9] == "there is no opponent"
    assert all("passes" in reason for reason in decision.reasons[3:9])


@pytest.mark.parametrize(("level", "verdict"), [(1.05, "met"), (1.3, "missed"), (0.8, "missed")])
def test_it_is_recorded_whether_the_total_and_the_deciles_are_within_the_bar(level: float, verdict: str) -> None:
    total, deciles = judge(challenger=ACTUAL * level).reasons[1:3]
    off = f"off by {abs(level - 1.0):.1%}, the bar of 10% is {verdict} (recorded only)"
    assert total == f"the challenger's total over 6 months: {off}"
    assert deciles == f"the challenger's deciles over 6 months: {off}"
    nothing = [replace(one, actual=np.zeros(len(IDS))) for one in contest(**PLAIN, challenger=ACTUAL)]
    assert not any("the bar of" in reason for reason in decide(nothing, has_opponent=False, seed=1).reasons)


@pytest.mark.parametrize(
    ("challenger", "measure"),
    [(forecast(1.6), "wape"), (forecast(1.6), "norm_gini"), (forecast(0.4, level=1.3), "abs_log_total_ratio")],
)
def test_being_worse_than_a_simple_rival_in_any_way_blocks(challenger: np.ndarray, measure: str) -> None:
    decision = judge(challenger=challenger)
    assert not decision.promoted
    assert any(
        reason.startswith(f"{measure} ") and "btyd" in reason and "fails" in reason for reason in decision.reasons
    )


def test_a_challenger_worse_than_its_opponent_is_blocked_though_it_beats_the_others() -> None:
    decision = judge(challenger=forecast(0.8), opponent=forecast(0.2))
    assert not decision.promoted
    assert all("passes" in reason for reason in decision.reasons[3:9])
    assert any("against opponent" in reason and "fails" in reason for reason in decision.reasons[9:])


def test_an_opponent_takes_the_place_of_a_challenger_that_is_worse() -> None:
    assert judge(challenger=forecast(0.8), opponent=forecast(0.2)).is_replaced
    assert judge(challenger=forecast(2.0), opponent=forecast(1.2)).is_replaced


def test_an_opponent_that_fails_against_the_baselines_too_takes_no_place() -> None:
    alike = forecast(1.6)
    decision = judge(challenger=alike, opponent=alike)
    assert (decision.promoted, decision.is_replaced) == (False, False)
    assert decision.reasons[-1] == "the opponent fails, too: it does not take its place"


def test_an_opponent_that_passes_takes_the_place_of_a_challenger_that_is_as_good_but_implausible() -> None:
    challenger, opponent = ACTUAL * 1.01, forecast(0.4)
    rounds = [replace(one, months=12) for one in contest(**PLAIN, challenger=challenger, opponent=opponent)]
    assert decide(rounds, has_opponent=True, seed=1).is_replaced
    rounds = [replace(one, months=12) for one in contest(**PLAIN, challenger=challenger, opponent=challenger)]
    assert not decide(rounds, has_opponent=True, seed=1).is_replaced


def test_as_good_as_the_opponent_is_good_enough() -> None:
    assert judge(challenger=forecast(0.4, seed=1), opponent=forecast(0.4, seed=1)).promoted


def test_the_level_may_miss_on_either_side_by_a_little() -> None:
    right = {name: one * ACTUAL.sum() / one.sum() for name, one in PLAIN.items()}
    for level, good in ((1.05, True), (0.95, True), (1.25, False), (0.8, False)):
        decision = decide(contest(**right, challenger=forecast(0.2, level=level)), has_opponent=False, seed=1)
        assert decision.promoted == good


def test_where_chance_is_large_a_challenger_that_looks_a_little_worse_is_not_blocked_by_it_alone() -> None:
    few = [
        replace(one, ids=one.ids[:40], actual=one.actual[:40], forecasts={k: v[:40] for k, v in one.forecasts.items()})
        for one in contest(**PLAIN, challenger=forecast(1.0, seed=2))
    ]  # the same as trailing value
    reasons = decide(few, has_opponent=False, seed=1).reasons
    assert all("passes" in reason for reason in reasons if "trailing value" in reason)


def test_a_challenger_that_could_not_be_measured_only_fills_an_empty_place() -> None:
    first = decide([], has_opponent=False, seed=1)
    assert first.promoted
    assert first.reasons == ("no month has matured to compare on",)
    kept = decide([], has_opponent=True, seed=1)
    assert (kept.promoted, kept.is_replaced) == (False, True)


def test_a_challenger_that_is_too_good_to_be_true_is_blocked() -> None:
    rounds = [replace(one, months=12) for one in contest(**PLAIN, challenger=ACTUAL * 1.01)]
    decision = decide(rounds, has_opponent=False, seed=1)
    assert not decision.promoted
    assert decision.reasons[0].startswith("spearman 1 over 12 months is above 0.9, and that of a simple forecast is 0.")
    assert decision.reasons[0].endswith(": look for features that know the future")
    assert decide(contest(**PLAIN, challenger=ACTUAL * 1.01), has_opponent=False, seed=1).promoted


def test_where_simple_forecasts_rank_nearly_as_well_a_high_correlation_is_no_suspicion() -> None:
    """A shop whose customers pay a fixed fee each month."""
    fees = ACTUAL * np.random.default_rng(3).lognormal(0.0, 0.2, len(ACTUAL))
    rounds = [replace(one, months=12) for one in contest(trailing=fees, challenger=ACTUAL * 1.01)]
    assert decide(rounds, has_opponent=False, seed=1).promoted
