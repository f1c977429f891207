"""How accurate the forecasts on day 30 are, beside those of others on the same customers.

    python -m benchmarks.first_month                        # every shop whose file is there
    python -m benchmarks.first_month simulated_shop cdnow   # these

Each month is played as production would: at every origin, the customers whose day 30 fell into the month before are
forecast by models that have seen nothing of the origin or later, from what was known of a customer on day 30. A
customer has one day 30, so the customers of all origins are judged together. The standard model forecasts on the first
of a month: its newest forecast on day 30 is the peer. The one at the origin is shown beside it, although it has seen up
to a month of what is to be forecast.

Results go to `benchmarks/results/first_month.json`, a table to stdout, losses included.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import real_data
from benchmarks.accuracy import columns_of, session
from benchmarks.bootstrap import Judged, differences
from benchmarks.first_month_cases import CASES, Case
from benchmarks.first_month_peers import OURS, STANDARD, STANDARD_LATER
from benchmarks.forecast import Forecast, figures
from benchmarks.ours import ours
from benchmarks.shop import NO_CURRENCY, Origin, Outcome, Shop, shop
from benchmarks.table import table
from benchmarks.trials import SIMULATED
from jobs.core.month import Month
from jobs.forecasting.encoder import Floats, InputError
from jobs.forecasting.first_month.baselines import FirstMonth, forecasts
from jobs.forecasting.first_month.days import completed_between, first_orders
from jobs.forecasting.first_month.features import first_month_features
from jobs.forecasting.first_month.fit import fit_first_month
from jobs.forecasting.first_month.forecaster import FirstMonthForecaster
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.metrics import decile_metrics
from jobs.lake.lake import Lake
from jobs.models.first_month_data import NewCustomers, days_of, profiles_until
from jobs.models.first_month_level import standard_level
from jobs.simulation.shop import simulate
from jobs.sources import load
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)

RESULTS = Path(__file__).parent / "results" / "first_month.json"


@dataclass(frozen=True)
class Standard:
    """The standard model of a day, and its twelve months by customer id."""

    forecaster: Forecaster
    monthly: pd.DataFrame


@dataclass(frozen=True)
class Known:
    """All that a forecast may be made of, some of it newer than the origin.

    Attributes:
        origin: the origin, and the calendar months that hold every day forecast.
        shop: the shop in its lake.
        daily: the daily table up to the last outcome.
        lists: the customer lists.
        standards: the standard model and what it forecast, by day.
    """

    origin: Origin
    shop: Shop
    daily: pd.DataFrame
    lists: pd.DataFrame | None
    standards: Mapping[date, Standard]


@dataclass(frozen=True)
class Part:
    """One origin: who was forecast, what they did, and what each model forecast, one entry a customer."""

    ids: pd.Index
    value: Floats
    orders: Floats
    forecasts: Mapping[str, Floats]
    p_active: Floats
    interval: tuple[Floats, Floats]


def judge(case: Case, data: Path) -> dict[str, Any]:
    """Forecast every month and judge all customers together; the shape of `accuracy`'s results."""
    source = load(case.source) if "=" not in case.source else _mapped(case)
    with TemporaryDirectory(prefix="clv-first-month-") as folder:
        landing = real_data.path(str(case.file), data)
        if case.file is None:
            landing = Path(folder, "landing")
            simulate(SIMULATED, landing)
        known, not_run = known_at(case, source, landing, Lake(str(Path(folder, "lake"))))
        parts = [forecast(origin, case.months) for origin in known]
    return _judged(source.name, case, parts, not_run)


def known_at(case: Case, source: Source, landing: Path, lake: Lake) -> tuple[list[Known], dict[str, str]]:
    """What is known at every origin of a case, and what could not be run; the lake is an empty one."""
    origins = [Origin(Month.of(case.forecast_on[0]), 1), *case.whole]
    delivered = shop(session(), source, landing, lake, origins=origins)
    last = max(origin.end for origin in origins)
    daily = days_of(lake, delivered.first.through(last.plus(-1)), None)
    lists = profiles_until(lake, last.first_day, delivered.first.first_day, None)
    standards, not_run = _standards(delivered, case.forecast_on)
    return [Known(origin, delivered, daily, lists, standards) for origin in case.whole], not_run


def forecast(known: Known, months: int) -> Part:
    """An origin's forecasts of the first `months` months, and what came true."""
    as_of, before = known.origin.day, Month.before(known.origin.day).first_day
    daily = known.daily[known.daily["ordered_on"] < pd.Timestamp(as_of)]
    lists = None if known.lists is None else known.lists[known.lists["as_of"] <= pd.Timestamp(as_of)]
    first = completed_between(first_orders(daily, as_of), before, as_of)
    features = first_month_features(daily, lists, first)
    forecaster = fit_first_month(daily, lists, as_of=as_of)
    level = _level(known, forecaster, NewCustomers(known.shop.first, daily, lists))
    outlook = forecaster.model.expect(features).outlook(months)
    values = {OURS: outlook.value * level, **forecasts(FirstMonth(daily, features, as_of, months))}
    for name, day in ((STANDARD, before), (STANDARD_LATER, as_of)):
        if day in known.standards:
            monthly = known.standards[day].monthly.reindex(first.index).iloc[:, :months].sum(axis=1, skipna=False)
            values[name] = monthly.fillna(monthly.mean()).to_numpy(np.float64)
    outcomes = FirstMonthOutcomes.read(known.daily, first, known.origin.end.first_day)
    log.info("%s: %d new, %d matured, standard level %.2f", as_of, len(first), forecaster.matured, level)
    lower, upper = forecaster.intervals.of(outlook, months)
    return Part(
        ids=first.index,
        value=outcomes.value[:, :months].sum(axis=1),
        orders=outcomes.orders[:, :months].sum(axis=1),
        forecasts=values,
        p_active=outlook.p_active,
        interval=(lower * level, upper * level),
    )


def _level(known: Known, own: FirstMonthForecaster, customers: NewCustomers) -> float:
    """That of production; the model's own where the standard model cannot be fitted."""
    standard, delivered = known.standards.get(known.origin.day), known.shop
    if standard is None:
        return 1.0
    return standard_level(own, standard.forecaster, delivered.lake, delivered.table, customers, known.origin.day)


def _standards(delivered: Shop, days: Sequence[date]) -> tuple[dict[date, Standard], dict[str, str]]:
    """The standard model by day; and the days on which it cannot be fitted, and why."""
    made, not_run = {}, {}
    for day in days:
        problem = delivered.problem(Origin(Month.of(day)))
        try:
            fitted = ours(problem)
            made[day] = Standard(fitted.forecaster, pd.DataFrame(fitted.monthly, index=problem.ids))
        except InputError as error:
            not_run[f"standard on {day}"] = str(error)
    return made, not_run


def _judged(name: str, case: Case, parts: Sequence[Part], not_run: Mapping[str, str]) -> dict[str, Any]:
    models = [model for model in parts[0].forecasts if all(model in part.forecasts for part in parts)]
    value = np.concatenate([part.value for part in parts])
    outcome = Outcome(value, np.concatenate([part.orders for part in parts]) > 0)
    lower, upper = (np.concatenate([part.interval[end] for part in parts]) for end in (0, 1))
    made = {model: Forecast(np.concatenate([part.forecasts[model] for part in parts])) for model in models}
    p_active = np.concatenate([part.p_active for part in parts])
    made[OURS] = Forecast(made[OURS].value, p_active=p_active, interval=(lower, upper))
    ids = pd.Index(np.concatenate([part.ids for part in parts]))
    _, overall = differences([Judged(ids, outcome, made)], OURS)
    origin = {
        "as_of": f"day 30, {case.origins} origins to {case.newest.first_day}",
        "customers": len(value),
        "actual_total": float(value.sum()),
        "models": {model: figures(forecast, outcome) for model, forecast in made.items()},
        "not_run": dict(not_run),
        "deciles": decile_metrics(value, made[OURS].value, lower, upper),
    }
    return {"shop": name, "months": case.months, "origins": [origin], "differences": overall}


def _mapped(case: Case) -> Source:
    return Source(name=str(case.file), currency=NO_CURRENCY, transactions=columns_of(case.source))


def main(argv: Sequence[str] | None = None) -> None:
    """Judge from the command line; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="shop", help=f"of {', '.join(CASES)}; all, if none is named")
    names = parser.parse_args(argv).cases or list(CASES)
    if unknown := sorted(set(names) - set(CASES)):
        parser.error(f"no such shop: {', '.join(unknown)}")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for name in names:
        case = CASES[name]
        if case.file is not None and not real_data.path(case.file).exists():
            sys.stdout.write(f"{name}: left out, its file is not there: {real_data.HINT}\n")
            continue
        results[name] = judge(case, real_data.FOLDER)
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")
        sys.stdout.write(table(results[name] | {"data": results[name]["shop"]}))


if __name__ == "__main__":
    main()
