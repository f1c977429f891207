"""The Spark session of every job."""

from __future__ import annotations

from pathlib import Path

from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

SESSION_CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
"""What every session of the jobs and their tests needs. spark-submit sets the master and the memory."""

_LOG_CONFIG = Path(__file__).with_name("log4j2.properties")
_LOGS_MESSAGES = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
"""Loggers of PySpark that write the message of every error, which may quote a row."""


def session(app_name: str) -> SparkSession:
    """The session of a job, on the master and with the resources that spark-submit was given. Its log quotes no row."""
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
    return spark
