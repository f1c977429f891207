"""The arguments that every task of a run takes."""

from __future__ import annotations

import argparse
from datetime import datetime

from jobs.core.month import parse_as_of
from jobs.core.value_basis import NET_REVENUE, VALUE_BASES


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that prints a program's docstring as it is written."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def run_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser for a task of a planned run: `--as-of`, `--run-id` and `--value-basis`."""
    made = parser(description)
    made.add_argument("--as-of", type=parse_as_of, required=True, help="first day after the data month: YYYY-MM-01")
    made.add_argument("--run-id", type=int, required=True, help="the run, as planned")
    add_value_basis(made)
    return made


def add_value_basis(to: argparse.ArgumentParser) -> None:
    """Add `--value-basis`, by default net revenue."""
    to.add_argument("--value-basis", choices=VALUE_BASES, default=NET_REVENUE, help="what value is counted in")


def add_airflow_run(to: argparse.ArgumentParser) -> None:
    """Add what Airflow knows of a run that is not planned yet: `--run-type`, `--logical-date` and `--month`."""
    to.add_argument("--run-type", required=True, help="Airflow's: scheduled, backfill, manual or asset_triggered")
    to.add_argument("--logical-date", type=_logical_date, required=True, help="Airflow's, in ISO 8601; may be empty")
    to.add_argument("--month", required=True, help="the month asked for, YYYY-MM; may be empty")


def _logical_date(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
