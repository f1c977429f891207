"""Spark's defaults on one machine: fast start, loopback interface only, little logging.

The settings of the connection and of the DAG take precedence. A cluster has its own defaults.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from jobs.local_stack.ports import LOOPBACK

_DEFAULTS = {
    # Scheduling the default of 200 shuffle tasks costs more than shuffling a month.
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
    """Write Spark's Log4j configuration."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_LOG4J, encoding="utf-8")


def submit_options(log_config: Path, *classes: str) -> str:
    """The JVM options of every spark-submit, for SPARK_SUBMIT_OPTS.

    A configuration folder (SPARK_CONF_DIR) would be on the class path, and the JVM does not use class archives then.

    Args:
        log_config: as written by `write_log_config`.
        classes: the options that create or use an archive of classes; see `spark_classes.py`.
    """
    settings = [f"-D{key}={value}" for key, value in _DEFAULTS.items()]
    return shlex.join([*classes, f"-Dlog4j2.configurationFile={log_config.as_uri()}", *settings])
