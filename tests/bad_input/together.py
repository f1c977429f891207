"""Mappings that contradict what can be read, and months that are wrong only as a whole."""

from tests.bad_input.kinds import MappingKind, MonthKind

MAPPINGS = (
    MappingKind(
        name="an encoding of which not all readers know",
        changes={"encoding": "cp1252"},
        says="encoding 'cp1252' is not supported: deliver one of UTF-8",
    ),
    MappingKind(
        name="an encoding of two bytes a character",
        changes={"encoding": "UTF-16"},
        says="encoding 'UTF-16' is not supported: deliver one of UTF-8",
    ),
    MappingKind(
        name="a delimiter of two characters", changes={"delimiter": "||"}, says="delimiter '||' is not one character"
    ),
    MappingKind(name="no delimiter", changes={"delimiter": ""}, says="delimiter '' is not one character"),
    MappingKind(
        name="a time zone that is none",
        changes={"timezone": "Europe/Bonn"},
        says="timezone 'Europe/Bonn' is unknown: give one like",
    ),
    MappingKind(
        name="a directive of a time format that is not read",
        changes={"time_formats": ("%c",)},
        says="time format '%c' uses %c: only",
    ),
)

USUAL = {
    "rows": 30_000.0,
    "customers": 1_000.0,
    "order_days": 30.0,
    "net_value": 500_000.0,
    "silent_days_at_end": 0.0,
    "rejected_share": 0.0,
}
"""A month like those before it."""


def times(factor: float) -> dict[str, float]:
    """A month of that many times the usual volume."""
    return {name: factor * USUAL[name] for name in ("rows", "customers", "net_value")}


FAR_OFF = frozenset(
    {"rows_far_off_earlier_months", "customers_far_off_earlier_months", "net_value_far_off_earlier_months"}
)

MONTHS = (
    MonthKind(name="ten times the volume", figures=times(10), stops=FAR_OFF),
    MonthKind(name="a tenth of the volume", figures=times(0.1), stops=FAR_OFF),
    MonthKind(
        name="no row at all",
        figures={**times(0), "order_days": 0},
        stops=FAR_OFF | {"not_empty", "far_too_few_order_days"},
    ),
    MonthKind(
        name="amounts in cents",
        figures={"net_value": 50_000_000},
        stops=frozenset({"net_value_far_off_earlier_months"}),
    ),
    MonthKind(
        name="all rows are returns",
        figures={"net_value": -500_000},
        stops=frozenset({"net_value_not_negative", "net_value_far_off_earlier_months"}),
    ),
    MonthKind(
        name="the second half of the month is missing",
        figures={"order_days": 15, "silent_days_at_end": 15},
        stops=frozenset({"far_too_few_order_days", "ends_far_too_early"}),
    ),
    MonthKind(
        name="nine in ten rows are quarantined",
        figures={"rejected_share": 0.9},
        stops=frozenset({"far_too_many_rejected"}),
    ),
)
