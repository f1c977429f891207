"""The data sets that `make bench-accuracy` judges on: figures and pictures go to `benchmarks/results/`.

Real data are read from the folder that CLV_DATA names; a data set whose file is not there is left out, and the command
says so. The simulated shop is written on the spot.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import accuracy, real_data
from docs.generate import benchmarks as page
from docs.generate import model_card
from jobs.core.month import Month
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate

RESULTS = page.RESULTS


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set and what is asked of it.

    Attributes:
        source: its mapping, a module of `jobs.sources`; also the name of its results.
        file: its name in `real_data`; None if it is simulated.
        as_of: the newest origin.
        months: calendar months to forecast.
        origins: how many origins, a month apart.
    """

    source: str
    file: str | None
    as_of: str
    months: int
    origins: int


DATA_SETS = (
    DataSet(source="online_retail_ii", file="online_retail_ii", as_of="2011-06-01", months=6, origins=3),
    DataSet(source="cdnow", file="cdnow_master", as_of="1997-10-01", months=9, origins=1),
    DataSet(source="simulated_shop", file=None, as_of="2024-07-01", months=12, origins=1),
)

SIMULATED = Shop(customers=5_000, months=48, seed=1, end=Month(2025, 6))
"""Four years, of which the last is to be forecast; the truth is known as of a year before the end."""


def judge(data_set: DataSet, data: Path) -> None:
    """Judge on one data set and write its results, or say what is missing."""
    with TemporaryDirectory() as folder:
        if data_set.file is None:
            landing = Path(folder, "landing")
            simulate(SIMULATED, landing)
        else:
            landing = real_data.path(data_set.file, data)
        if not landing.exists():
            sys.stdout.write(f"{data_set.source}: left out, {landing} is not there: {real_data.HINT}\n")
            return
        place = ["--transactions", str(landing), "--source", data_set.source]
        options = ["--as-of", data_set.as_of, "--months", str(data_set.months), "--origins", str(data_set.origins)]
        accuracy.main([*place, *options, "--json", str(RESULTS / f"{data_set.source}.json")])


def main(argv: Sequence[str] | None = None) -> None:
    """Judge on every data set, then write the pages made of it; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.datasets", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [data_set.source for data_set in DATA_SETS]
    parser.add_argument(
        "--data", type=Path, default=real_data.FOLDER, help="folder of the real data (default: %(default)s)"
    )
    parser.add_argument("--only", choices=names, action="append", help="a data set; again for another (default: all)")
    args = parser.parse_args(argv)
    for data_set in DATA_SETS:
        if data_set.source in (args.only or names):
            judge(data_set, args.data)
    for task, goal, result, verdict in page.goal_cells(page.accuracy_results()):
        sys.stdout.write(f"{verdict:8} {task}: {goal}: {result}\n")
    page.main(["--write"])
    model_card.main(["--write"])


if __name__ == "__main__":
    main()
