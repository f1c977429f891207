"""Delivered times → the shop's wall clock without Spark, by the rules of `jobs.cleaning.parsing.time`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

from jobs.core.iso_times import ISO_OFFSET, ISO_TIME
from jobs.sources.mapping import Source

_ISO_TIME = re.compile(ISO_TIME, re.ASCII)
_ISO_OFFSET = re.compile(rf".*{ISO_OFFSET}", re.ASCII)
_ISO_PARTS = re.compile(r"(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?(?:(Z)|([+-])(\d\d):(\d\d))?", re.ASCII)
_EARLIEST, _LATEST = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31")
_DATE_LENGTH = len("2011-11-05")

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_ABBREVIATED = tuple(name[:3] for name in _MONTHS)
_PATTERNS = {
    "Y": "[0-9]{4}",
    "f": "[0-9]{1,6}",
    "b": "|".join(_ABBREVIATED),
    "B": "|".join(_MONTHS),
    "p": "am|pm",
    "z": "[+-][0-9]{4}",
}
_DEFAULTS = {"Y": "1970", "d": "1", "M": "0", "S": "0"}
_NUMBER, _TWO_DIGITS = "[0-9]{1,19}", "[0-9]{2}"


def time(text: str | None, source: Source) -> datetime | None:
    """A time by the source's formats or ISO 8601, as the shop's wall clock; None if it is neither.

    Times that carry an offset are converted to the source's zone. A year that Python has not becomes its first or last
    moment, which is as implausible.
    """
    if text is None:
        return None
    trimmed, zone = text.strip(" "), ZoneInfo(source.timezone)
    for time_format in source.time_formats:
        declared = _declared_time(trimmed, time_format, zone)
        if declared is not None:
            return declared
    return _iso_time(trimmed, zone)


@cache
def _pattern(time_format: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """The expression that matches a format, and the directive of each of its groups.

    As in Spark, leading zeros are optional, except between adjacent numbers.
    """
    pieces = re.findall(r"%.|[^%]+", time_format)
    expression = ""
    for i, piece in enumerate(pieces):
        if piece.startswith("%"):
            touches = any(0 <= j < len(pieces) and pieces[j].startswith("%") for j in (i - 1, i + 1))
            expression += f"({_PATTERNS.get(piece[1], _TWO_DIGITS if touches else _NUMBER)})"
        else:
            expression += re.escape(piece)
    directives = tuple(piece[1] for piece in pieces if piece.startswith("%"))
    return re.compile(expression, re.ASCII | re.IGNORECASE), directives


def _declared_time(text: str, time_format: str, zone: ZoneInfo) -> datetime | None:
    pattern, directives = _pattern(time_format)
    match = pattern.fullmatch(text)
    if match is None:
        return None
    parts: dict[str, str] = {}
    for directive, part in zip(directives, match.groups(), strict=True):
        if parts.setdefault(directive, part.lower()) != part.lower():
            return None
    month, hour = _month(parts), _hour(parts)
    if month is None or hour is None:
        return None
    year, day, minute, second = (int(parts.get(name, default)) for name, default in _DEFAULTS.items())
    moment = _moment(year, month, day, hour, minute, second, int(parts.get("f", "0").ljust(6, "0")))
    if moment is None or "z" not in parts:
        return moment
    return _wall_clock(moment, zone, _offset(parts["z"][0], parts["z"][1:3], parts["z"][3:]))


def _month(parts: Mapping[str, str]) -> int | None:
    named = [names.index(parts[key]) + 1 for key, names in (("b", _ABBREVIATED), ("B", _MONTHS)) if key in parts]
    numbers = {*named, *([int(parts["m"])] if "m" in parts else [])}
    return min(numbers, default=1) if len(numbers) < 2 else None


def _hour(parts: Mapping[str, str]) -> int | None:
    """The hour of the day; in the morning where a clock of twelve hours does not tell. None for a contradiction."""
    half_day = 12 * (parts.get("p") == "pm")
    if "I" in parts and not 1 <= int(parts["I"]) <= 12:
        return None
    of_twelve = int(parts.get("I", "12")) % 12 + half_day
    if "H" not in parts:
        return of_twelve
    hour = int(parts["H"])
    contradicts = ("p" in parts and hour // 12 * 12 != half_day) or ("I" in parts and hour % 12 != of_twelve % 12)
    return None if contradicts else hour


def _iso_time(text: str, zone: ZoneInfo) -> datetime | None:
    if not _ISO_TIME.fullmatch(text):
        return None
    parts = _ISO_PARTS.fullmatch(text, _DATE_LENGTH)
    if parts is None:
        return None
    hour, minute, second, fraction, _, sign, hours, minutes = parts.groups(default="0")
    clock = (int(hour), int(minute), int(second), int(fraction[:6].ljust(6, "0")))
    moment = _moment(int(text[:4]), int(text[5:7]), int(text[8:10]), *clock)
    if moment is None or not _ISO_OFFSET.fullmatch(text):
        return moment
    return _wall_clock(moment, zone, _offset(sign, hours, minutes))


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int, microsecond: int) -> datetime | None:
    """The time, or Python's first moment in the year 0; None if no calendar or clock has it."""
    try:
        moment = datetime(year or 2000, month, day, hour, minute, second, microsecond)  # noqa: DTZ001 - a wall clock
    except (ValueError, OverflowError):
        return None
    return moment if year else _EARLIEST


def _offset(sign: str, hours: str, minutes: str) -> timedelta | None:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if int(minutes) > 59 or offset > timedelta(hours=18):
        return None
    return -offset if sign == "-" else offset


def _wall_clock(moment: datetime, zone: ZoneInfo, offset: timedelta | None) -> datetime | None:
    if offset is None:
        return None
    try:
        return moment.replace(tzinfo=timezone(offset)).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return _EARLIEST if moment.year == 1 else _LATEST
