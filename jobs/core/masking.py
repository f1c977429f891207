"""Secrets out of what is written: passwords in addresses, and the values that the environment keeps secret."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

_ADDRESSES = ("CLV_DATABASE_URL", "CLV_OWNER_DATABASE_URL", "MLFLOW_TRACKING_URI")
_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")

_PASSWORD_IN_ADDRESS = re.compile(r"(://[^\s:/@]*:)([^\s@]+)(?=@)")
_PASSWORD_AS_FIELD = re.compile(r"(\bpassword=)('[^']*'|\S+)", re.IGNORECASE)

_SHORTEST = 4
"""Characters; to hide every place where something shorter stands would hide the text around it."""

MASK = "***"


def masked(text: str, *secrets: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text without passwords: those of addresses, those of the environment, and any other that is given."""
    for secret in sorted({*secrets, *_secrets_of(environ)}, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, MASK)
    return _PASSWORD_AS_FIELD.sub(rf"\1{MASK}", _PASSWORD_IN_ADDRESS.sub(rf"\1{MASK}", text))


def _secrets_of(environ: Mapping[str, str]) -> Iterator[str]:
    for variable in _SECRETS:
        yield environ.get(variable, "")
    for variable in _ADDRESSES:
        for match in _PASSWORD_IN_ADDRESS.finditer(environ.get(variable, "")):
            yield match[2]
            yield unquote(match[2])
