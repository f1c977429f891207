"""Mask secrets in logs and messages: passwords and queries in URLs, and values of secret environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

_URLS = (
    *("CLV_DATABASE_URL", "CLV_OWNER_DATABASE_URL", "CLV_SUPERUSER_DATABASE_URL", "CLV_API_DATABASE_URL"),
    "MLFLOW_TRACKING_URI",
)
_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "CLV_AIRFLOW_PASSWORD")

_PASSWORD_IN_URL = re.compile(r"(://[^\s:/@]*:)([^\s@]+)(?=@)")
_QUERY_OF_URL = re.compile(r"""((?:://|\burl: /)[^\s?'"<>]*)\?[^\s'"<>]+""")
"""It may hold a token or a signature. HTTP libraries quote the path alone, after `url:`."""
_PASSWORD_AS_FIELD = re.compile(r"(\bpassword=)('[^']*'|\S+)", re.IGNORECASE)

_MIN_LENGTH = 4
"""In characters; masking every occurrence of a shorter value would mask unrelated text."""

MASK = "***"


def masked(text: str, *secrets: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text without passwords and queries in URLs, secrets of the environment, and `secrets`."""
    for secret in sorted({*secrets, *_secrets_of(environ)}, key=len, reverse=True):
        if len(secret) >= _MIN_LENGTH:
            text = text.replace(secret, MASK)
    text = _QUERY_OF_URL.sub(r"\1", _PASSWORD_IN_URL.sub(rf"\1{MASK}", text))
    return _PASSWORD_AS_FIELD.sub(rf"\1{MASK}", text)


def _secrets_of(environ: Mapping[str, str]) -> Iterator[str]:
    for variable in _SECRETS:
        yield environ.get(variable, "")
    for variable in _URLS:
        for match in _PASSWORD_IN_URL.finditer(environ.get(variable, "")):
            yield match[2]
            yield unquote(match[2])
