"""Whole months in the tests' own process: the programs that a run consists of, one after the other."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from jobs import (
    build_features,
    ingest,
    plan,
    promote,
    publish,
    score,
    set_champion,
    train,
    train_first_month,
)
from jobs.core.month import Month
from tests.conftest import Database

_DAG_RUNS = count(1)


@dataclass(frozen=True)
class Months:
    """A shop's months, each run as a scheduler would run it, without the record and the report.

    Attributes:
        database: where they are published.
        capsys: catches what the programs print.
    """

    database: Database
    capsys: pytest.CaptureFixture[str]

    def run(self, month: Month, *options: str) -> str:
        """Run a month and publish it; its content hash."""
        asked = ["--run-type", "manual", "--logical-date", "", "--month", str(month)]
        planned = self._printed(plan.main, [*asked, "--dag-run-id", f"manual__{next(_DAG_RUNS)}", *options])
        run = ["--as-of", planned["as_of"], "--run-id", str(planned["run_id"])]
        forced = [*run, "--force", json.dumps(planned["force"])]
        ingest.main(["--months", json.dumps(planned["months"]), *forced])
        build_features.main(forced)
        trained = ["--model-version", str(self._printed(train.main, forced)["model_version"])]
        decided = ["--model-version", str(self._printed(promote.main, [*run, *trained])["model_version"])]
        version = self._printed(train_first_month.main, forced)["model_version"] or ""
        score.main([*forced, *decided, "--first-month-version", str(version)])
        publish.main(run)
        set_champion.main(run)
        gc.collect()  # closes the connections of the programs, which a process of their own would close
        return self.hashes()[month]

    def hashes(self) -> dict[Month, str]:
        """The content hash of every published month."""
        query = "SELECT as_of, content_hash FROM clv.runs WHERE status = 'published'"
        with self.database.owner.connect() as connection:
            return {Month.before(as_of): content for as_of, content in connection.execute(text(query))}

    def decisions(self) -> set[str]:
        """What the gate has decided so far."""
        with self.database.owner.connect() as connection:
            return set(connection.execute(text("SELECT decision FROM clv.model_decision")).scalars())

    def _printed(self, main: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> dict[str, Any]:
        main(arguments)
        printed: dict[str, Any] = json.loads(self.capsys.readouterr().out.splitlines()[-1])
        return printed
