"""Spark's defaults on one machine, where a stage takes seconds: start fast, stay on the loopback interface, say little.

What a run's connection or the DAG sets wins over these. A cluster has its own.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from jobs.local_stack.ports import LOOPBACK

QUICK_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""A stage ends before the optimising compiler has paid for itself: half the CPU time on a month of 1 M lines."""

_DEFAULTS = {
    # 200 tasks to shuffle a month cost more than the shuffle.
    "spark.sql.shuffle.partitions": "8",
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


def write_log_config(path: Path) -> None:
    """Write what Spark's log is to look like."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_LOG4J, encoding="utf-8")


def submit_options(log_config: Path, *classes: str) -> str:
    """The JVM options of every spark-submit, for SPARK_SUBMIT_OPTS.

    A folder of settings (SPARK_CONF_DIR) would stand on the class path, where the JVM takes no archive of classes.

    Args:
        log_config: as written by `write_log_config`.
        classes: the options that make, or use, an archive of classes: see `spark_classes.py`.
    """
    settings = [f"-D{key}={value}" for key, value in _DEFAULTS.items()]
    return shlex.join([*QUICK_JVM, *classes, f"-Dlog4j2.configurationFile={log_config.as_uri()}", *settings])
