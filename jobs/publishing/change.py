"""What a publication, a rollback or a withdrawal changed for readers; the DAGs announce it as an asset event."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy import Engine

from jobs.core.month import Month
from jobs.core.postgres import fetch


def change_as_json(database: Engine, as_of: date, run_id: int, *, is_repeated: bool = False) -> str:
    """The last change that concerns a run, as a line of JSON for the DAG.

    Its keys: `month`; `run_id`, the run that readers were moved to, or lost; `content_hash` of what they see, null
    after a withdrawal; `changed`, false if they see the same forecast as before.

    Args:
        database: the forecast database.
        as_of: the first day after the month.
        run_id: the run that was published, rolled back to, or withdrawn.
        is_repeated: whether the job only found its work done, so that the change has been announced already.
    """
    [last] = fetch(database, "last_change", as_of=as_of, run_id=run_id)
    change = {"month": str(Month.before(as_of)), "run_id": run_id, "content_hash": last["content_hash"]}
    is_new = last["content_hash"] != last["content_hash_before"]
    return json.dumps(change | {"changed": is_new and not is_repeated}) + "\n"
