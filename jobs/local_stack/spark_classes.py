"""An archive of Spark's classes, which the JVM maps into memory instead of loading and checking them at every start.

Application class-data sharing (JEP 310, dynamic archives by JEP 350) halves the CPU time of a Spark job that has little
to do. The archive is created once per version of Java and Spark, in the background. While it is missing, or if it does
not match, the JVM loads the classes as usual.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.local_stack.spark_config import submit_options

_NICENESS = 10


def archive(folder: Path, java: Path) -> Path:
    """The path of the archive for this version of Java and Spark."""
    release = (java / "release").read_bytes() if (java / "release").is_file() else str(java).encode()
    return folder / f"spark-{version('pyspark')}-{hashlib.sha256(release).hexdigest()[:12]}.jsa"


def using(path: Path) -> str:
    """The JVM option that uses an archive if it exists."""
    return f"-XX:SharedArchiveFile={path}"


def make_in_background(path: Path, environment: Mapping[str, str], *, log_config: Path, log: Path) -> None:
    """Create the archive, unless it exists, in a separate process with low priority."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    output = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "jobs.local_stack.spark_classes", str(path), str(log_config)],
        {**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, output, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def make(path: Path, log_config: Path) -> None:
    """Create the archive of the classes that `use_spark` loads; it is moved into place once complete."""
    with TemporaryDirectory(dir=path.parent) as scratch:
        unfinished = Path(scratch, path.name)
        options = submit_options(log_config, f"-XX:ArchiveClassesAtExit={unfinished}")
        spark_submit = [str(Path(sys.executable).with_name("spark-submit")), "--master", "local[1]", __file__, scratch]
        subprocess.run(spark_submit, env={**os.environ, "SPARK_SUBMIT_OPTS": options}, check=True)
        unfinished.rename(path)


def use_spark(scratch: Path) -> None:
    """Exercise what the jobs use: read and write Parquet by partition, group, join, and apply a Python function."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    spark = SparkSession.builder.appName("classes").config("spark.ui.enabled", "false").getOrCreate()
    stored = str(scratch / "rows")
    rows = spark.range(1000).select(
        F.col("id").cast("string").alias("name"),
        F.date_add(F.lit("2011-12-01").cast("date"), F.col("id").cast("int")).alias("day"),
        (F.col("id") / 100).cast("decimal(18,4)").alias("amount"),
        (F.col("id") % 3).cast("string").alias("part"),
    )
    rows.write.partitionBy("part").parquet(stored)
    read = spark.read.schema("name string, day date, amount decimal(18,4), part string").parquet(stored)
    totals = read.groupBy("day").agg(F.sum("amount"), F.count_if(F.col("name").isNotNull()))
    totals.join(read, "day").orderBy("name").collect()
    read.mapInPandas(lambda batches: batches, read.schema).count()
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) == 2:
        use_spark(Path(sys.argv[1]))
    else:
        os.nice(_NICENESS)
        make(Path(sys.argv[1]), Path(sys.argv[2]))
