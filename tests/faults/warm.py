"""Run tasks one after the other in this process: one JSON array [stage, arguments] a line in, [code, output] out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback
from contextvars import copy_context
from importlib import import_module

from pyspark.sql import SparkSession


def run(stage: str, arguments: list[str]) -> tuple[int, str]:
    """A task's exit code, and what it printed or its traceback. It starts with no cache of the task before."""
    forget_caches()
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            copy_context().run(import_module(f"jobs.{stage}").main, arguments)
    except BaseException:
        return 1, traceback.format_exc()
    return 0, printed.getvalue()


def forget_caches() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("jobs."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    spark = SparkSession.getActiveSession()
    if spark is not None:
        spark.catalog.clearCache()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the JVM and libraries print to the log
    for line in sys.stdin:
        print(json.dumps(run(*json.loads(line))), file=answers, flush=True)
