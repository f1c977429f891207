"""Lists of products in a lake, as ingestion leaves them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.core.month import Month
from jobs.lake.lake import Lake, Record
from jobs.lake.tables import PRODUCTS


def write_products(lake: Lake, month: Month, listed: Mapping[str, str]) -> None:
    """Put a list of a month into a lake."""
    columns = dict(zip(PRODUCTS.names, (list(listed), list(listed.values())), strict=True))
    with lake.staging(PRODUCTS) as staged:
        folder = staged / str(month)
        folder.mkdir()
        pq.write_table(pa.table(columns), folder / "part-0.parquet")
        content = hashlib.sha256(repr(sorted(listed.items())).encode()).hexdigest()
        lake.promote(folder, PRODUCTS, month, Record(rows=len(listed), fingerprint=content))
