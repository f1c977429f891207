"""Go back: show readers an earlier forecast of a month again, or make an earlier model version the champion.

Both are the operator's word over the pipeline's, so both ask for a reason, and both are kept: `clv.publications` and
`clv.model_decisions` say who, when, why, from what and to what. Who is the user that triggered this DAG.

- **A month's forecast**: give `month`, and `run` unless it is the run before the one that readers see. Nothing else
  moves, and the month's next run publishes as always. Without a run to go to, the log lists those there are.
- **The champion**: give `version`. Months that were judged keep their forecasts; the next month is judged against it.

A task that fails has changed nothing. It is not tried again by itself: look first at what readers see.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from clv_tasks import FILTERS, PYTHON_TIMEOUT, python_job

WHY = [
    *["--by", "{{ dag_run.triggering_user_name or 'airflow' }}"],
    *["--because", "{{ params.because }}"],
]


def only_with(parameter: str) -> Callable[[Any], None]:
    """Leave a task out of a run whose form does not name what it moves; refuse a form that names nothing."""

    def check(context: Any) -> None:
        form = context["params"]
        if form["month"] is None and form["version"] is None:
            raise AirflowFailException("Give a month, or a version: nothing was changed")
        if form[parameter] is None:
            raise AirflowSkipException(f"The form names no {parameter}")

    return check


with DAG(
    dag_id="clv_rollback",
    description="Show an earlier forecast of a month again, or choose an earlier champion",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(1970, 1, 1, tzinfo=UTC),
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args={"owner": "clv", "retries": 0, "execution_timeout": PYTHON_TIMEOUT},
    tags=["clv"],
    params={
        "because": Param(
            type="string",
            pattern=r"\S",
            title="Why",
            description="The reason, for those who will ask.",
        ),
        "month": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
            title="Month to roll back",
            description="The data month, YYYY-MM, whose readers are to see an earlier run again.",
        ),
        "run": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Run to go to",
            description="A run of that month in clv.runs. Empty: the one before the run that readers see.",
        ),
        "version": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Version to make champion",
            description="A version of the model in MLflow.",
        ),
    },
    user_defined_filters=FILTERS,
) as dag:
    python_job(
        "rollback",
        *["--month", "{{ params.month }}"],
        "{{ '--run-id=%d' % params.run if params.run is not none else none }}",
        *WHY,
        pre_execute=only_with("month"),
    )
    python_job("choose_champion", *["--model-version", "{{ params.version }}"], *WHY, pre_execute=only_with("version"))
