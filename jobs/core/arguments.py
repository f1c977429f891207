"""Command-line arguments that several programs share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NoReturn

from jobs.core.failure import AS_OF
from jobs.core.month import Month, named_month, parse_as_of
from jobs.core.refusal import RefusedError
from jobs.core.value_basis import NET_REVENUE, VALUE_BASES


class _Parser(argparse.ArgumentParser):
    """Refuses wrong arguments by RefusedError: a retry cannot correct them.

    It sets AS_OF to the month that the arguments name, so that a failure is recorded with it.
    """

    def error(self, message: str) -> NoReturn:
        raise RefusedError(message)

    def parse_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:
        arguments = super().parse_args(None if args is None else list(args), namespace)
        AS_OF.set(_named_as_of(arguments))
        return arguments


def _named_as_of(arguments: argparse.Namespace) -> date | None:
    given = {"as_of": None, "month": None, "run_type": "manual", "logical_date": None} | vars(arguments)
    if given["as_of"] is not None:
        return date.fromisoformat(str(given["as_of"]))
    try:
        month = named_month(
            requested=str(given["month"] or ""), run_type=str(given["run_type"]), logical_date=given["logical_date"]
        )
    except RefusedError:
        return None
    return month.as_of if month else None


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser whose help shows a program's docstring unchanged, and that raises RefusedError for wrong arguments."""
    return _Parser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def run_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser for a task of a planned run: `--as-of`, `--run-id` and `--value-basis`."""
    options = parser(description)
    options.add_argument("--as-of", type=parse_as_of, required=True, help="first day after the data month: YYYY-MM-01")
    options.add_argument("--run-id", type=int, required=True, help="the run's number, from its plan")
    add_value_basis(options)
    return options


def a_month(text: str) -> Month:
    """The type of an argument that is a month."""
    try:
        return Month.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_value_basis(options: argparse.ArgumentParser) -> None:
    """Add `--value-basis`; the default is net revenue."""
    options.add_argument("--value-basis", choices=VALUE_BASES, default=NET_REVENUE, help="the measure of value")


def add_force(options: argparse.ArgumentParser) -> None:
    """Add `--force`, alone or with `true` or `false`."""
    options.add_argument(
        "--force",
        type=json.loads,
        nargs="?",
        const=True,
        default=False,
        choices=(True, False),
        help="redo what is current",
    )


def add_airflow_run(options: argparse.ArgumentParser) -> None:
    """Add what Airflow passes to a run that is not planned yet: `--run-type`, `--logical-date` and `--month`."""
    options.add_argument(
        "--run-type",
        required=True,
        help="Airflow's run type: scheduled, backfill, manual, operator_triggered or asset_triggered",
    )
    options.add_argument(
        "--logical-date", type=_logical_date, required=True, help="Airflow's logical date, in ISO 8601; may be empty"
    )
    options.add_argument("--month", required=True, help="the requested month, YYYY-MM; may be empty")


def _logical_date(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
