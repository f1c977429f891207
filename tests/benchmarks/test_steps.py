from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from benchmarks import steps, steps_page, variants
from benchmarks.shop import shop
from benchmarks.step_list import STEPS
from benchmarks.variants import AS_IS, VARIANTS
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate
from jobs.sources import load

ORIGIN = date(2025, 1, 1)


def test_the_page_is_what_the_results_say() -> None:
    assert steps_page.PAGE.read_text(encoding="utf-8") == steps_page.page()


def test_every_variant_belongs_to_one_step_of_the_page() -> None:
    assert [name for step in STEPS for name in step.variants] == list(VARIANTS)


def test_no_step_is_left_out_that_gains_enough() -> None:
    found = json.loads(steps_page.RESULTS.read_text(encoding="utf-8"))
    for step in STEPS:
        for variant in step.variants:
            gain, measure = steps_page.clear_gain(found, variant)
            assert step.kept or gain < steps_page.WORTH, f"{variant} gains {gain} {measure}"


@pytest.mark.long
def test_every_variant_is_measured_or_says_why_not(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(variants, "TRIALS", 1)
    simulate(Shop(customers=300, months=24, seed=3, end=Month(2025, 6)), tmp_path / "landing")
    source, lake = load("simulated_shop"), Lake(tmp_path / "lake")
    delivered = shop(spark, source, tmp_path / "landing", lake, origins=[ORIGIN], months=steps.MONTHS)

    found = steps.steps(delivered, [ORIGIN])

    [origin] = found["origins"]
    assert {*origin["models"], *origin["not_run"]} == {AS_IS, *VARIANTS}
    assert set(found["differences"]) == set(origin["models"]) - {AS_IS}
    assert all(figures["wape"] > 0.0 for figures in origin["models"].values())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
