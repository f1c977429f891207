"""What a caller sends: customers, each with rows as the shop delivers them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

MOST_CUSTOMERS = 1000
MOST_ROWS = 20_000
"""Of a request: transactions and logins of all customers together."""
_MOST_COLUMNS = 200
_MOST_ERRORS = 20
_LONGEST_ID = 200

Value = str | int | float | bool | None
Row = dict[str, Value]


class CustomerRows(BaseModel):
    """One customer's rows, in the column names of the shop's files."""

    model_config = ConfigDict(extra="forbid")

    customer_id: str = Field(
        description="The customer, as the rows name it; also somebody whom the shop has never seen",
        min_length=1,
        max_length=_LONGEST_ID,
    )
    transactions: list[Row] = Field(
        default=[],
        description="All order lines of the customer. Values as in the shop's files: text, or numbers",
    )
    profile: Row | None = Field(default=None, description="The customer's row of the shop's list of customers")
    logins: list[Row] | None = Field(
        default=None, description="The logins of the last 90 days; leave them out if they are not known"
    )


class ForecastRequest(BaseModel):
    """Customers to forecast."""

    model_config = ConfigDict(extra="forbid")

    as_of: date | None = Field(
        default=None,
        description="The first of a month: rows before it count, and the forecast starts on it. "
        "Default: that of the newest month that the pipeline has built",
    )
    customers: list[CustomerRows] = Field(min_length=1, max_length=MOST_CUSTOMERS)

    @model_validator(mode="after")
    def _is_bounded(self) -> ForecastRequest:
        ids = [customer.customer_id for customer in self.customers]
        if len(set(ids)) < len(ids):
            raise ValueError("each customer_id once")
        rows = sum(len(customer.transactions) + len(customer.logins or ()) for customer in self.customers)
        if rows > MOST_ROWS:
            raise ValueError(f"at most {MOST_ROWS} transactions and logins together; there are {rows}")
        if any(len(row) > _MOST_COLUMNS for row in self._rows()):
            raise ValueError(f"at most {_MOST_COLUMNS} columns in a row")
        return self

    def _rows(self) -> Iterator[Row]:
        for customer in self.customers:
            yield from customer.transactions
            yield from customer.logins or ()
            yield from () if customer.profile is None else (customer.profile,)


def parsed(content: bytes) -> ForecastRequest:
    """The request of a body; raises RequestValidationError, which names the first wrong fields."""
    try:
        return ForecastRequest.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**one, "loc": _place(one["loc"])} for one in found[:_MOST_ERRORS]]) from None


def _place(location: Sequence[Any]) -> tuple[str, ...]:
    """Where an error is. The kind of value that was tried, which may end it, says nothing to a caller."""
    parts = tuple(map(str, location))
    return ("body", *(parts[:-1] if parts[-1:] and parts[-1] in ("str", "int", "float", "bool") else parts))
