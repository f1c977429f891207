"""The model card: `python -m docs.generate.model_card --write` (or `--check`).

Figures come from the results of `make bench-accuracy`, rules from the code that applies them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.bootstrap import LOWER_IS_BETTER
from benchmarks.ours import OURS
from benchmarks.table import markdown, tally
from docs.generate.benchmarks import accuracy_results
from docs.generate.page import DOCS, rendered, write_or_check
from jobs.forecasting.bootstrap import LEVEL
from jobs.forecasting.gate import DOUBT, RULES
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reason_codes import TEXTS, TYPICAL

PAGE = DOCS / "model_card.md"

LEAST_CUSTOMERS = 0.01
"""A segment counts among the worst if it holds at least this share of the customers."""

_PEERS = (
    "trailing_year",
    "bg_nbd_gg",
    "pareto_nbd_gg",
    "random_forest",
    "two_part_gbm",
    "tweedie_gbm",
    "ziln",
    "gbm_and_btyd",
)
_SHOWN = {"wape": "WAPE", "norm_gini": "Gini", "spearman": "Spearman", "total_ratio": "total"}
_KINDS = {"status": "status", "tenure": "tenure", "decile": "decile of the forecast, 01 the highest"}
_WORST = 3

Results = Mapping[str, Any]


def page() -> str:
    """The card, in Markdown."""
    results = list(accuracy_results().values())
    codes = [[group, f"higher: {texts[0]}", f"lower: {texts[1]}"] for group, texts in TEXTS.items()]
    rules = [[rule.measure, rule.words, f"{rule.tolerance:g}"] for rule in RULES]
    return rendered(
        "model_card",
        peers=[_against_peers(result) for result in results],
        measures=len(LOWER_IS_BETTER),
        intervals=_lines(_intervals(results)),
        least=f"{LEAST_CUSTOMERS:.0%}",
        failures=[_failures(result) for result in results],
        typical=TYPICAL,
        reasons=_lines([["feature group", "raises the forecast", "lowers it"], *codes]),
        doubt=f"{DOUBT:.0%}",
        rules=_lines([["measure", "meaning", "tolerance"], *rules]),
        customers=f"{ModelParams().max_customers:,}",
    )


def _lines(cells: Sequence[Sequence[str]]) -> str:
    return "\n".join(markdown(cells))


def _against_peers(result: Results) -> dict[str, Any]:
    origins = result["origins"]
    names = [name for name in (OURS, *_PEERS) if all(name in origin["models"] for origin in origins)]
    rows = [[name, *(f"{_mean(origins, name, metric):.3f}" for metric in _SHOWN)] for name in names]
    return {
        "data": result["data"],
        "about": _about(result),
        "table": _lines([["model", *_SHOWN.values()], *rows]),
        "tally": tally(result["differences"]),
        "losses": [
            f"`{peer}` ({'level' if measure == LEVEL else measure})"
            for peer, measures in result["differences"].items()
            for measure, gap in measures.items()
            if gap["verdict"] == "loss"
        ],
    }


def _intervals(results: Sequence[Results]) -> list[list[str]]:
    rows = [["data", "as of", "all", "top decile", "lowest decile", "highest decile", "interval of the total"]]
    for result in results:
        for origin in result["origins"]:
            ours = origin["models"][OURS]
            deciles = [value for name, value in origin["deciles"].items() if name.startswith("coverage80_decile")]
            shares = (ours["coverage80"], ours["coverage80_top_decile"], min(deciles), max(deciles))
            ends = [ours.get("total_p10_ratio"), ours.get("total_p90_ratio")]
            total = "·" if None in ends else " to ".join(f"{end:.2f}" for end in ends)
            rows.append([result["data"], origin["as_of"], *(f"{share:.2f}" for share in shares), total])
    return rows


def _failures(result: Results) -> dict[str, Any]:
    origin = result["origins"][-1]
    kinds = []
    for kind, segments in _segments(origin).items():
        worst = sorted(segments, key=lambda name: -_off(segments[name]["total_ratio"]))[:_WORST]
        least = min(segments, key=lambda name: float(segments[name]["coverage80"]))
        kinds.append(
            {
                "name": _KINDS[kind],
                "levels": ", ".join(_level(name, segments[name]) for name in worst),
                "coverage": f"{segments[least]['coverage80']:.2f} ({least})",
            }
        )
    return {"data": result["data"], "as_of": origin["as_of"], "kinds": kinds}


def _segments(origin: Results) -> dict[str, dict[str, Results]]:
    """The segments by kind; results made before segments were kept have the deciles alone."""
    if "segments" in origin:
        return {
            kind: {
                name: figures
                for name, figures in segments.items()
                if figures["customers"] >= LEAST_CUSTOMERS * origin["customers"]
            }
            for kind, segments in origin["segments"].items()
        }
    deciles: dict[str, Results] = {
        name[-2:]: {"coverage80": value, "total_ratio": origin["deciles"].get(f"total_ratio_decile_{name[-2:]}")}
        for name, value in origin["deciles"].items()
        if name.startswith("coverage80_decile")
    }
    return {"decile": deciles}


def _level(name: str, figures: Results) -> str:
    ratio = "nothing was sold" if figures["total_ratio"] is None else f"{figures['total_ratio']:.2f}"
    share = f", {figures['value_share']:.0%} of the value" if "value_share" in figures else ""
    return f"{ratio} ({name}{share})"


def _off(ratio: float | None) -> float:
    return 0.0 if ratio is None else float(abs(np.log(max(ratio, 1e-9))))


def _mean(origins: Sequence[Results], name: str, metric: str) -> float:
    return float(np.mean([origin["models"][name][metric] for origin in origins]))


def _about(result: Results) -> str:
    dates = ", ".join(origin["as_of"] for origin in result["origins"])
    return f"the {result['months']} months from {dates} on, {result['origins'][-1]['customers']:,} customers"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the card, or exit with 1 if the committed one is out of date."""
    write_or_check("docs.generate.model_card", PAGE, page, argv)


if __name__ == "__main__":
    main()
