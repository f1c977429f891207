"""What remains of an error's message: what helps to find the fault, and no value that was read."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost
from pyspark.sql import SparkSession

from jobs.core import spark as spark_module
from jobs.core.code_version import files_sha256
from jobs.core.failure import reason_of
from jobs.core.messages import _SYSTEM_PHRASES, message_of, traceback_of, without_values

MARK = "MARKED-customer-x"


def on_a_full_disk(spark: SparkSession) -> object:
    """Write from the JVM to a device that is always full."""
    jvm = spark.sparkContext._jvm
    assert jvm is not None
    return jvm.java.io.FileOutputStream("/dev/full").write(1)


def in_a_worker_with_a_full_disk(spark: SparkSession) -> object:
    def written(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            Path("/dev/full").write_text(str(batch))
            yield batch

    return spark.createDataFrame([(MARK,)], "x string").mapInPandas(written, "x string").collect()


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (on_a_full_disk, "Py4JJavaError: java.io.IOException: No space left on device"),
        (in_a_worker_with_a_full_disk, "PythonException: OSError: No space left on device"),
    ],
)
def test_a_full_disk_below_spark_is_named(
    spark: SparkSession, write: Callable[[SparkSession], object], reason: str
) -> None:
    with pytest.raises(Exception, match="No space left") as raised:
        write(spark)
    assert reason_of(raised.value) == reason
    assert "No space left on device" in traceback_of(raised.value)


@pytest.mark.parametrize("phrase", _SYSTEM_PHRASES)
def test_a_phrase_of_the_system_is_kept_and_what_surrounds_it_is_not(phrase: str) -> None:
    text = f"Job aborted for '{MARK}'.\nCaused by: java.lang.OutOfMemoryError: {MARK}: {phrase} {MARK}\n"
    assert without_values(text) == f"java.lang.OutOfMemoryError: {phrase}"
    assert message_of(RuntimeError(f"worker 7 of {MARK}: {phrase}")) == f"worker: {phrase}"
    assert message_of(RuntimeError(f"worker: {MARK}")) == "worker"


def test_the_log_of_spark_keeps_the_same_phrases() -> None:
    config = Path(spark_module.__file__).with_name("log4j2.properties").read_text()
    assert "|".join(_SYSTEM_PHRASES) in config.replace("\\\n  ", "")


def test_a_failed_analysis_names_columns_and_paths_and_no_suggestion(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=MARK) as raised:
        spark.createDataFrame([("x",)], f"`{MARK}` string").select("net_value")
    assert reason_of(raised.value) == (
        "AnalysisException: [UNRESOLVED_COLUMN.WITH_SUGGESTION] "
        "A column, variable, or function parameter with name `net_value` cannot be resolved."
    )
    with pytest.raises(Exception, match="PATH_NOT_FOUND") as raised:
        spark.read.parquet(str(tmp_path / "absent"))
    assert f"Path does not exist: file:{tmp_path}/absent" in reason_of(raised.value)


def test_a_statement_that_cannot_be_parsed_is_not_quoted(spark: SparkSession) -> None:
    with pytest.raises(Exception, match=MARK) as raised:
        spark.sql(f"SELECT date'{MARK}'")
    assert reason_of(raised.value) == "ParseException: [INVALID_TYPED_LITERAL] The value of the typed literal"


@pytest.mark.parametrize(
    ("fit", "reason"),
    [
        (
            lambda: xgboost.DMatrix(np.ones((3, 2)), label=[1, 2]),
            "XGBoostError: Check failed: p_info->Size() % n_samples == 0 : Invalid size for",
        ),
        (
            lambda: xgboost.train({"objective": MARK}, xgboost.DMatrix(np.ones((1, 1)), label=[1])),
            "XGBoostError: Unknown objective function",
        ),
    ],
)
def test_xgboost_says_which_check_failed_up_to_the_first_value(fit: Callable[[], object], reason: str) -> None:
    with pytest.raises(xgboost.core.XGBoostError) as raised:
        fit()
    assert reason_of(raised.value) == reason


def test_a_program_that_failed_is_named_with_its_exit_code_alone() -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        subprocess.run(["/bin/sh", "-c", f"echo {MARK}; exit 3"], check=True, capture_output=True)
    assert reason_of(raised.value) == "CalledProcessError: sh ended with exit code 3"
    with pytest.raises(subprocess.CalledProcessError) as raised:
        subprocess.run(f"exit 3; echo {MARK}", check=True, shell=True)
    assert reason_of(raised.value) == "CalledProcessError: exit ended with exit code 3"


def test_memory_that_is_short_is_stated_with_its_size() -> None:
    with pytest.raises(MemoryError) as raised:
        np.zeros((10**7, 10**7))
    assert "Unable to allocate 728. TiB for an array with shape (10000000, 10000000)" in reason_of(raised.value)


def test_an_error_without_a_usable_message_says_where_it_was_raised() -> None:
    with pytest.raises(UnicodeEncodeError) as raised:
        files_sha256({f"{MARK}\ud800": b""})
    assert re.fullmatch(r"UnicodeEncodeError at code_version\.py:\d+", reason_of(raised.value))


def test_an_error_from_outside_the_package_has_no_place() -> None:
    with pytest.raises(KeyError) as raised:
        {}[MARK]
    assert reason_of(raised.value) == "KeyError"
