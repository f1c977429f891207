"""Times that are none, that could mean two things, or that lie where no time can."""

from tests.bad_input.kinds import RowKind, quarantined

UNREADABLE, ELSEWHEN = ("unreadable_time",), ("outside_delivery_month",)

TIMES = (
    quarantined("no time", "when", "", " ", reasons=UNREADABLE),
    quarantined("a time in words", "when", "yesterday", "today", "now", "epoch", "soon", reasons=UNREADABLE),
    quarantined("a null in words for a time", "when", "null", "NaT", "None", "NA", reasons=UNREADABLE),
    quarantined(
        "a format that the mapping does not name",
        "when",
        *(
            "05.11.2011",
            "5-Nov-2011",
            "20111105",
            "2011/11/05",
            "Nov 5, 2011",
            "2011-11-5",
            "11-05-2011",
            "2011-11-05 10",
        ),
        reasons=UNREADABLE,
    ),
    quarantined(
        "a day that could be a month", "when", "05/11/2011", "11/05/2011", reasons=UNREADABLE, note="nothing is guessed"
    ),
    quarantined("a year of two digits", "when", "11-11-05", "05/11/11", reasons=UNREADABLE),
    quarantined("a month without a day", "when", "2011-11", "2011", reasons=UNREADABLE),
    quarantined("a week or a day of the year", "when", "2011-W44-6", "2011-309", reasons=UNREADABLE),
    quarantined("an epoch number", "when", "1320487200", "1320487200000", "1.3204872E9", reasons=UNREADABLE),
    quarantined("a serial number of a spreadsheet", "when", "40852", "40852.4166667", reasons=UNREADABLE),
    quarantined("29 February of a common year", "when", "2011-02-29", "1900-02-29", reasons=UNREADABLE),
    quarantined(
        "a day that no month has", "when", "2011-11-31", "2011-13-01", "2011-00-10", "2011-11-00", reasons=UNREADABLE
    ),
    quarantined("the zero date of a database", "when", "0000-00-00", "0000-00-00 00:00:00", reasons=UNREADABLE),
    quarantined(
        "an hour, a minute or a second that no day has",
        "when",
        *("2011-11-05 24:00:00", "2011-11-05 25:00", "2011-11-05 10:60:00", "2011-11-05 23:59:60"),
        reasons=UNREADABLE,
    ),
    quarantined("a clock of twelve hours", "when", "2011-11-05 10:00 PM", reasons=UNREADABLE),
    quarantined("a time of day alone", "when", "10:00", "T10:00", reasons=UNREADABLE),
    quarantined(
        "an offset that no place has", "when", "2011-11-05T10:00:00+25:00", "2011-11-05T10:00:00+1", reasons=UNREADABLE
    ),
    quarantined(
        "the name of a zone behind a time",
        "when",
        "2011-11-05 10:00:00 CET",
        "2011-11-05 10:00:00 Europe/Berlin",
        reasons=UNREADABLE,
    ),
    quarantined(
        "a space that does not break beside a time",
        "when",
        "2011-11-05\u00a0",
        "2011-11-05\u00a010:00",
        reasons=UNREADABLE,
    ),
    quarantined("a time in digits of another script", "when", "２０１１-11-05", "٢٠١١-١١-٠٥", reasons=UNREADABLE),
    quarantined("two times in one field", "when", "2011-11-05 2011-11-06", "2011-11-05;2011-11-06", reasons=UNREADABLE),
    quarantined("the year 1900", "when", "1900-01-01", reasons=ELSEWHEN),
    quarantined("the year 2100", "when", "2100-01-01", "9999-12-31", reasons=ELSEWHEN),
    quarantined("the year 1", "when", "0001-01-01", reasons=ELSEWHEN),
    quarantined(
        "a row of another month in a month's folder", "when", "2011-10-31 23:59:59", "2011-12-01", reasons=ELSEWHEN
    ),
    quarantined(
        "an offset that moves a row into the next month", "when", "2011-11-30T23:30:00-05:00", reasons=ELSEWHEN
    ),
    RowKind(
        name="an offset that stays in the month",
        rows=({"when": "2011-11-05T10:00:00+01:00"}, {"when": "2011-11-05T10:00:00Z"}),
        clean=({"ordered_at": "2011-11-05 09:00:00"}, {}),
        note="converted to the shop's clock",
    ),
    RowKind(
        name="an hour that the clock change has twice, or never",
        rows=({"when": "2011-11-06 01:30:00"}, {"when": "2011-11-06 02:30:00"}),
        clean=({"ordered_at": "2011-11-06 01:30:00"}, {"ordered_at": "2011-11-06 02:30:00"}),
        note="times are the shop's wall clock, and stay so",
    ),
    RowKind(
        name="fractions of a second",
        rows=({"when": "2011-11-05 10:00:00.123456789"},),
        clean=({"ordered_at": "2011-11-05 10:00:00.123456"},),
    ),
    quarantined("a login before 1970", "at", "1969-12-31 23:59:59", reasons=ELSEWHEN, table="sessions"),
    quarantined("a login without a time", "at", "", reasons=UNREADABLE, table="sessions"),
    RowKind(
        name="an account opened on a day that is none",
        rows=({"id": "d1", "since": "2011-02-30"}, {"id": "d2", "since": "soon"}, {"id": "d3", "since": ""}),
        rejected=(UNREADABLE,) * 3,
        table="customers",
    ),
    RowKind(
        name="an account opened before 1900",
        rows=({"id": "o1", "since": "1899-12-31"},),
        clean=({"customer_id": "o1", "signup_on": "1899-12-31"},),
        table="customers",
        note="validation warns of it",
    ),
)
