"""Tell a monitor outside, once a day, that the pipeline is alive: if it is not told, the monitor raises the alarm.

An alert cannot be sent by a scheduler that is down, or through a receiver that has ceased to exist. So each day at
12:30 (UTC) a request goes to the URL of the connection `clv_heartbeat`, which a monitor outside expects: Healthchecks,
Uptime Kuma and similar services. It shows that the scheduler starts runs, that a worker runs them, and that the
forecast database responds. After the 10th of a month, when the alerts of `clv_late` end, none is sent while a month is
not published. Without the connection, the task is skipped.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Connection, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException, AirflowSkipException
from clv_alerts import ALERT_TIMEOUT_SECONDS, DEFAULT_ARGS
from clv_tasks import FILTERS, python_job, run_job

LAST_DAY_OF_ALERTS = 10
"""Of the month: the last day on which `clv_late` tells that a month is not published."""


@task
def signal(*, ti: Any = None, dag_run: Any = None) -> None:
    """Send the signal; raises AirflowException if the monitor does not accept it."""
    late = ti.xcom_pull("late")
    if late["reason"] and dag_run.run_after.day > LAST_DAY_OF_ALERTS:
        raise AirflowSkipException(f"No signal was sent: {late['reason']}")
    try:
        monitor = Connection.get("clv_heartbeat").as_json()
    except AirflowNotFoundException as error:
        raise AirflowSkipException("No signal was sent: there is no connection 'clv_heartbeat'") from error
    completed = run_job("heartbeat", seconds=ALERT_TIMEOUT_SECONDS, CLV_HEARTBEAT=monitor)
    if completed.returncode:
        raise AirflowException(completed.stderr.strip().rpartition("\n")[2])


with DAG(
    dag_id="clv_heartbeat",
    description="Tell a monitor outside once a day that the pipeline is alive",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("30 12 * * *", timezone="UTC"),
    start_date=datetime(1970, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"retries": 5, "retry_delay": timedelta(minutes=10)},
    tags=["clv"],
    user_defined_filters=FILTERS,
) as dag:
    python_job("late", "--now", "{{ dag_run.run_after.isoformat() }}", output_processor=json.loads) >> signal()
