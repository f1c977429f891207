"""A million customers: what training and scoring cost, and what training on a sample costs: `make bench-scale`.

A simulated shop of a million accounts and one of as many as training reads at most are written to lakes, and trained
on as production trains, each in a process of its own whose memory is watched. Samples of the large shop, drawn again by
each seed, forecast the same customers, who are in none of them. Writes `benchmarks/results/scale.json` and the page.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.simulated_snapshots import snapshots
from docs.generate import benchmarks as page
from jobs.core.month import Month
from jobs.features.table import features
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.metrics import value_metrics
from jobs.forecasting.outcomes import Outcomes
from jobs.forecasting.params import ModelParams
from jobs.lake.arrow import batches_of_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.lake.versions import Record
from jobs.models.training_data import read_history
from jobs.simulation.deliveries import Shop
from jobs.simulation.population import chunks
from jobs.sources import load

log = logging.getLogger(__name__)

MANY, FEW = 1_000_000, ModelParams().max_customers
MONTHS, AHEAD = 14, 3
SAMPLES, SEEDS = (10_000, 20_000, 60_000), (1, 2, 3)
HELD_OUT = 40_000
SCORED = (100_000, MANY)

_TABLE = features(load("simulated_shop").departments)
_END = Month(2025, 6)
_BATCH = 50_000
_METRICS = ("wape", "norm_gini", "spearman", "total_ratio")
_TYPES = {"string": pa.string(), "date": pa.date32(), "double": pa.float64(), "bigint": pa.int64()}


def written(lake: Lake, table: Table, shop: Shop) -> list[date]:
    """Write every snapshot of a shop into a lake, one file a chunk of customers; their periods."""
    schema = pa.schema([(column.name, _TYPES.get(column.type, pa.float64())) for column in table.columns])
    days = [shop.first.plus(age).as_of for age in range(shop.months)]
    rows: Counter[date] = Counter()
    with lake.writing(table) as folder:
        for chunk in chunks(shop.customers):
            for day, frame in snapshots(shop, chunk):
                place = f"{folder}/{table.period_key}={day}"
                lake.files.create_dir(place)
                rows[day] += len(frame)
                pq.write_table(_rows(frame, schema), f"{place}/part-{chunk:05d}.parquet", filesystem=lake.files)
        lake.commit(table, folder, {day: Record(rows=rows[day], fingerprint=str(day)) for day in days})
    return days


def _rows(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """A frame as a table of the schema; columns that it lacks are null."""
    columns = [
        pa.array(frame[field.name], field.type, from_pandas=True, safe=False)
        if field.name in frame
        else pa.nulls(len(frame), field.type)
        for field in schema
    ]
    return pa.table(columns, schema)


def trained(root: Path, days: Sequence[date]) -> dict[str, float]:
    """Read the history and train as production does: seconds, and the largest resident size of this process in MB."""
    started = time.perf_counter()
    history = read_history(Lake(str(root)), _TABLE, FEW, days)
    read = time.perf_counter()
    fit(history, as_of=days[-1])
    ended = time.perf_counter()
    peak_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"read_s": read - started, "fit_s": ended - read, "peak_mb": peak_kilobytes / 1024.0}


def sampled(root: Path, days: Sequence[date]) -> tuple[Forecaster, list[dict[str, Any]]]:
    """Train on samples of several sizes and seeds as of an earlier day, and judge them on the months that followed.

    Everybody judged is in none of the samples. Returns the last forecaster too.
    """
    origin = days[-1 - AHEAD]
    history = read_history(Lake(str(root)), _TABLE, max(SAMPLES) * 2 + HELD_OUT, days)
    ids = np.sort(history[origin]["customer_id"].to_numpy(dtype=object))
    np.random.default_rng(0).shuffle(ids)
    held_out, others = ids[:HELD_OUT], ids[HELD_OUT:]
    frame = history[origin][history[origin]["customer_id"].isin(held_out)]
    actual = Outcomes.read(history).after(frame["customer_id"].to_numpy(), origin, range(1, AHEAD + 1))[0].sum(axis=1)
    measured = []
    for customers in SAMPLES:
        for seed in SEEDS:
            chosen = set(np.random.default_rng(seed).choice(others, min(customers, len(others)), replace=False))
            some = {day: rows[rows["customer_id"].isin(chosen)] for day, rows in history.items()}
            forecaster = fit(some, as_of=origin)
            metrics = value_metrics(actual, forecaster.expect(frame, origin).value[:, :AHEAD].sum(axis=1))
            log.info("%d customers, seed %d: WAPE %.4f", customers, seed, metrics["wape"])
            measured.append({"customers": customers, "seed": seed} | {name: metrics[name] for name in _METRICS})
    return forecaster, measured


def scored(forecaster: Forecaster, root: Path, day: date, customers: int) -> float:
    """Seconds that forecasting so many customers takes, batch by batch as Spark hands them over."""
    seconds, done = 0.0, 0
    for rows in batches_of_rows(Lake(str(root)), _TABLE, day, _TABLE.names, _BATCH):
        frame: pd.DataFrame = rows.to_pandas(date_as_object=False)
        batch = frame.head(min(_BATCH, customers - done))
        started = time.perf_counter()
        forecaster.predict(batch, as_of=day)
        seconds, done = seconds + time.perf_counter() - started, done + len(batch)
        if done >= customers:
            break
    return seconds / done * customers


def scale(root: Path) -> dict[str, Any]:
    """Every figure; the lakes are written below a folder."""
    shops = {count: Shop(customers=count, months=MONTHS, seed=1, end=_END) for count in (FEW, MANY)}
    for count, shop in shops.items():
        days = written(Lake(str(root / str(count))), _TABLE, shop)
    log.info("Both shops are written")
    training = {}
    for count in shops:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            training[str(count)] = alone.submit(trained, root / str(count), days).result()
        log.info("%d customers: %s", count, training[str(count)])
    forecaster, samples = sampled(root / str(MANY), days)
    scoring = {str(count): scored(forecaster, root / str(MANY), days[-1], count) for count in SCORED}
    log.info("Scoring: %s", scoring)
    return {
        "months": MONTHS,
        "ahead": AHEAD,
        "held_out": HELD_OUT,
        "training": training,
        "samples": samples,
        "scoring": scoring,
    }


def main() -> None:
    """Measure, and write the figures and the page."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    with TemporaryDirectory(prefix="clv-scale-") as folder:
        measured = scale(Path(folder))
    page.SCALE.write_text(json.dumps(measured, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    page.main(["--write"])


if __name__ == "__main__":
    main()
