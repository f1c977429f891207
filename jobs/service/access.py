"""Who may ask: a key that is valid, has the scope, and has not used up its rate."""

from __future__ import annotations

import hashlib
import math
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from jobs.service.context import Context
from jobs.service.database import snapshot
from jobs.service.keys import ApiKey, key_id_of, recognised
from jobs.service.problems import Problem

_FIELD = "header.authorization"
_BEARER = HTTPBearer(auto_error=False, scheme_name="API key", description="A key that the operator has made for you")


async def authenticate(request: Request, context: Context, scope: str) -> None:
    """Put the caller's key into `request.state.api_key`; a problem for anybody without a valid one that has the scope.

    A key is looked up in the database unless that was done a moment ago, so that a revoked one is refused soon; but
    only after its bucket gave a token or, for a key that was not valid here before, that of the address: a flood does
    not reach the database.
    """
    credentials = await _BEARER(request)
    if credentials is None:
        raise _unknown("no API key came with the request")
    presented = credentials.credentials
    key_id = key_id_of(presented)
    if key_id is None:
        raise _unknown("the API key is malformed")
    sha256 = hashlib.sha256(presented.encode()).digest()
    was_valid = sha256 in context.valid_keys
    _charge(context.keys.take(key_id) if was_valid else context.strangers.take(_address(request)))
    key = context.valid_keys.recent(sha256) or await _looked_up(context, presented, sha256)
    request.state.key, request.state.api_key = key.name, key
    if not was_valid:
        _charge(context.keys.take(key_id))
    if scope not in key.scopes:
        raise Problem(
            403,
            "scope-missing",
            f"The key {key.name} lacks the scope {scope}.",
            remedy=f"Ask the operator for a key with the scope {scope}.",
            errors=[(_FIELD, f"a key with the scope {scope}")],
        )


async def _caller(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> ApiKey:
    key: ApiKey = request.state.api_key
    return key


Caller = Annotated[ApiKey, Depends(_caller)]
"""In each call of a KeyedRoute: the caller's key."""


async def _looked_up(context: Context, presented: str, sha256: bytes) -> ApiKey:
    began = context.valid_keys.clock()
    async with context.slots.one():
        key = await run_in_threadpool(_look_up, context.database, presented)
    context.valid_keys.keep(sha256, key, began)
    if key is None:
        raise _unknown("the API key is not valid: it is wrong, or was revoked")
    return key


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _look_up(database: Engine, presented: str) -> ApiKey | None:
    with snapshot(database) as connection:
        return recognised(connection, presented)


def _unknown(why: str) -> Problem:
    return Problem(
        401,
        "unauthorised",
        f"Nothing was answered: {why}.",
        remedy="Send a valid key in the header `Authorization: Bearer clv_…`. The operator makes keys.",
        errors=[(_FIELD, "Bearer, a space, and an API key")],
        headers={"WWW-Authenticate": "Bearer"},
    )


def _charge(seconds: float) -> None:
    """Refuse a caller who has to wait for a token."""
    if seconds:
        wait = max(1, math.ceil(seconds))
        raise Problem(
            429,
            "too-many-requests",
            "Requests come faster than is allowed.",
            remedy=f"Wait {wait} s, then send fewer a second.",
            headers={"Retry-After": str(wait)},
        )
