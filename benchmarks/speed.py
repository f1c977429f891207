"""What a month costs, beside one process that does the same without checks: `make bench-speed [CUSTOMERS=200000]`.

With FOLDER, the shops and the figures are kept in that folder, and a benchmark that was stopped goes on there.

A shop is simulated; `benchmarks.reference_month` and the real DAG, on an embedded stack of its own, do its first run
over all history but three months, and then these three. Only one of the two runs at a time. Prints the table, writes
`benchmarks/results/speed_<customers>.json`, and the page.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.bare_copy import copy_again
from docs.generate import benchmarks as page
from docs.generate.page import RESULTS
from docs.generate.speed import table
from jobs.core.month import Month
from jobs.core.postgres import engine, fetch
from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.demo import run_month
from jobs.local_stack.home import shop_home
from jobs.local_stack.stack import Stack, down, up
from jobs.local_stack.start import DAG

log = logging.getLogger(__name__)

MONTHS = {5_000: 30}
"""Months of history by customers; `_MOST_MONTHS` for any other number."""
_MOST_MONTHS = 36
LAST, FURTHER = Month(2025, 6), 3
SEED = 7

Costs = dict[str, Any]


def costs(customers: int, root: Path) -> Costs:
    """Every figure of a shop."""
    months = MONTHS.get(customers, _MOST_MONTHS)
    landing = root / "landing"
    if not landing.exists():
        size = [f"--customers={customers}", f"--months={months}", f"--seed={SEED}", f"--end={LAST}"]
        _run("jobs.simulate", *size, f"--out={root / 'simulated'}")
        (root / "simulated").rename(landing)
    runs = LAST.plus(-FURTHER).through(LAST)
    reference = [
        _kept(root / f"reference_{month}", partial(_reference, landing, root / "reference", month, count))
        for month, count in zip(runs, [months - FURTHER, *[1] * FURTHER], strict=True)
    ]
    ours = _ours(landing, root, runs)
    return {
        "customers": customers,
        "months": months,
        "reference": {"first": reference[0], "further": _median(reference[1:])},
        "ours": {"first": ours[0], "further": _median(ours[1:])},
    }


def _kept(folder: Path, measure: Callable[[], Costs]) -> Costs:
    """A figure, from its folder where it has been measured before."""
    figures, begun = folder.with_name(f"{folder.name}.json"), folder.with_name(f"{folder.name}.begun")
    if not figures.exists():
        if begun.exists():
            raise SystemExit(f"{begun.stem} was stopped halfway: delete {folder.parent} but for its landing")
        begun.touch()
        figures.write_text(json.dumps(measure()), encoding="utf-8")
    costs: Costs = json.loads(figures.read_text(encoding="utf-8"))
    log.info("%s: %s", figures.stem, costs)
    return costs


def _reference(landing: Path, lake: Path, month: Month, snapshots: int) -> Costs:
    costs: Costs = json.loads(_run("benchmarks.reference_month", landing, lake, month, snapshots))
    return costs


def _ours(landing: Path, root: Path, months: Sequence[Month]) -> list[Costs]:
    stack = up(shop_home("simulated_shop", str(landing), state=root / "state"))
    try:
        return [_kept(root / f"ours_{month}", partial(_month, stack, month)) for month in months]
    finally:
        down(root / "state")


def _month(stack: Stack, month: Month) -> Costs:
    plan = run_month(stack, str(month))
    tasks = fetch(engine(stack.database_url), "run_tasks", run_id=plan["run_id"])
    [run] = stack.api().get(f"/dags/{DAG}/dagRuns", order_by="-run_after", limit=1)["dag_runs"]
    path = f"/dags/{DAG}/dagRuns/{run['dag_run_id']}/taskInstances/publish.publish"
    ends = (run["start_date"], stack.api().get(path)["end_date"])
    owner = engine(postgres.url(postgres.SUPERUSER, "clv", stack.home.sockets(), stack.ports.postgres))
    started, published = (datetime.fromisoformat(end) for end in ends)
    return {
        "seconds": {task["task"]: float(task["seconds"]) for task in tasks},
        "published_after": (published - started).total_seconds(),
        "copy": sum(copied.seconds for copied in copy_again(owner).values()),
        "peak_mb": max(int(task["peak_memory_mb"]) for task in tasks),
        "rows": sum(int(task["rows"] or 0) for task in tasks if task["task"] == "ingest"),
    }


def _median(months: Sequence[Costs]) -> Costs:
    """The median of each figure over months."""
    return {
        name: _median([month[name] for month in months])
        if isinstance(value, Mapping)
        else round(statistics.median(month[name] for month in months), 2)
        for name, value in months[0].items()
    }


def _run(module: str, *arguments: object) -> str:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write the results and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[5_000, 200_000, 1_000_000])
    parser.add_argument("--folder", type=Path, help="keep the shops and the figures here (default: keep nothing)")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for customers in arguments.customers:
        with TemporaryDirectory(prefix="clv-speed-") as scratch:
            root = (arguments.folder or Path(scratch)) / str(customers)
            root.mkdir(parents=True, exist_ok=True)
            measured = costs(customers, root.resolve())
        (RESULTS / f"speed_{customers}.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        sys.stdout.write(table(measured) + "\n")
    page.main(["--write"])


if __name__ == "__main__":
    main()
