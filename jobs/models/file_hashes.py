"""The hashes of registered versions, in Postgres: not in MLflow, beside the files that they protect.

`clv_writer` may add hashes, but neither change nor delete them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine

from jobs.core.postgres import fetch, statement


def record_hashes(database: Engine, model: str, number: int, sha256: Mapping[str, str]) -> bool:
    """Record the hash of each part of a version, all or none; False if other hashes of that number are recorded."""
    rows = [{"model_name": model, "model_version": number, "part": part, "sha256": sha256[part]} for part in sha256]
    if not hashes_of(database, model, number):
        with database.begin() as connection:
            connection.execute(statement("record_model_hash"), rows)
    return hashes_of(database, model, number) == sha256


def hashes_of(database: Engine, model: str, number: int) -> dict[str, str]:
    """Part → hash of a version; empty if none is recorded."""
    rows = fetch(database, "model_hashes", model_name=model, model_version=number)
    return {row["part"]: row["sha256"] for row in rows}


def hashed_versions(database: Engine, model: str) -> set[int]:
    """The versions of a model that have hashes."""
    return {int(row["model_version"]) for row in fetch(database, "hashed_versions", model_name=model)}
