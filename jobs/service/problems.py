"""Errors as RFC 9457 problem details: what is wrong, in which field, and what to do. Never a row, never internals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException as StarletteHTTPException

from jobs.core.failure import reason_of
from jobs.service.request_log import log

MEDIA_TYPE = "application/problem+json"
_KINDS = "urn:clv:problem:"
_RETRY_SECONDS = 2
_BUSY_SECONDS = 1
_MOST_ERRORS = 20
_LONGEST_FIELD = 100

_MEANING = {
    400: "The body cannot be read",
    401: "No valid key",
    403: "The key lacks the scope",
    404: "There is no such thing",
    408: "The body did not come in time",
    409: "The page before was of another publication",
    413: "The body is too long",
    422: "A field is wrong: `errors` names it",
    429: "Too many requests, or too many at once: wait for the seconds in Retry-After",
    431: "Path, query and headers are too long",
    500: "A defect: the log has the reason under the request_id",
    503: "The database or Airflow does not respond, no model is loaded, or the answer took too long",
}


class FieldError(BaseModel):
    """One field that is wrong."""

    field: str = Field(description="Where it is: query.horizon, path.customer_id, body.month, header.authorization")
    message: str = Field(description="What is expected of it")


class ProblemDetails(BaseModel):
    """Problem details of RFC 9457, with the fields that are wrong and what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:clv:problem:invalid-request",
                "title": "Unprocessable Content",
                "status": 422,
                "detail": "1 field of the request is wrong.",
                "errors": [{"field": "query.horizon", "message": "Input should be less than or equal to 12"}],
                "remedy": "Correct the fields that `errors` names. /docs describes each.",
                "request_id": "5f0c5d1e6b7a4c0f8e9d3b2a1c0f4e5d",
            }
        }
    )

    type: str = Field(description="The kind of problem; programs may rely on it")
    title: str
    status: int
    detail: str = Field(description="What happened")
    errors: list[FieldError] | None = None
    remedy: str = Field(description="What to do")
    request_id: str = Field(description="Also in the header X-Request-ID and in the service's log")


class Problem(HTTPException):
    """An error that the caller is told of.

    Args:
        status: the HTTP status.
        kind: the last part of the problem's type.
        detail: what happened.
        remedy: what to do.
        errors: pairs of a field and what is expected of it; the first 20 are told.
        headers: more headers of the answer.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        remedy: str,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers=dict(headers or {}))
        self.kind, self.remedy = kind, remedy
        self.errors = [{"field": field, "message": message} for field, message in errors[:_MOST_ERRORS]]

    def body(self, request_id: str) -> bytes:
        """The problem as JSON."""
        content: dict[str, Any] = {
            "type": f"{_KINDS}{self.kind}",
            "title": HTTPStatus(self.status_code).phrase,
            "status": self.status_code,
            "detail": self.detail,
            **({"errors": self.errors} if self.errors else {}),
            "remedy": self.remedy,
            "request_id": request_id,
        }
        return json.dumps(content).encode()

    def __reduce__(self) -> tuple[Any, ...]:
        """Problems come from another process, too."""
        errors = [(error["field"], error["message"]) for error in self.errors]
        made = partial(Problem, remedy=self.remedy, errors=errors, headers=self.headers)
        return made, (self.status_code, self.kind, self.detail)

    def response(self, request_id: str) -> Response:
        """The problem as an answer."""
        headers = dict(self.headers or {})
        return Response(self.body(request_id), self.status_code, headers=headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problems that a call may answer, for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    return {status: {"description": _MEANING[status], "content": content} for status in statuses}


def unavailable(what: str, remedy: str = "Try again in a few seconds. If it stays so, tell the operator.") -> Problem:
    """The problem that something the answer needs does not respond."""
    return Problem(503, "unavailable", what, remedy=remedy, headers={"Retry-After": str(_RETRY_SECONDS)})


def busy(what: str) -> Problem:
    """The problem that so much is under way that a request does not even find a place to wait."""
    remedy = f"Try again in {_BUSY_SECONDS} s, or send fewer requests at once."
    return Problem(429, "busy", what, remedy=remedy, headers={"Retry-After": str(_BUSY_SECONDS)})


def too_large(part: str, most: int, status: int) -> Problem:
    """The problem that a part of the request is longer than allowed."""
    detail, remedy = f"The {part} of the request is longer than {most} bytes.", f"Send at most {most} bytes."
    return Problem(status, "too-large", detail, remedy=remedy)


def internal_error() -> Problem:
    """The problem that the service has a defect: it says nothing about it."""
    return Problem(
        500,
        "internal-error",
        "The service failed to answer.",
        remedy="Give the request_id to the operator: the service's log has the reason under it.",
    )


def install(app: FastAPI) -> None:
    """Answer every error of an application with problem details. Plain functions would be run in a thread each."""
    app.add_exception_handler(StarletteHTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    for kind in (OperationalError, InterfaceError, PoolTimeoutError):
        app.add_exception_handler(kind, _of_database)


async def only_known_parameters(request: Request) -> None:
    """A dependency that refuses a query parameter that the route does not have: ignored, it would mislead."""
    known = sorted(field.alias for field in request.scope["route"].dependant.query_params)
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        expected = f"one of {', '.join(known)}" if known else "no parameter"
        raise Problem(
            422,
            "invalid-request",
            "The request has parameters that this path does not know.",
            remedy="Correct or remove the parameters that `errors` names.",
            errors=[(f"query.{name}"[:_LONGEST_FIELD], expected) for name in unknown],
        )


def request_id_of(request: Request) -> str:
    """The id that the guard gave a request."""
    return str(getattr(request.state, "request_id", ""))


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    problem = error if isinstance(error, Problem) else _plain(request, error)
    return problem.response(request_id_of(request))


def _plain(request: Request, error: StarletteHTTPException) -> Problem:
    """The problem for an error that the framework itself raises."""
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Problem(404, "no-such-path", "There is nothing at this path.", remedy="/docs lists every path.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = headers.get("Allow") or headers.get("allow") or "another method"
        detail = f"{request.method} is not possible here."
        return Problem(405, "method-not-allowed", detail, remedy=f"Use {allowed}.", headers=headers)
    return Problem(
        error.status_code,
        "invalid-request",
        "The request cannot be read.",
        remedy="Compare it with the examples in /docs.",
        headers=headers,
    )


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [(_field(found), str(found["msg"])) for found in error.errors()]
    said = "1 field of the request is wrong." if len(wrong) == 1 else f"{len(wrong)} fields of the request are wrong."
    remedy = "Correct the fields that `errors` names. /docs describes each."
    problem = Problem(422, "invalid-request", said, remedy=remedy, errors=wrong)
    return problem.response(request_id_of(request))


def _field(found: Mapping[str, Any]) -> str:
    """`('body', 'month')` → `body.month`. A position in malformed JSON names no field."""
    is_malformed = found["type"] == "json_invalid"
    return ".".join(str(part) for part in found["loc"] if not (is_malformed and isinstance(part, int)))[:_LONGEST_FIELD]


async def _of_database(request: Request, error: Exception) -> Response:
    log.error("the forecast database: %s", reason_of(error), extra={"request_id": request_id_of(request)})
    return unavailable("The forecast database does not respond in time.").response(request_id_of(request))
