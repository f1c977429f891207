"""What callers of the last release rely on: `python -m docs.generate.released_interface --write`, at a release alone.

A line a fact: a call, what it takes, what it needs, what it answers. A test fails when the service no longer keeps one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docs.generate.openapi import page as openapi
from docs.generate.page import DOCS, write_or_check

PAGE = DOCS / "released_interface.txt"


def facts(document: Mapping[str, Any]) -> Iterator[str]:
    """Every fact of an OpenAPI document."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            call = f"{method.upper()} {path}"
            yield call
            for parameter in operation.get("parameters", ()):
                yield f"{call} {_verb(parameter)} {parameter['in']}.{parameter['name']}"
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield from (f"{call} {fact}" for fact in _taken(content["schema"], document))
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values() if status.startswith("2") else ():
                    fields = _answered(content.get("schema", {}), document)
                    yield from (f"{call} answers {status} {field}" for field in fields)


def _verb(parameter: Mapping[str, Any]) -> str:
    return "needs" if parameter.get("required") else "takes"


def _taken(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    schema = _resolved(schema, document)
    for name, part in schema.get("properties", {}).items():
        inner = _resolved(part, document)
        yield f"{'needs' if name in schema.get('required', ()) else 'takes'} body.{name}"
        yield from (fact.replace("body.", f"body.{name}.") for fact in _taken(inner.get("items", inner), document))


def _answered(schema: Mapping[str, Any], document: Mapping[str, Any], where: str = "body") -> Iterator[str]:
    schema = _resolved(schema, document)
    if "anyOf" in schema:
        for kind in schema["anyOf"]:
            yield from _answered(kind, document, where)
        return
    yield f"{where}: {schema.get('type', 'any')}"
    if "items" in schema:
        yield from _answered(schema["items"], document, f"{where}[]")
    for name, part in schema.get("properties", {}).items():
        yield from _answered(part, document, f"{where}.{name}")


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    resolved: Mapping[str, Any] = document["components"]["schemas"][name] if name else schema
    return resolved


def page() -> str:
    """The facts of the service as it is, sorted."""
    return "\n".join(sorted(set(facts(json.loads(openapi()))))) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the file, or exit with 1 if the service has changed since."""
    write_or_check("docs.generate.released_interface", PAGE, page, argv)


if __name__ == "__main__":
    main()
