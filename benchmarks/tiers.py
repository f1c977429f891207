"""How often customers change value tier, and change back, beside tiers that forget the month before.

    python -m benchmarks.tiers                        # all shops below whose file is there
    python -m benchmarks.tiers online_retail_ii

Every month of a year is forecast as production does, by a model that is trained again each month. A *change* is a
customer who is in another tier than a month before; a *flap* is a change that is undone within two months.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy import session
from benchmarks.ours import ours
from benchmarks.real_data import FOLDER
from benchmarks.shop import Origin
from benchmarks.trials import deliver
from jobs.core.month import Month
from jobs.core.tiers import Tiers
from jobs.forecasting.encoder import Floats

LAST = {
    "online_retail_ii": Month(2011, 11),
    "steady_shop": Month(2015, 2),
    "simulated_shop": Month(2025, 5),
}
"""The last month to forecast from: a further one has been delivered."""
MONTHS = 12
_UNDONE_WITHIN = 2


def values(name: str, data: Path) -> Floats:
    """The twelve-month forecast of each customer (row) in each month (column); NaN before the customer's first."""
    origins = [Origin(LAST[name].plus(ahead), 1) for ahead in range(1 - MONTHS, 1)]
    with TemporaryDirectory(prefix="clv-benchmark-") as folder:
        shop, _ = deliver(session(), name, Path(folder), origins, data)
        problems = (shop.problem(origin) for origin in origins)
        forecasts = [pd.Series(ours(problem).monthly.sum(axis=1), problem.ids) for problem in problems]
    return pd.concat(forecasts, axis=1).to_numpy(dtype=float)


def assigned(values: Floats, *, remembers: bool) -> NDArray[np.int64]:
    """The tier of each customer in each month, 0 before the first."""
    tiers = np.zeros(values.shape, dtype=np.int64)
    nothing = np.zeros(len(values), dtype=np.int64)
    for month, column in enumerate(values.T):
        known = ~np.isnan(column)
        before = tiers[:, month - 1] if remembers and month else nothing
        tiers[known, month] = Tiers().of(column[known], before[known])
    return tiers


def stability(tiers: NDArray[np.int64]) -> dict[str, float]:
    """Changes and flaps as shares of the customer-months, and how much the top tier's size varies."""
    was_known = tiers[:, :-1] > 0
    changed = was_known & (tiers[:, 1:] != tiers[:, :-1])
    undone = np.zeros_like(changed)
    for later in range(1, _UNDONE_WITHIN + 1):
        undone[:, :-later] |= changed[:, :-later] & (tiers[:, 1 + later :] == tiers[:, : -1 - later])
    top = (tiers == 1).sum(axis=0) / (tiers > 0).sum(axis=0)
    return {
        "changes": float(changed.sum() / was_known.sum()),
        "flaps": float(undone.sum() / was_known.sum()),
        "least_top": float(top.min()),
        "most_top": float(top.max()),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tiers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shops", nargs="*", metavar="shop", help=f"of {', '.join(LAST)}; all, if none is named")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the real data (default: %(default)s)")
    args = parser.parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    sys.stdout.write(f"{'shop':<20}{'tiers':<12}{'changes':>10}{'flaps':>10}{'top tier holds':>20}\n")
    for name in args.shops or list(LAST):
        forecast = values(name, args.data)
        for kind, remembers in (("plain", False), ("published", True)):
            found = stability(assigned(forecast, remembers=remembers))
            size = f"{found['least_top']:.2%} to {found['most_top']:.2%}"
            sys.stdout.write(f"{name:<20}{kind:<12}{found['changes']:>10.1%}{found['flaps']:>10.1%}{size:>20}\n")


if __name__ == "__main__":
    main()
