"""Forecast every customer's value over the next twelve months, once a month. The UI shows `clv_monthly.md`.

There is a DAG for each value basis: `clv_monthly` forecasts net revenue, `clv_monthly_margin` the margin.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, TaskGroup, TriggerRule, task
from clv_alerts import DEFAULT_ARGS, alert_drifted
from clv_assets import FORECAST, announce
from clv_links import add_links
from clv_note import write_note
from clv_params import PARAMS, only_known_keys
from clv_tasks import (
    CALENDAR,
    FILTERS,
    MARGIN_DAG,
    NOT_YET,
    TRAINING_TIMEOUT,
    python_job,
    spark_job,
)

PLAN = "ti.xcom_pull('plan.plan')"
RUN_ID = ["--run-id", f"{{{{ {PLAN}['run_id'] }}}}"]
RUN = ["--as-of", f"{{{{ {PLAN}['as_of'] }}}}", *RUN_ID]
FORCE = ["--force", f"{{{{ {PLAN}['force'] | tojson }}}}"]
MODEL = ["--model", f"{{{{ {PLAN}['model'] }}}}"]
RETRAIN: dict[str, Any] = {"execution_timeout": TRAINING_TIMEOUT, "output_processor": json.loads}


def version_of(task_id: str) -> str:
    """The model version in a task's XCom; empty where it has none."""
    return f"{{{{ ti.xcom_pull('{task_id}')['model_version'] or '' }}}}"


@task.short_circuit(task_id="go_on", trigger_rule=TriggerRule.NONE_FAILED)
def end_early(*, ti: Any = None) -> bool:
    """Skip everything after the plan if the run ends with it: a dry run, a month that is not delivered, no margin."""
    plan = ti.xcom_pull("plan.plan")
    return plan is not None and not plan["ends"]


def monthly(dag_id: str, value_basis: str, description: str) -> DAG:
    """The DAG of a value basis, without its tasks."""
    return DAG(
        dag_id=dag_id,
        description=description,
        doc_md=str(Path(__file__).with_suffix(".md")),
        schedule=CronDataIntervalTimetable("0 0 1 * *", "UTC"),
        # Earlier than any data: Airflow marks a run dated before start_date as successful without running its tasks.
        start_date=datetime(1970, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["clv", "monthly", value_basis],
        params=PARAMS,
        user_defined_filters=FILTERS,
    )


def add_plan(basis: list[str], run_prefix: str) -> Any:
    """The tasks that decide what a run does, and whether it goes on."""
    with TaskGroup("plan"):
        plan = python_job(
            "plan",
            *[*CALENDAR, *["--dag-run-id", f"{run_prefix}{{{{ dag_run.run_id }}}}"], *basis],
            *["--model", "{{ params.model }}", "--restate", "{{ params.restate }}"],
            *["{{ '--force' if params.force else none }}", "{{ '--dry-run' if params.dry_run else none }}"],
            output_processor=json.loads,
            skip_on_exit_code=NOT_YET,
            pre_execute=only_known_keys(PARAMS),
        )
        note, go_on = write_note(CALENDAR), end_early()
        plan >> [note, go_on]
    return go_on


def add_forecast(basis: list[str], go_on: Any, *, of_revenue: bool) -> None:
    """The tasks from the delivery to the published forecast."""
    months = ["--months", f"{{{{ {PLAN}['months'] | tojson }}}}"]
    ingest = spark_job("ingest", *months, *FORCE, *RUN, *basis)
    build_features = spark_job("build_features", *FORCE, *RUN, *basis)
    with TaskGroup("retrain"):
        train = python_job("train", *FORCE, *RUN, *basis, *MODEL, **RETRAIN)
        version = ["--model-version", version_of("retrain.train")]
        promote = python_job("promote", *version, *RUN, *basis, *MODEL, **RETRAIN)
        train_first_month = python_job("train_first_month", *FORCE, *RUN, *MODEL, **RETRAIN) if of_revenue else None
    versions = ["--model-version", version_of("retrain.promote")]
    if of_revenue:
        versions += ["--first-month-version", version_of("retrain.train_first_month")]
    score = spark_job("score", *FORCE, *RUN, *basis, *versions)
    with TaskGroup("publish"):
        announced: dict[str, Any] = {"outlets": FORECAST, "post_execute": announce} if of_revenue else {}
        publish = python_job("publish", *RUN, *basis, output_processor=json.loads, **announced)
        set_champion = python_job("set_champion", *RUN, *basis)
        measure_accuracy = python_job("measure_accuracy", *RUN, *basis)
        build_bridge = spark_job("build_bridge", *RUN, *basis)
        drift: dict[str, Any] = {"output_processor": json.loads, "on_success_callback": alert_drifted}
        measure_drift = python_job("measure_drift", *RUN, *basis, **drift)
        report = python_job("report", *RUN_ID, *basis)
    go_on >> ingest >> build_features >> train >> promote >> score
    if train_first_month:
        build_features >> train_first_month >> score
    # Only the version that made a published forecast becomes the champion.
    score >> publish >> set_champion >> measure_accuracy >> build_bridge >> measure_drift >> report


for name, counted_in, prefix, what in (
    ("clv_monthly", "net_revenue", "", "customer-lifetime-value forecast"),
    (MARGIN_DAG, "margin", "margin/", "forecast of the margin"),
):
    with monthly(name, counted_in, f"A 12-month {what} per customer, published month by month") as dag:
        basis = ["--value-basis", counted_in]
        add_forecast(basis, add_plan(basis, prefix), of_revenue=counted_in == "net_revenue")
        add_links(dag)
