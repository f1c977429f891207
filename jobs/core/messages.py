"""What a reason, a log or an alert may quote of an error: never a row, a value of one, or the content of a file.

Our own errors say what their authors meant to say. Messages of libraries are cut before the first value, except for
fixed phrases of the system; of an error of Postgres only the primary message, the place and the hint are used, never
the detail, the context or the parameters.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError

import psycopg2
from sqlalchemy.exc import StatementError

_OURS = ("jobs.", "expectations.", "__main__")
_QUOTES_NO_ROW = (ImportError, AttributeError, OSError, MemoryError)
"""They name modules, attributes, files, addresses and sizes."""
_QUOTES_NO_ROW_MODULES = ("mlflow.", "sqlalchemy.")

_SYSTEM_PHRASES = (
    "No space left on device",
    "Java heap space",
    "GC overhead limit exceeded",
    "Too many open files",
    "Connection refused",
    "Permission denied",
    "Container killed",
)
"""Kept wherever they are in a message; `log4j2.properties` lists them too."""

_BEFORE_VALUES = re.compile(r"[^'\"`:\d]*")
_DATA_EXCEPTION = "22"
"""The class of SQLSTATE whose primary messages quote the value."""
_VALUE = re.compile(r'".*"|\b0x[0-9a-f]{2}\b', re.DOTALL)
_COPIED_TO = re.compile(r"COPY (\w+), line (\d+)(?:, column (\w+))?")

_XGBOOST_PLACE = re.compile(r"\A\[[\d:]+\] \S+:\d+: ")
_XGBOOST_CHECK = re.compile(r"Check failed: [^'\"`\n]*")
_COMPARED = re.compile(r" \([^()]* vs\. [^()]*\)")
"""The two values that a check of XGBoost compared."""

_JVM_CLASS = re.compile(r"(?m)^(?:: |Caused by: )?((?:\w+\.)*[A-Z]\w*(?:Exception|Error))\b")
_JVM_FRAME = re.compile(r"(?m)^\s+at [\w.$/<>]+\([\w.: ]*\)$")
_JVM_CONDITION = re.compile(r"(?:\A|(?:Exception|Error): )\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\]")


def message_of(error: BaseException) -> str:
    """What an error says, without any value that it read; empty if nothing remains."""
    if isinstance(error, StatementError) and error.orig is not None:
        return message_of(error.orig)
    if isinstance(error, psycopg2.Error):
        return _postgres_message(error)
    if isinstance(error, CalledProcessError):
        return f"{_program(error.cmd)} ended with exit code {error.returncode}"
    if _is_of_the_jvm(error):
        is_analysis = type(error).__name__ == "AnalysisException"
        return _analysis_message(str(error)) if is_analysis else without_values(str(error))
    module = f"{type(error).__module__}."
    if module.startswith((*_OURS, *_QUOTES_NO_ROW_MODULES)) or isinstance(error, _QUOTES_NO_ROW):
        return str(error)
    if isinstance(error, KeyError):
        return ""
    kept = _xgboost_message(str(error)) if module.startswith("xgboost.") else _before_values(str(error))
    return _with_system_phrases(kept, str(error))


def without_values(text: str) -> str:
    """The conditions and classes of exceptions that a message of Spark names; if it names none, its beginning."""
    named = [*_JVM_CONDITION.findall(text), *_JVM_CLASS.findall(text)]
    return _with_system_phrases(", ".join(dict.fromkeys(named)) or _before_values(text), text)


def _with_system_phrases(kept: str, text: str) -> str:
    """What was kept of a text, and the phrases of the system in the rest of it."""
    found = ", ".join(phrase for phrase in _SYSTEM_PHRASES if phrase in text and phrase not in kept)
    return ": ".join(part for part in (kept, found) if part)


def _analysis_message(text: str) -> str:
    """The first line, which names columns and paths, without the suggestion, which may quote the header of any file."""
    return text.strip().partition("\n")[0].partition(" Did you mean")[0]


def _xgboost_message(text: str) -> str:
    """What a check says up to the first quotation mark, without the values that it compared."""
    said = _XGBOOST_PLACE.sub("", text)
    check = _XGBOOST_CHECK.match(said)
    return _COMPARED.sub("", check[0]).rstrip() if check else _before_values(said)


def _program(command: object) -> str:
    """The name of the program that a command of `subprocess` runs."""
    words = command if isinstance(command, list | tuple) else str(command).split()
    return Path(str(words[0])).name


def _before_values(text: str) -> str:
    """The text up to the first quotation mark, digit or colon: what follows may be a value."""
    match = _BEFORE_VALUES.match(text)
    return match[0].rstrip(" \n\t([{=") if match else ""


def traceback_of(error: BaseException) -> str:
    """The traceback of an error and its causes, each with `message_of` instead of its own message."""
    return "\n".join(_traceback_lines(error))


def _traceback_lines(error: BaseException) -> Iterator[str]:
    if error.__cause__ is not None:
        yield from _traceback_lines(error.__cause__)
        yield "\nThe above exception was the direct cause of the following exception:\n"
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _traceback_lines(error.__context__)
        yield "\nDuring handling of the above exception, another exception occurred:\n"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    kind = type(error)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    if _is_of_the_jvm(error):
        yield from _JVM_FRAME.findall(str(error))
    yield f"{name}: {message_of(error)}".removesuffix(": ")


def _postgres_message(error: psycopg2.Error) -> str:
    said = error.diag
    if said.message_primary is None:  # libpq speaks, not the server: no connection
        return str(error).strip()
    message = said.message_primary
    if (error.pgcode or "").startswith(_DATA_EXCEPTION):
        message = _VALUE.sub("…", message)
    if copied := _COPIED_TO.search(said.context or ""):
        column = f", column {copied[3]}" if copied[3] else ""
        message += f" ({copied[1]}, row {copied[2]}{column})"
    return f"{message}. {said.message_hint}" if said.message_hint else message


def _is_of_the_jvm(error: BaseException) -> bool:
    return type(error).__module__.startswith(("py4j.", "pyspark."))
