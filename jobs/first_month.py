"""Forecast the customers whose first month has ended since the newest published month, from what was delivered.

    spark-submit jobs/first_month.py

Orders of a month that is still open are read into a lake of their own, in a scratch folder of the cache, and never
become a month of the lake. The forecasts in `clv.first_month` of months that are not published yet are replaced as a
whole; the run of such a month later takes their place. Without a champion of the model, a published month, or newer
orders, nothing is changed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

from jobs.cleaning.erased import Erased
from jobs.cleaning.erasures import erased_customers
from jobs.cleaning.ingestion import ingest
from jobs.core.arguments import parser
from jobs.core.month import Month
from jobs.core.postgres import engine, fetch
from jobs.core.settings import FIRST_MONTH_MODEL, Settings
from jobs.core.spark import session
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import NET_REVENUE
from jobs.features.build import lines_that_count
from jobs.features.daily import daily
from jobs.features.table import features
from jobs.lake.copies import copy_periods
from jobs.lake.frames import write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, DAILY, PRODUCTS
from jobs.landing.cache import Kept, scratch_folder
from jobs.landing.deliveries import delivery, with_open_months
from jobs.models.first_month import FirstMonthModels
from jobs.models.first_month_open import OpenMonth, forecast_open_month
from jobs.models.registry import Registry
from jobs.publishing.first_month import replace_open_months
from jobs.sources import load
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Forecast once, and replace what readers see of the open months."""
    parser(__doc__).parse_args(argv)
    settings = Settings()
    source, database = load(settings.source), engine(settings.database_url)
    registry = Registry(settings.tracking_uri, database, FIRST_MONTH_MODEL)
    lake = Lake(settings.lake, versions={})
    with recorded("first_month", engine=database), scratch_folder(settings.cache) as scratch:
        models = FirstMonthModels(registry=registry, lake=lake, table=features(source.departments))
        number = registry.aliased("champion")
        if number is None:
            log.info("There is no champion of %s yet: a monthly run makes it", FIRST_MONTH_MODEL)
            return
        [published] = fetch(database, "newest_published_as_of", value_basis=NET_REVENUE)
        since = published["as_of"]
        if since is None:
            log.info("No month is published: open months are those after the newest published one")
            return
        opened = _read(source, settings, lake, since, Lake(str(scratch)), erased_customers(database))
        if opened is None:
            log.info("Nothing has been delivered since %s", since)
            return
        made = forecast_open_month(models, number, opened, today=datetime.fromtimestamp(time.time(), UTC).date())
        if made is None:
            log.info("No day since %s is known to be over: nothing is changed", since)
            return
        rows, read_until = made
        erased = erased_customers(database)  # again: somebody may have been erased meanwhile
        rows = rows[~rows["customer_id"].map(erased.holds)]
        replace_open_months(database, rows, read_until)
        log.info("Version %s forecast %d customers whose first month ended after %s", number, len(rows), since)


def _read(source: Source, settings: Settings, lake: Lake, since: date, own: Lake, erased: Erased) -> OpenMonth | None:
    """The orders since a day, in a lake of their own; None if there is none."""
    delivered = delivery(source, "transactions", settings.landing, Kept.of(settings))
    if delivered is None:
        return None
    delivered = with_open_months(delivered, settings.landing)
    months = [month for month in delivered.months if month >= Month.of(since)]
    if not months:
        return None
    for table in (PRODUCTS, CUSTOMERS):
        lists = [Month.parse(text) for text in lake.periods(table)]
        oldest = lake.newest(table, months[0]) or months[0]
        copy_periods(lake, own, table, [month for month in lists if month >= oldest])
    spark = session("first month")
    ingest(spark, source, delivered, own, months=months, cache=settings.cache, erased=erased)
    days = daily(lines_that_count(spark, own, months, source.customers_where))
    write_periods(days, own, DAILY, {month: {} for month in months})
    return OpenMonth(since, own, months)


if __name__ == "__main__":
    run_as_program(main)
