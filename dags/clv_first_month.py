"""Forecast customers on the day that their first month is over.

Runs every day over what has been delivered so far. Orders of a month that is still open are read, and never become a
month of the lake. Readers see the forecasts in `clv.first_month`; once the month is published, its own take their
place. A run reads everything again and replaces what it wrote before: it can be run, cleared and triggered at any time.
For shops that deliver once a month the run of `clv_monthly` is enough: leave this DAG paused.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from clv_alerts import DEFAULT_ARGS
from clv_tasks import FILTERS, spark_job

with DAG(
    dag_id="clv_first_month",
    description="Forecast new customers on the day that their first month is over",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 5 * * *", timezone="UTC"),
    start_date=datetime(1970, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"retry_delay": timedelta(minutes=5)},
    tags=["clv", "daily"],
    user_defined_filters=FILTERS,
) as dag:
    spark_job("first_month")
