"""Forecast every customer's value over the next twelve months, once a month. The UI shows `clv_monthly.md`.

There is a DAG for each value basis: `clv_monthly` forecasts net revenue, `clv_monthly_margin` the margin.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, TaskGroup, TriggerRule
from clv_alerts import alert_drifted, alert_failed, log_reason
from clv_assets import FORECAST, announce
from clv_links import add_links
from clv_note import write_note
from clv_params import PARAMS, only_known_keys
from clv_skips import end_early, skip_unless_delivered
from clv_tasks import (
    CALENDAR,
    FILTERS,
    MARGIN_DAG,
    NOT_YET,
    PYTHON_TIMEOUT,
    QUICK_CONF,
    TRAINING_TIMEOUT,
    RetryUnlessRefused,
    python_job,
    spark_job,
)

PLAN = "ti.xcom_pull('plan.plan')"
RUN_ID = ["--run-id", f"{{{{ {PLAN}['run_id'] }}}}"]
RUN = ["--as-of", f"{{{{ {PLAN}['as_of'] }}}}", *RUN_ID]
FORCE = ["--force", f"{{{{ {PLAN}['force'] | tojson }}}}"]
MODEL = ["--model", f"{{{{ {PLAN}['model'] }}}}"]
validation = partial(spark_job, "validate", conf=QUICK_CONF)
RETRAIN: dict[str, Any] = {"execution_timeout": TRAINING_TIMEOUT, "output_processor": json.loads}
TABLES = ("products", "customers", "sessions", "transactions")
FIRST_MONTH_VERSION = [
    "{{ '--model-version' if ti.xcom_pull('retrain.train_first_month')['model_version'] else none }}",
    "{{ ti.xcom_pull('retrain.train_first_month')['model_version'] }}",
]


def model_version_of(task_id: str) -> list[str]:
    """Arguments that pass on the model version in a task's XCom."""
    return ["--model-version", f"{{{{ ti.xcom_pull('{task_id}')['model_version'] }}}}"]


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
        default_args={
            "owner": "clv",
            "retries": 2,
            "retry_delay": timedelta(minutes=1),
            "retry_policy": RetryUnlessRefused(),
            "execution_timeout": PYTHON_TIMEOUT,
            "on_failure_callback": alert_failed,
            "on_retry_callback": log_reason,
        },
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


def add_features(basis: list[str], go_on: Any) -> SparkSubmitOperator:
    """The tasks from the delivery to validated features; the last of them."""

    def ingest(table: str) -> SparkSubmitOperator:
        months = f"{{{{ {PLAN}['months'].get('{table}', '') }}}}"
        return spark_job(
            *["ingest", "--table", table, "--months", months, *FORCE, *RUN, *basis],
            task_id=table,
            pre_execute=skip_unless_delivered,
            trigger_rule=TriggerRule.NONE_FAILED,
        )

    with TaskGroup("ingest"):
        products, customers, sessions, transactions = map(ingest, TABLES)
    with TaskGroup("validate"):
        rule = TriggerRule.NONE_FAILED
        inputs = validation("--stage", "inputs", *RUN, *basis, task_id="inputs", trigger_rule=rule)
    with TaskGroup("features"):
        build_features = spark_job("build_features", *FORCE, *RUN, *basis)
        validate_features = validation("--stage", "features", *RUN, *basis, task_id="validate_features")
    go_on >> [products, customers, sessions]
    # Transaction lines take their department from the products.
    products >> transactions
    [customers, sessions, transactions] >> inputs >> build_features >> validate_features
    return validate_features


def add_forecast(basis: list[str], features: SparkSubmitOperator, *, of_revenue: bool) -> None:
    """The tasks from validated features to the published forecast."""
    with TaskGroup("retrain"):
        train = python_job("train", *FORCE, *RUN, *basis, *MODEL, **RETRAIN)
        promote = python_job("promote", *model_version_of("retrain.train"), *RUN, *basis, *MODEL, **RETRAIN)
        train_first_month = python_job("train_first_month", *FORCE, *RUN, *MODEL, **RETRAIN) if of_revenue else None
    with TaskGroup("score"):
        score = spark_job("score", *FORCE, *RUN, *basis, *model_version_of("retrain.promote"))
        validate = validation("--stage", "forecasts", *RUN, *basis, task_id="validate_forecasts")
        if train_first_month:
            score_first_month = python_job("score_first_month", *FORCE, *RUN, *FIRST_MONTH_VERSION)
            # The standard forecasts stand in where the model of the first month has too little to learn from.
            features >> train_first_month >> score_first_month
            score >> score_first_month >> validate
        else:
            score >> validate
    with TaskGroup("publish"):
        announced: dict[str, Any] = {"outlets": FORECAST, "post_execute": announce} if of_revenue else {}
        publish = python_job("publish", *RUN, *basis, output_processor=json.loads, **announced)
        set_champion = python_job("set_champion", *RUN, *basis)
        measure_accuracy = python_job("measure_accuracy", *RUN, *basis)
        build_bridge = spark_job("build_bridge", *RUN, *basis)
        drift: dict[str, Any] = {"output_processor": json.loads, "on_success_callback": alert_drifted}
        measure_drift = python_job("measure_drift", *RUN, *basis, **drift)
        report = python_job("report", *RUN_ID, *basis)
    features >> train >> promote >> score
    # Only validated forecasts are published, and only the version that made a published forecast becomes the champion.
    validate >> publish >> set_champion >> measure_accuracy >> build_bridge >> measure_drift >> report


for name, counted_in, prefix, what in (
    ("clv_monthly", "net_revenue", "", "customer-lifetime-value forecast"),
    (MARGIN_DAG, "margin", "margin/", "forecast of the margin"),
):
    with monthly(name, counted_in, f"A 12-month {what} per customer, published month by month") as dag:
        arguments = ["--value-basis", counted_in]
        add_forecast(
            arguments, add_features(arguments, add_plan(arguments, prefix)), of_revenue=counted_in == "net_revenue"
        )
        add_links(dag)
