"""The figures as a table for people; losses are printed like wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.forecasting.bootstrap import LEVEL

BEST = "*"

COLUMNS = {
    "wape": ("WAPE", ".3f"),
    "mae": ("MAE", ",.1f"),
    "rmse": ("RMSE", ",.1f"),
    "decile_mape": ("decile MAPE", ".3f"),
    "total_ratio": ("total", ".3f"),
    "spearman": ("Spearman", ".3f"),
    "norm_gini": ("Gini", ".3f"),
    "top10_capture": ("top 10 %", ".3f"),
    "top20_capture": ("top 20 %", ".3f"),
    "brier": ("Brier", ".3f"),
    "auc": ("AUC", ".3f"),
    "coverage80": ("cover", ".3f"),
    "coverage80_top_decile": ("cover top", ".3f"),
    "width80": ("width", ",.0f"),
    "winkler80": ("Winkler", ",.0f"),
    "fit_s": ("fit s", ".1f"),
    "score_s": ("score s", ".2f"),
}
"""Metric → heading and format."""

MEASURES = {
    "wape": "WAPE",
    "mae": "MAE",
    "rmse": "RMSE",
    "norm_gini": "Gini",
    "spearman": "Spearman",
    "top10_capture": "top 10 %",
    "decile_mape": "decile MAPE",
    LEVEL: "|log total|",
    "brier": "Brier",
    "winkler80": "Winkler",
}
"""Measure of a difference → heading."""

_LOWER = ("wape", "mae", "rmse", "decile_mape", "brier", "winkler80")
_HIGHER = ("spearman", "norm_gini", "top10_capture", "top20_capture", "auc")
_SIGNS = {"win": "+", "loss": "−", "tie": "="}
_NONE = "·"


def table(result: Mapping[str, Any]) -> str:
    """Everything that `accuracy` found."""
    sections = [_origin(result, origin) for origin in result["origins"]]
    return "\n".join([*sections, _differences(result)])


def rows(origin: Mapping[str, Any]) -> list[list[str]]:
    """The models of an origin with their figures as text, the best of each column marked; a heading first."""
    models: Mapping[str, Mapping[str, float | None]] = origin["models"]
    best = {metric: _best(metric, models) for metric in COLUMNS}
    body = [
        [name, *(_text(metric, figures.get(metric), is_best=name in best[metric]) for metric in COLUMNS)]
        for name, figures in models.items()
    ]
    return [["model", *(heading for heading, _ in COLUMNS.values())], *body]


def difference_rows(differences: Mapping[str, Any]) -> list[list[str]]:
    """Ours less each peer as text, with the interval and a sign; a heading first."""
    body = [
        [peer, *(_gap(measures[measure]) if measure in measures else _NONE for measure in MEASURES)]
        for peer, measures in differences.items()
    ]
    return [["ours less", *MEASURES.values()], *body]


def tally(differences: Mapping[str, Any]) -> str:
    """How often ours is better, not different, and worse."""
    count = Counter(gap["verdict"] for measures in differences.values() for gap in measures.values())
    return f"{count['win']} wins (+), {count['tie']} ties (=), {count['loss']} losses (−)"


def decile_line(origin: Mapping[str, Any]) -> str:
    """The coverage of our intervals by decile of the forecast."""
    coverage = [value for name, value in origin["deciles"].items() if name.startswith("coverage80_decile")]
    return "Coverage of ours by decile, highest forecast first: " + ", ".join(f"{share:.2f}" for share in coverage)


def truth_rows(truth: Mapping[str, Any]) -> list[list[str]]:
    """Our calibration against the truth by tenure band, and every model's over all customers; a heading first."""
    ours, *peers = truth["models"].items()
    named = [(f"{ours[0]}, {band}", figures) for band, figures in ours[1].items()]
    named += [(f"{name}, all", bands["all"]) for name, bands in peers]
    body = [
        [name, f"{figures['customers']:,}", *(_plain(figures[key]) for key in ("slope", "total_ratio"))]
        for name, figures in named
    ]
    return [["against the truth", "customers", "slope", "total"], *body]


def _origin(result: Mapping[str, Any], origin: Mapping[str, Any]) -> str:
    title = (
        f"{result['data']}: the {result['months']} months from {origin['as_of']} on, "
        f"{origin['customers']:,} customers, actual total {origin['actual_total']:,.0f}"
    )
    lines = [title, "=" * len(title), *aligned(rows(origin)), f"{BEST} best of the column"]
    lines += [decile_line(origin)]
    lines += [f"not run: {name}: {reason}" for name, reason in origin["not_run"].items()]
    if "truth" in origin:
        months = "  ".join(f"{ratio:.3f}" for ratio in origin["truth"]["months"])
        lines += ["", *aligned(truth_rows(origin["truth"])), f"ours, months 1 to 12 over the truth: {months}"]
    return "\n".join([*lines, ""])


def _differences(result: Mapping[str, Any]) -> str:
    if not result["differences"]:
        return "no peer to compare with\n"
    count = len(result["origins"])
    over = "" if count == 1 else f", mean of {count} origins"
    title = f"Ours less each peer{over}, with 95 % bootstrap intervals"
    lines = [title, "-" * len(title), *aligned(difference_rows(result["differences"])), tally(result["differences"])]
    return "\n".join([*lines, ""])


def aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in cells
    ]


def markdown(cells: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table, its heading first; the first column in the type of code, the others to the right."""
    head, *body = cells
    lines = [["---", *["--:"] * (len(head) - 1)], *([f"`{row[0]}`", *row[1:]] for row in body)]
    return ["| " + " | ".join(cell.strip().replace("|", "\\|") for cell in line) + " |" for line in (head, *lines)]


def _best(metric: str, models: Mapping[str, Mapping[str, float | None]]) -> set[str]:
    """The models whose figure, as printed, no other model beats."""
    result = {name: figures.get(metric) for name, figures in models.items()}
    distance = {name: _distance(metric, value) for name, value in result.items() if value is not None}
    least = min((gap for gap in distance.values() if gap is not None), default=None)
    return {name for name, gap in distance.items() if gap is not None and gap == least}


def _distance(metric: str, value: float) -> float | None:
    rounded = float(format(value, COLUMNS[metric][1]).replace(",", ""))
    if metric == "total_ratio":
        return round(abs(rounded - 1.0), 6)
    if metric in _LOWER:
        return rounded
    return -rounded if metric in _HIGHER else None


def _text(metric: str, value: float | None, *, is_best: bool) -> str:
    text = _NONE if value is None else format(value, COLUMNS[metric][1])
    return text + (BEST if is_best else " ")


def _gap(gap: Mapping[str, Any]) -> str:
    return f"{gap['difference']:+.3f} [{gap['lower']:+.3f}, {gap['upper']:+.3f}] {_SIGNS[gap['verdict']]}"


def _plain(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"
