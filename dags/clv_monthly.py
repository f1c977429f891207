"""Forecast every customer's value over the next twelve months, once a month.

A run is for one **data month**, say 2011-11. It uses only what happened before `as_of`, the first day after it
(2011-12-01), and publishes one row for every customer known by then: the expected net value of each of the twelve
calendar months that start on `as_of`, and their sum with an 80 % interval.

### Which month a run is for

| run | data month |
|---|---|
| any run with the parameter `month` | that month |
| scheduled, backfill | the month of the logical date (the run's *name* shows the day it may start: a month later) |
| manual, without `month` | the last month that the shop has delivered in full |

The month stands in the run's note. A cleared run keeps its month. A month that is not closed yet, or lies before the
data, is refused; the message says which months can be run.

### Standard and special runs

A run with the parameters as they are is a **standard run**: twelve months, all customers, net revenue. Only those
publish a month. Any other `horizon_months`, `segment` or `value_basis` makes a **special run**: it reads, checks and
builds the same, scores with the model version of its month (a margin has a lake and a model of its own), and ends in
group `special`: rows in `clv.special_forecast`, their total in `clv.special_total`. What readers of `clv.forecast` see,
and the champion, stay as they are.

### What the stages do

1. **plan** finds the month, tells in the run's note what the run will do, and opens its row in `clv.run`.
2. **ingest** reads what the shop delivered, one task a table; every row ends in `clean/` or, with its reasons, in
   `rejected/`. Tables that the shop does not deliver are skipped. All months still missing are read in the same run.
3. **validate** holds the ingested tables against their expectations.
4. **features** builds the snapshot of every known customer as of `as_of`, and earlier ones that training lacks.
5. **retrain** trains on labels that had matured by `as_of`, registers the model, and decides which version forecasts.
6. **score** forecasts every known customer, and validates the result.
7. **publish** loads the forecasts into Postgres and flips the month to them in one step: readers of `clv.forecast` see
   the run before or this one, never a mixture.

### When a task fails

Every task may be cleared and run again: it replaces whole months of its own output, or nothing. Until `publish` is
done, readers keep the forecast that was published before.

- **plan** refused the month: the last line of its log says which months exist. Trigger one of those, or deliver more.
- **ingest** stopped at a file: the log names file, column, a sample value and the remedy. Repair it, clear the task.
- **inputs**, **validate_features**, **validate_forecasts**: the log ends with the rules that failed, what was observed
  and where the rows lie; the Data Docs hold the rest. Repair the delivery and clear `ingest`, with everything after it.
- **train**, **promote**: MLflow has the figures; a model that is not good enough is a decision, not a failure.
- **publish** refused the rows: they do not agree with the run's totals, or another run has published the month since.
  Clear `score` with everything after it.
- **special** refused the run: nobody is in the segment (the log names values that exist), or it was planned again.
- A task that was killed without a message most often ran out of memory: see `DRIVER_MEMORY` in the DAG's code.

The connection `clv_alerts` (a webhook or a mailbox) is told of every task that has failed for good, and of every run
that has not ended half a day after it was queued.
"""

import json
import os
import re
import shlex
import subprocess
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.configuration import conf
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import (
    DAG,
    Asset,
    Connection,
    CronDataIntervalTimetable,
    DeadlineAlert,
    DeadlineReference,
    Param,
    SyncCallback,
    TaskGroup,
    TriggerRule,
    task,
)
from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException

REPOSITORY = Path(__file__).resolve().parents[1]
# Modules are found from anywhere, and a job's own folder does not hide a library behind a module's name.
ENVIRONMENT = {"PYTHONPATH": str(REPOSITORY), "PYTHONSAFEPATH": "1"}

DRIVER_MEMORY = "3g"
SPARK_POOL = "clv_spark"
"""One slot: the Spark stages of runs that overlap take turns."""
SPARK_CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "WARN",
}

SPARK_TIMEOUT = timedelta(hours=2)
PYTHON_TIMEOUT = timedelta(minutes=30)
TRAINING_TIMEOUT = timedelta(hours=3)
LATE_AFTER = timedelta(hours=12)
ALERT_TIMEOUT_SECONDS = 60

PLAN = "ti.xcom_pull('plan.plan')"
RUN = ["--as-of", f"{{{{ {PLAN}['as_of'] }}}}", "--run-id", f"{{{{ {PLAN}['run_id'] }}}}"]
BASIS = ["--value-basis", f"{{{{ {PLAN}['value_basis'] }}}}"]
RETRAIN = [*RUN, *BASIS, f"{{{{ '--special' if {PLAN}['special'] else none }}}}"]


class RetryUnlessRefused(RetryPolicy):
    """Bad input does not become good by trying again: a job that refuses it ends with exit code 65 (EX_DATAERR)."""

    def evaluate(self, exception, try_number, max_tries, context=None) -> RetryDecision:
        """Fail at once where the job has refused its input."""
        if re.search(r"code (is: )?65\.", str(exception)):
            return RetryDecision.fail("the job refused its input: repair it, then clear the task")
        return RetryDecision.default()


def quoted(value) -> str:
    """A value as one word for the shell, whatever it holds; None is no word."""
    return "" if value is None else shlex.quote(str(value))


def one_word(argument: str) -> str:
    """An argument whose template, if it has one, passes through `quoted`."""
    return re.sub(r"\{\{ (.*?)(?: \| quoted)? \}\}", r"{{ (\1) | quoted }}", argument)


def model_version_of(task_id: str) -> list[str]:
    """The model version that a task decided on, as arguments."""
    return ["--model-version", f"{{{{ ti.xcom_pull('{task_id}')['model_version'] }}}}"]


def spark_job(module: str, *arguments: str, **options) -> SparkSubmitOperator:
    """A job under Spark: `jobs/<module>.py`, submitted on the connection `spark_default`."""
    return SparkSubmitOperator(
        conn_id="spark_default",
        application=str(REPOSITORY / "jobs" / f"{module}.py"),
        application_args=list(arguments),
        name=f"clv_{module}",
        env_vars=ENVIRONMENT,
        conf=SPARK_CONF,
        driver_memory=DRIVER_MEMORY,
        pool=SPARK_POOL,
        **{"task_id": module, "execution_timeout": SPARK_TIMEOUT} | options,
    )


def python_job(module: str, *arguments: str, **options) -> BashOperator:
    """A job in plain Python. The last line it prints is its XCom."""
    return BashOperator(
        bash_command=" ".join(['exec "${CLV_PYTHON:-python}" -m', f"jobs.{module}", *map(one_word, arguments)]),
        env=ENVIRONMENT,
        append_env=True,
        cwd=str(REPOSITORY),
        **{"task_id": module} | options,
    )


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


def call(method: str, url: str, body: dict, **headers: str) -> dict:
    """Call Airflow's REST API."""
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def alert_failed(context) -> None:
    """Tell people that a task has failed for good; one that is tried again is none of their business."""
    ti, error = context["ti"], context.get("exception")
    code = re.search(r"code (?:is: )?(\d+)", str(error))
    plan = ti.xcom_pull("plan.plan") or {}
    alert(
        *["failed", f"--task={ti.task_id}", f"--attempt={ti.try_number}", f"--dag-run-id={ti.run_id}"],
        *[f"--month={plan.get('month') or context['params'].get('month') or ''}", f"--link={ti.log_url}"],
        f"--ended={f'exit code {code[1]}' if code else type(error).__name__ if error else 'the task was lost'}",
    )


def alert_late(context) -> None:
    """Tell people that a run has not ended in time. A backfill has no time: its runs wait for each other."""
    run = context["dag_run"]
    if run["run_type"] == "backfill":
        return
    scheduled = run["logical_date"][:7] if run["run_type"] == "scheduled" else ""
    address = conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")
    alert(
        *["late", f"--dag-run-id={run['dag_run_id']}", f"--month={(run['conf'] or {}).get('month') or scheduled}"],
        f"--ended=It has not ended {LATE_AFTER.total_seconds() / 3600:g} hours after it was queued.",
        f"--link={address}/dags/{run['dag_id']}/runs/{urllib.parse.quote(run['dag_run_id'])}",
    )


def alert(*arguments: str) -> None:
    """Run `jobs/alert.py`, the connection `clv_alerts` in its environment. No task fails, or hangs, for want of it."""
    try:
        receiver = Connection.get("clv_alerts").as_json()
        command = [os.environ.get("CLV_PYTHON", "python"), "-m", "jobs.alert", *arguments]
        own = {**os.environ, **ENVIRONMENT, "CLV_ALERTS": receiver}
        told = subprocess.run(
            command, env=own, cwd=REPOSITORY, capture_output=True, text=True, timeout=ALERT_TIMEOUT_SECONDS, check=False
        )
        print(told.stderr)  # noqa: T201 - the task's log
    except AirflowNotFoundException:
        print("Nobody is told: there is no connection 'clv_alerts'")  # noqa: T201
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"Nobody is told: {type(error).__name__}")  # noqa: T201


with DAG(
    dag_id="clv_monthly",
    description="A 12-month customer-lifetime-value forecast per customer, published month by month",
    doc_md=__doc__,
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
    deadline=DeadlineAlert(
        name="late",
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=LATE_AFTER,
        callback=SyncCallback(alert_late),
    ),
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
    },
    user_defined_filters={"quoted": quoted},
) as dag:
    with TaskGroup("plan"):
        plan = python_job(
            "plan",
            *["--run-type", "{{ dag_run.run_type.value }}"],
            *["--logical-date", "{{ (dag_run.logical_date.isoformat() if dag_run.logical_date else '') | quoted }}"],
            *["--month", "{{ (params.month or '') | quoted }}"],
            *["--dag-run-id", "{{ dag_run.run_id | quoted }}"],
            *["--horizon", "{{ params.horizon_months }}", "--segment", "{{ params.segment | quoted }}"],
            *["--value-basis", "{{ params.value_basis | quoted }}"],
            output_processor=json.loads,
        )
        note = write_note()

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

    plan >> [note, products, customers, sessions]
    # The department of a transaction line comes from the products.
    products >> transactions
    [customers, sessions, transactions] >> inputs
    inputs >> build_features >> validate_features >> train >> promote >> score >> validate_forecasts
    # Nothing is published that was not validated.
    validate_forecasts >> publish >> report
    promote >> score_special >> validate_special >> publish_special
