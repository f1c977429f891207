"""How the DAGs run the jobs: operators, time limits, the retry policy and the delivery sensor.

Nothing is imported from `jobs/`: a DAG calls a job through its command line only.
"""

import os
import re
import shlex
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import BaseSensorOperator
from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowException, AirflowSensorTimeout

REPOSITORY = Path(__file__).resolve().parents[1]
# PYTHONPATH makes `jobs` importable from any folder; PYTHONSAFEPATH keeps a job's own folder from shadowing libraries.
ENVIRONMENT = {"PYTHONPATH": str(REPOSITORY), "PYTHONSAFEPATH": "1"}

DRIVER_MEMORY = "3g"
SPARK_POOL = "clv_spark"
"""A pool with one slot, so that the Spark stages of overlapping runs do not run at the same time."""
SPARK_CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "WARN",
}

SPARK_TIMEOUT = timedelta(hours=2)
PYTHON_TIMEOUT = timedelta(minutes=30)
TRAINING_TIMEOUT = timedelta(hours=3)

DELIVERY_DEADLINE = timedelta(days=5)
"""How long a scheduled run waits for its month's data."""
DELIVERY_POKE_INTERVAL = timedelta(minutes=15)

_REFUSED = 65
"""Exit code of a job that refuses its input (EX_DATAERR)."""
_NOT_YET = 75
"""Exit code of `jobs.await_delivery` if the month is not delivered yet (EX_TEMPFAIL)."""

_LOG_TAIL = "\nLast spark-submit output:\n"
"""Starts the log lines that the Spark hook appends to its error."""


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
        conf=SPARK_CONF,
        driver_memory=DRIVER_MEMORY,
        pool=SPARK_POOL,
        **_merged(options, task_id=module, execution_timeout=SPARK_TIMEOUT),
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


def _merged(options: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    return defaults | options


class DeliverySensor(BaseSensorOperator):
    """Wait until the data month of a scheduled run is delivered in full.

    Runs of other types do not wait: their plan fails if the month is incomplete. Each poke runs `jobs.await_delivery`
    as a separate process. `mode="reschedule"` releases the worker slot between pokes; unlike a deferrable sensor, it
    does not require the triggerer to reach the landing folder.
    """

    template_fields = ("arguments",)

    def __init__(self, *, arguments: list[str], **options: Any) -> None:
        waiting = _merged(options, mode="reschedule", poke_interval=DELIVERY_POKE_INTERVAL, timeout=DELIVERY_DEADLINE)
        super().__init__(**waiting)
        self.arguments = arguments
        self.status = ""

    def poke(self, context: Any) -> bool:
        """Whether the month is delivered in full; always true unless the run is scheduled."""
        if context["dag_run"].run_type != "scheduled":
            return True
        command = [os.environ.get("CLV_PYTHON", "python"), "-m", "jobs.await_delivery", *self.arguments]
        completed = subprocess.run(
            command, env=os.environ | ENVIRONMENT, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False
        )
        self.status = completed.stdout.strip().rpartition("\n")[2]
        self.log.info("%s", self.status)
        if completed.returncode not in (0, _NOT_YET):
            raise AirflowException(f"jobs.await_delivery ended with exit code {completed.returncode}.")
        return completed.returncode == 0

    def execute(self, context: Any) -> None:
        """Wait for the delivery; raises AirflowSensorTimeout, which states what is missing, after `timeout` seconds."""
        try:
            super().execute(context)
        except AirflowSensorTimeout as error:
            waited = timedelta(seconds=self.timeout)
            raise AirflowSensorTimeout(
                f"The data was not delivered within {waited}: {self.status}. Clear this task once the month is "
                "delivered; until then readers see the previously published month."
            ) from error
