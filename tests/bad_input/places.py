"""What lies where a file, or a month, should lie; and names that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bad_input.csv_files import HEADER
from tests.bad_input.files import GOOD_CSV, csv, month, refused


def copy_of_month(landing: Path) -> None:
    """A month and its copy, as file managers name it."""
    csv(GOOD_CSV)(landing)
    month(landing, name="2011-11 (copy)")


def named(name: str) -> object:
    """A good file under another name."""
    return csv(GOOD_CSV, name)


CANNOT = "a character that cannot be printed: rename it"

PLACES = (
    refused("nothing at all", lambda landing: None, "contains no transactions: deliver transactions.csv"),
    refused(
        "a folder where a file should be",
        lambda landing: (month(landing) / "part.csv").mkdir(),
        "is a folder where a file was expected",
    ),
    refused(
        "a folder of that name beside the months",
        lambda landing: (landing / "transactions.csv").mkdir(),
        "is a folder where a file was expected",
    ),
    refused(
        "a link to itself",
        lambda landing: (month(landing) / "part.csv").symlink_to("part.csv"),
        "does not exist, or is a broken link: deliver it again",
    ),
    refused(
        "a broken link",
        lambda landing: (month(landing) / "part.csv").symlink_to("gone"),
        "does not exist, or is a broken link",
    ),
    refused(
        "a link to itself for a whole table",
        lambda landing: (landing / "transactions").symlink_to("transactions"),
        "contains no transactions",
    ),
    refused(
        "a pipe where a file should be",
        lambda landing: os.mkfifo(month(landing) / "part.csv"),
        "is not a regular file but a pipe or a device",
    ),
    refused("an asterisk in a file name", named("a*.csv"), CANNOT),
    refused("brackets in a file name", named("export[1].csv"), CANNOT),
    refused("a colon in a file name", named("10:00.csv"), CANNOT),
    refused("a backslash in a file name", named("C:\\export.csv"), CANNOT),
    refused("a line break in a file name", named("a\nb.csv"), CANNOT),
    refused("a file name that is not UTF-8", named(os.fsdecode(b"caf\xe9.csv")), CANNOT),
    refused(
        "a format that is not supported",
        named("rows.json"),
        "contains rows.json: only .csv, .csv.gz, .parquet, .xlsx are supported",
    ),
    refused("a file ending in capitals", named("PART.CSV"), "contains PART.CSV: only .csv"),
    refused(
        "a file without an ending",
        lambda landing: (landing / "transactions").write_text(GOOD_CSV),
        "has an unsupported format: deliver one of .csv",
    ),
    refused(
        "a month that is none",
        lambda landing: month(landing, name="2011-13"),
        "month=2011-13: 2011-13 is not a month: give YYYY-MM",
    ),
    refused("a month twice", copy_of_month, "'2011-11 (copy)' is not a month: give YYYY-MM"),
    refused(
        "a month in words", lambda landing: month(landing, name="November"), "'November' is not a month: give YYYY-MM"
    ),
    refused(
        "a file for a month",
        lambda landing: ((landing / "transactions").mkdir(), (landing / "transactions/month=2011-11").touch()),
        "has no month folder with a _SUCCESS",
    ),
    refused(
        "a month that is not complete",
        lambda landing: (csv(GOOD_CSV)(landing), (month(landing) / "_SUCCESS").unlink()),
        "has no month folder with a _SUCCESS: write it to each month that is complete",
    ),
    refused(
        "a month missing between two",
        lambda landing: (
            month(landing, name="2011-09"),
            month(landing, name="2011-10"),
            month(landing, name="2011-12"),
            csv(GOOD_CSV)(landing),
            (month(landing) / "_SUCCESS").unlink(),
        ),
        "transactions of 2011-11 has not been delivered in full",
    ),
    refused(
        "files beside the months",
        lambda landing: (csv(GOOD_CSV)(landing), (landing / "transactions/rest.csv").write_text(GOOD_CSV)),
        "contains both month folders and rest.csv: move each file into its month's folder",
    ),
    refused(
        "one table delivered twice",
        lambda landing: [(landing / f"transactions{ending}").write_text(GOOD_CSV) for ending in (".csv", ".csv.gz")],
        "keep one of them, remove the others",
    ),
    refused(
        "one file with a header alone",
        lambda landing: (landing / "transactions.csv").write_text(HEADER),
        "no row has a time in column 'when'",
    ),
    refused(
        "one file in which no time can be read",
        lambda landing: (landing / "transactions.csv").write_text(GOOD_CSV.replace("2011-11-05 10", "5.11.2011 10")),
        "Set `time_formats` in the mapping",
    ),
)
