"""Withdraw a month: readers see no forecast of it until it is published again.

`clv.forecast_current` falls back to the newest month that is still published. Use it if a month should never have been
published and there is no earlier run of it to go back to; otherwise use `clv_rollback`. Set `run` to withdraw the month
only if readers see that run. No row is deleted. The reason and the user who triggered this DAG are recorded:
`clv.publications` shows them. Clearing only the `publish` task of the withdrawn run does not bring it back: run the
month again, or put the run back with `clv_rollback`.
"""

import json
from datetime import UTC, datetime

from airflow.sdk import DAG, Param
from clv_alerts import FOR_PERSONS
from clv_assets import FORECAST, announce
from clv_params import A_MONTH, A_REASON, VALUE_BASIS, matching, only_known_keys
from clv_tasks import FILTERS, python_job

PARAMS = {
    "value_basis": VALUE_BASIS,
    "month": Param(
        **matching(*A_MONTH),
        title="Month to withdraw",
        description="YYYY-MM: the data month.",
    ),
    "because": Param(
        **matching(*A_REASON),
        title="Why",
        description="The reason; it is recorded with the change.",
    ),
    "run": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Run that readers see",
        description="Its run_id: if readers see another run by now, nothing is changed. Empty: any.",
    ),
}


with DAG(
    dag_id="clv_withdraw",
    description="Show readers no forecast of a month until it is published again",
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
        "withdraw",
        *["--month", "{{ params.month }}", "--value-basis", "{{ params.value_basis }}"],
        "{{ '--run-id=%d' % params.run if params.run is not none else none }}",
        "--by={{ dag_run.triggering_user_name or 'airflow' }}",
        "--because={{ params.because }}",
        pre_execute=only_known_keys(PARAMS),
        output_processor=json.loads,
        outlets=FORECAST,
        post_execute=announce,
    )
