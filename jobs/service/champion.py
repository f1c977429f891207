"""The model that is live."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field

from jobs.core.settings import MODEL
from jobs.service.access import Caller
from jobs.service.context import InContext
from jobs.service.database import row, snapshot
from jobs.service.forecasts import ReadRoute
from jobs.service.problems import Problem


class Judgement(BaseModel):
    """The decision that made the version the champion last."""

    decision: str = Field(
        description="As in clv.model_decisions. kept_previous: for it, a newer version was rejected",
        examples=["promoted"],
    )
    reasons: Annotated[list[str], BeforeValidator(lambda text: str(text).splitlines())] = Field(
        description="One sentence a comparison, or why it was chosen"
    )
    decided_by: str = Field(description="gate, run parameter, or who chose", examples=["gate"])
    decided_at: datetime


class Champion(BaseModel):
    """The version that forecasts, until a month's gate promotes another."""

    model: str = Field(examples=[MODEL])
    version: int = Field(examples=[3])
    trained_on: str | None = Field(
        description="The newest data month that it was trained on, YYYY-MM; null if that is not recorded",
        examples=["2011-11"],
    )
    since: datetime | None = Field(description="When it became the champion last; null if that is not recorded")
    judged: Judgement | None = Field(description="null: not recorded; it was made the champion past the pipeline")
    last_forecast: str | None = Field(
        description="The newest published month that it forecast, YYYY-MM; null: none yet"
    )


router = APIRouter(tags=["models"], route_class=ReadRoute)


@router.get("/v1/models/champion", summary="The live model, and how it was judged")
def champion(context: InContext, _: Caller) -> Champion:
    """Which version is live, since when, and what the gate, or who chose it, said."""
    with snapshot(context.database) as connection:
        found = row(connection, "champion")
    if found is None:
        raise Problem(
            404,
            "no-champion",
            "No model version is the champion: none has passed the gate yet.",
            remedy="Ask again when another month was published. Each forecast names the version that made it.",
        )
    return Champion.model_validate(
        {
            **{name: found[name] for name in ("trained_on", "since", "last_forecast")},
            "model": MODEL,
            "version": found["model_version"],
            "judged": found if found["decision"] else None,
        }
    )
