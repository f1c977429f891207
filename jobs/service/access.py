"""Who may ask: a key that is valid, has the scope, and has not used up its rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from jobs.service.context import Context, InContext
from jobs.service.database import snapshot
from jobs.service.keys import ApiKey, recognised
from jobs.service.problems import Problem

_FIELD = "header.authorization"
_BEARER = HTTPBearer(auto_error=False, scheme_name="API key", description="A key that the operator has made for you")

Presented = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


def holder_of(scope: str) -> Callable[..., ApiKey]:
    """A dependency: the caller's key, which has the scope; a problem for anybody else."""

    def caller(request: Request, context: InContext, presented: Presented) -> ApiKey:
        if presented is None:
            raise _unknown(context, request, "no API key came with the request")
        with snapshot(context.database) as connection:
            key = recognised(connection, presented.credentials)
        if key is None:
            raise _unknown(context, request, "the API key is not valid: it is wrong, or was revoked")
        request.state.key = key.name
        if seconds := context.keys.take(key.key_id):
            raise _too_many(seconds)
        if scope not in key.scopes:
            raise Problem(
                403,
                "scope-missing",
                f"The key {key.name} lacks the scope {scope}.",
                remedy=f"Ask the operator for a key with the scope {scope}.",
                errors=[(_FIELD, f"a key with the scope {scope}")],
            )
        return key

    return caller


def _unknown(context: Context, request: Request, why: str) -> Problem:
    """The problem of a caller without a valid key, who is slowed down by the address that the request came from."""
    if seconds := context.strangers.take(request.client.host if request.client else ""):
        return _too_many(seconds)
    return Problem(
        401,
        "unauthorised",
        f"Nothing was answered: {why}.",
        remedy="Send a valid key in the header `Authorization: Bearer clv_…`. The operator makes keys.",
        errors=[(_FIELD, "Bearer, a space, and an API key")],
        headers={"WWW-Authenticate": "Bearer"},
    )


def _too_many(seconds: float) -> Problem:
    wait = max(1, math.ceil(seconds))
    return Problem(
        429,
        "too-many-requests",
        "Requests come faster than is allowed.",
        remedy=f"Wait {wait} s, then send fewer a second.",
        headers={"Retry-After": str(wait)},
    )
