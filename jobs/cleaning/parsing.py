"""Delivered text → typed columns. Unreadable text becomes NULL; it is neither guessed nor an error."""

from __future__ import annotations

import re

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.core.iso_times import ISO_OFFSET, ISO_TIME
from jobs.lake.tables import MONEY
from jobs.sources.mapping import Source

_WITHOUT_SECONDS = r"([ T]\d{2}:\d{2})([Z+-])"
_NUMBER = r"^\s*[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?\s*$"
"""Bounded, because Java takes hours to parse `1e-99999999` or a million digits."""

_BLANKS = " \t\r\n\u00a0\u200b\u202f\u3000\ufeff"
_UNPRINTABLE = r"[\p{Cc}\p{Zl}\p{Zp}\x{FFFD}]"
_LONGEST_ID = 200

_SPARK_LETTERS = {
    "Y": "yyyy",
    "m": "M",
    "d": "d",
    "H": "H",
    "I": "h",
    "M": "m",
    "S": "s",
    "f": "SSSSSS",
    "b": "MMM",
    "B": "MMMM",
    "p": "a",
    "z": "xx",
}


def present(text: Column) -> Column:
    """The text exactly as delivered; NULL if blank, including no-break and zero-width spaces."""
    return F.when(F.btrim(text, F.lit(_BLANKS)) != "", text)


def identifier(text: Column, source: Source) -> Column:
    """An id as text, exactly as delivered; NULL if blank. `13085.0` becomes `13085` with `ids_as_floats`."""
    exact = present(text)
    return F.regexp_replace(exact, r"^(\d+)\.0+$", "$1") if source.ids_as_floats else exact


def is_unusable_id(*ids: str) -> Column:
    """Whether one of the ids holds control or undecodable characters, or is longer than 200 characters."""
    too_long = F.greatest(*(F.length(name) for name in ids), F.lit(0)) > _LONGEST_ID
    return F.concat_ws("", *ids).rlike(_UNPRINTABLE) | too_long


def money(text: Column) -> Column:
    """An amount or a count with four decimals; NULL for text, NaN, infinity and overflow."""
    return F.when(text.rlike(_NUMBER), text.try_cast(MONEY))


def time(text: Column, source: Source) -> Column:
    """A time by the source's formats or ISO 8601, as the shop's wall clock.

    Times that carry an offset are converted to the source's zone.
    """
    trimmed = F.trim(text)
    declared = [_declared_time(trimmed, time_format, source.timezone) for time_format in source.time_formats]
    return F.coalesce(*declared, _iso_time(trimmed, source.timezone))


def spark_pattern(time_format: str) -> str:
    """The Spark datetime pattern of a `strptime` format.

    As in `strptime`, leading zeros are optional, except between adjacent numbers.
    """
    pieces = re.findall(r"%.|[^%]+", time_format)
    pattern = ""
    for i, piece in enumerate(pieces):
        if not piece.startswith("%"):
            pattern += "".join(f"'{letter}'" if letter.isalpha() else letter for letter in piece)
            continue
        letters = _SPARK_LETTERS[piece[1]]
        touches = any(0 <= j < len(pieces) and pieces[j].startswith("%") for j in (i - 1, i + 1))
        pattern += letters * 2 if touches and len(letters) == 1 and piece != "%p" else letters
    return pattern


def _declared_time(text: Column, time_format: str, timezone: str) -> Column:
    moment = F.try_to_timestamp(text, F.lit(spark_pattern(time_format)))
    return F.from_utc_timestamp(moment, timezone) if "%z" in time_format else moment


def _iso_time(text: Column, timezone: str) -> Column:
    moment = text.try_cast("timestamp")
    instant = F.regexp_replace(text, _WITHOUT_SECONDS, "$1:00$2").try_cast("timestamp")  # Spark requires seconds here
    has_offset = text.rlike(rf"{ISO_OFFSET}\z")
    read = F.when(has_offset, F.from_utc_timestamp(instant, timezone)).otherwise(moment)
    return F.when(text.rlike(rf"^{ISO_TIME}\z"), read)
