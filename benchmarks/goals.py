"""The goals of the forecasts beside what was found on the reporting origins: one table of all shops, misses marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.bootstrap import LOWER_IS_BETTER, measure_of
from benchmarks.ours import OURS
from benchmarks.table import COLUMNS, MEASURES
from jobs.forecasting.metrics import BAR

MISSED = " ✗"
_WINS = 2 / 3
_TOTAL, _DECILE_MAPE = (1.0 - BAR, 1.0 + BAR), (0.0, BAR)
_COVERAGE, _DECILES, _SLOPE, _MONTHS = (0.78, 0.82), (0.70, 0.90), (0.95, 1.05), (0.95, 1.05)
_BARS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "online_retail_ii": {
        "wape": (0.0, 0.60),
        "norm_gini": (0.87, 1.0),
        "spearman": (0.635, 1.0),
        "top10_capture": (0.64, 1.0),
        "total_ratio": (0.93, 1.07),
    },
    "cdnow": {"wape": (0.0, 0.95), "norm_gini": (0.70, 1.0), "total_ratio": (0.90, 1.10)},
    "simulated_shop": {"decile_mape": (0.0, 0.10), "total_ratio": (0.97, 1.03)},
}
"""Shop → figure → where it should lie."""

_NOMINAL = 0.8
_NONE = "·"

HEAD = [
    "shop",
    "better/same/worse",
    "worse than the best peer on",
    "total",
    "decile MAPE",
    "80 % covers",
    "deciles cover",
    "slope of the truth",
    "months to the truth",
]
GOALS = [
    "goal",
    "two thirds better",
    "nothing",
    *(f"{low:g}–{high:g}" for low, high in (_TOTAL, _DECILE_MAPE, _COVERAGE, _DECILES, _SLOPE, _MONTHS)),
]

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """What was found, and whether it is good enough; None where there is no goal."""

    text: str
    reached: bool | None = None

    def __str__(self) -> str:
        return self.text + (MISSED if self.reached is False else "")


def table(results: Mapping[str, Results]) -> list[list[str]]:
    """The shops with their figures as text, a heading and the goals first, all shops together last."""
    if not results:
        return [HEAD]
    body = [[name, *map(str, _cells(of))] for name, of in results.items()]
    counts = sum((_verdicts(_newest(of)) for of in results.values()), Counter[str]())
    return [HEAD, GOALS, *body, ["all", str(_better(counts)), *[_NONE] * (len(HEAD) - 2)]]


def bars(results: Mapping[str, Results]) -> list[list[str]]:
    """Goals for single figures of a shop as text, a heading first."""
    rows = [
        [
            name,
            COLUMNS[metric][0],
            f"{low:g}–{high:g}",
            str(_between(_newest(results[name])["models"][OURS][metric], (low, high))),
        ]
        for name, ends in _BARS.items()
        if name in results
        for metric, (low, high) in ends.items()
    ]
    return [["shop", "figure", "goal", "found"], *rows]


def worse_than_best(origin: Results) -> list[str]:
    """The measures on which the peer with the best figure is significantly better than ours."""
    lost = []
    for measure, lower_is_better in LOWER_IS_BETTER.items():
        known = {
            name: measure_of(origin["models"][name], measure)
            for name, gaps in origin["differences"].items()
            if measure in gaps
        }
        if not known:
            continue
        best = (min if lower_is_better else max)(known, key=lambda name: known[name])
        if origin["differences"][best][measure]["verdict"] == "loss":
            lost.append(measure)
    return lost


def _cells(of: Results) -> Iterator[Cell]:
    origin = _newest(of)
    ours, lost = origin["models"][OURS], worse_than_best(origin)
    yield _better(_verdicts(origin))
    yield Cell(", ".join(MEASURES[measure] for measure in lost) or "nothing", not lost)
    yield _between(ours["total_ratio"], _TOTAL)
    yield _between(ours["decile_mape"], _DECILE_MAPE)
    yield _between(ours["coverage80"], _COVERAGE)
    yield _farthest(_covered_deciles(origin), _DECILES)
    truth = origin.get("truth")
    slopes = [band["slope"] for band in truth["models"][OURS].values()] if truth else []
    yield _farthest(slopes, _SLOPE)
    yield _farthest(truth["months"] if truth else [], _MONTHS)


def _better(counts: Mapping[str, int]) -> Cell:
    total = sum(counts.values())
    text = "/".join(str(counts[verdict]) for verdict in ("win", "tie", "loss"))
    return Cell(text, counts["win"] >= _WINS * total) if total else Cell(_NONE)


def _covered_deciles(origin: Results) -> list[float]:
    """The coverage of the deciles but those whose customers are likelier than 80 % to bring nothing."""
    coverage = [share for name, share in origin["deciles"].items() if name.startswith("coverage80_decile")]
    return [share for share, p in zip(coverage, origin["p_active_deciles"], strict=True) if p > 1.0 - _NOMINAL]


def _between(figure: float | None, ends: tuple[float, float]) -> Cell:
    if figure is None:
        return Cell(_NONE)
    return Cell(f"{figure:.3f}", ends[0] <= figure <= ends[1])


def _farthest(figures: Sequence[float | None], ends: tuple[float, float]) -> Cell:
    """The least and the largest."""
    known = [figure for figure in figures if figure is not None]
    if not known:
        return Cell(_NONE)
    return Cell(f"{min(known):.2f}–{max(known):.2f}", all(ends[0] <= figure <= ends[1] for figure in known))


def _verdicts(origin: Results) -> Counter[str]:
    return Counter(gap["verdict"] for gaps in origin["differences"].values() for gap in gaps.values())


def _newest(of: Results) -> Results:
    newest: Results = max(of["origins"], key=lambda origin: str(origin["as_of"]))
    return newest
