from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.features.table import features
from jobs.forecasting.status import STATUSES
from jobs.planning.segment import Segment, SegmentError, parse

TABLE = features(("Books",))

PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" ,\"='%;"), min_size=1)
SEGMENTS = st.builds(
    Segment,
    st.sampled_from(["city", "country", "membership", "customer_id"]),
    st.sets(PRINTABLE, min_size=1, max_size=4).map(lambda values: tuple(sorted(values))),
)


@given(SEGMENTS)
def test_every_segment_can_be_written_and_is_read_back_as_it_was(segment: Segment) -> None:
    assert parse(str(segment), TABLE) == segment


@given(st.text() | st.text('city=",ab ').map("city={}".format))
def test_every_text_is_a_segment_whose_text_is_stable_or_is_refused(text: str) -> None:
    try:
        segment = parse(text, TABLE)
    except SegmentError:
        return
    assert segment is None or parse(str(segment), TABLE) == segment


@given(st.permutations(["Paris", "Lyon", "Nice", "Paris"]))
def test_the_same_customers_are_the_same_segment_however_they_are_listed(cities: list[str]) -> None:
    assert str(parse(f"city={','.join(cities)}", TABLE)) == "city=Lyon,Nice,Paris"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("city=Paris", ["Paris"]),
        ("city= Paris , Saint Denis ", ["Paris", "Saint Denis"]),
        ('city="Lyon, 3e",Paris', ["Lyon, 3e", "Paris"]),
        ('city="the ""Hague"""', ['the "Hague"']),
        ('city=" "', [" "]),
        ("city=a=b", ["a=b"]),
        ("city='; DROP TABLE clv.run;--", ["'; DROP TABLE clv.run;--"]),
        ("city=é中", ["é中"]),
        ("status=new,never_bought", ["never_bought", "new"]),
    ],
)
def test_values_are_read_as_in_csv(text: str, values: list[str]) -> None:
    segment = parse(text, TABLE)
    assert segment is not None
    assert list(segment.values) == values


def test_all_customers_are_no_segment() -> None:
    assert parse("all", TABLE) is None


@pytest.mark.parametrize("text", ["", "Paris", "town=Paris", "orders_lifetime=3", "signup_on=2020-01-01", "=x", "ALL"])
def test_what_is_no_text_column_is_refused_with_those_that_are(text: str) -> None:
    allowed = "customer_id, membership, city, country, status"
    with pytest.raises(SegmentError, match=re.escape(f"with a column of {allowed}")):
        parse(text, TABLE)


@pytest.mark.parametrize(
    "text", ["city=", "city= ", "city=a,", "city=,a", "city=a,,b", 'city="a', 'city=a"b"', 'city="a"b', 'city=""']
)
def test_values_that_are_ambiguous_are_refused(text: str) -> None:
    with pytest.raises(SegmentError, match="separate values with one comma"):
        parse(text, TABLE)


@pytest.mark.parametrize("text", ["city=a\nb", "city=a\tb", "city=\x00", 'city="\u202e"'])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(SegmentError, match="control characters"):
        parse(text, TABLE)


def test_a_status_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(SegmentError, match=f"unknown status asleep; the statuses are {', '.join(STATUSES)}"):
        parse("status=active,asleep", TABLE)
