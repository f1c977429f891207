"""The service's OpenAPI document: `python -m docs.generate.openapi --write` (or `--check`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from docs.generate.page import DOCS, write_or_check
from jobs.service.app import create_app
from jobs.service.settings import ServiceSettings

PAGE = DOCS / "openapi.json"

_NOWHERE = ServiceSettings(database_url="postgresql+psycopg2://")
_ANY_DAY = date(2011, 12, 1)


def page() -> str:
    """The document, as a service would serve it."""
    document = create_app(_NOWHERE, today=lambda: _ANY_DAY).openapi()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the file, or exit with 1 if the committed one is out of date."""
    write_or_check("docs.generate.openapi", PAGE, page, argv)


if __name__ == "__main__":
    main()
