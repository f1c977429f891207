"""How the DAGs run the jobs: operators, time limits and the retry policy.

Nothing is imported from `jobs/`: a DAG calls a job through its command line only.
"""

import logging
import os
import re
import shlex
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy

log = logging.getLogger("clv")

Completed = subprocess.CompletedProcess[str]

REPOSITORY = Path(__file__).resolve().parents[1]
# PYTHONPATH makes `jobs` importable from any folder; PYTHONSAFEPATH keeps a job's own folder from shadowing libraries.
ENVIRONMENT = {"PYTHONPATH": str(REPOSITORY), "PYTHONSAFEPATH": "1"}

MARGIN_DAG = "clv_monthly_margin"

DRIVER_MEMORY = os.environ.get("CLV_DRIVER_MEMORY") or "3g"
"""The heap of a Spark driver, which in local mode does all the work."""

_QUICK_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""For tasks of seconds, which end before the optimising compiler pays off: half the CPU time and memory."""
_THOROUGH_JVM = "-XX:+UseParallelGC"
"""For tasks of minutes: half the time."""
_DRIVER_JVM = "spark.driver.extraJavaOptions"
_IS_SMALL = "(ti.xcom_pull('plan.plan') or {}).get('is_small', true)"

SPARK_POOL = "clv_spark"
"""A pool with one slot, so that the Spark stages of overlapping runs do not run at the same time."""
SPARK_CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "WARN",
    _DRIVER_JVM: f"{{{{ '{_QUICK_JVM}' if {_IS_SMALL} else '{_THOROUGH_JVM}' }}}}",
}

SPARK_TIMEOUT = timedelta(hours=2)
PYTHON_TIMEOUT = timedelta(minutes=30)
TRAINING_TIMEOUT = timedelta(hours=3)

_REFUSED = 65
"""Exit code of a job that refuses its input (EX_DATAERR)."""
NOT_YET = 75
"""Exit code of a job whose month is not delivered in full yet (EX_TEMPFAIL)."""

_LOG_TAIL = "\nLast spark-submit output:\n"
"""Starts the log lines that the Spark hook appends to its error."""


CALENDAR = [
    *["--run-type", "{{ dag_run.run_type.value }}"],
    *["--logical-date", "{{ dag_run.logical_date.isoformat() if dag_run.logical_date else '' }}"],
    *["--month", "{{ params.month or '' }}"],
]
"""What a job derives the data month of a run from."""


def dag_run_name(ti: Any) -> str:
    """A task's run as Postgres names it: scheduled runs of `clv_monthly` and `clv_monthly_margin` have the same id."""
    return f"margin/{ti.run_id}" if ti.dag_id == MARGIN_DAG else str(ti.run_id)


def quoted(value: object) -> str:
    """Quote a value as a single shell word; None becomes an empty string, which adds no word."""
    return "" if value is None else shlex.quote(str(value))


def one_word(argument: str) -> str:
    """Add the filter `quoted` to each template expression in an argument."""
    return re.sub(r"\{\{ (.*?) \}\}", r"{{ (\1) | quoted }}", argument)


FILTERS = {"quoted": quoted}


def exit_code(error: BaseException | None) -> int | None:
    """The exit code of the job that failed with an operator's error; None if the error does not state one.

    Airflow reports the code only in the message: the Spark operator writes "Error code is: 65.", followed by lines of
    the job's log; the Bash operator and the sensor end with "exit code 65.". The log lines are not searched, and the
    code must end the message, because both the log and the command line may contain such a text themselves.
    """
    message = str(error).partition(_LOG_TAIL)[0]
    code = re.search(r"(?:Error code is:|exit code) (\d+)\.(?: Kubernetes spark exit code is: \w+)?\Z", message)
    return int(code[1]) if code else None


class RetryUnlessRefused(RetryPolicy):
    """Do not retry a task whose job refused its input: the same input would be refused again."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Fail at once if the job refused its input; else follow the task's `retries`."""
        if exit_code(exception) == _REFUSED:
            return RetryDecision.fail("the job refused its input: correct the input, then clear the task")
        return RetryDecision.default()


def spark_job(module: str, *arguments: str, **options: Any) -> SparkSubmitOperator:
    """A task that submits `jobs/<module>.py` to Spark through the connection `spark_default`."""
    return SparkSubmitOperator(
        conn_id="spark_default",
        application=str(REPOSITORY / "jobs" / f"{module}.py"),
        application_args=list(arguments),
        name=f"clv_{module}",
        env_vars=ENVIRONMENT,
        driver_memory=DRIVER_MEMORY,
        pool=SPARK_POOL,
        **_merged(options, task_id=module, execution_timeout=SPARK_TIMEOUT, conf=SPARK_CONF),
    )


def python_job(module: str, *arguments: str, **options: Any) -> BashOperator:
    """A task that runs `jobs/<module>.py` in Python without Spark. The last line on its stdout is its XCom."""
    return BashOperator(
        bash_command=" ".join(['exec "${CLV_PYTHON:-python}" -m', f"jobs.{module}", *map(one_word, arguments)]),
        env=ENVIRONMENT,
        append_env=True,
        cwd=str(REPOSITORY),
        **_merged(options, task_id=module),
    )


def run_job(module: str, *arguments: str, seconds: float | None = None, **environment: str) -> Completed:
    """Run `jobs/<module>.py` from a task's own process, and log what it writes to stderr.

    Raises:
        OSError: the interpreter cannot be started.
        subprocess.TimeoutExpired: the job took longer than `seconds`; it was killed.
    """
    completed = subprocess.run(
        [os.environ.get("CLV_PYTHON", "python"), "-m", f"jobs.{module}", *arguments],
        env=os.environ | ENVIRONMENT | environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    for line in completed.stderr.splitlines():
        log.info("%s", line)
    return completed


def last_line(completed: Completed) -> str:
    """The result of a job: the last line on its stdout."""
    return completed.stdout.strip().rpartition("\n")[2]


def _merged(options: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    return defaults | options
