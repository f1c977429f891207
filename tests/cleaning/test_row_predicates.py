"""Predicates of mappings, with Spark and without: the same lines, the same rejected rows, the same reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from jobs.cleaning.row_predicates import predicates
from jobs.cleaning.rows import clean_transactions
from jobs.core.refusal import RefusedError
from jobs.core.value_basis import MARGIN_PER_LINE
from jobs.sources import load
from jobs.sources.mapping import MappingError, RowRule, Source, TransactionColumns
from tests.cleaning.both_paths import batch, plain, spark_rows, whole_months
from tests.cleaning.test_rows import IDS, NUMBERS, TIMES
from tests.corner_shop import SHOP as CORNER_SHOP

ROW = {"who": "c1", "when": "2010-12-01 08:26:00", "qty": "2", "price": "1.5", "paid": "3", "no": "536365", "sku": "A1",
       "aisle": "toys", "Kind of": "sale", "kept": "1"}  # fmt: skip
SHOP = Source(
    name="Predicates",
    currency="EUR",
    transactions=TransactionColumns(
        customer_id="who", ordered_at="when", units="qty", unit_price="price", amount="paid", order_id="no",
        product_id="sku", department="aisle", margin="kept", optional=("Kind of",),
    ),
)  # fmt: skip

CONDITIONS = [
    *(rule.when for rule in (*load("online_retail_ii").rules, *CORNER_SHOP.rules) if "sheet" not in rule.when),
    "delivered.`Kind of` = 'refund' AND ordered_at >= TIMESTAMP'2010-12-01'",
    "true", "NOT NULL", "product_id LIKE 'DEPOSIT%'", "net_value > 200", "net_value < -1.5 OR is_return",
    "DELIVERED.`kind OF` = 'Refund' or Unit_Price = 0", "delivered.qty <=> delivered.price",
    "delivered.`Kind of` != 'sale'", "delivered.`Kind of` <> '' AND NOT delivered.aisle = 'toys'",
    "delivered.`Kind of` IS NULL", "department IS NOT NULL AND units IS NULL", "(units > 1) IS NULL", "(units > 1) IS NOT TRUE",
    "units IS DISTINCT FROM unit_price", "units = NULL", "units <=> NULL", "(units = 1) = (unit_price = 1)", "is_return IS FALSE",
    "delivered.aisle IN ('toys', 'Books', '')", "units NOT IN (1, 2.5, NULL)", "delivered.no IN (own_order_id, NULL)",
    "unit_price BETWEEN 0.5 AND 2", "order_id NOT BETWEEN 'A' AND 'b'", "customer_id < product_id", "upper(department) = 'TOYS'",
    "lower(trim(delivered.aisle)) IN ('toys', 'straße')", "ltrim(delivered.aisle) = rtrim(delivered.aisle)", "ucase(product_id) <= lcase(product_id)",
    "length(product_id) > 3", "char_length(delivered.price) = 0", "substring(product_id, 1, 2) = 'A1'", "substr(product_id, -3) = 'ost'",
    "substring(product_id, -3, 2) = 'PO' OR substring(product_id, 0, 2) = 'PO' OR substring(product_id, 2, -1) = ''",
    "substring(product_id, -300, 299) = 'x'", "left(order_id, 1) = 'C' OR right(order_id, 1) = '9'", "left(sku, 0) = ''".replace("sku", "product_id"),
    "startswith(order_id, 'C') OR endswith(order_id, 'x')", "contains(lower(product_id), 'post')", "product_id || '/' || order_id = 'A1/536365'",
    "concat(customer_id, 'a', order_id) LIKE '%c1a%5'", "product_id LIKE '_1' OR product_id LIKE '%\\\\%%'", "delivered.sku LIKE 'A\\\\_1'",
    "product_id ILIKE 'post%' OR product_id NOT LIKE '%o%'", "product_id LIKE 'P%' = true".replace(" = true", ""),
    "product_id RLIKE '^[A-Z]{1,3}[0-9]+$'", "product_id RLIKE '(?i)^(post|m|d\\\\.?o?t)$'", "order_id REGEXP r'^\\d+$'",
    "delivered.sku RLIKE '.' AND delivered.sku NOT RLIKE '^.*$'", "delivered.sku RLIKE '[^\\\\w\\\\s-]|\\\\W$'", "regexp_like(delivered.sku, 'O?ST')",
    "abs(units) * unit_price > 100", "net_value - units * unit_price <> 0.0", "-net_value > units + 1", "unit_price * 1.19 >= 2.38",
    "unsigned_units < 0 AND amount > 0.005", "(units + 0.5) * 2 - .5 > 3", "-1 < net_value AND abs(unit_price) < +2",
    "try_cast(delivered.qty AS decimal(10, 2)) < 0", "try_cast(delivered.qty AS int) = 1", "try_cast(delivered.price AS BIGINT) >= 3000000000",
    "try_cast(delivered.price AS decimal(38, 0)) > 99999999999999", "try_cast(delivered.qty AS decimal) = 0", "try_cast(delivered.price AS decimal(4, 4)) > 0.5",
    "coalesce(units, unit_price, 0) = 0", "nvl(delivered.aisle, 'none') = 'none'", "ifnull(department, '') LIKE 't%'",
    "CASE WHEN units > 1 THEN 'many' WHEN units = 1 THEN 'one' END = 'one'", "CASE delivered.aisle WHEN 'toys' THEN 1 ELSE 2.5 END > 2",
    "if(units > 1, net_value, -net_value) > 0", "ordered_at < '2010-12-01'", "ordered_at BETWEEN '2010-12-01 08:00:00' AND DATE'2011-01-01'",
    "date(ordered_at) = DATE'2011-11-05'", "to_date(ordered_at) IN ('2010-12-01')", "CAST(ordered_at AS date) >= '2011-03-27'",
    "year(ordered_at) = 2011 AND month(ordered_at) > 3", "hour(ordered_at) >= 20 OR dayofweek(ordered_at) = 1", "day(ordered_at) = 5",
    "month = '2010-12'", "units > 1 AND unit_price > 1 OR NOT (department = 'toys' AND is_return)", "NOT units > 1 AND unit_price > 1",
    "product_id = 'it''s' OR product_id = \"dq\" OR product_id = 'a\\'b\\t\\u00e9'", "! is_return -- a comment", "units == 1 /* another */",
    "delivered.`Kind of` = delivered.aisle IS NULL", "delivered.aisle || 'x' = 'toysx'", "product_id <=> upper(product_id)",
]  # fmt: skip
RETURNS = [
    "delivered.`Kind of` = 'refund'", "delivered.qty <=> '-1'", "own_order_id LIKE 'C%' OR unsigned_units < 0", "amount > 2",
    "try_cast(delivered.qty AS decimal(18, 4)) < 0", "unit_price < 0 OR product_id RLIKE 'POST'", "department = 'toys'",
]  # fmt: skip

TEXTS = ["", " ", "0", "-1", "1", "2", "-0.0", "2.5", "0.00005", "200.01", "99999999", "A1", "a1", "A_1", "%", "POST", "post", "Post\n",
         "DOT", "d.t", "C536379", "536365", "toys", "Toys ", "TOYS", " toys", "Books", "straße", "STRASSE", "refund", "Refund", "sale", "c1", "ς", "İ", "😀",
         "it's", "dq", "a'b\té", "a\\b", "x" * 300, "gift_0001_80", "AMAZONFEE", "ADJUST2", "BANK CHARGES", "b", "B",
         "a\r", "a\r\n", "a\n\r", "a\u2028", "a\u0085b"]  # fmt: skip
MOMENTS = ["2010-12-01", "2010-11-30 23:59:59", "2010-12-01 08:00:00", "2011-11-05T10:00:00", "2011-01-01", "2011-03-27 20:15:01.5"]
NUMERIC = ["who", "no", "sku", "aisle", "Kind of"]

anything = st.one_of(
    st.none(), st.sampled_from(TEXTS), st.sampled_from(NUMBERS + IDS), st.text(st.characters(codec="utf-8"), max_size=5)
)
number = st.one_of(
    anything, st.sampled_from(["0", "1", "2", "-1", "-2", "0.5", "2.5", "100", "300.4567"]), st.decimals(-300, 300, places=3).map(str)
)
moment = st.one_of(st.sampled_from(MOMENTS), st.sampled_from([None, *TIMES]))
rows = st.fixed_dictionaries(
    {name: moment if name == "when" else number if name in ("qty", "price", "paid", "kept") else anything for name in ROW}
)


def shop(conditions: list[str], returns: str | None = None) -> Source:
    rules = tuple(RowRule(reason=f"rule_{i}", when=condition) for i, condition in enumerate(conditions))
    return replace(SHOP, rules=rules, returns=returns)


def agree(spark: SparkSession, source: Source, drawn: list[Mapping[str, str | None]]) -> None:
    delivered = whole_months("2010-10", "2011-12")
    assert plain(clean_transactions(drawn, source, delivered)) == batch(spark_rows(spark, drawn, source, delivered))


def test_each_predicate_rejects_the_rows_that_it_rejects_in_spark(spark: SparkSession) -> None:
    texts = [None, *TEXTS, *NUMBERS, *IDS, *MOMENTS, *TIMES]
    drawn = [ROW | {column: text} for column, text in product(ROW, texts)]
    drawn += [dict.fromkeys(ROW, text) for text in texts]
    source = shop(CONDITIONS)
    agree(spark, source, drawn)
    agree(spark, replace(source, transactions=replace(source.transactions, amount=None)), drawn)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(rows, min_size=200, max_size=300), returns=st.sampled_from([None, *RETURNS]))
def test_random_rows_become_what_the_batch_makes_of_them(
    spark: SparkSession, drawn: list[Mapping[str, str | None]], returns: str | None
) -> None:
    sound = [ROW | {name: row[name]} for row in drawn for name in ROW]
    agree(spark, shop(CONDITIONS, returns), [*drawn, *sound])
    agree(spark, shop([], returns).on(MARGIN_PER_LINE), [*drawn, *sound])
