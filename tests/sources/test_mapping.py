from __future__ import annotations

import subprocess
import sys

import pytest

from jobs.sources import load
from jobs.sources.mapping import MappingError, RowRule, Source, TransactionColumns

THREE = TransactionColumns(customer_id="who", ordered_at="when", amount="paid")


def test_a_source_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(
        MappingError,
        match=r"there is no source 'amazon'\. Available: cdnow, online_retail_ii, simulated_shop, superstore",
    ):
        load("amazon")


@pytest.mark.parametrize("name", ["cdnow", "online_retail_ii", "simulated_shop", "superstore"])
def test_every_source_has_a_mapping_with_a_currency(name: str) -> None:
    source = load(name)

    assert len(source.currency) == 3
    assert source.tables["transactions"] == source.transactions


def test_sources_are_read_without_spark() -> None:
    code = """import sys, jobs.landing.deliveries, jobs.sources
jobs.sources.load("cdnow")
print("pyspark" in sys.modules)"""

    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"


def test_lines_need_a_value() -> None:
    with pytest.raises(MappingError, match="an amount, or both units and unit_price"):
        TransactionColumns(customer_id="who", ordered_at="when", units="qty")


def test_time_formats_that_are_not_read_alike_everywhere_are_refused() -> None:
    with pytest.raises(MappingError, match="uses %y: only %B"):
        Source(name="Shop", currency="EUR", transactions=THREE, time_formats=("%d.%m.%y",))


def test_a_reason_is_one_word() -> None:
    with pytest.raises(MappingError, match="'Gift card' of a row rule is not in snake_case"):
        RowRule(reason="Gift card", when="true")
