"""Spark's defaults on one machine, where a stage takes seconds: start fast, stay on the loopback interface, say little.

What a run's connection or the DAG sets wins over these. A cluster has its own.
"""

from __future__ import annotations

from pathlib import Path

from jobs.embedded.ports import LOOPBACK

_DEFAULTS = {
    # 200 tasks to shuffle a month cost more than the shuffle.
    "spark.sql.shuffle.partitions": "8",
    # A stage ends before the optimising compiler has paid for itself: half the CPU time on a month of 1 M lines.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.host": LOOPBACK,
    "spark.driver.bindAddress": LOOPBACK,
}

_LOG4J = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1}: %m%n%ex
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
"""


def write_spark_config(folder: Path) -> None:
    """Write what SPARK_CONF_DIR is to point at."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} {value}\n" for key, value in _DEFAULTS.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    (folder / "log4j2.properties").write_text(_LOG4J, encoding="utf-8")
