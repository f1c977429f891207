"""How accurate the forecasts on day 30 are, beside those of others on the same customers.

    python -m benchmarks.first_month                        # every shop whose file is there
    python -m benchmarks.first_month simulated_shop cdnow   # these

Each month is played as production would: at every origin, the customers whose day 30 fell into the month before are
forecast by models that have seen nothing of that day or later. A customer has one day 30, so the customers of all
origins are judged together. Results go to `benchmarks/results/first_month.json`, a table to stdout, losses included.
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
import pyarrow.parquet as pq

from benchmarks import real_data
from benchmarks.accuracy import columns_of, session
from benchmarks.bootstrap import Judged, differences
from benchmarks.datasets import SIMULATED
from benchmarks.first_month_peers import FirstMonth, forecasts
from benchmarks.forecast import Forecast, figures
from benchmarks.ours import ours
from benchmarks.shop import Outcome, Shop, shop
from benchmarks.table import table
from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting.encoder import Floats, InputError
from jobs.forecasting.first_month.days import completed_between, first_orders
from jobs.forecasting.first_month.features import PROFILE, first_month_features
from jobs.forecasting.first_month.fit import fit_first_month
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.forecasting.metrics import decile_metrics
from jobs.lake.lake import Lake, parquet_files
from jobs.lake.tables import CUSTOMERS, DAILY, FORECAST_MONTHS
from jobs.simulation.shop import simulate
from jobs.sources import load
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)

RESULTS = Path(__file__).parent / "results" / "first_month.json"
OURS, ALONE, STANDARD = "first_month", "first_month_alone", "standard"
"""As production would use it; without the standard model's part; the standard model at the end of the same month."""

_KEYS = ("customer_id", "ordered_on", "department")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A shop and what is asked of it.

    Attributes:
        file: its name in `real_data`; None if it is simulated.
        source: its mapping, a module of `jobs.sources`, or its columns as `accuracy --columns` takes them.
        newest: the newest origin.
        origins: how many origins, a month apart.
        months: months after the first one that are forecast.
    """

    file: str | None
    source: str
    newest: Month
    origins: int
    months: int = HORIZON_MONTHS

    @property
    def as_ofs(self) -> list[date]:
        """The origins, oldest first."""
        return [self.newest.plus(-back).first_day for back in reversed(range(self.origins))]


_JOURNEY = "customer_id=household_id,ordered_at=transaction_timestamp,amount=sales_value,order_id=basket_id"

CASES = {
    "simulated_shop": Case(file=None, source="simulated_shop", newest=Month(2024, 7), origins=12),
    "online_retail_ii": Case(file="online_retail_ii", source="online_retail_ii", newest=Month(2010, 12), origins=6),
    "online_retail_ii_6m": Case(
        file="online_retail_ii", source="online_retail_ii", newest=Month(2011, 6), origins=6, months=6
    ),
    "cdnow": Case(file="cdnow_master", source="cdnow", newest=Month(1997, 5), origins=2),
    "steady_shop": Case(
        file="steady_shop",
        source="customer_id=customer_id,ordered_at=trans_date,amount=tran_amount",
        newest=Month(2014, 3),
        origins=12,
    ),
    "superstore": Case(file="superstore", source="superstore", newest=Month(2019, 1), origins=24),
    "complete_journey_6m": Case(
        file="completejourney_transactions", source=_JOURNEY, newest=Month(2017, 7), origins=3, months=6
    ),
}
"""The model was designed on simulated shops of other seeds; the others are to be forecast once, and never tuned on."""


@dataclass(frozen=True)
class Part:
    """One origin: who was forecast, what they did, and what each model forecast, one entry a customer."""

    ids: pd.Index
    value: Floats
    orders: Floats
    forecasts: Mapping[str, Floats]
    p_active: Floats
    interval: tuple[Floats, Floats]
    not_run: Mapping[str, str]


def judge(case: Case, data: Path) -> dict[str, Any]:
    """Forecast every month and judge all customers together; the shape of `accuracy`'s results."""
    with TemporaryDirectory(prefix="clv-first-month-") as folder:
        if case.file is None:
            landing = Path(folder, "landing")
            simulate(SIMULATED, landing)
        else:
            landing = real_data.path(case.file, data)
        source = load(case.source) if "=" not in case.source else _mapped(case)
        lake = Lake(Path(folder, "lake"))
        delivered = shop(session(), source, landing, lake, origins=case.as_ofs, months=case.months)
        last = case.newest.plus(case.months)
        daily = read_daily(lake, delivered.first, last)
        lists = read_lists(lake, delivered.first, last)
        parts = [_part(delivered, daily, lists, as_of, case.months) for as_of in case.as_ofs]
    return _judged(source.name, case, parts)


def read_daily(lake: Lake, first: Month, end: Month) -> pd.DataFrame:
    """The daily table of the months before `end`, its numbers as float."""
    files = parquet_files(lake, DAILY, first.through(end.plus(-1)))
    rows = pq.read_table(files, columns=DAILY.names, partitioning=None).to_pandas()
    typed: pd.DataFrame = rows.astype(
        {name: "float64" for name in DAILY.names if name not in _KEYS} | {"ordered_on": "datetime64[ns]"}
    )
    return typed


def read_lists(lake: Lake, first: Month, end: Month) -> pd.DataFrame | None:
    """The customer lists of the months before `end`, as `first_month_features` takes them; None where there is none."""
    months = [month for month in first.through(end.plus(-1)) if lake.is_complete(CUSTOMERS, month)]
    if not months:
        return None
    lists = [
        pq.read_table(parquet_files(lake, CUSTOMERS, [month]), columns=["customer_id", *PROFILE], partitioning=None)
        .to_pandas()
        .assign(as_of=pd.Timestamp(month.as_of))
        for month in months
    ]
    joined: pd.DataFrame = pd.concat(lists, ignore_index=True)
    return joined


def _part(delivered: Shop, daily: pd.DataFrame, lists: pd.DataFrame | None, as_of: date, months: int) -> Part:
    known = daily[daily["ordered_on"] < pd.Timestamp(as_of)]
    known_lists = None if lists is None else lists[lists["as_of"] <= pd.Timestamp(as_of)]
    first = completed_between(first_orders(known, as_of), Month.before(as_of).first_day, as_of)
    features = first_month_features(known, known_lists, first)
    forecaster = fit_first_month(known, known_lists, as_of=as_of)
    standard, not_run = _standard(delivered, as_of, first.index)
    blended = forecaster.predict(features, standard.sum(axis=1))
    value = blended[list(FORECAST_MONTHS[:months])].to_numpy(dtype=np.float64).sum(axis=1)
    outlook = forecaster.model.expect(features).outlook(months)
    factor = value / np.maximum(outlook.value, 1e-9)
    lower, upper = forecaster.intervals.of(outlook, months)
    peers = forecasts(FirstMonth(known, features, as_of, months))
    all_values = {OURS: value, ALONE: outlook.value, **peers}
    if not not_run:
        all_values[STANDARD] = standard[:, :months].sum(axis=1)
    end = Month.of(as_of).plus(months).first_day
    outcomes = FirstMonthOutcomes.read(daily, first, end)
    log.info("%s: %d customers, %d matured", as_of, len(first), forecaster.matured)
    return Part(
        ids=first.index,
        value=outcomes.value[:, :months].sum(axis=1),
        orders=outcomes.orders[:, :months].sum(axis=1),
        forecasts=all_values,
        p_active=outlook.p_active,
        interval=(lower * factor, upper * factor),
        not_run=not_run,
    )


def _standard(delivered: Shop, as_of: date, ids: pd.Index) -> tuple[Floats, dict[str, str]]:
    """The standard model's twelve months, one row a customer; NaN, and why, where it cannot be fitted."""
    problem = delivered.problem(as_of, HORIZON_MONTHS)
    try:
        monthly = pd.DataFrame(ours(problem).monthly, index=problem.ids)
    except InputError as error:
        return np.full((len(ids), HORIZON_MONTHS), np.nan), {STANDARD: f"{as_of}: {error}"}
    return monthly.reindex(ids).to_numpy(dtype=np.float64), {}


def _judged(name: str, case: Case, parts: Sequence[Part]) -> dict[str, Any]:
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
        "not_run": {model: reason for part in parts for model, reason in part.not_run.items()},
        "deciles": decile_metrics(value, made[OURS].value, lower, upper),
    }
    return {"shop": name, "months": case.months, "origins": [origin], "differences": overall}


def _mapped(case: Case) -> Source:
    return Source(name=str(case.file), currency="XXX", transactions=columns_of(case.source))


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
