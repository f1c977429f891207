"""Send an alert if a month is not published.

Checks at noon (UTC) from the 2nd to the 10th day of each month whether every month from the first that was ever
published to the previous one is published. If one is not, or was withdrawn, one alert a day goes to the connection
`clv_alerts`. The runs of `clv_deliveries` and `clv_monthly` show the cause: a run that is waiting for its
delivery, a run that has failed, or no run at all. An alert that cannot be sent fails the task, which is tried again.
"""

import json
import urllib.parse
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.configuration import conf
from airflow.sdk import DAG, CronTriggerTimetable, task
from clv_alerts import DEFAULT_ARGS, alert
from clv_tasks import FILTERS, python_job


@task
def tell(*, ti: Any = None, dag_run: Any = None) -> None:
    """Send an alert if a month is missing; raises NotSentError if it cannot be sent."""
    late = ti.xcom_pull("late")
    if late["reason"]:
        address = conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")
        run = urllib.parse.quote(dag_run.run_id)
        alert(
            *["late", f"--dag-run-id={dag_run.run_id}", f"--month={late['month']}", f"--reason={late['reason']}"],
            f"--link={address}/dags/{dag_run.dag_id}/runs/{run}",
        )


with DAG(
    dag_id="clv_late",
    description="Alert once a day while a month is not published",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 12 2-10 * *", timezone="UTC"),
    start_date=datetime(1970, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"retries": 5, "retry_delay": timedelta(minutes=10)},
    tags=["clv"],
    user_defined_filters=FILTERS,
) as dag:
    python_job("late", "--now", "{{ dag_run.run_after.isoformat() }}", output_processor=json.loads) >> tell()
