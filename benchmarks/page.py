"""The results in `benchmarks/results/` as one page: `python -m benchmarks.page --write` (or `--check`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import goals, scale_section
from benchmarks.table import decile_line, difference_rows, markdown, rows, tally, truth_rows
from docs.generate.page import write_or_check

RESULTS = Path(__file__).parent / "results"
SCALE = RESULTS / "scale.json"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

_HEAD = """# Accuracy benchmarks

Generated from `benchmarks/results/*.json` by `python -m benchmarks.page --write`; a test compares the two. The figures
are made anew by

```sh
make bench-setup      # once: the environment of the BTYD library
make bench-accuracy   # every data set; a real one is left out where its file is not there
```

and those of any other shop by

```sh
python -m benchmarks.accuracy --transactions FILE --columns customer_id=…,ordered_at=…,amount=… \\
  --as-of 2011-06-01 --months 6 --origins 3 --json OUT.json
```

The file takes the way of a monthly run: ingest, features, fit, predict; the forecast is the sum of the first months.
Every model sees the same customers and nothing that happened on the day of the origin or later; outcomes are net value
in calendar months that were delivered in full. Origins are a month apart.

| model | what it is |
|---|---|
| `ours` | the forecaster of this repository, its defaults |
| `trailing_year` | net value of the last 365 days × months / 12 |
| `trailing_180d` | net value of the last 180 days × months / 6 |
| `bg_nbd_gg` | BG/NBD (Fader, Hardie and Lee 2005) × Gamma-Gamma, library `lifetimes`; days with a positive net value |
| `pareto_nbd_gg` | Pareto/NBD (Schmittlein, Morrison and Colombo 1987) × Gamma-Gamma, same library, same days |
| `random_forest` | scikit-learn; learns the sum from every snapshot whose outcome had matured, on our inputs |
| `two_part_gbm` | XGBoost, P(value above 0) × gamma mean, on the newest matured snapshot, our inputs |
| `ziln` | zero-inflated lognormal loss (Wang, Liu and Miao 2019) with boosted trees, same snapshot and inputs |

WAPE, MAE, RMSE: error per customer. Decile MAPE: mean |forecast / actual - 1| over
the deciles of the forecast of which something came. Total:
forecast over actual. Gini: normalised. Top 10 %: share of the actual value that the best tenth by forecast brought.
Brier and AUC are of P(at least one order). Cover, width: of the 80 % interval. A dot: the model has no such output.
Seconds are those of the machine the results were made on, which had other work to do.
Differences are ours less the peer's with 95 % paired bootstrap intervals over customers: `+` ours is better, `−` worse,
`=` not told apart.
"""


def accuracy_results() -> dict[Path, dict[str, Any]]:
    """Every data set's results, by their file; those of other benchmarks lie in the same folder."""
    found = {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    return {path: results for path, results in found.items() if "data" in results}


def page() -> str:
    """The page, in Markdown."""
    found = accuracy_results()
    sections = [_goals(found), *(_section(path, results) for path, results in found.items())]
    if SCALE.is_file():
        sections.append(scale_section.section(json.loads(SCALE.read_text(encoding="utf-8"))))
    return "\n".join([_HEAD, *sections])


def goal_cells(found: Mapping[Path, Mapping[str, Any]]) -> list[list[str]]:
    """What was to be reached and what was, as cells of a table."""
    return goals.table({path.stem: results for path, results in found.items()})


def _goals(found: Mapping[Path, Mapping[str, Any]]) -> str:
    head, *body = goal_cells(found)
    lines = [head, ["---"] * len(head), *body]
    told = (
        "The newest origin of each data set. These data were looked at while the forecaster was built, the newest "
        "origins too, among others: on a shop that nobody has looked at, expect somewhat less."
    )
    return "\n".join(["## What was to be reached", "", told, "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def _section(path: Path, found: Mapping[str, Any]) -> str:
    picture = f"../benchmarks/results/{path.with_suffix('.png').name}"
    lines = [f"## {found['data']}: the next {found['months']} months", "", f"![models side by side]({picture})", ""]
    for origin in reversed(found["origins"]):
        lines += [f"### As of {origin['as_of']}", ""]
        lines += [f"{origin['customers']:,} customers, actual total {origin['actual_total']:,.0f}.", ""]
        lines += [*markdown(rows(origin)), ""]
        lines += [f"{decile_line(origin)}.", ""]
        if origin["not_run"]:
            lines += [*(f"- Not run: `{name}`: {reason}" for name, reason in origin["not_run"].items()), ""]
        if "truth" in origin:
            months = ", ".join(f"{ratio:.3f}" for ratio in origin["truth"]["months"])
            lines += [
                *markdown(truth_rows(origin["truth"])),
                "",
                f"Ours over the truth, months 1 to 12: {months}.",
                "",
            ]
    if found["differences"]:
        lines += [f"### Ours less each peer, mean of {len(found['origins'])} origin(s)", ""]
        lines += [*markdown(difference_rows(found["differences"])), "", f"{tally(found['differences'])}.", ""]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page, or exit with 1 where the committed one is not what would be written."""
    write_or_check("benchmarks.page", PAGE, page, argv)


if __name__ == "__main__":
    main()
