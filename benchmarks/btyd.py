"""Buy-till-you-die models by the public library `lifetimes`, run in the benchmark's own environment.

The library needs older pandas, NumPy and SciPy than the project, so `make bench-setup` gives it an environment, and
`btyd_worker.py` runs there as a program of its own.
"""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.forecast import CannotFitError, Forecast
from benchmarks.shop import Problem
from jobs.core.month import Month

FOLDER = Path(__file__).parent
PYTHON = FOLDER / ".venv" / "bin" / "python"

_LONGEST_S = 3600

BG_NBD, PARETO_NBD = "bg_nbd", "pareto_nbd"
"""Who comes back: Fader, Hardie and Lee (2005); Schmittlein, Morrison and Colombo (1987)."""


def forecast(problem: Problem, model: str, python: Path = PYTHON) -> Forecast:
    """Expected orders × expected value of one (Gamma-Gamma, Fader and Hardie 2013); nothing for who never bought.

    Raises:
        CannotFitError: the environment is not there, or the model does not converge on this shop.
    """
    if not python.exists():
        raise CannotFitError("not run: make bench-setup")
    end = Month.of(problem.origin).plus(problem.months).first_day
    with TemporaryDirectory() as folder:
        bought, expected = Path(folder, "bought.csv"), Path(folder, "expected.csv")
        purchases(problem).to_csv(bought, index=False)
        last_day, ahead = problem.origin - timedelta(days=1), (end - problem.origin).days
        worker = (python, FOLDER / "btyd_worker.py", model, bought, expected, last_day, ahead)
        try:
            run = subprocess.run(
                [str(part) for part in worker], capture_output=True, text=True, check=False, timeout=_LONGEST_S
            )
        except subprocess.TimeoutExpired:
            raise CannotFitError(f"not fitted within {_LONGEST_S // 60} minutes") from None
        if run.returncode:
            raise CannotFitError((run.stderr.strip().splitlines() or ["ended without a word"])[-1])
        result = pd.read_csv(expected, dtype={"customer_id": str}, keep_default_na=False).set_index("customer_id")
    result = result.astype(np.float64).reindex(problem.ids, fill_value=0.0)
    # The library prints what its optimiser says of a fit that it tries again.
    seconds = json.loads(run.stdout.splitlines()[-1])
    return Forecast(result["value"].to_numpy(), result["p_active"].to_numpy(), **seconds)


def purchases(problem: Problem) -> pd.DataFrame:
    """Customer, day and net value of the days with an order that were worth something: what these models read."""
    days = problem.days[(problem.days["orders"] > 0) & (problem.days["net_value"] > 0.0)]
    return days[["customer_id", "ordered_on", "net_value"]]
