"""The Spark session of every job."""

from __future__ import annotations

import atexit
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from jobs.core.code_version import JOBS, folder_sha256

SESSION_CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # With a lower limit, Spark measures the whole batch again for every row. Batches are limited to 10,000 rows.
    "spark.sql.execution.arrow.maxBytesPerBatch": str(2**31 - 1),
    # Otherwise every Column that is built costs a search of the call stack, a millisecond each.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
"""What every session of the jobs and their tests needs. spark-submit sets the master and the memory."""

_LOG_CONFIG = Path(__file__).with_name("log4j2.properties")
_LOGS_MESSAGES = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
"""Loggers of PySpark that write the message of every error, which may quote a row."""


def session(app_name: str) -> SparkSession:
    """The session of a job, on the master and with the resources that spark-submit was given. Its log quotes no row.

    Its workers can import the package `jobs`.
    """
    builder = SparkSession.builder.appName(app_name)
    for key, value in SESSION_CONF.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    jvm = spark.sparkContext._jvm
    assert jvm is not None
    jvm.org.apache.logging.log4j.core.config.Configurator.reconfigure(jvm.java.net.URI(_LOG_CONFIG.as_uri()))
    spark.sparkContext.setLogLevel("WARN")
    for name in _LOGS_MESSAGES:
        PySparkLogger.getLogger(name).disabled = True
    _ship_package(spark)
    return spark


def _ship_package(spark: SparkSession) -> None:
    """Every worker can import the package `jobs`, whatever its PYTHONPATH."""
    if str(spark.conf.get("spark.master")).startswith("local"):
        spark.sparkContext.environment["PYTHONPATH"] = str(JOBS.parent)
        return
    name = f"jobs-{folder_sha256(JOBS, '*.py')[:16]}.zip"
    if any(shipped.endswith(name) for shipped in spark.sparkContext.listFiles):
        return
    scratch = TemporaryDirectory()
    atexit.register(scratch.cleanup)  # workers may fetch the archive at any time
    archive = Path(scratch.name, name)
    with zipfile.ZipFile(archive, "w") as package:
        for path in sorted(JOBS.rglob("*.py")):
            package.write(path, path.relative_to(JOBS.parent))
    spark.sparkContext.addPyFile(str(archive))
