"""What a caller sends: customers, each with rows as the shop delivers them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

MOST_CUSTOMERS = 1000
MOST_ROWS = 20_000
"""Of a request: transactions and logins of all customers together."""
_MOST_COLUMNS = 200
_MOST_FIELDS = 10
_MOST_ERRORS = 20
_LONGEST_ID = 200

_KINDS = ("string", "integer", "number", "boolean", "null")
Value = Annotated[Any, WithJsonSchema({"anyOf": [{"type": kind} for kind in _KINDS]})]
"""`texts_of` refuses lists and objects: a union of types would make an error of each, for every value."""
Row = Annotated[dict[str, Value], Field(max_length=_MOST_COLUMNS)]
Rows = Annotated[list[Row], Field(max_length=MOST_ROWS, fail_fast=True)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _are_few(cls, sent: Any) -> Any:
        """Each unknown field would be an error."""
        if isinstance(sent, dict) and len(sent) > _MOST_FIELDS:
            raise ValueError(f"at most {_MOST_FIELDS} fields; there are {len(sent)}")
        return sent


class CustomerRows(_Fields):
    """One customer's rows, in the column names of the shop's files."""

    customer_id: str = Field(
        description="The customer, as the rows name it; also somebody whom the shop has never seen",
        min_length=1,
        max_length=_LONGEST_ID,
    )
    transactions: Rows = Field(
        default=[],
        description="All order lines of the customer. Values as in the shop's files: text, or numbers",
    )
    profile: Row | None = Field(default=None, description="The customer's row of the shop's list of customers")
    logins: Rows | None = Field(
        default=None, description="The logins of the last 90 days; leave them out if they are not known"
    )


class ForecastRequest(_Fields):
    """Customers to forecast."""

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
        return self


def parsed(content: bytes) -> ForecastRequest:
    """The request of a body; raises RequestValidationError, which names the first wrong fields."""
    try:
        return ForecastRequest.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [{**one, "loc": ("body", *map(str, one["loc"]))} for one in found[:_MOST_ERRORS]]
        ) from None
