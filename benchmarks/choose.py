"""Compare models on the choosing origins of the suite, to choose parts and settings of the forecaster.

    python -m benchmarks.choose ours two_part_gbm --kept FOLDER                    # every shop whose file is there
    python -m benchmarks.choose ours mine --model mine=my_module:mine --kept FOLDER --shop yearly --shop cdnow

Prints the figures of every origin, and the mean difference of each model from the first one. The folder keeps the
problems, which Spark makes in a minute a shop, and every model's figures: the next comparison starts at once. It may be
deleted at any time, and has to be after a change of the shops, the features or a model, ours included.
"""

from __future__ import annotations

import argparse
import json
import logging
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.accuracy import session
from benchmarks.forecast import figures
from benchmarks.ours import OURS, ours
from benchmarks.peers import ENTER, PEERS, Model, entered, forecasts
from benchmarks.real_data import FOLDER
from benchmarks.shop import Outcome, Problem
from benchmarks.table import COLUMNS
from benchmarks.trials import SUITE, deliver

MODELS: Mapping[str, Model] = {OURS: lambda problem: ours(problem).forecast, **PEERS}

SHOWN = ("wape", "rmse", "norm_gini", "spearman", "top10_capture", "decile_mape", "total_ratio", "brier", "fit_s")
_AS_LOG_RATIO = ("wape", "rmse", "brier", "fit_s")

Figures = Mapping[str, float | None]


def problems(name: str, kept: Path, data: Path) -> Iterator[tuple[str, Problem, Outcome]]:
    """A shop's choosing origins: what is known, and what came; raises FileNotFoundError as `deliver`."""
    SUITE[name].check_file(data)
    files = {origin: kept / f"{name} {origin.month}.pickle" for origin in SUITE[name].choosing}
    if not all(file.is_file() for file in files.values()):
        with TemporaryDirectory(prefix="clv-benchmark-") as folder:
            shop, _ = deliver(session(), name, Path(folder), SUITE[name].choosing, data)
            for origin, file in files.items():
                problem = shop.problem(origin)
                file.write_bytes(pickle.dumps((problem, shop.outcome(problem))))
    for file in files.values():
        yield (file.stem, *pickle.loads(file.read_bytes()))


def judged(
    case: str, problem: Problem, outcome: Outcome, models: Mapping[str, Model], kept: Path
) -> dict[str, Figures]:
    """Every model's figures at an origin; a model that cannot be fitted there has none."""
    found: dict[str, Figures] = {}
    for name, model in models.items():
        file = kept / f"{case} {name}.json"
        if not file.is_file():
            made, _ = forecasts(problem, {name: model})
            own = figures(made[name], outcome) if name in made else None
            file.write_text(json.dumps(own), encoding="utf-8")
        result = json.loads(file.read_text(encoding="utf-8"))
        if result is not None:
            found[name] = result
    return found


def differences(cases: Sequence[Mapping[str, Figures]], name: str, reference: str) -> dict[str, float]:
    """Mean difference of a model from another over the origins where both have a figure.

    Of errors and seconds, the logarithm of the ratio; of the total, of how far its logarithm is from zero.
    """
    result = {}
    for metric in SHOWN:
        pairs = [
            (case[name].get(metric), case[reference].get(metric)) for case in cases if {name, reference} <= set(case)
        ]
        gaps = [_gap(metric, own, other) for own, other in pairs if own is not None and other is not None]
        if gaps:
            result[metric] = float(np.mean(gaps))
    return result


def _gap(metric: str, own: float, other: float) -> float:
    if metric == "total_ratio":
        return float(abs(np.log(own)) - abs(np.log(other)))
    return float(np.log(own / other)) if metric in _AS_LOG_RATIO else own - other


def _line(name: str, found: Figures, sign: str = "") -> str:
    cells = (f"{COLUMNS[metric][0]} {found[metric]:{sign}.3f}" for metric in SHOWN if found.get(metric) is not None)
    return f"  {name:16} {'  '.join(cells)}\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Compare from the command line; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.choose", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+", metavar="model", help=f"of {', '.join(MODELS)}, or entered with --model")
    parser.add_argument("--model", type=entered, action="append", default=[], help=ENTER)
    parser.add_argument("--shop", choices=SUITE, action="append", help="of the suite; all, if none is named")
    parser.add_argument("--kept", type=Path, required=True, help="folder of the problems and figures")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the real data (default: %(default)s)")
    args = parser.parse_args(argv)
    known = {**MODELS, **dict(args.model)}
    if unknown := sorted(set(args.names) - set(known)):
        parser.error(f"no such model: {', '.join(unknown)}")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    args.kept.mkdir(parents=True, exist_ok=True)
    models, cases = {name: known[name] for name in args.names}, []
    for shop in args.shop or SUITE:
        try:
            for case, problem, outcome in problems(shop, args.kept, args.data):
                cases.append(judged(case, problem, outcome, models, args.kept))
                sys.stdout.write(f"{case}\n{''.join(_line(name, found) for name, found in cases[-1].items())}")
        except FileNotFoundError as error:
            sys.stdout.write(f"{shop}: left out: {error}\n")
    reference = args.names[0]
    sys.stdout.write(f"Mean difference from {reference}, over {len(cases)} origins\n")
    for name in args.names[1:]:
        sys.stdout.write(_line(name, differences(cases, name, reference), "+"))


if __name__ == "__main__":
    main()
