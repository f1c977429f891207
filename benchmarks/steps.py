"""What each classic modelling step done otherwise would do to our forecasts: `make bench-steps`.

Origins are earlier than those that `docs/benchmarks.md` reports, so that no choice is made by the months reported
there. Every variant forecasts the same customers from what was known at the same origins. Writes the figures to
`benchmarks/results/steps.json`, and `docs/modelling_steps.md` from them.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import accuracy, datasets, steps_page
from benchmarks.bootstrap import Judged, differences
from benchmarks.forecast import CannotFitError, figures
from benchmarks.preparation import collinear_pairs
from benchmarks.shop import Shop, outcome, shop
from benchmarks.variants import AS_IS, VARIANTS, as_is
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.simulation.deliveries import Shop as Simulated
from jobs.simulation.shop import simulate
from jobs.sources import load

log = logging.getLogger(__name__)

MONTHS = 6

SIMULATED = Simulated(customers=5_000, months=30, seed=7, end=Month(2025, 6))
"""A shop of which no other benchmark reports."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A shop and where it is judged.

    Attributes:
        source: its mapping, a module of `jobs.sources`.
        file: its name in the data folder; None: it is simulated.
        origins: first days of the forecasts, oldest first.
    """

    source: str
    file: str | None
    origins: tuple[date, ...]


CASES = (
    Case(source="online_retail_ii", file="online_retail_ii.parquet", origins=(date(2011, 1, 1), date(2011, 3, 1))),
    Case(source="simulated_shop", file=None, origins=(date(2025, 1, 1),)),
)


def steps(delivered: Shop, origins: Sequence[date]) -> dict[str, Any]:
    """Every variant at every origin of a shop, and our forecaster as it is less each of them."""
    judged, found = zip(*(_origin(delivered, origin) for origin in origins), strict=True)
    _, gaps = differences(judged, AS_IS)
    return {"months": MONTHS, "origins": list(found), "differences": gaps}


def _origin(delivered: Shop, origin: date) -> tuple[Judged, dict[str, Any]]:
    problem = delivered.problem(origin, MONTHS)
    forecaster, forecast = as_is(problem)
    forecasts, about, not_run = {AS_IS: forecast}, {}, {}
    for name, variant in VARIANTS.items():
        log.info("%s: %s", origin, name)
        try:
            forecasts[name], about[name] = variant(problem, forecaster)
        except CannotFitError as error:
            not_run[name] = str(error)
    came = outcome(delivered.days, problem.ids, origin, MONTHS)
    entry = {
        "as_of": str(origin),
        "customers": len(problem.ids),
        "inputs": len(forecaster.encoder.names),
        "collinear_pairs": collinear_pairs(problem.snapshot, forecaster.encoder),
        "models": {name: figures(forecast, came) for name, forecast in forecasts.items()},
        "about": about,
        "not_run": not_run,
    }
    return Judged(problem.ids, came, forecasts), entry


def _case(case: Case, data: Path) -> dict[str, Any] | None:
    """A case from the delivered file on; None, with a word, where the file is not there."""
    with TemporaryDirectory(prefix="clv-steps-") as folder:
        landing = Path(folder, "landing") if case.file is None else data / case.file
        if case.file is None:
            simulate(SIMULATED, landing)
        if not landing.exists():
            sys.stdout.write(f"{case.source}: left out, {landing} is not there\n")
            return None
        lake = Lake(Path(folder, "lake"))
        delivered = shop(accuracy.session(), load(case.source), landing, lake, origins=case.origins, months=MONTHS)
        return steps(delivered, case.origins)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every step on every case, then write the page; see `--help`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    names = [case.source for case in CASES]
    parser.add_argument("--data", type=Path, default=datasets.DATA, help="folder of the real data")
    parser.add_argument("--only", choices=names, action="append", help="a shop; again for another (default: all)")
    args = parser.parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    path = steps_page.RESULTS
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for case in CASES:
        if case.source in (args.only or names):
            result = _case(case, args.data)
            found |= {} if result is None else {case.source: result}
    path.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    steps_page.main(["--write"])


if __name__ == "__main__":
    main()
