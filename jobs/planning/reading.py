"""What a run reads: the months of each table that the lake lacks or holds otherwise, and why it reads them again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import PRODUCTS, TRANSACTIONS, rejected
from jobs.landing.deliveries import TABLES
from jobs.landing.file_checks import LandingError
from jobs.landing.layouts import Delivery
from jobs.landing.restatements import Changes, Restatement, changes, restatement
from jobs.planning.history import DeliveredInputs, MonthHistory, ranges
from jobs.sources.mapping import Source

_NO_MONTH = Month(1900, 1)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The months that a run reads.

    Attributes:
        months: table → the months to ingest. Of orders and logins: the data month, every month that is not complete in
            the lake, and every month that has changed, or whose products have. Of a list: the newest up to the data
            month, and every earlier one that is new or has changed. Tables without such a month are left out.
        is_new: whether the lake lacks any of these months, or holds it otherwise than it is delivered.
        restated: the ingested months whose delivery has changed, and the months that were delivered after a forecast
            of them or of a later month had been published without them. A new delivery of the data month is none as
            long as neither that month nor a later one is published.
        reread: the ingested months that were read with another mapping or other code → which of these changed.
        first_changed: the first month whose snapshot is made from other data than before; if there is none, the month
            after the data month.
    """

    months: Mapping[str, Sequence[Month]]
    is_new: bool
    restated: Sequence[Restatement]
    reread: Mapping[Month, Collection[str]]
    first_changed: Month


def reading(
    month: Month,
    source: Source,
    delivered: Mapping[str, Delivery],
    lake: Lake,
    inputs: DeliveredInputs,
    history: MonthHistory,
    *,
    cache: Path,
    is_forced: bool,
) -> Reading:
    """Compare what is delivered up to a month with the lake; a forced run reads all of it.

    Raises:
        LandingError: a month to ingest has not been delivered, although later months have.
    """
    until_now = delivered["transactions"].first.through(month)
    changed = {
        table: changes(source, delivery, lake, sorted({*until_now, *inputs[table]}), inputs[table])
        for table, delivery in delivered.items()
    }
    new = {
        table: {past for past in delivered_months if not lake.is_complete(TABLES[table], past)}
        for table, delivered_months in inputs.items()
    }
    other_products: list[Month] = []
    if "products" in new:
        other_products = _months_with_other_products(lake, until_now, new["products"] | changed["products"].months)
    events = {table: delivery for table, delivery in delivered.items() if delivery.has_times}
    unread = set(until_now) if is_forced else _unread(lake, events, changed, until_now, other_products)
    months = sorted({*unread, month})
    _refuse_gaps(events, months)
    lacking = {
        table: [past for past in inputs[table] if not _is_intact(lake, table, past)]
        for table in delivered.keys() - events.keys()
    }
    lists = {
        table: sorted(inputs[table]) if is_forced else _months_of_lists(inputs[table], changed[table], months_lacking)
        for table, months_lacking in lacking.items()
    }
    read = dict.fromkeys(events, months) | lists
    until_published = _last_published(lake, history)
    restated = [
        restatement(source, delivered[table], lake, past, cache=cache)
        for table, change in changed.items()
        for past in sorted({*change.restated, *new[table]})
        if past <= until_published or (past < month and past in change.restated)
    ]
    reread: dict[Month, set[str]] = {}
    for change in changed.values():
        for past, because in change.reread.items():
            reread.setdefault(past, set()).update(because)
    moved = [*(restatement.month for restatement in restated), *reread, *other_products, *until_now[: int(is_forced)]]
    return Reading(
        months={table: read[table] for table in TABLES if read.get(table)},
        is_new=bool(unread) or any(lacking[table] or changed[table].months for table in lists),
        restated=restated,
        reread=dict(sorted(reread.items())),
        first_changed=min(moved, default=month.plus(1)),
    )


def _unread(
    lake: Lake,
    events: Mapping[str, Delivery],
    changed: Mapping[str, Changes],
    until_now: Sequence[Month],
    other_products: Collection[Month],
) -> set[Month]:
    """The months of orders and logins that the lake lacks, or holds otherwise."""
    again = {past for table in events for past in changed[table].months} | set(other_products)
    lacking = {past for past in until_now if not all(_is_intact(lake, table, past) for table in events)}
    return lacking | again


def _months_of_lists(delivered: Collection[Month], changed: Changes, new: Collection[Month]) -> list[Month]:
    return sorted({*new, *changed.months, *sorted(delivered)[-1:]})


def _is_intact(lake: Lake, table: str, month: Month) -> bool:
    """Whether the lake holds a month of a table, clean and rejected rows, as it was written."""
    return all(lake.is_intact(half, month) for half in (TABLES[table], rejected(TABLES[table])))


def _last_published(lake: Lake, history: MonthHistory) -> Month:
    """The newest published month that was made from this lake; a month before all others if there is none."""
    made = (month for month in history.published_months if lake.is_complete(TRANSACTIONS, month))
    return max(made, default=_NO_MONTH)


def _months_with_other_products(lake: Lake, months: Sequence[Month], moved: Collection[Month]) -> list[Month]:
    """The ingested months whose order lines have their departments from another list of products than they should."""
    lists = {*moved, *map(Month.parse, lake.periods(PRODUCTS))}
    other = []
    for month in months:
        newest = max((past for past in lists if past <= month), default=None)
        if newest is None or not lake.is_complete(TRANSACTIONS, month):
            continue
        used = lake.record(TRANSACTIONS, month).inputs.get("products")
        if newest in moved or used != lake.record(PRODUCTS, newest).fingerprint:
            other.append(month)
    return other


def _refuse_gaps(events: Mapping[str, Delivery], months: Sequence[Month]) -> None:
    for table, delivery in events.items():
        missing = delivery.missing(months)
        if missing:
            raise LandingError(
                f"{table} of {ranges(missing)} are missing: a run cannot skip months. Deliver them (a month's folder "
                "counts once it holds _SUCCESS), then clear this task"
            )
