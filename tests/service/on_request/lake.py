"""Lists of products in a lake, as ingestion leaves them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pyarrow as pa

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import PRODUCTS
from jobs.lake.versions import Record
from tests.periods import put


def write_products(lake: Lake, month: Month, listed: Mapping[str, str]) -> None:
    """Put a list of a month into a lake."""
    columns = dict(zip(PRODUCTS.names, (list(listed), list(listed.values())), strict=True))
    content = hashlib.sha256(repr(sorted(listed.items())).encode()).hexdigest()
    record = Record(rows=len(listed), fingerprint=content)
    put(lake, PRODUCTS, month, record, pa.table(columns, schema=arrow_schema(PRODUCTS)))
