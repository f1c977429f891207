"""The shops that a forecaster is judged on, and from which days.

Settings are chosen on the choosing origins alone. The reporting origin is looked at afterwards, and nothing is changed
then: what followed a choosing origin ends on or before the reporting origin, so the reported months were never seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks import real_data, regimes
from benchmarks.shop import NO_CURRENCY, Origin, Shop, shop
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.simulation.deliveries import Shop as SimulatedShop
from jobs.simulation.shop import simulate
from jobs.sources import load
from jobs.sources.mapping import Source, TransactionColumns

SIMULATED = SimulatedShop(customers=5_000, months=48, seed=1, end=Month(2025, 6))
"""Four years, of which the last is to be forecast; the truth is known as of a year before the end."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A shop and the days that it is forecast from.

    Attributes:
        file: its name in `real_data`; None if it is simulated.
        source: its mapping: a module of `jobs.sources`, or its columns.
        choosing: origins that settings may be chosen on, oldest first.
        reporting: the origin whose figures are reported.
    """

    file: str | None = None
    source: str | TransactionColumns
    choosing: Sequence[Origin]
    reporting: Origin

    def mapping(self, name: str) -> Source:
        """The mapping, for a shop of that name."""
        if isinstance(self.source, str):
            return load(self.source)
        return Source(name=name, currency=NO_CURRENCY, transactions=self.source)

    def check_file(self, data: Path) -> None:
        """Raise FileNotFoundError if the file of a real shop is not in the folder."""
        if self.file is not None and not real_data.path(self.file, data).is_file():
            raise FileNotFoundError(f"{real_data.path(self.file, data)} is not there: {real_data.HINT}")


_JOURNEY = TransactionColumns(
    customer_id="household_id", ordered_at="transaction_timestamp", amount="sales_value", order_id="basket_id"
)
_STEADY = TransactionColumns(customer_id="customer_id", ordered_at="trans_date", amount="tran_amount")
_REGIME = TransactionColumns(customer_id="customer_id", ordered_at="ordered_at", amount="amount", order_id="order_id")

REAL = {
    "online_retail_ii": Trial(
        file="online_retail_ii",
        source="online_retail_ii",
        choosing=[Origin(Month(2010, 9), 6), Origin(Month(2010, 12), 6)],
        reporting=Origin(Month(2011, 6), 6),
    ),
    "cdnow": Trial(
        file="cdnow_master",
        source="cdnow",
        choosing=[Origin(Month(1997, 7), 3)],
        reporting=Origin(Month(1997, 10), 9),
    ),
    "complete_journey": Trial(
        file="completejourney_transactions",
        source=_JOURNEY,
        choosing=[Origin(Month(2017, 4), 3)],
        reporting=Origin(Month(2017, 7), 6),
    ),
    "superstore": Trial(
        file="superstore",
        source="superstore",
        choosing=[Origin(Month(2017, 7)), Origin(Month(2018, 1))],
        reporting=Origin(Month(2019, 1)),
    ),
    "steady_shop": Trial(
        file="steady_shop",
        source=_STEADY,
        choosing=[Origin(Month(2012, 9)), Origin(Month(2013, 3))],
        reporting=Origin(Month(2014, 3)),
    ),
}
SUITE: Mapping[str, Trial] = (
    REAL
    | {
        "simulated_shop": Trial(
            source="simulated_shop",
            choosing=[Origin(Month(2023, 7))],
            reporting=Origin(Month(2024, 7)),
        )
    }
    | {
        name: Trial(
            source=_REGIME,
            choosing=[Origin(regimes.FIRST.plus(months)) for months in (24, 36)],
            reporting=Origin(regimes.FIRST.plus(48)),
        )
        for name in regimes.REGIMES
    }
)


def deliver(spark: SparkSession, name: str, folder: Path, origins: Sequence[Origin], data: Path) -> tuple[Shop, Path]:
    """Take a shop's files into a lake in a folder, as far as these origins need them; the path of its files, too.

    Raises:
        FileNotFoundError: the file of a real shop is not there.
    """
    trial = SUITE[name]
    trial.check_file(data)
    if trial.file is not None:
        landing = real_data.path(trial.file, data)
    elif name in regimes.REGIMES:
        landing = regimes.write(name, folder, origins=[origin.month for origin in origins])
    else:
        landing = folder / "landing"
        simulate(SIMULATED, landing)
    return shop(spark, trial.mapping(name), landing, Lake(str(folder / "lake")), origins=origins), landing
