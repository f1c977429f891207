"""Commit the next version of a table, or refuse: in one transaction, by one writer at a time.

A commit is made upon the newest version and becomes the version after it, or fails if another commit did so meanwhile.
It is then made again upon that one. So what the base says holds when the commit is made, and nothing comes between:
above all, which run was planned last for a month.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction

from jobs.core.fence import SupersededError, superseded
from jobs.core.month import Month
from jobs.lake.schemas import delta_schema
from jobs.lake.storage import is_folder
from jobs.lake.tables import Table
from jobs.lake.versions import PERIODS, File, Record, Version, open_version

_ATTEMPTS = 50
_PROPERTIES = {
    # Records are in the commits, and a published month can be read again as long as its log is there.
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}


_READ, _WRITE = "read", "write"
"""What a commit says of itself: the versions that were read, and its own name."""


class CommitError(RuntimeError):
    """A version could not be committed; nothing was changed."""


class UncertainError(CommitError):
    """An object store did not confirm a commit, and may still carry it out."""


class ChangedError(CommitError):
    """A period was written after the version that the change was to be made upon."""


@dataclass(frozen=True)
class PlannedRun:
    """A run as the lake knows it: its number and its data month."""

    run_id: int
    month: Month

    @property
    def plan(self) -> str:
        """The name of the run that was planned last for the month."""
        return f"plan {self.month}"

    @property
    def view(self) -> str:
        """The name of the version that it reads."""
        return f"view {self.month}"


Check = Callable[[Version, PlannedRun], None]


@dataclass(frozen=True)
class Change:
    """What a commit changes.

    Attributes:
        write: its name: no two commits have the same.
        records: the periods that it replaces → the record of each.
        files: period → its files; each period has at least one.
        read: table → the version that was read.
        upon: the version after which none of the periods may have been written, if it matters; 0: none ever.
    """

    write: str
    records: Mapping[str, Record] = field(default_factory=dict)
    files: Mapping[str, Sequence[File]] = field(default_factory=dict)
    read: Mapping[str, int] = field(default_factory=dict)
    upon: int | None = None


def refuse_older(base: Version, run: PlannedRun) -> None:
    """Raise SupersededError if a newer run of the month is planned."""
    planned = base.named(run.plan)
    if planned is not None and planned > run.run_id:
        raise superseded(run.run_id, run.month, planned)


def refuse_unplanned(base: Version, run: PlannedRun) -> None:
    """Raise SupersededError unless a run is the newest plan of its month."""
    refuse_older(base, run)
    if base.named(run.plan) != run.run_id:
        raise SupersededError(
            f"run {run.run_id} of {run.month} was not planned in this lake: nothing was written; clear its plan task"
        )


def refuse_older_than_known(is_known: Callable[[int], bool], base: Version, run: PlannedRun) -> None:
    """Raise SupersededError if a newer run of the month is planned that the database knows.

    One that it does not know is of a database that is gone: it does not count, though its number may be higher.
    """
    planned = base.named(run.plan)
    if planned is not None and is_known(planned):
        refuse_older(base, run)


def commit(root: str, table: Table, change: Change, run: PlannedRun | None, check: Check) -> int:
    """Commit a change; the version that it made.

    Args:
        root: the lake.
        table: the table.
        change: what changes.
        run: the run that writes, if one does.
        check: raises if the run may not write upon a version.

    Raises:
        SupersededError: the run may not write.
        ChangedError: a period was written meanwhile, and that matters.
        CommitError: the log cannot be written, or other commits came first too often.
        UncertainError: an object store did not confirm the commit.
        DamagedError: the log cannot be read.
    """
    for _ in range(_ATTEMPTS):
        base = _existing(root, table)
        if run is not None:
            check(base, run)
        if change.upon is not None and any(base.periods.get(period, 0) > change.upon for period in change.records):
            raise ChangedError(f"{table.name} in {root} has changed since version {change.upon}: nothing was written")
        number = base.number + 1
        try:
            _make(base, table, change, run)
        except (DeltaError, OSError) as error:
            newest = open_version(root, table)
            if newest is None or newest.number < number:
                raise _refused(root, table, error) from error
            if newest.commit(number).get(_WRITE) != change.write:
                continue
        return number
    raise CommitError(f"{table.name} in {root}: {_ATTEMPTS} commits of others came first. Nothing was changed")


def _refused(root: str, table: Table, error: Exception) -> CommitError:
    what = f"{table.name} in {root} cannot be written: {error}"
    if is_folder(root):
        return CommitError(f"{what}. Nothing was changed")
    return UncertainError(f"{what}. Nothing was changed so far; run the task again")


def _existing(root: str, table: Table) -> Version:
    """The newest version of a table, which is created if it does not exist; raises CommitError if it cannot be."""
    version = open_version(root, table)
    if version is not None:
        return version
    try:
        DeltaTable.create(
            f"{root}/{table.name}",
            delta_schema(table),
            mode="ignore",
            partition_by=[table.period_key],
            name=table.name,
            description=table.grain,
            configuration=_PROPERTIES,
        )
    except (DeltaError, OSError) as error:  # another process may have created it meanwhile
        if open_version(root, table) is None:
            raise CommitError(f"{table.name} in {root} cannot be created: {error}. Nothing was changed") from error
    return _existing(root, table)


def _make(base: Version, table: Table, change: Change, run: PlannedRun | None) -> None:
    """Make the version after the base, and no other."""
    number, key = base.number + 1, table.period_key
    names = {f"{key}={period}": number for period in change.records}
    told: dict[str, Any] = {_WRITE: change.write, _READ: dict(change.read)}
    told[PERIODS] = {period: asdict(record) for period, record in change.records.items()}
    if run is not None:
        names |= {run.plan: run.run_id, run.view: number}
        told |= {"run_id": run.run_id, "month": str(run.month)}
    base.delta.create_write_transaction(
        [_add(table, period, file) for period, files in change.files.items() for file in files],
        mode="overwrite" if change.records else "append",
        schema=delta_schema(table) if change.records else base.delta.schema(),
        partition_by=[key],
        partition_filters=[(key, "in", sorted(change.records))] if change.records else None,
        commit_properties=CommitProperties(
            custom_metadata=told,
            max_commit_retries=0,
            app_transactions=[Transaction(name, value) for name, value in names.items()],
        ),
    )


def _add(table: Table, period: str, file: File) -> AddAction:
    return AddAction(
        path=file.path.removeprefix(f"{table.name}/"),
        size=file.size,
        partition_values={table.period_key: period},
        modification_time=int(time.time() * 1000),
        data_change=True,
        stats=json.dumps({"numRecords": file.rows}),
    )
