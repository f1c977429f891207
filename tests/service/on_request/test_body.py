"""A body costs what its bytes cost: whatever is wrong with it, few errors are made of it."""

from __future__ import annotations

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from docs.generate.openapi import page
from jobs.service.on_request.body import MOST_CUSTOMERS, MOST_ROWS, ForecastRequest, parsed

MANY = 30_000
FEW_ERRORS = 10


def of_one(transactions: str) -> bytes:
    return f'{{"customers": [{{"customer_id": "c", "transactions": [{transactions}]}}]}}'.encode()


def members(value: str) -> str:
    return ",".join(f'"{number}": {value}' for number in range(MANY))


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        (of_one(",".join(['{"q": []}'] * MANY)), ("body", "customers", "0", "transactions"), f"at most {MOST_ROWS}"),
        (of_one(f"{{{members('[]')}}}"), ("body", "customers", "0", "transactions", "0"), "at most 200"),
        (of_one(",".join(["1"] * MOST_ROWS)), ("body", "customers", "0", "transactions", "0"), "object"),
        (f"{{{members('1')}}}".encode(), ("body",), "at most 10 fields"),
        (f'{{"customers": [{{{members("1")}}}]}}'.encode(), ("body", "customers", "0"), "at most 10 fields"),
        (f'{{"customers": [{",".join(["1"] * MANY)}]}}'.encode(), ("body", "customers"), f"at most {MOST_CUSTOMERS}"),
    ],
    ids=["rows", "columns", "not rows", "fields", "fields of a customer", "customers"],
)
def test_a_body_of_errors_makes_few(content: bytes, place: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValidationError) as found:
        ForecastRequest.model_validate_json(content)
    assert found.value.error_count() <= FEW_ERRORS
    with pytest.raises(RequestValidationError) as refused:
        parsed(content)
    assert refused.value.errors()[0]["loc"] == place
    assert said in refused.value.errors()[0]["msg"]


def test_rows_of_all_customers_are_counted_together() -> None:
    half = ",".join(["{}"] * (MOST_ROWS // 2 + 1))
    customers = ",".join(f'{{"customer_id": "{name}", "transactions": [{half}]}}' for name in "ab")
    with pytest.raises(RequestValidationError, match=f"at most {MOST_ROWS} transactions and logins together"):
        parsed(f'{{"customers": [{customers}]}}'.encode())


def test_the_document_says_what_a_value_may_be() -> None:
    for kind in ("string", "integer", "number", "boolean", "null"):
        assert f'"type": "{kind}"' in page().split('"transactions": {')[1].split('"type": "array"')[0]
