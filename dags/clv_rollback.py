"""Roll back: publish an earlier forecast of a month again, or make an earlier model version the champion.

Both override a decision of the pipeline, so both require a reason, and both are recorded: `clv.publications` and
`clv.model_decisions` show who made the change, when, why, from what and to what. The user recorded is the one who
triggered this DAG.

- **A month's forecast**: set `month`. Set `run` too, unless you want the newest run before the one that readers see. A
  run that was rolled back or withdrawn is not chosen unless `run` names it; neither is any run of a month that is
  withdrawn or was rolled back already.
  Nothing else changes, and the month's next run publishes as usual. If there is no such run, the log lists the runs
  available.
- **The champion**: set `version`. Months already published keep their forecasts; the next months' challengers
  are compared with this version until one replaces it.

A task that failed with a reason has changed nothing. One that was killed may have: before you clear it, look in
`clv.publications` or `clv.model_decisions` whether the change was made. No task is retried automatically.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from clv_alerts import FOR_PERSONS
from clv_assets import FORECAST, announce
from clv_params import A_MONTH, A_REASON, VALUE_BASIS, matching, refuse_unknown_keys
from clv_tasks import FILTERS, python_job

WHY = [
    "--by={{ dag_run.triggering_user_name or 'airflow' }}",
    "--because={{ params.because }}",
]


PARAMS = {
    "value_basis": VALUE_BASIS,
    "because": Param(
        **matching(*A_REASON),
        title="Why",
        description="The reason; it is recorded with the change.",
    ),
    "month": Param(
        None,
        **matching(*A_MONTH, "null", "string"),
        title="Month to roll back",
        description="YYYY-MM: the data month to publish from an earlier run.",
    ),
    "run": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Run to publish again",
        description="A run_id of that month in clv.all_runs. Empty: the run before the one that readers see. "
        "A month that is withdrawn, or was rolled back already, needs it.",
    ),
    "version": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Version to make champion",
        description="A registered model version in MLflow.",
    ),
}


def only_with(parameter: str) -> Callable[[Any], None]:
    """A pre-execute hook that skips the task if `parameter` is not set, and fails it if no target is set at all."""

    def check(context: Any) -> None:
        params = context["params"]
        refuse_unknown_keys(context["dag_run"].conf, PARAMS)
        if params["month"] is None and params["version"] is None:
            raise AirflowFailException("Set a month or a version: nothing was changed")
        if params[parameter] is None:
            raise AirflowSkipException(f"The parameter {parameter} is not set")

    return check


with DAG(
    dag_id="clv_rollback",
    description="Publish an earlier forecast of a month again, or make an earlier model version the champion",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(1970, 1, 1, tzinfo=UTC),
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args=FOR_PERSONS,
    tags=["clv"],
    params=PARAMS,
    user_defined_filters=FILTERS,
) as dag:
    python_job(
        "rollback",
        *["--month", "{{ params.month }}", "--value-basis", "{{ params.value_basis }}"],
        "{{ '--run-id=%d' % params.run if params.run is not none else none }}",
        *WHY,
        pre_execute=only_with("month"),
        output_processor=json.loads,
        outlets=FORECAST,
        post_execute=announce,
    )
    python_job(
        "choose_champion",
        *["--model-version", "{{ params.version }}", "--value-basis", "{{ params.value_basis }}"],
        *WHY,
        pre_execute=only_with("version"),
    )
