from __future__ import annotations

from benchmarks.forecast import METRICS
from benchmarks.table import MEASURES, aligned, difference_rows, rows, tally


def figures(**given: float) -> dict[str, float | None]:
    return {metric: given.get(metric) for metric in METRICS}


def test_the_best_of_each_column_is_marked_and_what_is_missing_is_a_dot() -> None:
    models = {
        "ours": figures(wape=0.61, norm_gini=0.87, total_ratio=0.95, width80=3.0),
        "peer": figures(wape=0.60, norm_gini=0.87, total_ratio=1.04),
    }
    head, ours, peer = ([cell.strip() for cell in row] for row in rows({"models": models}))
    assert dict(zip(head, ours, strict=True)) | {"fit s": "·"} == dict(zip(head, ours, strict=True))
    assert [ours[head.index(name)] for name in ("WAPE", "Gini", "total", "width")] == ["0.610", "0.870*", "0.950", "3"]
    assert [peer[head.index(name)] for name in ("WAPE", "Gini", "total", "width")] == [
        "0.600*",
        "0.870*",
        "1.040*",
        "·",
    ]


def test_losses_are_printed_like_wins() -> None:
    gap = {"difference": 0.02, "lower": 0.01, "upper": 0.03}
    measures = {"wape": gap | {"verdict": "loss"}, "norm_gini": gap | {"verdict": "win"}}
    _, peer = difference_rows({"peer": measures})
    shown = dict(zip(MEASURES, peer[1:], strict=True))
    assert shown["wape"] == "+0.020 [+0.010, +0.030] −"
    assert shown["norm_gini"] == "+0.020 [+0.010, +0.030] +"
    assert {text for measure, text in shown.items() if measure not in measures} == {"·"}
    assert tally({"peer": measures}) == "1 wins (+), 0 ties (=), 1 losses (−)"


def test_columns_are_aligned() -> None:
    assert aligned([["model", "WAPE"], ["a", "0.5"]]) == ["model  WAPE", "a       0.5"]
