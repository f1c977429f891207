"""Forecast every customer's value over the next twelve months, once a month. `clv_monthly.md` is what the UI shows."""

import json
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import (
    DAG,
    Asset,
    Connection,
    CronDataIntervalTimetable,
    Param,
    TaskGroup,
    TriggerRule,
    task,
)
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException
from clv_alerts import alert_failed
from clv_tasks import (
    FILTERS,
    PYTHON_TIMEOUT,
    TRAINING_TIMEOUT,
    DeliverySensor,
    RetryUnlessRefused,
    python_job,
    spark_job,
)

PLAN = "ti.xcom_pull('plan.plan')"
RUN = ["--as-of", f"{{{{ {PLAN}['as_of'] }}}}", "--run-id", f"{{{{ {PLAN}['run_id'] }}}}"]
BASIS = ["--value-basis", f"{{{{ {PLAN}['value_basis'] }}}}"]
MODEL = ["--model", f"{{{{ {PLAN}['model'] }}}}"]
RETRAIN = [*RUN, *BASIS, *MODEL, f"{{{{ '--special' if {PLAN}['special'] else none }}}}"]


def model_version_of(task_id: str) -> list[str]:
    """The model version that a task decided on, as arguments."""
    return ["--model-version", f"{{{{ ti.xcom_pull('{task_id}')['model_version'] }}}}"]


def skip_unless_delivered(context) -> None:
    """Leave out the ingestion of a table that the shop does not deliver."""
    table = context["task"].task_id.rpartition(".")[2]
    if table not in context["ti"].xcom_pull("plan.plan")["tables"]:
        raise AirflowSkipException(f"The shop delivers no {table}")


def only_in_special_runs(context) -> None:
    """Leave a special run's tasks out of a standard run."""
    if not context["ti"].xcom_pull("plan.plan")["special"]:
        raise AirflowSkipException("A standard run: it publishes its month")


def only_in_standard_runs(context) -> None:
    """Leave the tasks that publish a month out of a special run."""
    if context["ti"].xcom_pull("plan.plan")["special"]:
        raise AirflowSkipException("A special run: it publishes no month")


def ingest(table: str) -> SparkSubmitOperator:
    """The ingestion of one table."""
    return spark_job(
        "ingest",
        *["--table", table, "--months", f"{{{{ {PLAN}['months'] }}}}", *RUN, *BASIS],
        task_id=table,
        pre_execute=skip_unless_delivered,
        trigger_rule=TriggerRule.NONE_FAILED,
    )


@task(task_id="note")
def write_note(*, ti, dag_run) -> None:
    """Put the plan's note on the run: its id shows the day of the run, not the month. No run fails for want of it."""
    note = ti.xcom_pull("plan.plan")["note"]
    print(note)  # noqa: T201 - the task's log
    try:
        airflow = Connection.get("airflow_api")
        login = {"username": airflow.login, "password": airflow.password}
        token = call("POST", f"{airflow.host}/auth/token", login)["access_token"]
        run = f"{airflow.host}/api/v2/dags/{dag_run.dag_id}/dagRuns/{urllib.parse.quote(dag_run.run_id, safe='')}"
        call("PATCH", run, {"note": note}, Authorization=f"Bearer {token}")
    except AirflowNotFoundException:
        print("The run gets no note: there is no connection 'airflow_api' (host, login, password)")  # noqa: T201
    except OSError as error:
        print(f"The run gets no note: connection 'airflow_api' does not work: {error}")  # noqa: T201


@task.short_circuit(task_id="go_on")
def end_dry_run(*, ti) -> bool:
    """Leave out everything after the plan of a dry run."""
    return not ti.xcom_pull("plan.plan")["dry_run"]


def call(method: str, url: str, body: dict, **headers: str) -> dict:
    """Call Airflow's REST API."""
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


with DAG(
    dag_id="clv_monthly",
    description="A 12-month customer-lifetime-value forecast per customer, published month by month",
    doc_md=str(Path(__file__).with_suffix(".md")),
    schedule=CronDataIntervalTimetable("0 0 1 * *", "UTC"),
    # Before any shop's data: a manual run dated before the start would succeed at once without running a task.
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
    },
    tags=["clv", "monthly"],
    params={
        "month": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
            title="Data month",
            description="YYYY-MM, for example 2011-11: forecast the twelve months after it. "
            "Empty: the month of the schedule or backfill; in a manual run, the last month delivered in full.",
        ),
        "horizon_months": Param(
            12,
            type="integer",
            enum=[1, 3, 6, 12],
            title="Horizon in months",
            description="How many months to forecast. Other than 12: a special run, which publishes no month.",
        ),
        "segment": Param(
            "all",
            type="string",
            pattern=r"^(all|[a-z0-9_]+=.+)$",
            title="Customer segment",
            description="all, or column=value,value of a text column of the features (city=Paris), or status=new. "
            "A value with a comma or a quote stands in double quotes. Other than all: a special run.",
        ),
        "value_basis": Param(
            "net_revenue",
            type="string",
            enum=["net_revenue", "margin_by_department", "margin_per_line"],
            title="Value basis",
            description="What value is counted in; margins must be declared in the shop's mapping. "
            "Other than net_revenue: a special run, with a model of its own.",
        ),
        "model": Param(
            "as_of",
            type="string",
            enum=["as_of", "champion"],
            title="Model",
            description="as_of: trained on what was known then, judged by the gate. champion: today's champion scores, "
            "nothing is trained, and no champion moves.",
        ),
        "restate": Param(
            "refuse",
            type="string",
            enum=["refuse", "accept"],
            title="Restated months",
            description="Months whose delivery changed after they were ingested. refuse: the plan fails and names "
            "them. accept: they are ingested again, and what was made from them is rebuilt.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="End with the plan, in the run's note and in clv.run; nothing else is changed.",
        ),
    },
    user_defined_filters=FILTERS,
) as dag:
    with TaskGroup("plan"):
        delivery = DeliverySensor(
            task_id="await_delivery",
            arguments=[
                *["--run-type", "{{ dag_run.run_type.value }}", "--month", "{{ params.month or '' }}"],
                *["--logical-date", "{{ dag_run.logical_date.isoformat() if dag_run.logical_date else '' }}"],
            ],
        )
        plan = python_job(
            "plan",
            *["--run-type", "{{ dag_run.run_type.value }}"],
            *["--logical-date", "{{ dag_run.logical_date.isoformat() if dag_run.logical_date else '' }}"],
            *["--month", "{{ params.month or '' }}"],
            *["--dag-run-id", "{{ dag_run.run_id }}"],
            *["--horizon", "{{ params.horizon_months }}", "--segment", "{{ params.segment }}"],
            *["--value-basis", "{{ params.value_basis }}"],
            *["--model", "{{ params.model }}", "--restate", "{{ params.restate }}"],
            "{{ '--dry-run' if params.dry_run else none }}",
            output_processor=json.loads,
        )
        note = write_note()
        go_on = end_dry_run()

    with TaskGroup("ingest"):
        products, customers = ingest("products"), ingest("customers")
        sessions, transactions = ingest("sessions"), ingest("transactions")

    with TaskGroup("validate"):
        inputs = spark_job(
            "validate", "--stage", "inputs", *RUN, *BASIS, task_id="inputs", trigger_rule=TriggerRule.NONE_FAILED
        )

    with TaskGroup("features"):
        build_features = spark_job("build_features", *RUN, *BASIS)
        validate_features = spark_job("validate", "--stage", "features", *RUN, *BASIS, task_id="validate_features")

    with TaskGroup("retrain"):
        train = python_job("train", *RETRAIN, execution_timeout=TRAINING_TIMEOUT, output_processor=json.loads)
        promote = python_job("promote", *model_version_of("retrain.train"), *RETRAIN, output_processor=json.loads)

    with TaskGroup("score"):
        score = spark_job("score", *RUN, *model_version_of("retrain.promote"), pre_execute=only_in_standard_runs)
        validate_forecasts = spark_job("validate", "--stage", "forecasts", *RUN, task_id="validate_forecasts")

    with TaskGroup("publish"):
        publish = python_job("publish", *RUN, outlets=[Asset(name="clv_forecast", uri="postgres://clv/forecast")])
        report = python_job("report", *RUN[2:])

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

    delivery >> plan >> [note, go_on]
    go_on >> [products, customers, sessions]
    # The department of a transaction line comes from the products.
    products >> transactions
    [customers, sessions, transactions] >> inputs
    inputs >> build_features >> validate_features >> train >> promote >> score >> validate_forecasts
    # Nothing is published that was not validated.
    validate_forecasts >> publish >> report
    promote >> score_special >> validate_special >> publish_special
