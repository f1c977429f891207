"""The keys of the REST service: made, revoked, listed and recognised.

A key is `clv_<key id>_<secret>`. The secret is 256 random bits, so that its plain SHA-256 tells nobody anything: a slow
hash protects passwords, which people choose. Only the hash is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.exc import IntegrityError

from jobs.core.postgres import execute, fetch, statement
from jobs.core.refusal import RefusedError

READ, FORECAST, OPERATE = "read", "forecast", "operate"
SCOPES = (READ, FORECAST, OPERATE)
"""read: published forecasts and the champion; forecast: forecasts on request; operate: start and follow runs."""

_PREFIX = "clv"
_KEY = re.compile(rf"{_PREFIX}_([0-9a-f]{{16}})_([A-Za-z0-9_-]{{43}})")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class KeyRefusedError(RefusedError):
    """The key cannot be made or revoked."""


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A recognised key.

    Attributes:
        key_id: the part of the key that identifies it.
        name: who or what uses it.
        scopes: what it may do.
    """

    key_id: str
    name: str
    scopes: frozenset[str] = field(default_factory=frozenset)


def create_key(engine: Engine, *, name: str, scopes: Collection[str], created_by: str) -> str:
    """Make a key and record its hash; the key, which cannot be shown again.

    Raises:
        KeyRefusedError: the name is malformed or in use, a scope is unknown or none is given, or nobody is named.
    """
    if not _NAME.fullmatch(name):
        raise KeyRefusedError(
            f"--name {name!r} is not a name of a key: use 1 to 40 lower-case letters, digits and hyphens, as crm-export"
        )
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise KeyRefusedError(f"--scopes {','.join(unknown) or 'is empty'}: give one or more of {', '.join(SCOPES)}")
    if not created_by.strip():
        raise KeyRefusedError("--by must not be empty: give your name, for the record")
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    record = {"key_name": name, "sha256": _hash(secret), "scopes": sorted(set(scopes)), "created_by": created_by}
    try:
        execute(engine, "create_api_key", key_id=key_id, **record)
    except IntegrityError as error:
        raise KeyRefusedError(
            f"a key named {name} is valid already: nothing was made. Revoke that one first, or choose another name"
        ) from error
    return f"{_PREFIX}_{key_id}_{secret}"


def revoke_key(engine: Engine, key_id: str) -> str:
    """Refuse a key as soon as the service looks it up again; its name.

    Raises:
        KeyRefusedError: there is no such key, or it is revoked already.
    """
    revoked = fetch(engine, "revoke_api_key", key_id=key_id)
    if not revoked:
        raise KeyRefusedError(f"no valid key has the id {key_id}: `python -m jobs.api_key list` shows the ids")
    return str(revoked[0]["name"])


def all_keys(engine: Engine) -> list[RowMapping]:
    """Every key that was ever made, the oldest first, without its hash."""
    return fetch(engine, "api_keys")


def key_id_of(presented: str) -> str | None:
    """The part of a presented key that identifies it; None if it is malformed."""
    match = _KEY.fullmatch(presented)
    return match and match[1]


def recognised(connection: Connection, presented: str) -> ApiKey | None:
    """The key that a caller presents; None if it is malformed, unknown, wrong or revoked."""
    match = _KEY.fullmatch(presented)
    if match is None:
        return None
    row = connection.execute(statement("api_key"), {"key_id": match[1]}).mappings().one_or_none()
    if row is None or not hmac.compare_digest(row["sha256"], _hash(match[2])):
        return None
    return ApiKey(key_id=row["key_id"], name=row["name"], scopes=frozenset(row["scopes"]))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
