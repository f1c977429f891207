"""The goals of the forecasts beside the results: printed by `make bench-accuracy`, misses included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.ours import OURS

BTYD = ("bg_nbd_gg", "pareto_nbd_gg")
LOWER, HIGHER = ("wape", "mae", "rmse", "decile_mape", "brier"), ("spearman", "norm_gini", "top10_capture", "auc")
AHEAD_OF_ALL = ("norm_gini", "rmse", "decile_mape", "top10_capture")


@dataclass(frozen=True)
class Goal:
    """A goal and its result.

    Attributes:
        task: the data and what is forecast.
        requirement: the goal.
        result: the figure, as text.
        reached: whether it is good enough; None where there is no figure.
    """

    task: str
    requirement: str
    result: str
    reached: bool | None

    @property
    def row(self) -> list[str]:
        """Its cells in a table."""
        return [self.task, self.requirement, self.result, {True: "reached", False: "missed", None: "·"}[self.reached]]


HEAD = ["task", "goal", "found", ""]


def table(results: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """The goals as cells, a heading first."""
    return [HEAD, *(goal.row for goal in goals(results))]


def goals(results: Mapping[str, Mapping[str, Any]]) -> list[Goal]:
    """Every goal whose data set has results; data set → what its JSON holds."""
    all_goals: list[Goal] = []
    makers = {"online_retail_ii": _two_years, "cdnow": _one_cohort, "simulated_shop": _many_years}
    for name, maker in makers.items():
        if name in results:
            newest = max(results[name]["origins"], key=lambda origin: str(origin["as_of"]))
            task = f"{results[name]['data']}, {results[name]['months']} months from {newest['as_of']}"
            all_goals += maker(task, newest)
            all_goals += _intervals(task, newest, results[name]["origins"])
    return all_goals


def _two_years(task: str, origin: Mapping[str, Any]) -> Iterator[Goal]:
    ours = origin["models"][OURS]
    yield _at_most(task, "WAPE", ours["wape"], 0.60)
    yield _at_least(task, "Gini", ours["norm_gini"], 0.87)
    yield _at_least(task, "Spearman", ours["spearman"], 0.635)
    yield _at_least(task, "top 10 %", ours["top10_capture"], 0.64)
    yield _near_one(task, "total", ours["total_ratio"], 0.07)


def _one_cohort(task: str, origin: Mapping[str, Any]) -> Iterator[Goal]:
    ours = origin["models"][OURS]
    yield _at_most(task, "WAPE", ours["wape"], 0.95)
    yield _at_least(task, "Gini", ours["norm_gini"], 0.70)
    yield _near_one(task, "total", ours["total_ratio"], 0.10)
    yield _no_worse(task, "the best BTYD", origin, BTYD, (*LOWER, *HIGHER))


def _many_years(task: str, origin: Mapping[str, Any]) -> Iterator[Goal]:
    ours = origin["models"][OURS]
    yield _no_worse(task, "every peer", origin, [name for name in origin["models"] if name != OURS], AHEAD_OF_ALL)
    yield _near_one(task, "total", ours["total_ratio"], 0.03)
    yield _at_most(task, "decile MAPE", ours["decile_mape"], 0.10)
    if "truth" in origin:
        for band, fit in origin["truth"]["models"][OURS].items():
            yield _near_one(task, f"slope of the truth, {band}", fit["slope"], 0.03)
        worst = max(origin["truth"]["months"], key=lambda ratio: abs(ratio - 1.0))
        yield _near_one(task, "months 1-12 to the truth, the worst", worst, 0.05)


def _intervals(task: str, origin: Mapping[str, Any], origins: Sequence[Mapping[str, Any]]) -> Iterator[Goal]:
    ours = origin["models"][OURS]
    inside = 0.78 <= ours["coverage80"] <= 0.82
    yield Goal(task, "80 % interval covers 0.78 to 0.82", f"{ours['coverage80']:.3f}", inside)
    yield _at_least(task, "coverage in the top decile", ours["coverage80_top_decile"], 0.75)
    ends = [entry["models"][OURS] for entry in origins if entry["models"][OURS].get("total_p10_ratio") is not None]
    if ends:
        covered = sum(entry["total_p10_ratio"] <= 1.0 <= entry["total_p90_ratio"] for entry in ends)
        requirement = "interval of the total covers in 75 % of origins"
        yield Goal(task, requirement, f"{covered} of {len(ends)}", covered >= 0.75 * len(ends))


def _at_most(task: str, name: str, figure: float | None, bar: float) -> Goal:
    return Goal(task, f"{name} at most {bar:g}", _text(figure), None if figure is None else figure <= bar)


def _at_least(task: str, name: str, figure: float | None, bar: float) -> Goal:
    return Goal(task, f"{name} at least {bar:g}", _text(figure), None if figure is None else figure >= bar)


def _near_one(task: str, name: str, figure: float | None, within: float) -> Goal:
    requirement = f"{name} within {within:g} of 1"
    return Goal(task, requirement, _text(figure), None if figure is None else abs(figure - 1.0) <= within)


def _no_worse(task: str, rivals: str, origin: Mapping[str, Any], names: Sequence[str], metrics: Sequence[str]) -> Goal:
    """No rival is better, the third decimal counting."""
    models = {name: origin["models"][name] for name in names if name in origin["models"]}
    lost = []
    for metric in metrics:
        ours = origin["models"][OURS].get(metric)
        theirs = [model[metric] for model in models.values() if model.get(metric) is not None]
        if ours is None or not theirs:
            continue
        best = min(theirs) if metric in LOWER else max(theirs)
        loss = ours - best if metric in LOWER else best - ours
        if loss > 0.0005 * max(abs(best), 1.0):
            lost.append(f"{metric} {ours:.4g} to {best:.4g}")
    requirement = f"no worse than {rivals} on {', '.join(metrics)}"
    return Goal(
        task, requirement, "behind: " + ", ".join(lost) if lost else "ahead of all", not lost if models else None
    )


def _text(figure: float | None) -> str:
    return "·" if figure is None else f"{figure:.3f}"
