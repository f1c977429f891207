"""Parse times of delivered files without Spark, by the same rules as `jobs.cleaning.parsing.time`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from jobs.core.iso_times import ISO_OFFSET, ISO_TIME
from jobs.sources.mapping import Source

_FIRST_MONTH, _LAST_MONTH = np.datetime64("1900-01"), np.datetime64("2200-12")
_DIGIT = "[0-9]"

Times = npt.NDArray[np.datetime64]


def months_of(column: pa.Array, source: Source) -> Times:
    """The calendar month of each time; NaT if it cannot be read or is outside the years 1900 to 2200."""
    return dates_of(column, source).astype("datetime64[M]")


def dates_of(column: pa.Array, source: Source) -> Times:
    """The calendar day of each time; NaT if it cannot be read or is outside the years 1900 to 2200."""
    is_typed = pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)
    times = _typed_times(column, source.timezone) if is_typed else _text_times(column, source)
    dates = times.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    dates[(months < _FIRST_MONTH) | (months > _LAST_MONTH)] = np.datetime64("NaT")
    return dates


def _typed_times(column: pa.Array, timezone: str) -> Times:
    instants: Times = column.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False)
    carries_offset = pa.types.is_timestamp(column.type) and column.type.tz is not None
    return _wall_clock(pd.Series(instants).dt.tz_localize("UTC"), timezone) if carries_offset else instants


def _text_times(column: pa.Array, source: Source) -> Times:
    encoded = column.dictionary_encode()
    texts = pd.Series([_decoded(value) for value in encoded.dictionary.to_pylist()], dtype="string").str.strip(" ")
    texts = texts.where(texts.str.contains(_DIGIT))  # pandas reads "now" and "today" as the time of its clock
    distinct = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    for time_format in source.time_formats:
        distinct = distinct.fillna(_declared_times(texts, time_format, source.timezone))
    distinct = distinct.fillna(_iso_times(texts, source.timezone))
    codes = encoded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False)
    times = np.append(distinct.to_numpy("datetime64[us]"), np.datetime64("NaT", "us"))
    return np.asarray(times[codes])


def _declared_times(texts: pd.Series[str], time_format: str, timezone: str) -> pd.Series[pd.Timestamp]:
    if "%z" in time_format:
        instants = pd.to_datetime(texts, format=time_format, errors="coerce", utc=True)
        return pd.Series(_wall_clock(instants, timezone), index=texts.index)
    return pd.to_datetime(texts, format=time_format, errors="coerce")


def _iso_times(texts: pd.Series[str], timezone: str) -> pd.Series[pd.Timestamp]:
    is_iso = texts.str.fullmatch(ISO_TIME).fillna(False)
    has_offset = is_iso & texts.str.contains(rf"{ISO_OFFSET}\Z").fillna(False)
    times = pd.to_datetime(texts.where(is_iso & ~has_offset), format="ISO8601", errors="coerce")
    if has_offset.any():
        instants = pd.to_datetime(texts.where(has_offset), format="ISO8601", errors="coerce", utc=True)
        times = times.fillna(pd.Series(_wall_clock(instants, timezone), index=texts.index))
    return times


def _wall_clock(instants: pd.Series[pd.Timestamp], timezone: str) -> Times:
    return instants.dt.tz_convert(timezone).dt.tz_localize(None).to_numpy("datetime64[us]")


def _decoded(value: bytes | str | None) -> str | None:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value
