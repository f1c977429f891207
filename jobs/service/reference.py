"""The page /docs: Swagger UI, from a library that brings its files. FastAPI's own page loads them from the internet."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

_SWAGGER_UI = files("fastapi_offline") / "static"
_OWN = files("jobs.service")
_MEDIA_TYPES = {"js": "text/javascript", "css": "text/css"}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def reference() -> HTMLResponse:
    """The page."""
    return HTMLResponse((_OWN / "reference.html").read_bytes())


@router.get("/docs/{name}")
def file(name: Literal["swagger-ui-bundle.js", "swagger-ui.css", "reference.js"]) -> Response:
    """A file that the page loads."""
    content = ((_OWN if name == "reference.js" else _SWAGGER_UI) / name).read_bytes()
    return Response(content, media_type=_MEDIA_TYPES[name.rpartition(".")[2]])
