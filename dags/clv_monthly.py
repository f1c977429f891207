"""Forecast every customer's value over the next twelve months, once a month. The UI shows `clv_monthly.md`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, TaskGroup, TriggerRule
from clv_alerts import alert_drifted, alert_failed, log_reason
from clv_assets import FORECAST, announce
from clv_links import ModelVersionLink
from clv_note import write_note
from clv_params import PARAMS, only_known_keys
from clv_skips import end_early, only_in_special_runs, only_in_standard_runs, skip_unless_delivered
from clv_tasks import (
    CALENDAR,
    FILTERS,
    NOT_YET,
    PYTHON_TIMEOUT,
    TRAINING_TIMEOUT,
    RetryUnlessRefused,
    python_job,
    spark_job,
)

PLAN = "ti.xcom_pull('plan.plan')"
RUN_ID = ["--run-id", f"{{{{ {PLAN}['run_id'] }}}}"]
RUN = ["--as-of", f"{{{{ {PLAN}['as_of'] }}}}", *RUN_ID]
BASIS = ["--value-basis", f"{{{{ {PLAN}['value_basis'] }}}}"]
FORCE = ["--force", f"{{{{ {PLAN}['force'] | tojson }}}}"]
MODEL = ["--model", f"{{{{ {PLAN}['model'] }}}}"]
RETRAIN = [*RUN, *BASIS, *MODEL, f"{{{{ '--special' if {PLAN}['special'] else none }}}}"]


FIRST_MONTH_VERSION = [
    "{{ '--model-version' if ti.xcom_pull('retrain.train_first_month')['model_version'] else none }}",
    "{{ ti.xcom_pull('retrain.train_first_month')['model_version'] }}",
]


def model_version_of(task_id: str) -> list[str]:
    """Arguments that pass on the model version in a task's XCom."""
    return ["--model-version", f"{{{{ ti.xcom_pull('{task_id}')['model_version'] }}}}"]


def ingest(table: str) -> SparkSubmitOperator:
    """The task that ingests a table; skipped if the shop does not deliver it."""
    return spark_job(
        "ingest",
        *["--table", table, "--months", f"{{{{ {PLAN}['months'].get('{table}', '') }}}}", *FORCE, *RUN, *BASIS],
        task_id=table,
        pre_execute=skip_unless_delivered,
        trigger_rule=TriggerRule.NONE_FAILED,
    )


with DAG(
    dag_id="clv_monthly",
    description="A 12-month customer-lifetime-value forecast per customer, published month by month",
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
    tags=["clv", "monthly"],
    params=PARAMS,
    user_defined_filters=FILTERS,
) as dag:
    with TaskGroup("plan"):
        plan = python_job(
            "plan",
            *CALENDAR,
            *["--dag-run-id", "{{ dag_run.run_id }}"],
            *["--horizon", "{{ params.horizon_months }}", "--segment", "{{ params.segment }}"],
            *["--value-basis", "{{ params.value_basis }}"],
            *["--model", "{{ params.model }}", "--restate", "{{ params.restate }}"],
            *["{{ '--force' if params.force else none }}", "{{ '--dry-run' if params.dry_run else none }}"],
            output_processor=json.loads,
            skip_on_exit_code=NOT_YET,
            pre_execute=only_known_keys(PARAMS),
        )
        note = write_note(CALENDAR)
        go_on = end_early()

    with TaskGroup("ingest"):
        products, customers = ingest("products"), ingest("customers")
        sessions, transactions = ingest("sessions"), ingest("transactions")

    with TaskGroup("validate"):
        inputs = spark_job(
            "validate", "--stage", "inputs", *RUN, *BASIS, task_id="inputs", trigger_rule=TriggerRule.NONE_FAILED
        )

    with TaskGroup("features"):
        build_features = spark_job("build_features", *FORCE, *RUN, *BASIS)
        validate_features = spark_job("validate", "--stage", "features", *RUN, *BASIS, task_id="validate_features")

    with TaskGroup("retrain"):
        train = python_job("train", *FORCE, *RETRAIN, execution_timeout=TRAINING_TIMEOUT, output_processor=json.loads)
        promote = python_job(
            "promote",
            *model_version_of("retrain.train"),
            *RETRAIN,
            execution_timeout=TRAINING_TIMEOUT,
            output_processor=json.loads,
        )

        train.operator_extra_links = promote.operator_extra_links = [ModelVersionLink()]

        train_first_month = python_job(
            "train_first_month",
            *[*FORCE, *RUN, *MODEL],
            execution_timeout=TRAINING_TIMEOUT,
            output_processor=json.loads,
            pre_execute=only_in_standard_runs,
        )

    with TaskGroup("score"):
        score = spark_job(
            "score", *FORCE, *RUN, *model_version_of("retrain.promote"), pre_execute=only_in_standard_runs
        )
        score_first_month = python_job("score_first_month", *FORCE, *RUN, *FIRST_MONTH_VERSION)
        validate_forecasts = spark_job("validate", "--stage", "forecasts", *RUN, task_id="validate_forecasts")

    with TaskGroup("publish"):
        publish = python_job("publish", *RUN, output_processor=json.loads, outlets=FORECAST, post_execute=announce)
        set_champion = python_job("set_champion", *RUN)
        measure_accuracy = python_job("measure_accuracy", *RUN)
        build_bridge = spark_job("build_bridge", *RUN)
        measure_drift = python_job(
            "measure_drift", *RUN, output_processor=json.loads, on_success_callback=alert_drifted
        )
        report = python_job("report", *RUN_ID)

    with TaskGroup("special"):
        score_special = spark_job(
            "score_special",
            *[*RUN, *BASIS, *model_version_of("retrain.promote")],
            *["--horizon", f"{{{{ {PLAN}['horizon_months'] }}}}", "--segment", f"{{{{ {PLAN}['segment'] }}}}"],
            pre_execute=only_in_special_runs,
        )
        validate_special = spark_job(
            "validate", "--stage", "special_forecasts", *RUN, *BASIS, task_id="validate_special"
        )
        publish_special = python_job("publish_special", *RUN, *BASIS)
        set_special_champion = python_job("set_champion", *RUN, *BASIS, "--special")

    plan >> [note, go_on]
    go_on >> [products, customers, sessions]
    # Transaction lines take their department from the products.
    products >> transactions
    [customers, sessions, transactions] >> inputs
    inputs >> build_features >> validate_features >> train >> promote >> score
    # The standard forecasts stand in where the model of the first month has too little to learn from.
    validate_features >> train_first_month >> score_first_month
    score >> score_first_month >> validate_forecasts
    # Only validated forecasts are published, and only the version that made a published forecast becomes the champion.
    validate_forecasts >> publish >> set_champion >> measure_accuracy >> build_bridge >> measure_drift >> report
    promote >> score_special >> validate_special >> publish_special >> set_special_champion
