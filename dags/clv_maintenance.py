"""Delete data that is no longer needed.

Runs on the 15th of each month, and by hand at any time: it can be cleared and repeated. Everything of the last
CLV_KEEP_MONTHS months (24 by default) stays, and everything that a published month needs. What goes: files of the lake
that no kept version holds, rows of forecasts that other runs replaced, versions of models that forecast none of the
kept rows, training runs without a version, what killed tasks left, and runs of the clv DAGs in Airflow with their logs.
Small files of the lake are joined. Each run adds rows to `clv.maintenance`.
"""

import json
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from clv_alerts import DEFAULT_ARGS
from clv_retention import remove_old_runs
from clv_tasks import FILTERS, python_job

with DAG(
    dag_id="clv_maintenance",
    description="Delete data that is no longer needed",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 3 15 * *", timezone="UTC"),
    start_date=datetime(1970, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"retry_delay": timedelta(minutes=10), "execution_timeout": timedelta(hours=3)},
    tags=["clv"],
    user_defined_filters=FILTERS,
) as dag:
    today = "{{ dag_run.run_after.date().isoformat() }}"
    python_job("maintain", "--today", today, output_processor=json.loads) >> remove_old_runs()
