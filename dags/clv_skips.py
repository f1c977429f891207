"""Which tasks of `clv_monthly` a run skips, according to its plan."""

from typing import Any

from airflow.sdk import TriggerRule, task
from airflow.sdk.exceptions import AirflowSkipException


def skip_unless_delivered(context: Any) -> None:
    """Skip the ingestion of a table that the shop does not deliver, or not up to this month."""
    table = context["task"].task_id.rpartition(".")[2]
    if table not in context["ti"].xcom_pull("plan.plan")["months"]:
        is_list = table in ("customers", "products")
        raise AirflowSkipException(
            f"There is no list of {table} up to this month" if is_list else f"The shop does not deliver {table}"
        )


def only_in_special_runs(context: Any) -> None:
    """Skip the tasks of a special run in a standard run."""
    if not context["ti"].xcom_pull("plan.plan")["special"]:
        raise AirflowSkipException("This is a standard run: it publishes its month")


def only_in_standard_runs(context: Any) -> None:
    """Skip the tasks that publish a month in a special run."""
    if context["ti"].xcom_pull("plan.plan")["special"]:
        raise AirflowSkipException("This is a special run: it does not publish its month")


@task.short_circuit(task_id="go_on", trigger_rule=TriggerRule.NONE_FAILED)
def end_early(*, ti: Any = None) -> bool:
    """Skip everything after the plan in a dry run, and if there is no plan because the month is not delivered yet."""
    plan = ti.xcom_pull("plan.plan")
    return plan is not None and not plan["dry_run"]
