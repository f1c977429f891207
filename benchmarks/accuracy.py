r"""How accurate the forecasts are on a shop's own transactions, beside those of others on the same customers.

    python -m benchmarks.accuracy --transactions FILE --columns customer_id=…,ordered_at=…,amount=… \\
      --as-of 2011-06-01 --months 6 --origins 3 --json OUT.json

The file goes through the steps of a monthly run (ingest, features, fit, predict) in a Spark session of its own. A
forecast uses only what happened before its origin; outcomes are months delivered in full. Writes the figures as JSON, a
picture beside it, and a table on stdout.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.sql import SparkSession

from benchmarks.bootstrap import Judged, differences
from benchmarks.forecast import figures
from benchmarks.ours import OURS, ours
from benchmarks.peers import ENTER, PEERS, Model, entered, forecasts
from benchmarks.picture import picture
from benchmarks.segments import segments
from benchmarks.shop import NO_CURRENCY, NotMaturedError, Origin, Shop, shop
from benchmarks.table import table
from benchmarks.truth import calibration, truth_file
from jobs.cleaning.ingestion import IngestError
from jobs.core.month import HORIZON_MONTHS, Month, parse_as_of
from jobs.core.spark import SESSION_CONF
from jobs.forecasting.encoder import InputError
from jobs.forecasting.metrics import decile_metrics, decile_rows
from jobs.lake.lake import Lake
from jobs.landing.file_checks import LandingError
from jobs.local_stack.java import JavaMissingError, java_home
from jobs.sources import load
from jobs.sources.mapping import MappingError, Source, TransactionColumns

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[1]
_MASTER = "local[*]"
_SPARK = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
}


def accuracy(
    spark: SparkSession,
    source: Source,
    landing: Path,
    *,
    origins: Sequence[Origin],
    models: Mapping[str, Model] = PEERS,
) -> dict[str, Any]:
    """Judge our forecaster and its peers at some origins; what `--json` holds.

    Args:
        spark: the session.
        source: the mapping.
        landing: the file or folder the shop delivers to.
        origins: the forecasts, oldest first.
        models: the peers.

    Raises:
        NotMaturedError: an origin has no history, or months that it covers have not been delivered in full.
        InputError: an origin's history is too short for our forecaster.
        LandingError, IngestError: the files cannot be used.
    """
    with TemporaryDirectory(prefix="clv-benchmark-") as folder:
        delivered = shop(spark, source, landing, Lake(str(Path(folder))), origins=origins)
        return judged(source.name, delivered, landing, origins, models)


def judged(
    name: str, delivered: Shop, landing: Path, origins: Sequence[Origin], models: Mapping[str, Model]
) -> dict[str, Any]:
    """As `accuracy`, for a shop that is in its lake already."""
    forecast, result = zip(*(_origin(delivered, landing, origin, models) for origin in origins), strict=True)
    by_origin, overall = differences(forecast, OURS)
    for entry, gaps in zip(result, by_origin, strict=True):
        entry["differences"] = gaps
    return {"data": name, "months": origins[-1].months, "origins": list(result), "differences": overall}


def _origin(
    delivered: Shop, landing: Path, origin: Origin, models: Mapping[str, Model]
) -> tuple[Judged, dict[str, Any]]:
    """One origin: every forecast with its outcome, and the figures."""
    problem = delivered.problem(origin)
    log.info("%s: %d customers, %d snapshots", origin.day, len(problem.ids), len(problem.history))
    own = ours(problem)
    others, missing = forecasts(problem, models)
    all_forecasts = {OURS: own.forecast} | others
    actual = delivered.outcome(problem)
    result: dict[str, Any] = {
        "as_of": str(origin.day),
        "customers": len(problem.ids),
        "actual_total": float(actual.value.sum()),
        "models": {name: figures(forecast, actual) for name, forecast in all_forecasts.items()},
        "not_run": missing,
        "deciles": decile_metrics(actual.value, own.forecast.value, *own.interval),
        "p_active_deciles": [float(own.p_active[rows].mean()) for rows in decile_rows(own.forecast.value)],
        "segments": segments(
            own.forecast, actual, status=own.status, tenure=problem.snapshot["tenure_days"].to_numpy()
        ),
    }
    truth = truth_file(landing, origin.day)
    if truth is not None:
        result["truth"] = calibration(truth, problem, all_forecasts, own.monthly)
    return Judged(problem.ids, actual, all_forecasts), result


def keep(result: Mapping[str, Any], path: Path) -> None:
    """Write the figures, and the picture beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    picture(result).savefig(path.with_suffix(".png"), dpi=110)


def columns_of(text: str) -> TransactionColumns:
    """Read `customer_id=…,ordered_at=…,amount=…`; raises MappingError for anything a mapping does not know."""
    pairs = dict(pair.partition("=")[::2] for pair in text.split(","))
    known = [field.name for field in fields(TransactionColumns) if field.name != "optional"]
    wrong = [name for name, column in pairs.items() if name not in known or not column]
    missing = [name for name in ("customer_id", "ordered_at") if name not in pairs]
    if wrong or missing:
        raise MappingError(
            f"--columns {text!r}: give customer_id=…,ordered_at=…,amount=…; known are {', '.join(known)}"
        )
    mapped: dict[str, Any] = pairs
    return TransactionColumns(**mapped)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--transactions", type=Path, required=True, help="the file (or landing folder) of a shop")
    described = parser.add_mutually_exclusive_group(required=True)
    described.add_argument("--columns", help="which column is which: customer_id=…,ordered_at=…,amount=…[,order_id=…]")
    described.add_argument("--source", help="a module of jobs/sources instead")
    parser.add_argument("--time-format", action="append", default=[], help="of times not in ISO 8601: %%d/%%m/%%Y")
    parser.add_argument("--as-of", type=parse_as_of, required=True, help="first day of the newest forecast: YYYY-MM-01")
    parser.add_argument("--months", type=int, choices=range(1, HORIZON_MONTHS + 1), default=6, metavar="1-12")
    parser.add_argument("--origins", type=int, default=1, help="origins, a month apart, the newest --as-of")
    parser.add_argument("--model", type=entered, action="append", default=[], help=ENTER)
    parser.add_argument("--json", type=Path, required=True, help="where the figures go; the picture goes beside it")
    return parser


def _source(args: argparse.Namespace) -> Source:
    if args.source:
        return load(args.source)
    return Source(
        name=args.transactions.name.split(".")[0],
        currency=NO_CURRENCY,
        transactions=columns_of(args.columns),
        time_formats=tuple(args.time_format),
    )


def session() -> SparkSession:
    """A session on this machine, whose Python workers find our modules."""
    os.environ["JAVA_HOME"] = str(java_home(_ROOT / "var" / "java"))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
    builder = SparkSession.builder.master(_MASTER).appName("accuracy")
    for key, value in (SESSION_CONF | _SPARK).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def main(argv: Sequence[str] | None = None) -> None:
    """Judge from the command line; see `--help`."""
    parser = _parser()
    args = parser.parse_args(argv)
    if args.origins < 1:
        parser.error("--origins must be at least 1")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    newest = Month.of(args.as_of)
    origins = [Origin(newest.plus(-back), args.months) for back in reversed(range(args.origins))]
    try:
        models = {**PEERS, **dict(args.model)}
        result = accuracy(session(), _source(args), args.transactions, origins=origins, models=models)
    except (NotMaturedError, InputError, LandingError, IngestError, MappingError, JavaMissingError) as error:
        parser.error(str(error))
    keep(result, args.json)
    sys.stdout.write(table(result))


if __name__ == "__main__":
    main()
