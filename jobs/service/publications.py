"""Which publication an answer is of: a month is shown by one run, until its pointer moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import Connection

from jobs.service.database import row
from jobs.service.problems import Problem


class Publication(BaseModel):
    """What readers saw when the answer was made."""

    publication_id: int = Field(description="Grows with every change of what readers see", examples=[41])
    run_id: int = Field(description="The run whose forecast is shown", examples=[17])
    published_at: datetime = Field(description="Since when it is shown")
    is_newest_month: bool = Field(description="Whether no later month is published")


@dataclass(frozen=True, kw_only=True)
class PublishedMonth:
    """A month and its publication."""

    as_of: date
    data_month: str
    publication: Publication


def first_of_a_month(as_of: date | None) -> date | None:
    """The day, if it is the first of a month; ValueError otherwise."""
    if as_of is not None and as_of.day != 1:
        raise ValueError("the first day of a month was expected, YYYY-MM-01")
    return as_of


AsOf = Annotated[
    date | None,
    AfterValidator(first_of_a_month),
    Query(
        description="First day after the data month, YYYY-MM-01. Default: that of the newest published month",
        examples=["2011-12-01"],
    ),
]


def published_month(connection: Connection, as_of: date | None) -> PublishedMonth:
    """The publication of a month, the newest one if none is named; a problem if nothing is published."""
    found = row(connection, "published_month", as_of=as_of)
    if found is None:
        raise _nothing_published(as_of)
    is_newest = found.pop("newest_as_of") == found["as_of"]
    return PublishedMonth(
        as_of=found["as_of"],  # type: ignore[arg-type]
        data_month=str(found["data_month"]),
        publication=Publication.model_validate(found | {"is_newest_month": is_newest}),
    )


def _nothing_published(as_of: date | None) -> Problem:
    if as_of is None:
        return Problem(404, "not-published", "No month is published.", remedy="Ask again when a month was published.")
    return Problem(
        404,
        "not-published",
        f"No forecast as of {as_of} is published.",
        remedy="Leave out as_of for the newest month, or name a month that is published.",
        errors=[("query.as_of", "the as_of of a published month")],
    )
