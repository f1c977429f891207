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


@task.short_circuit(task_id="go_on", trigger_rule=TriggerRule.NONE_FAILED)
def end_early(*, ti: Any = None) -> bool:
    """Skip everything after the plan if the run ends with it: a dry run, a month that is not delivered, no margin."""
    plan = ti.xcom_pull("plan.plan")
    return plan is not None and not plan["ends"]
