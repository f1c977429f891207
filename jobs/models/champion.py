"""The alias `champion` and the decisions about it: what a job that moves the alias reads, and how it waits its turn.

MLflow cannot move an alias on the condition that it still points to a given version. A lock in Postgres takes turns
instead: the gate, `jobs.set_champion` and `jobs.choose_champion` read and move the alias only while they hold it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jobs.core.postgres import execute, fetch, statement
from jobs.models.registry import Registry


@contextmanager
def held(registry: Registry) -> Iterator[None]:
    """Within the context, no other job reads or moves the champion of this model.

    Raises:
        sqlalchemy.exc.InternalError: another job held the champion for longer than the lock timeout.
    """
    with registry.database.begin() as connection:
        connection.execute(statement("hold_champion"), {"model_name": registry.model})
        yield


def named(version: int | None) -> str:
    """A champion, or that there is none, as text."""
    return "none" if version is None else f"version {version}"


def is_chosen_since(registry: Registry, decision_id: int) -> bool:
    """Whether a person has chosen a champion after a decision."""
    [row] = fetch(registry.database, "chosen_since", model_name=registry.model, decision_id=decision_id)
    return bool(row["is_chosen"])


def is_chosen(registry: Registry, champion: int) -> bool:
    """Whether a person made this version the champion, with `jobs.choose_champion` or in MLflow."""
    effects = fetch(registry.database, "last_effect", model_name=registry.model)
    return [(row["champion_after"], row["is_by_hand"]) for row in effects] != [(champion, False)]


def make_champion(registry: Registry, number: int, decision_id: int) -> None:
    """Point the alias to a version and record that the decision took effect; again, if it was interrupted between.

    The champion is no challenger any more: no version has both aliases.
    """
    registry.alias("champion", number)
    registry.unalias("challenger", number)
    execute(registry.database, "record_effect", decision_id=decision_id)


def set_champion(registry: Registry, run_id: int) -> str:
    """Make the version champion that the gate chose in a run, if readers see the run's forecast; what was done.

    Does nothing a second time, and nothing if the champion was changed since the gate decided.
    """
    with held(registry):
        rows = fetch(registry.database, "decision_to_apply", run_id=run_id, model_name=registry.model)
        decided = next(iter(rows), None)
        if decided is None:
            return f"the champion stays: the gate decided nothing for run {run_id}"
        number, before = decided["champion_after"], decided["champion_before"]
        if decided["took_effect_at"] is not None:
            return f"version {number} became the champion at {decided['took_effect_at']:%Y-%m-%d %H:%M} UTC"
        if number == before:
            return f"the champion stays {named(before)}: run {run_id} ({decided['decision']}) does not change it"
        if not decided["is_published"]:
            return f"the champion stays {named(before)}: readers do not see the forecast of run {run_id}"
        if decided["is_later_published"]:
            return f"the champion stays {named(before)}: a later month was published meanwhile"
        present = registry.aliased("champion")
        if is_chosen_since(registry, decided["decision_id"]) or present not in (before, number):
            return f"the champion stays {named(present)}, which was set after the gate decided"
        make_champion(registry, number, decided["decision_id"])
        return f"version {number} is the champion; before: {named(before)}"
