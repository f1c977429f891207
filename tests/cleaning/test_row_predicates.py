"""Predicates of mappings, with Spark and without: the same lines, the same rejected rows, the same reasons."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.row_predicates import predicates
from jobs.cleaning.row_sql import numbers, patterns
from jobs.cleaning.row_sql.expressions import NotUnderstoodError
from jobs.cleaning.rows import clean_transactions
from jobs.core.refusal import RefusedError
from jobs.core.value_basis import MARGIN
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
    *Path(__file__).with_name("predicates.sql").read_text(encoding="utf-8").splitlines(),
]
"""Rules of sources, and a predicate a line."""
RETURNS = [
    "delivered.`Kind of` = 'refund'", "delivered.qty <=> '-1'", "own_order_id LIKE 'C%' OR unsigned_units < 0",
    "amount > 2",
    "try_cast(delivered.qty AS decimal(18, 4)) < 0", "unit_price < 0 OR product_id RLIKE 'POST'", "department = 'toys'",
]  # fmt: skip

TEXTS = ["", " ", "0", "-1", "1", "2", "-0.0", "2.5", "0.00005", "200.01", "99999999", "A1", "a1", "A_1", "%",
         "POST", "post", "Post\n",
         "DOT", "d.t", "C536379", "536365", "toys", "Toys ", "TOYS", " toys", "Books", "straße", "STRASSE",
         "refund", "Refund", "sale", "c1", "ς", "İ", "😀",
         "it's", "dq", "a'b\té", "a\\b", "x" * 300, "gift_0001_80", "AMAZONFEE", "ADJUST2", "BANK CHARGES", "b", "B",
         "a\r", "a\r\n", "a\n\r", "a\u2028", "a\u0085b"]  # fmt: skip
MOMENTS = [*(time for time in TIMES if not time.startswith(("0000", "0001", "9999"))),
           "2010-12-01", "2010-11-30 23:59:59", "2010-12-01 08:00:00", "2011-11-05T10:00:00", "2011-01-01",
           "2011-03-27 20:15:01.5"]  # fmt: skip

anything = st.one_of(
    st.none(), st.sampled_from(TEXTS), st.sampled_from(NUMBERS + IDS), st.text(st.characters(codec="utf-8"), max_size=5)
)
number = st.one_of(
    anything,
    st.sampled_from(["0", "1", "2", "-1", "-2", "0.5", "2.5", "100", "300.4567"]),
    st.decimals(-300, 300, places=3).map(str),
)
moment = st.sampled_from([None, "never", *MOMENTS])
rows = st.fixed_dictionaries(
    {
        name: moment if name == "when" else number if name in ("qty", "price", "paid", "kept") else anything
        for name in ROW
    }
)


def shop(conditions: list[str], returns: str | None = None) -> Source:
    rules = tuple(RowRule(reason=f"rule_{i}", when=condition) for i, condition in enumerate(conditions))
    return replace(SHOP, rules=rules, returns=returns)


def agree(spark: SparkSession, source: Source, drawn: list[Mapping[str, str | None]]) -> None:
    delivered = whole_months("2010-10", "2011-12")
    assert plain(clean_transactions(drawn, source, delivered)) == batch(spark_rows(spark, drawn, source, delivered))


def test_each_predicate_rejects_the_rows_that_it_rejects_in_spark(spark: SparkSession) -> None:
    texts = [None, *TEXTS, *NUMBERS, *IDS, *MOMENTS]
    drawn = [ROW | {column: text} for column, text in product(ROW, texts)]
    drawn += [dict.fromkeys(ROW, text) for text in texts]
    source = shop(CONDITIONS)
    agree(spark, replace(source, transactions=replace(source.transactions, amount=None)), drawn)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(rows, min_size=200, max_size=300), returns=st.sampled_from([None, *RETURNS]))
def test_random_rows_become_what_the_batch_makes_of_them(
    spark: SparkSession, drawn: list[Mapping[str, str | None]], returns: str | None
) -> None:
    sound = [ROW | {name: row[name]} for row in drawn for name in ROW]
    agree(spark, shop(CONDITIONS, returns), [*drawn, *sound])
    agree(spark, shop([], returns).on(MARGIN), [*drawn, *sound])


PIECES = ["a", "B", "ß", "9", "_", " ", ".", "^", "$", "|", "(", "(?:", ")", "*", "+", "?", "{2}", "{1,}",
          "{0,2}", "[a-c]", "[^a_]", "[\\w.-]", "[b^]", "[\\]$]", "\\d", "\\W", "\\s", "\\.", "\\n", "\\$",
          "%", "\\%", "\\_", "\\\\"]  # fmt: skip
CHARACTERS = "aAbBßS9_ .%$\\^-]\n\r\u0085\u2028\u00a0😀"


@pytest.mark.parametrize("prefix", ["", "(?i)"])
def test_patterns_match_what_they_match_in_java(spark: SparkSession, prefix: str) -> None:
    chance = Random(7)
    drawn = {"".join(chance.choices(PIECES, k=chance.randint(0, 5))) for _ in range(1500)}
    texts = {"".join(chance.choices(CHARACTERS, k=chance.randint(0, 4))) for _ in range(60)}
    expressions, likes = {}, {}
    for pattern in drawn:
        with suppress(NotUnderstoodError):
            expressions[prefix + pattern] = patterns.rlike(prefix + pattern).search
        with suppress(NotUnderstoodError):
            likes[pattern] = patterns.like(pattern).fullmatch
    assert min(len(expressions), len(likes)) > 400
    for matches, how in ((expressions, "rlike"), (likes, "like")):
        pairs = spark.createDataFrame(list(product(matches, texts)), "pattern string, text string")
        found = pairs.select("*", F.expr(f"text {how} pattern")).collect()
        assert [row for row in found if (matches[row[0]](row[1]) is not None) != row[2]] == []


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("unit_price >", "cannot be parsed"),
        (
            "delivered.qty < 0",
            r"DELIVERED.QTY < 0' in its rule odd: it mixes number and text: convert the text by try_cast",
        ),
        ("CAST(delivered.qty AS int) < 0", "use try_cast"),
        ("try_cast(delivered.qty AS double) < 0", "AS decimal"),
        ("units / unit_price > 1", "not evaluated without Spark"),
        ("length(product_id) + 1 > 2", "integers may overflow"),
        ("net_value * net_value * 2 > 1", "38"),
        ("unit_price > 1e3", "write numbers as 12"),
        ("unit_price > 1L", "write 2 for 2L"),
        ("soundex(product_id) = 'A'", "not evaluated without Spark"),
        ("exists(select 1)", "not evaluated without Spark"),
        ("source_file = 'x'", "there is no such column"),
        ("delivered = 'x'", "there is no such column"),
        ("other.sku = 'x'", "there is no such column"),
        ("product_id LIKE customer_id", "in quotes"),
        ("product_id LIKE 'a\\\\b'", "backslash"),
        ("product_id LIKE 'a' ESCAPE '/'", "not evaluated without Spark"),
        ("product_id RLIKE '(?=a)'", "none of"),
        ("product_id RLIKE '\\\\bA'", "none of"),
        ("product_id RLIKE '[a&&b]'", "none of"),
        ("product_id RLIKE 'a++'", "none of"),
        ("product_id RLIKE '('", "wrong"),
        ("product_id RLIKE '(a+)+$'", "repeats a group"),
        ("product_id RLIKE '(?:(x|a{2})b)*$'", "repeats a group"),
        ("product_id RLIKE '(a|aa){9}$'", "repeats a group"),
        ("is_return = units IN (1)", "in parentheses"),
        ("product_id = 'it''s'", "side by side"),
        ("ordered_at > 'yesterday'", "not a time like"),
        ("ordered_at > '2010-12-01T00:00:00Z'", "not a time like"),
        ("product_id", "a predicate is true or false"),
        ("NULL", "a predicate is true or false"),
    ],
)
def test_what_could_differ_from_spark_is_refused_with_the_part_and_the_way_out(condition: str, why: str) -> None:
    source = replace(SHOP, rules=(RowRule(reason="odd", when=condition),))
    with pytest.raises(MappingError, match=f"(?i)cannot be cleaned without Spark, because of .*{why}"):
        predicates(source)


def test_a_group_may_be_repeated_if_nothing_in_it_is_and_be_left_out_whatever_it_holds() -> None:
    assert patterns.rlike("^(ab)+$").search("abab")
    assert patterns.rlike("^a(-[0-9]+|b)?$").search("a-12")


def test_a_number_may_have_any_number_of_zeros_before_it() -> None:
    assert [numbers._integer(sign + "0" * 5000 + "7", 2**31) for sign in ("", "+", "-")] == [7, 7, -7]
    assert numbers._integer("0" * 5000, 2**31) == 0


def test_returns_see_the_row_before_it_has_a_value() -> None:
    with pytest.raises(MappingError, match="'net_value' in its returns: there is no such column"):
        predicates(replace(SHOP, returns="net_value > 0"))


def test_a_column_that_a_rule_reads_must_be_there_once_unless_it_is_optional() -> None:
    source, delivered = shop(["delivered.clerk = 'x' OR delivered.`kind OF` = 'y'"]), whole_months("2010-10", "2011-12")
    row = {name: text for name, text in ROW.items() if name != "Kind of"}
    with pytest.raises(RefusedError, match="a row lacks clerk, which rule rule_0"):
        clean_transactions([row], source, delivered)
    with pytest.raises(RefusedError, match="more than one clerk"):
        clean_transactions([row | {"clerk": "a", "Clerk": "b"}], source, delivered)
    assert clean_transactions([row | {"Clerk": "x"}], source, delivered).rejected[0].reasons == ("rule_0",)
