"""Wait for a month's data, and start `clv_monthly` for the month once it is delivered in full.

The scheduled run of `clv_monthly` goes on at once if its month is delivered, and ends at once if it is not: it never
waits, so that a month triggered by hand never queues behind it. This DAG does the waiting. Its scheduled run starts an
hour later, looks every 15 minutes without holding a worker slot, and then triggers `clv_monthly` with the run id
`delivered__2011-11`. To wait for another month, trigger this DAG with `month`.

- A month is never started twice: nothing is triggered if a run of the month has been planned, or if the plan
  of its scheduled run failed (clear that run). The month waits while any run of `clv_monthly` has not ended, because
  that may be one of the same month.
- The margin of the month is waited for and started in the same way, apart from it; not at all while
  `clv_monthly_margin` is paused.
- It follows the switch of `clv_monthly`: while that DAG is paused, nothing is started. A run that finds it still paused
  at its deadline is skipped.
- If the month is not delivered within five days, the task fails and says what is missing, and an alert is sent. Clear
  it once the month is delivered. Any task may be cleared at any time.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, BaseSensorOperator, CronDataIntervalTimetable, Param, PokeReturnValue
from airflow.sdk.exceptions import AirflowException, AirflowSensorTimeout, AirflowSkipException
from clv_alerts import DEFAULT_ARGS
from clv_params import A_MONTH, matching, only_known_keys
from clv_tasks import CALENDAR, MARGIN_DAG, NOT_YET, last_line, run_job

STARTED, MARGIN = "clv_monthly", MARGIN_DAG
PARAMS = {
    "month": Param(
        None,
        **matching(*A_MONTH, "null", "string"),
        title="Data month",
        description="YYYY-MM: the month to wait for. Empty: the month of the schedule.",
    ),
}
DEADLINE = timedelta(days=5)
POKE_INTERVAL = timedelta(minutes=15)


class DeliverySensor(BaseSensorOperator):
    """Wait until the data month of a run is delivered in full and the DAG to start is free; its XCom is the month.

    Each poke runs `jobs.await_delivery` as a separate process. `mode="reschedule"` releases the worker slot between
    pokes; unlike a deferrable sensor, it does not require the triggerer to reach the landing folder.
    """

    template_fields = ("arguments",)

    def __init__(self, *, arguments: list[str], starts: str, **options: Any) -> None:
        super().__init__(mode="reschedule", poke_interval=POKE_INTERVAL, timeout=DEADLINE, **options)
        self.arguments = arguments
        self.starts = starts
        self.status = ""
        self.is_paused = False

    def poke(self, context: Any) -> PokeReturnValue:
        """Look once."""
        completed = run_job("await_delivery", *self.arguments)
        if completed.returncode not in (0, NOT_YET):
            raise AirflowException(f"jobs.await_delivery ended with exit code {completed.returncode}.")
        delivery = json.loads(last_line(completed))
        obstacle, self.is_paused = delivery["missing"], False
        if not obstacle and context["ti"].get_dag(self.starts).is_paused:
            obstacle, self.is_paused = f"delivered in full, but {self.starts} is paused", True
        elif not obstacle and context["ti"].get_dr_count(dag_id=self.starts, states=["queued", "running"]):
            obstacle = f"delivered in full, but a run of {self.starts} has not ended"
        self.status = f"{delivery['month']}: {obstacle or 'delivered in full'}"
        self.log.info("%s", self.status)
        return PokeReturnValue(not obstacle, delivery["month"])

    def execute(self, context: Any) -> Any:
        """Wait.

        Raises:
            AirflowSensorTimeout: the month could not be started before the deadline; the message says why.
            AirflowSkipException: it could not, because the DAG to start is paused.
        """
        try:
            return super().execute(context)
        except AirflowSensorTimeout as error:
            waited = f"Not started within {timedelta(seconds=self.timeout)}: {self.status}."
            if self.is_paused:
                raise AirflowSkipException(f"{waited} Unpause it, then clear this task") from error
            raise AirflowSensorTimeout(
                f"{waited} Clear this task once that has changed; until then readers see the previously published month"
            ) from error


def unless_paused(context: Any) -> None:
    """A pre-execute hook that refuses unknown keys, and skips the task while no margin is wanted."""
    only_known_keys(PARAMS)(context)
    if context["ti"].get_dag(MARGIN).is_paused:
        raise AirflowSkipException(f"{MARGIN} is paused")


def unless_planned(awaited_by: str, value_basis: str) -> Callable[[Any], None]:
    """A pre-execute hook that skips the task if a run of the month has been planned, or its scheduled run failed to."""

    def check(context: Any) -> None:
        month = context["ti"].xcom_pull(awaited_by)
        completed = run_job("planned_run", "--month", month, "--value-basis", value_basis)
        if completed.returncode:
            raise AirflowException(f"jobs.planned_run ended with exit code {completed.returncode}.")
        planned = json.loads(last_line(completed))
        if planned and planned["run_id"] is None:
            raise AirflowSkipException(
                f"{month} is not started: the plan of {planned['dag_run_id']} failed: clear that run"
            )
        if planned:
            raise AirflowSkipException(
                f"{month} is not started: run {planned['run_id']} ({planned['dag_run_id']}) is of it"
            )

    return check


with DAG(
    dag_id="clv_deliveries",
    description="Wait for a month's data, then start clv_monthly for the month",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 1 1 * *", "UTC"),
    start_date=datetime(1970, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=False,
    default_args=DEFAULT_ARGS,
    tags=["clv"],
    params=PARAMS,
) as dag:
    for waits, starts, monthly, value_basis, check in (
        ("await_delivery", "start", STARTED, "net_revenue", only_known_keys(PARAMS)),
        ("await_margin", "start_margin", MARGIN, "margin", unless_paused),
    ):
        delivered = f"{{{{ ti.xcom_pull('{waits}') }}}}"
        DeliverySensor(task_id=waits, arguments=CALENDAR, starts=monthly, pre_execute=check) >> TriggerDagRunOperator(
            task_id=starts,
            trigger_dag_id=monthly,
            trigger_run_id=f"delivered__{delivered}",
            conf={"month": delivered},
            logical_date=None,
            skip_when_already_exists=True,
            openlineage_inject_parent_info=False,
            pre_execute=unless_planned(waits, value_basis),
        )
