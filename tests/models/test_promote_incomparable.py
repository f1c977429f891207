"""Champions and challengers that the gate cannot compare."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs.forecasting.forecaster import Forecaster
from jobs.models.registry import Registry, TamperedError
from jobs.models.verdict import PromoteError, judgement_of
from tests.conftest import Database
from tests.models.test_registry import overwrite
from tests.models.versions import (
    AS_OF,
    EARLIER,
    HOLDOUT_OF,
    OLDER,
    Gate,
    Train,
)

pytestmark = pytest.mark.usefixtures("lenient")


def test_without_a_holdout_a_version_replaces_the_champion_unless_its_code_is_other_code(
    registry: Registry, trained: Train, gate: Gate
) -> None:
    first, second = trained(OLDER, holdout=False), trained(EARLIER, holdout=False)
    other = trained(AS_OF, holdout=False, code="other")

    assert gate(registry, first, as_of=OLDER).decision == "first"
    assert gate(registry, second, as_of=EARLIER).decision == "promoted"
    verdict = gate(registry, other, as_of=AS_OF)
    assert (verdict.decision, verdict.model_version) == ("kept_champion", second)


def test_a_champion_without_a_holdout_model_is_left_out_of_the_comparison(
    registry: Registry, trained: Train, gate: Gate
) -> None:
    first = trained(EARLIER, holdout=False)
    gate(registry, first, as_of=EARLIER)

    verdict = gate(registry, trained(AS_OF), as_of=AS_OF)

    assert verdict.decision == "promoted"
    assert verdict.reasons[1].startswith(f"version {first} cannot be compared: its history was too")


def test_a_champion_whose_holdout_model_knows_the_holdout_is_left_out_of_the_comparison(
    registry: Registry, trained: Train, gate: Gate, fitted: Mapping[date, Forecaster]
) -> None:
    registry.alias("champion", trained(EARLIER, holdout_model=fitted[EARLIER]))

    verdict = gate(registry, trained(AS_OF), as_of=AS_OF)

    assert verdict.reasons[1].endswith(
        f"its holdout model was trained on months after {HOLDOUT_OF[AS_OF]}, where the holdout starts"
    )


def test_a_champion_that_this_code_cannot_read_is_left_out_of_the_comparison(
    registry: Registry, trained: Train, gate: Gate, fitted: Mapping[date, Forecaster]
) -> None:
    other = OtherFormat(**vars(fitted[HOLDOUT_OF[EARLIER]]))
    registry.alias("champion", trained(EARLIER, holdout_model=other))
    number = trained(AS_OF, bad=True)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("not_promoted", number)
    assert "cannot be compared: another version of the code wrote its files" in verdict.reasons[1]


def test_a_champion_that_cannot_be_checked_is_left_out_of_the_comparison(
    registry: Registry, trained: Train, gate: Gate, database: Database
) -> None:
    champion = trained(EARLIER, code="other")
    gate(registry, champion, as_of=EARLIER)
    with database.owner.begin() as connection:
        connection.execute(text("DELETE FROM clv.model_hash"))

    verdict = gate(registry, trained(AS_OF), as_of=AS_OF)

    assert verdict.decision == "promoted"
    assert verdict.reasons[1].startswith(
        f"version {champion} cannot be compared: model clv version {champion}: clv.model_hash holds no hash"
    )


def test_a_champion_whose_files_were_changed_stops_the_gate(
    registry: Registry, trained: Train, gate: Gate, tmp_path: Path
) -> None:
    champion = trained(EARLIER)
    gate(registry, champion, as_of=EARLIER)
    overwrite(registry, champion, "artifacts/backtest/forecaster.json", b"{}", tmp_path)
    number = trained(AS_OF)

    with pytest.raises(TamperedError):
        gate(registry, number, as_of=AS_OF)
    assert registry.aliased("champion") == champion
    assert judgement_of(registry, number) is None


def test_a_version_of_another_month_is_refused(registry: Registry, trained: Train, gate: Gate) -> None:
    number = trained(EARLIER)

    with pytest.raises(PromoteError, match=f"version {number} was trained as of {EARLIER}: give one .* {AS_OF}"):
        gate(registry, number, as_of=AS_OF)


class OtherFormat(Forecaster):
    """A forecaster as other code would have written it."""

    def save(self, folder: Path) -> None:
        super().save(folder)
        (folder / "forecaster.json").write_text('{"format": 0}', encoding="utf-8")
