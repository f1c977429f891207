"""The page /docs: the OpenAPI document in HTML, with forms that send. FastAPI's page loads its scripts from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#f4f4f4;padding:.8rem;overflow:auto}code{font-size:.95em}"
    "textarea{width:100%;height:20rem;font:14px monospace}form{margin:.5rem 0}"
    "td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}table{border-collapse:collapse}"
)
SCRIPT = "docs/try.js"
_DEPTH = 6
"""How deep an example follows references between schemas."""


def page(openapi: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document: every operation with its parameters, answers and an example of each body."""
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><meta charset="utf-8"><title>{escape(openapi["info"]["title"])}</title>',
            f"<style>{_STYLE}</style>",
            f'<script src="{SCRIPT}" defer></script>',
            f"<h1>{escape(openapi['info']['title'])} {escape(openapi['info']['version'])}</h1>",
            f"<p>{escape(openapi['info'].get('description', ''))}</p>",
            '<p>For programs: <a href="openapi.json">openapi.json</a></p>',
            *(
                line
                for path, operations in openapi["paths"].items()
                for method, operation in operations.items()
                for line in _operation(method, path, operation, openapi)
            ),
        ]
    )


def script() -> str:
    """What sends the page's forms."""
    return Path(__file__).with_name("try.js").read_text(encoding="utf-8")


def _operation(method: str, path: str, operation: Mapping[str, Any], openapi: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
    yield f"<p><b>{escape(operation['summary'])}.</b> {escape(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        yield "<table><tr><th>parameter<th>in<th>type<th>meaning</tr>"
        yield from map(_parameter, parameters)
        yield "</table>"
    if body := operation.get("requestBody"):
        yield "<p>Body:</p>"
        yield _form(method, path, _example_text(body, openapi))
    for status, answer in operation["responses"].items():
        yield f"<p>{status}: {escape(answer['description'])}</p>"
        if status.startswith("2"):
            yield _example(answer, openapi)


def _parameter(parameter: Mapping[str, Any]) -> str:
    name = f"<code>{escape(parameter['name'])}</code>{' (required)' if parameter.get('required') else ''}"
    cells = (name, parameter["in"], escape(_type(parameter["schema"])), escape(parameter.get("description", "")))
    return f"<tr>{''.join(f'<td>{cell}' for cell in cells)}</tr>"


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(kind) for kind in schema["anyOf"] if kind.get("type") != "null")
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    limits = [
        f"{schema[name]} or {word}" for name, word in (("minimum", "more"), ("maximum", "less")) if name in schema
    ]
    kind = schema.get("format") or schema.get("type", "")
    return " ".join([kind, *([f"({', '.join(limits)})"] if limits else [])])


def _form(method: str, path: str, text: str) -> str:
    """What sends a body, and a place for the answer."""
    return (
        f'<form data-method="{method.upper()}" data-path="{escape(path.lstrip("/"))}">'
        f'<textarea name="body" aria-label="Body" spellcheck="false">{text}</textarea>'
        '<p><label>API key <input type="password" name="key" autocomplete="off" required></label> '
        "<button>Send</button></p></form><pre hidden></pre>"
    )


def _example(content: Mapping[str, Any], openapi: Mapping[str, Any]) -> str:
    text = _example_text(content, openapi)
    return f"<pre>{text}</pre>" if text else ""


def _example_text(content: Mapping[str, Any], openapi: Mapping[str, Any]) -> str:
    schema = content.get("content", {}).get("application/json", {}).get("schema")
    if not schema:
        return ""
    return escape(json.dumps(example_of(schema, openapi["components"]["schemas"]), indent=2, ensure_ascii=False))


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = _DEPTH) -> Any:
    """An example of a schema: its own, else one made of the examples of its parts."""
    if "$ref" in schema and depth:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth - 1)
    if "example" in schema:
        return schema["example"]
    for several in ("examples", "enum"):
        if schema.get(several):
            return schema[several][0]
    if "const" in schema or "default" in schema:
        return schema.get("const", schema.get("default"))
    if "properties" in schema:
        return {name: example_of(part, schemas, depth) for name, part in schema["properties"].items()}
    if "items" in schema:
        return [example_of(schema["items"], schemas, depth)]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, depth)
    return _OF_TYPE.get(schema.get("format") or schema.get("type", ""))


_OF_TYPE = {
    "date-time": "2011-12-02T03:04:05Z",
    "date": "2011-12-01",
    "string": "text",
    "integer": 1,
    "number": 0.5,
    "boolean": True,
    "object": {},
}
