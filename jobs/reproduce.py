"""Make the forecast of a run again, from the lake as it was, and compare it with the run's own.

    spark-submit jobs/reproduce.py --run-id 17

Daily rows, features and forecasts are built anew from the ingested rows that the run read, in a lake of their own that
is removed afterwards, and scored by the run's model version. The forecast must have the same rows: exit code 0. If it
has others, the exit code is 65. The code is today's: a newer release may well make another forecast.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date

from pyspark.sql import SparkSession

from jobs.core.arguments import parser
from jobs.core.code_version import code_version
from jobs.core.month import Month
from jobs.core.postgres import engine, fetch
from jobs.core.refusal import RefusedError
from jobs.core.settings import Settings
from jobs.core.spark import session
from jobs.core.task import recorded, run_as_program
from jobs.features.build import build_daily, build_features
from jobs.features.table import features
from jobs.lake.copies import copy_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.landing.cache import scratch_folder
from jobs.landing.deliveries import TABLES
from jobs.models.registry import Registry
from jobs.models.scoring import Model, score
from jobs.sources import load
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)


class NotReproducedError(RefusedError):
    """The run cannot be made again, or its forecast came out otherwise."""


def main(argv: Sequence[str] | None = None) -> None:
    """Reproduce one run.

    Raises:
        NotReproducedError: the run published nothing, or its forecast came out otherwise.
        DamagedError: a file that the run read is gone.
    """
    options = parser(__doc__)
    options.add_argument("--run-id", type=int, required=True)
    run_id = options.parse_args(argv).run_id
    database = engine(Settings().database_url)
    run = next(iter(fetch(database, "run_to_reproduce", run_id=run_id)), None)
    if run is None:
        raise NotReproducedError(f"run {run_id} has published nothing: the view clv.runs lists those that have")
    if run["lake_versions"] is None:
        raise NotReproducedError(f"run {run_id} was made before the lake kept its versions: it cannot be made again")
    settings = Settings().on(run["value_basis"])
    was = Lake(settings.lake, versions=run["lake_versions"])
    with recorded("reproduce", engine=database), scratch_folder(settings.cache) as scratch:
        spark = session(f"reproduce {run_id}")
        model = Model.fetched(Registry(settings.tracking_uri, database, run["model_name"]), run["model_version"])
        own = Lake(str(scratch))
        made = _forecast(spark, was, own, load(run["source"], run["value_basis"]), model, run["as_of"])
    if made != run["lake_fingerprint"]:
        erased = " Customers were erased since (clv.erasures): their rows are not there." if run["has_erasures"] else ""
        raise NotReproducedError(
            f"run {run_id} as of {run['as_of']} came out otherwise: its forecast was {run['lake_fingerprint']}, "
            f"now it is {made}. The run's code was {run['code_version']}; this is {code_version()}.{erased}"
        )
    log.info("Run %s as of %s: the same rows again, content hash %s", run_id, run["as_of"], run["content_hash"])


def _forecast(spark: SparkSession, was: Lake, own: Lake, source: Source, model: Model, as_of: date) -> str:
    """The fingerprint of the forecast that is made in a lake of its own from what another held."""
    last, table = Month.before(as_of), features(source.departments)
    for name in source.tables:
        months = [Month.parse(text) for text in was.periods(TABLES[name])]
        copy_periods(was, own, TABLES[name], [month for month in months if month <= last])
    where = source.customers_where
    build_daily(spark, own, as_of=as_of, customers_where=where)
    build_features(spark, own, source.departments, as_of=as_of, customers_where=where)
    score(spark, own, table, model, as_of=as_of)
    return own.record(FORECASTS, as_of).fingerprint


if __name__ == "__main__":
    run_as_program(main)
